//! `--redact`: nothing that could name a hazard, a place or a person leaves the run; what leaves is rightly summed.

use std::collections::BTreeSet;

use base64::Engine;
use clearway::grid::{Cells, is_unknown};
use clearway::io::csv::Table;
use clearway::io::geotiff::GeoTiff;
use clearway::report::redacted::Coarse;

use super::*;
use crate::common::{all, cells, frame_lonlat};

const HOW: [&str; 5] = ["--backend", "cpu", "--iterations", "200", "--no-progress"];

/// What stands in every name and file name that a person could have chosen.
const MARK: &str = "zyxq";

/// The small region with every name, id and file name marked.
fn marked_region() -> tempfile::TempDir {
    let region = region("hillside");
    let at = |name: &str| region.path().join(name);
    let mut project = std::fs::read_to_string(at("project.toml")).unwrap();
    for file in [
        "hazard.tif",
        "population.tif",
        "cost.tif",
        "road_distance.tif",
        "slope_factor.tif",
        "teams.csv",
        "settlements.csv",
        "districts.geojson",
        "hazardous_areas.geojson",
    ] {
        std::fs::rename(at(file), at(&format!("{MARK}-{file}"))).unwrap();
        project = project.replace(&format!("\"{file}\""), &format!("\"{MARK}-{file}\""));
    }
    project = project
        .replace("name = \"hillside\"", &format!("name = \"{MARK} project\""))
        .replace("\"people\" ", &format!("\"{MARK} people\" "))
        .replace("\"road access\"", &format!("\"{MARK} =cmd() <b>\""))
        .replace("road_distance =", &format!("{MARK}_road ="))
        .replace("\"road_distance\"", &format!("\"{MARK}_road\""))
        .replace("[plan]", &format!("[score.robustness]\nsamples = 16\n\n[plan]\nwhat_if = true\nfloor = [{{ district = \"Brelgerova\", share = 0.01 }}]\nuncertainty = {{ samples = 20 }}\nlocked = [{{ task = \"SHA-00001\", team = \"{MARK}M1\" }}]"));
    std::fs::write(at(&format!("{MARK}.toml")), project).unwrap();
    std::fs::remove_file(at("project.toml")).unwrap();
    let teams = at(&format!("{MARK}-teams.csv"));
    let text = std::fs::read_to_string(&teams).unwrap();
    let lines = text.lines().enumerate().map(|(i, line)| match i {
        0 => line.to_owned(),
        _ => format!("{MARK}{line}").replacen(",manual,", &format!(",{MARK} kind,"), 0),
    });
    std::fs::write(&teams, lines.collect::<Vec<_>>().join("\n")).unwrap();
    region
}

/// Every id, name, day and coordinate of inputs and outputs.
fn secrets(region: &Path, full: &Path) -> BTreeSet<String> {
    let mut secrets = BTreeSet::from([MARK.to_owned()]);
    let mut take = |path: PathBuf, columns: &[&str]| {
        let table = Table::read(&path, columns).unwrap();
        let n_before = secrets.len();
        for row in table.rows() {
            let texts = columns.iter().filter_map(|column| row.text(column).map(|text| text.to_string()));
            secrets.extend(texts.map(|text| text.trim_start_matches('-').to_owned()));
        }
        assert!(secrets.len() > n_before, "{}: nothing to look for", path.display());
    };
    take(full.join("tasks.csv"), &["task_id", "imsma_id", "lon", "lat", "nearest_settlement", "district"]);
    take(full.join("tasks.csv"), &["name"]);
    take(full.join("plan.csv"), &["team_id", "task_id", "start", "end"]);
    take(region.join(format!("{MARK}-teams.csv")), &["team_id", "name", "lon", "lat"]);
    take(region.join(format!("{MARK}-settlements.csv")), &["name", "lon", "lat"]);
    for file in ["hazardous_areas.geojson", "districts.geojson"] {
        let text = std::fs::read_to_string(region.join(format!("{MARK}-{file}"))).unwrap();
        let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
        let is_place = |text: &&str| text.split_once('.').is_some_and(|(_, decimals)| decimals.len() >= 5);
        secrets.extend(numbers.filter(is_place).map(str::to_owned));
    }
    secrets.retain(|text| text.len() >= 4);
    assert!(secrets.len() > 500, "{}", secrets.len());
    secrets
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[track_caller]
fn tells_nothing(what: &str, bytes: &[u8], secrets: &BTreeSet<String>) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    for secret in secrets {
        if let Some(at) = text.find(&secret.to_lowercase()) {
            let around: String =
                text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{what} tells {secret:?} after {around:?}");
        }
    }
}

