//! The command as a person meets it: exit codes, streams, files, messages.

mod common;

mod cli {
    pub mod bad_input;
    pub mod batch;
    pub mod bench_plan;
    pub mod by_a_person;
    pub mod cluster_examples;
    pub mod colours;
    pub mod explain;
    pub mod features;
    pub mod feel;
    pub mod guide;
    pub mod hazard;
    pub mod init;
    pub mod main_job;
    pub mod outputs;
    pub mod plans;
    pub mod real_inputs;
    pub mod real_layers;
    pub mod redact;
    pub mod report;
    pub mod resume;
    pub mod score_keys;
    pub mod shards;
    pub mod shards_elsewhere;
    pub mod streams;
    pub mod task_areas;

    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    /// Runs the command in a folder.
    pub fn clearway(folder: &Path, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clearway")).args(args).current_dir(folder).output().unwrap()
    }

    /// Runs the command and requires that it worked.
    #[track_caller]
    pub fn worked(folder: &Path, args: &[&str]) -> Output {
        let output = clearway(folder, args);
        assert!(output.status.success(), "{args:?} failed:\n{}", stderr(&output));
        output
    }

    /// Runs the command and requires exit code 2 and every one of the fault codes in the message.
    #[track_caller]
    pub fn refused(folder: &Path, args: &[&str], codes: &[&str]) -> String {
        let output = clearway(folder, args);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}:\n{text}");
        for code in codes {
            assert!(text.contains(&format!("[{code}]")), "no [{code}] in:\n{text}");
        }
        assert!(output.stdout.is_empty(), "stdout: {}", String::from_utf8_lossy(&output.stdout));
        text
    }

    /// What a command said on stderr.
    pub fn stderr(output: &Output) -> String {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What a command printed as JSON.
    pub fn json(output: &Output) -> serde_json::Value {
        serde_json::from_slice(&output.stdout).expect("JSON on stdout")
    }

    /// A file of a run as JSON.
    pub fn json_file(path: &Path) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// A path of this package.
    pub fn here(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    /// A temporary folder.
    pub fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    /// A path as an argument.
    pub fn arg(path: &Path) -> &str {
        path.to_str().unwrap()
    }

    /// The small region shipped with the project, copied so that a test may spoil it.
    pub fn region(name: &str) -> tempfile::TempDir {
        let copy = folder();
        for entry in std::fs::read_dir(here("grids").join(name)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        copy
    }
}
