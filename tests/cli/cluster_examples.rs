//! The examples for SLURM and Kubernetes: they parse, and call what the command takes.

use std::fs;

use super::*;

#[test]
fn the_examples_for_clusters_are_valid() {
    let example = |name: &str| here("docs/cluster").join(name);
    for name in ["slurm.sh", "kubernetes.sh"] {
        let output = Command::new("bash").args(["-n", arg(&example(name))]).output().unwrap();
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    }
    let job = |name: &str| -> serde_json::Value {
        let text = fs::read_to_string(example(name)).unwrap();
        let job: serde_json::Value = serde_yaml_ng::from_str(&text).expect(name);
        assert_eq!((&job["apiVersion"], &job["kind"]), (&"batch/v1".into(), &"Job".into()));
        let containers = job["spec"]["template"]["spec"]["containers"].as_array().unwrap();
        assert_eq!(containers.len(), 1);
        job
    };
    let shards = job("kubernetes.yaml");
    let spec = &shards["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    let command = spec["template"]["spec"]["containers"][0]["args"][0].as_str().unwrap();
    // As many shards as completions, counted from 1.
    let which = format!("--shard \"$((JOB_COMPLETION_INDEX + 1))/{}\"", spec["completions"]);
    assert!(command.contains(&which), "{which} in {command}");
    let merge = job("kubernetes-merge.yaml");
    let args = merge["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    assert_eq!((&args[0], args.last().unwrap()), (&"merge".into(), &"--reduce".into()));
    // The driver takes that line out by its text.
    let text = fs::read_to_string(example("kubernetes-merge.yaml")).unwrap();
    assert!(text.lines().any(|line| line.trim() == "- --reduce"));
    // What the examples call is what the command takes.
    let help =
        |command: &str| String::from_utf8(worked(here(".").as_path(), &[command, "--help"]).stdout).unwrap();
    let (score, merge) = (help("score"), help("merge"));
    for flag in ["--shard", "--out", "--backend", "--memory", "--threads", "--no-progress"] {
        assert!(score.contains(flag), "{flag}");
    }
    assert!(["--reduce", "--memory", "--no-progress"].iter().all(|flag| merge.contains(flag)));
}