#[test]
fn redacted_outputs_tell_no_name_no_place_and_no_id() {
    let region = marked_region();
    let project = format!("{MARK}.toml");
    let go = |command: &str, out: &str, more: &[&str]| {
        let mut args = vec![command, project.as_str(), "--out", out];
        args.extend(HOW.iter().filter(|_| command != "score"));
        args.extend(if command == "score" { &HOW[..2] } else { &[] });
        args.extend(more);
        worked(region.path(), &args)
    };
    go("run", "full", &[]);
    let secrets = secrets(region.path(), &region.path().join("full"));
    // What is searched for can be found.
    let found = std::fs::read_to_string(region.path().join("full/report.html")).unwrap().to_lowercase();
    assert!(found.contains(MARK) && found.contains("sha-00001") && found.contains("brelgerova"));

    let files = |out: &str| -> BTreeSet<String> {
        let names = files_below(&region.path().join(out));
        names.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    for (command, out, more) in [
        ("run", "r1", &["--compress", "none", "--json"][..]),
        ("run", "r2", &["-v"]),
        ("score", "r3", &["--json"]),
        ("plan", "r4", &[]),
        ("plan", "r5", &["--tasks", "full", "--json"]),
        ("plan", "r6", &["--from", "full", "--date", "2027-09-01"]),
    ] {
        let mut args = vec!["--redact", "500"];
        args.extend(more);
        let told = go(command, out, &args);
        tells_nothing(&format!("stdout of {command} into {out}"), &told.stdout, &secrets);
        for path in files_below(&region.path().join(out)) {
            tells_nothing(&path.display().to_string(), &std::fs::read(&path).unwrap(), &secrets);
        }
        let names = files(out);
        assert!(
            names.contains("summary.json") && names.contains("report.html") && names.contains("run.json")
        );
        assert_eq!(names.contains("priority.tif"), command != "plan", "{names:?}");
        assert_eq!(names.len(), if command == "plan" { 3 } else { 25 }, "{names:?}");
        let verified = json(&worked(region.path(), &["verify", out, "--json"]));
        assert_eq!(verified["sound"], true);
        assert!(verified["warnings"].to_string().contains("cannot be checked"), "{verified}");
    }

    // Totals are those of the run.
    let [full, redacted] = ["full", "r1"].map(|run| json_file(&region.path().join(run).join("run.json")));
    for key in ["scored_cells", "people", "exposure_ha", "cost_usd", "classes"] {
        assert_eq!(redacted["results"]["score"][key], full["results"]["score"][key], "{key}");
    }
    let (plan, told) = (&full["results"]["summary"]["plan"], &redacted["results"]["plan"]);
    for key in ["objective_value", "upper_bound", "tasks_done", "cost_usd"] {
        assert_eq!(told[key], plan[key], "{key}");
        assert!(!told[key].is_null(), "{key}");
    }
    let by_year: u64 = told["tasks_by_year"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(Some(by_year), plan["tasks_done"].as_u64());
    assert!(told["what_if"].to_string().contains("one more team of kind 1"), "{told}");

    // What needs more than is there is refused.
    for (args, code) in [
        (&["explain", "r1", "--task", "SHA-00001"][..], "redact.no_detail"),
        (&["run", &project, "--out", "r9", "--redact", "20"], "redact.cell"),
        (&["run", &project, "--out", "r9", "--redact", "9000"], "redact.cell"),
        (&["run", &project, "--out", "r9", "--redact", "500", "--resume"], "redact.resume"),
        (&["run", &project, "--out", "full", "--overwrite", "--redact", "500"], "redact.folder"),
        (&["plan", "--problem", "p.json", "--redact", "500"], "redact.problem"),
    ] {
        refused(region.path(), args, &[code]);
    }
    assert!(!region.path().join("r9").exists());
    // A failure is told on stderr; stdout has its code.
    let output = clearway(
        region.path(),
        &["run", &project, "--set", "plan.teams=zyxq-none.csv", "--out", "r9", "--redact", "500", "--json"],
    );
    assert_eq!(output.status.code(), Some(2));
    tells_nothing("stdout of a failure", &output.stdout, &secrets);
    assert!(stderr(&output).contains(MARK));
}

#[test]
fn coarse_grids_are_sums_and_means_of_the_grids() {
    let region = marked_region();
    let project = format!("{MARK}.toml");
    for (out, more) in [("full", &[][..]), ("coarse", &["--redact", "500"])] {
        let mut args = vec!["score", &project, "--out", out, "--backend", "cpu"];
        args.extend(more);
        worked(region.path(), &args);
    }
    // Cells of 30 m: 17 of them are the fewest that reach 500 m; 256 = 15 * 17 + 1.
    const K: usize = 17;
    let open = |run: &str, name: &str| GeoTiff::open(&region.path().join(run).join(name), 1).unwrap();
    let people = all(&open("", &format!("{MARK}-population.tif")));
    let sum_of = |values: &[f32], of: &[usize]| -> (f64, usize) {
        let known: Vec<f64> =
            of.iter().map(|&i| values[i]).filter(|v| !is_unknown(*v)).map(f64::from).collect();
        (known.iter().sum(), known.len())
    };
    let grid = |name: &str| all(&open("full", name));
    let (rank, cost, benefit) = (grid("priority.tif"), grid("cost.tif"), grid("benefit.tif"));
    let (mut n_shown, mut n_hidden) = (0, 0);
    for name in [
        "priority.tif",
        "cost.tif",
        "people_at_risk.tif",
        "benefit_per_cost.tif",
        "class.tif",
        "acceptability.tif",
    ] {
        let coarse = open("coarse", name);
        let frame = coarse.frame();
        assert_eq!([frame.n_cols, frame.n_rows], [16, 16]);
        assert_eq!(frame.cell_size().x, 510.0);
        let (fine, found) = (grid(name), all(&coarse));
        for (at, &found) in found.iter().enumerate() {
            let (col, row) = (at % 16 * K, at / 16 * K);
            let square: Vec<usize> = (row..(row + K).min(256))
                .flat_map(|row| (col..(col + K).min(256)).map(move |col| row * 256 + col))
                .collect();
            let (_, n_scored) = sum_of(&rank, &square);
            let (sum, n) = sum_of(&fine, &square);
            // All cells of this frame have one area, 900 m².
            let expected = match name {
                "cost.tif" => sum,
                "benefit_per_cost.tif" => sum_of(&benefit, &square).0 * 900.0 / sum_of(&cost, &square).0,
                "class.tif" => {
                    let mean = sum_of(&rank, &square).0 / n as f64;
                    [95.0, 85.0, 60.0].iter().filter(|&&from| mean < from).count() as f64 + 1.0
                }
                _ => sum / n as f64,
            };
            let is_shown = n_scored * 2 >= K * K && sum_of(&people, &square).0 >= 10.0;
            assert_eq!(!is_unknown(found), is_shown, "{name} {col} {row}");
            if is_shown {
                assert!((f64::from(found) / expected - 1.0).abs() < 1e-5, "{name}: {found}, {expected}");
                n_shown += 1;
            } else {
                n_hidden += 1;
            }
        }
    }
    assert!(n_shown > 100 && n_hidden > 100, "{n_shown} {n_hidden}");
    // The picture in the report has a pixel a coarse cell.
    let report = std::fs::read_to_string(region.path().join("coarse/report.html")).unwrap();
    let picture = report.split("base64,").nth(1).unwrap().split('"').next().unwrap();
    let picture = base64::engine::general_purpose::STANDARD.decode(picture).unwrap();
    assert_eq!(&picture[16..24], &[0, 0, 0, 16, 0, 0, 0, 16], "width and height of the PNG");
    assert_eq!(report.matches("base64,").count(), 1);
}

#[test]
fn squares_are_summed_by_hand() {
    // 5 x 4 cells of 10 m in squares of 2: the last column of squares is cut.
    let plane = cells("1 3 5 7 9 / 1 3 ? ? 9 / ? ? 2 2 1 / ? 8 2 2 1");
    let coarse = Coarse::of(plane.frame(), 20.0).unwrap();
    assert_eq!((coarse.factor, coarse.frame.n_cols, coarse.frame.n_rows), (2, 3, 2));
    assert_eq!(Coarse::of(plane.frame(), 11.0).unwrap().factor, 2);
    let sums = coarse.sums(&plane).unwrap();
    assert_eq!(sums.known, [4, 2, 2, 1, 4, 2]);
    assert_eq!(sums.total, [8.0, 12.0, 18.0, 8.0, 8.0, 2.0]);
    assert_eq!(sums.mean(1), Some(6.0));
    // Square 3 has one known cell of four; 4 has too few people, and alone would be found from the total: 5 goes too.
    let (shown, n_few) = coarse.shown(&sums.known, &[50.0, 40.0, 30.0, 60.0, 9.0, 20.0]);
    assert_eq!((shown, n_few), (vec![true, true, true, false, false, false], 2));
    // Nobody hidden: nothing to find.
    assert_eq!(coarse.shown(&sums.known, &[50.0; 6]), (vec![true, true, true, false, true, true], 0));
    // No more than a cell, or more than the frame: neither is coarse.
    for cell_m in [10.0, 41.0] {
        assert_eq!(Coarse::of(plane.frame(), cell_m).unwrap_err().faults()[0].code, "redact.cell");
    }
    // At 60° north a degree east is about half of one north: the shorter side counts.
    let frame = frame_lonlat(40, 40, 10.0, 60.0, 0.001);
    let coarse = Coarse::of(&frame, 500.0).unwrap();
    assert_eq!(coarse.factor, 9, "0.001° are 55.8 m there");
    assert!((0..coarse.frame.n_rows as i64).all(|row| coarse.frame.cell_width_m(row) >= 500.0));
}

#[test]
fn redacted_batch_numbers_its_scenarios() {
    let region = marked_region();
    let scenarios = format!(
        "[[scenario]]\nname = \"{MARK} first\"\nset = {{ 'score.criteria.\"{MARK} people\".weight' = 6 }}\n\n\
         [[scenario]]\nname = \"{MARK} money\"\nset = {{ 'plan.budget_usd' = 900000 }}\n"
    );
    std::fs::write(region.path().join("s.toml"), scenarios).unwrap();
    let project = format!("{MARK}.toml");
    let go = |more: &[&str]| {
        let mut args = vec!["batch", project.as_str(), "s.toml", "--out", "out", "--redact", "500"];
        args.extend(HOW);
        args.extend(more);
        clearway(region.path(), &args)
    };
    let secrets =
        ["SHA-0", "CHA-0", "Brelgerova", "Dremova", MARK].iter().map(|text| (*text).to_owned()).collect();
    for more in [&[][..], &["--overwrite", "--json"]] {
        let told = go(more);
        assert!(told.status.success(), "{}", stderr(&told));
        tells_nothing("stdout", &told.stdout, &secrets);
        for path in files_below(&region.path().join("out")) {
            let name = path.strip_prefix(region.path()).unwrap().display().to_string();
            tells_nothing(&name, name.as_bytes(), &secrets);
            tells_nothing(&name, &std::fs::read(&path).unwrap(), &secrets);
        }
    }
    let table =
        Table::read(&region.path().join("out/scenarios.csv"), &["name", "objective", "cost_usd"]).unwrap();
    let names: Vec<_> = table.rows().map(|row| row.required("name").unwrap().to_owned()).collect();
    assert_eq!(names, ["scenario-00", "scenario-01", "scenario-02"]);
    assert!(table.rows().all(|row| row.required_number("objective").unwrap() > 0.0));
    let names: BTreeSet<_> = std::fs::read_dir(region.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    // Again without --overwrite, or beside something else: refused.
    assert!(stderr(&go(&[])).contains("[out.exists]"));
    std::fs::write(region.path().join("out/notes.txt"), "x").unwrap();
    assert!(stderr(&go(&["--overwrite"])).contains("[redact.folder]"));
}
