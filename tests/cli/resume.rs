//! Runs that end early: signals in every stage, a full disk, and `--resume`, which gives what an undisturbed run gives.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

const HOW: [&str; 5] = ["--backend", "cpu", "-v", "--set", "plan.what_if=false"];

const FEW: &str = "--iterations=300";

/// What of a run does not depend on when it was made.
fn outcome_of(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(out).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "run.json" || name.ends_with(".html") || name.ends_with(".xlsx") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let bytes = match name.as_str() {
            "plan.json" => {
                let text = String::from_utf8(bytes).unwrap();
                text.lines().filter(|line| !line.contains("\"seconds\"")).collect::<String>().into_bytes()
            }
            _ => bytes,
        };
        files.insert(name, bytes);
    }
    files
}

#[track_caller]
fn same(out: &Path, reference: &BTreeMap<String, Vec<u8>>, when: &str) {
    let files = outcome_of(out);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&files), names(reference), "{when}");
    for (name, bytes) in reference {
        assert!(files[name] == *bytes, "{when}: {name} differs");
    }
}

/// Runs the region into `out` and sends a signal once a line of stderr holds `at`. Comes back with all lines and
/// whether the run ended well.
fn stopped(region: &Path, out: &str, more: &[&str], at: &str, signal: &str) -> (Vec<String>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["run", "project.toml", "--out", out])
        .args(HOW)
        .args(more)
        .current_dir(region)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut is_sent = false;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if !is_sent && line.contains(at) {
            is_sent =
                Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success();
        }
        said.push(line);
    }
    (said, child.wait().unwrap().success())
}

fn run(region: &Path, out: &str, more: &[&str]) -> String {
    let mut args = vec!["run", "project.toml", FEW, "--out", out];
    args.extend(HOW);
    args.extend(more);
    stderr(&worked(region, &args))
}

/// The hidden folder that a run has left.
fn left_over(out: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(out).ok()?.map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".clearway-"))
}

/// A region with a run killed while its plan was searched: grids and task areas are whole.
fn killed_while_planning() -> tempfile::TempDir {
    let region = region("hillside");
    let (said, ended_well) = stopped(region.path(), "out", &["--iterations=1000000000"], "best ", "-KILL");
    assert!(!ended_well, "{said:?}");
    let left = left_over(&region.path().join("out")).expect("a hidden folder");
    assert!(left.join("grids.stage.json").is_file() && left.join("task-areas.stage.json").is_file());
    region
}

#[test]
fn stopped_in_any_stage_it_goes_on_to_the_same_files() {
    let region = region("hillside");
    run(region.path(), "whole", &[]);
    let reference = outcome_of(&region.path().join("whole"));
    let mut n_resumed = 0;
    for signal in ["-INT", "-TERM", "-KILL"] {
        for at in ["check layers", "exposure", "priority", "rank", "tasks"] {
            let when = format!("{signal} after {at}");
            let out = format!("out{signal}-{at}").replace(' ', "-");
            let (said, ended_well) = stopped(region.path(), &out, &[FEW], at, signal);
            let folder = region.path().join(&out);
            if ended_well {
                // The search had begun: its best plan so far is kept, or all was done before the signal came.
                assert!(folder.join("run.json").is_file(), "{when}: {said:?}");
                continue;
            }
            assert!(!folder.join("run.json").exists(), "{when}: {said:?}");
            if let Some(left) = left_over(&folder) {
                let is_told = said.iter().any(|line| line.contains("--resume"));
                let has_stage = left.join("grids.stage.json").is_file();
                assert_eq!(is_told, has_stage && signal != "-KILL", "{when}: {said:?}");
                n_resumed += usize::from(has_stage);
            }
            run(region.path(), &out, &["--resume"]);
            same(&folder, &reference, &when);
            assert_eq!(left_over(&folder), None, "{when}");
        }
    }
    eprintln!("{n_resumed} of 15 runs went on from a stage that was whole");
}

