//! Streams, help and small commands.

use std::process::Command;

use super::*;

#[test]
fn results_go_to_stdout_and_progress_to_stderr() {
    let out = folder();
    let project = here("grids/hillside/project.toml");
    let args = ["run", arg(&project), "--out", "run", "--iterations", "50", "--backend", "cpu", "--json"];
    let output = worked(out.path(), &args);
    assert!(json(&output)["files"].as_array().unwrap().len() > 10);
    assert!(stderr(&output).contains("score"), "{}", stderr(&output));
    let args = ["score", arg(&project), "--out", "quiet", "--backend", "cpu", "--quiet"];
    let output = worked(out.path(), &args);
    assert_eq!(stderr(&output), "");
    assert!(String::from_utf8_lossy(&output.stdout).contains("files"));
}

#[test]
fn program_is_told_the_progress_as_an_object_a_line() {
    let out = folder();
    let project = here("grids/hillside/project.toml");
    let args = ["run", arg(&project), "--out", "run", "--iterations", "50", "--backend", "cpu", "--json"];
    let output = worked(out.path(), &[&args[..], &["--progress", "json"]].concat());
    json(&output);
    let told = stderr(&output);
    let objects: Vec<serde_json::Value> = told
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for step in ["exposure", "priority", "tasks", "plan"] {
        let of_step: Vec<_> = objects.iter().filter(|object| object["step"] == step).collect();
        let (first, last) = (of_step.first().unwrap(), of_step.last().unwrap());
        assert!(first["done"] == 0 && first.get("seconds").is_none(), "{first}");
        assert!(last["seconds"].is_number(), "{last}");
        assert!(of_step.iter().all(|told| told["done"].as_u64() <= told["total"].as_u64()), "{of_step:?}");
    }
    // What has no step of its own, such as the engine that was taken.
    assert!(
        objects.iter().any(|object| object["note"].is_string() && object.get("step").is_none()),
        "{told}"
    );
    assert!(!told.lines().any(|line| line.contains(" % ") && !line.starts_with(['{', 'w'])), "{told}");
    let output = worked(out.path(), &[&args[..], &["--progress", "json", "--quiet", "--overwrite"]].concat());
    assert_eq!(stderr(&output), "");
    let both = ["check", arg(&project), "--progress", "json", "--no-progress"];
    assert_eq!(clearway(out.path(), &both).status.code(), Some(2));
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let here = folder();
    for command in ["run", "score", "tasks", "plan", "check", "verify", "synth", "devices", "completions"] {
        let output = worked(here.path(), &[command, "--help"]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("Example"), "{command}");
    }
}

#[test]
fn bad_flags_exit_with_two() {
    let here = folder();
    for args in [&["run"][..], &["fly"], &["run", "p.toml", "--memory", "lots"], &["synth", "--size", "0"]] {
        assert_eq!(clearway(here.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn devices_lists_the_software_adapter_and_does_not_take_it() {
    let here = folder();
    let output = worked(here.path(), &["devices", "--json"]);
    let devices = json(&output);
    let software: Vec<_> =
        devices.as_array().unwrap().iter().filter(|device| device["kind"] == "software").collect();
    assert!(!software.is_empty(), "no software Vulkan: run ./test, which installs it");
    assert!(software.iter().all(|device| device["auto"] == false));
}

#[test]
fn check_says_what_the_layers_hold() {
    let here_folder = folder();
    let project = here("grids/hillside/project.toml");
    let output = worked(here_folder.path(), &["check", arg(&project)]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("layer hazard") && text.contains("no faults"), "{text}");
    assert_eq!(std::fs::read_dir(here_folder.path()).unwrap().count(), 0, "check writes nothing");
}

#[test]
fn without_a_vulkan_loader_the_native_engine_takes_over_and_says_so() {
    let out = folder();
    let project = here("grids/hillside/project.toml");
    // No driver is found: the loader looks where nothing is.
    let output = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["score", arg(&project), "--out", "run", "--backend", "auto"])
        .env("VK_DRIVER_FILES", "/nowhere")
        .env("VK_ICD_FILENAMES", "/nowhere")
        .current_dir(out.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json_file(&out.path().join("run/run.json"))["engine"]["kind"], "native");
    let lines = stderr(&output);
    assert_eq!(lines.lines().filter(|line| line.contains("engine: native")).count(), 1, "{lines}");
}

#[test]
fn completions_are_printed_for_shells() {
    let output = worked(folder().path(), &["completions", "bash"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("_clearway"));
    // clap puts what values mean between double quotes as it is: one of their own would end them (`scripts/release` asks
    // fish itself where it is installed).
    let output = worked(folder().path(), &["completions", "fish"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut open = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(open.is_none() || !line.starts_with("complete "), "a quote is not closed before: {line}");
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (open, letter) {
                (_, '\\') => _ = letters.next(),
                (None, '\'' | '"') => open = Some(letter),
                (Some(quote), _) if quote == letter => open = None,
                _ => {}
            }
        }
    }
    assert_eq!(open, None, "a quote is not closed");
}
