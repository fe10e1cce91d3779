//! Rules of the house that a machine can check: floors, file sizes, words that must not be printed.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file below a folder.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The top-level module a source file belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// ARCHITECTURE.md: what each module may import, besides itself.
fn may_import(module: &str) -> &'static [&'static str] {
    match module {
        "units" | "error" | "statistics" | "widest" => &[],
        "progress" => &["error"],
        "grid" => &["units", "error"],
        "io" | "gpu" | "layers" => &["grid", "units", "error", "progress", "widest"],
        "score" => &["gpu", "layers", "grid", "units", "error", "progress", "widest"],
        "tasks" => &["layers", "grid", "units", "error", "progress"],
        // Knows nothing of rasters, files or GPUs; the grid lends it geodesics alone.
        "plan" => &["grid", "units", "error", "progress"],
        "report" | "synth" => {
            &["plan", "tasks", "score", "io", "layers", "grid", "units", "error", "progress", "statistics"]
        }
        "run" => &[
            "report",
            "synth",
            "plan",
            "tasks",
            "score",
            "io",
            "gpu",
            "layers",
            "grid",
            "units",
            "error",
            "progress",
            "statistics",
        ],
        // Runs whole projects, and reads the clock.
        "bench" => &[
            "run", "report", "synth", "plan", "tasks", "score", "io", "gpu", "layers", "grid", "units",
            "error", "progress", "widest",
        ],
        "lib" | "main" | "cli" | "console" => &[
            "cli", "console", "bench", "run", "report", "synth", "plan", "tasks", "score", "io", "gpu",
            "layers", "grid", "units", "error", "progress",
        ],
        other => panic!("module `{other}` has no floor: give it one here and in ARCHITECTURE.md"),
    }
}

#[test]
fn imports_go_downward_only() {
    let mut wrong = Vec::new();
    for path in files("src", "rs") {
        let module = module(&path);
        let allowed = may_import(&module);
        for (i, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for (at, _) in code.match_indices("crate::") {
                let imported: String =
                    code[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if imported.is_empty() {
                    wrong.push(format!("{}:{}: name the module: {line}", path.display(), i + 1));
                } else if imported != module && !allowed.contains(&imported.as_str()) {
                    wrong.push(format!("{}:{}: `{module}` imports `{imported}`", path.display(), i + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
}

#[test]
fn planner_borrows_only_geodesics_from_the_grid() {
    for path in files("src/plan", "rs") {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| line.contains("crate::grid")) {
            assert!(
                !["Cells", "Frame", "Window", "Tiling", "Crs"].iter().any(|word| line.contains(word)),
                "{}: {line}",
                path.display()
            );
        }
    }
}

#[test]
fn only_floors_that_may_do_touch_files_or_clocks() {
    for path in files("src", "rs") {
        let module = module(&path);
        let text = fs::read_to_string(&path).unwrap();
        let code: String =
            text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        if !["io", "report", "synth", "run", "bench", "main", "console", "error"].contains(&module.as_str()) {
            assert!(
                !code.contains("std::fs") && !code.contains("File::"),
                "{} touches files",
                path.display()
            );
        }
        // The planner keeps to `seconds` at its barriers.
        if !["run", "bench", "main", "console", "plan"].contains(&module.as_str()) {
            assert!(!code.contains("Instant::now"), "{} reads the clock", path.display());
        }
    }
}

#[test]
fn no_file_hides_two_subjects() {
    for path in files("src", "rs").into_iter().chain(files("shaders", "wgsl")).chain(files("tests", "rs")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 450, "{} has {lines} lines: split it by subject", path.display());
    }
}

#[test]
fn nothing_computed_is_called_safe() {
    // Only texts that can be printed: string literals of the source. The column names of land release
    // (`area_cleared_m2`) and "unsafe" are other words.
    for path in files("src", "rs") {
        for (i, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for literal in code.split('"').skip(1).step_by(2) {
                let text = literal.to_lowercase();
                let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                for word in words {
                    assert!(
                        !["safe", "cleared", "minefree"].contains(&word) && !text.contains("mine-free"),
                        "{}:{}: \"{literal}\"",
                        path.display(),
                        i + 1
                    );
                }
            }
        }
    }
}

#[test]
fn vendored_files_are_those_of_the_registry() {
    use sha2::{Digest, Sha256};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html/vendor");
    let listed = fs::read_to_string(folder.join("VENDOR.md")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "js" || extension == "css") {
            let hash: String =
                Sha256::digest(fs::read(&path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(listed.contains(&hash), "{} is not the file that VENDOR.md lists", path.display());
        }
    }
}