#[test]
fn whole_stages_are_used_again() {
    let region = killed_while_planning();
    let said = run(region.path(), "out", &["--resume"]);
    for part in ["grids of the interrupted run: used again", "task areas of the interrupted run: used again"]
    {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
    assert!(!said.contains("exposure:"), "scored again:\n{said}");
    run(region.path(), "whole", &[]);
    same(&region.path().join("out"), &outcome_of(&region.path().join("whole")), "resumed");
    assert_eq!(json(&worked(region.path(), &["verify", "out", "--json"]))["sound"], true);
}

#[test]
fn changed_settings_inputs_and_files_are_not_used_again() {
    let weight = ["--set", "score.criteria.people.weight=6"];
    let region = killed_while_planning();
    let said = run(region.path(), "out", &["--resume", weight[0], weight[1]]);
    assert!(said.contains("grids of the interrupted run: made again, because settings"), "{said}");
    run(region.path(), "whole", &weight);
    same(&region.path().join("out"), &outcome_of(&region.path().join("whole")), "other weight");

    let region = killed_while_planning();
    let cost = region.path().join("cost.tif");
    let bytes = std::fs::read(&cost).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&cost, bytes).unwrap();
    let said = run(region.path(), "out", &["--resume"]);
    assert!(said.contains("an input has changed: ") && said.contains("cost.tif"), "{said}");

    let region = killed_while_planning();
    let left = left_over(&region.path().join("out")).unwrap();
    let benefit = std::fs::OpenOptions::new().write(true).open(left.join("benefit.tif")).unwrap();
    benefit.set_len(benefit.metadata().unwrap().len() / 2).unwrap();
    let said = run(region.path(), "out", &["--resume"]);
    assert!(said.contains("benefit.tif is not as it was written"), "{said}");
    run(region.path(), "whole", &[]);
    same(&region.path().join("out"), &outcome_of(&region.path().join("whole")), "truncated");
}

#[test]
fn new_run_leaves_nothing_of_an_interrupted_one() {
    let region = killed_while_planning();
    let said = run(region.path(), "out", &[]);
    assert!(said.contains("exposure:") && !said.contains("used again"), "{said}");
    assert_eq!(left_over(&region.path().join("out")), None);
}

#[test]
fn file_that_may_not_grow_is_an_error_and_nothing_is_taken_for_whole() {
    let region = region("hillside");
    let command = format!(
        "ulimit -f 64; exec '{}' run project.toml --out out --backend cpu --iterations=50",
        env!("CARGO_BIN_EXE_clearway")
    );
    let output = Command::new("sh").args(["-c", &command]).current_dir(region.path()).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot write") && text.contains("ulimit -f"), "{text}");
    let out = region.path().join("out");
    assert!(!out.join("run.json").exists() && left_over(&out).is_none(), "{text}");
}

#[test]
fn full_disk_is_told_and_with_space_the_run_goes_on() {
    let disk = folder();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
        .arg(disk.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: a small disk needs the right to mount tmpfs");
        return;
    }
    let region = region("hillside");
    // Fills the disk but for so much.
    let fill = |left_bytes: u64| {
        let _ = std::fs::remove_file(disk.path().join("ballast"));
        let free = Command::new("df").args(["--output=avail", "-B1"]).arg(disk.path()).output().unwrap();
        let free: u64 = String::from_utf8_lossy(&free.stdout).lines().last().unwrap().trim().parse().unwrap();
        std::fs::write(disk.path().join("ballast"), vec![1; free.saturating_sub(left_bytes) as usize])
            .unwrap();
    };
    let out = disk.path().join("out");
    let run_there = |more: &[&str]| {
        let mut args = vec!["run", "project.toml", FEW, "--out", arg(&out)];
        args.extend(HOW);
        args.extend(more);
        clearway(region.path(), &args)
    };
    fill(100_000);
    let early = run_there(&[]);
    let text = stderr(&early);
    fill(600_000);
    let midway = run_there(&[]);
    let told = stderr(&midway);
    std::fs::remove_file(disk.path().join("ballast")).unwrap();
    let after = run_there(&["--resume"]);
    run(region.path(), "whole", &[]);
    let files = outcome_of(&out);
    assert!(Command::new("umount").arg(disk.path()).status().unwrap().success());
    assert_eq!((early.status.code(), midway.status.code()), (Some(1), Some(1)), "{text}\n{told}");
    assert!(text.contains("free some space"), "{text}");
    assert!(told.contains("free some space"), "{told}");
    assert!(after.status.success(), "{}", stderr(&after));
    assert!(files == outcome_of(&region.path().join("whole")));
}
