//! How it speaks: errors with their line, JSON for scripts, help, manual pages, plain text in pipes.

use super::*;

/// The shipped region with slips of the pen in its project file.
fn misspelt() -> tempfile::TempDir {
    let region = region("hillside");
    let path = region.path().join("project.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("sigma_m = 1000", "sigm = 1000").replace("\"discounted\"", "\"discountd\"");
    std::fs::write(path, text.replace("path = \"cost.tif\"", "path = \"costs.tif\"")).unwrap();
    region
}

#[test]
fn faults_as_json_say_line_and_column() {
    let region = misspelt();
    for args in [&["check", "project.toml", "--json"][..], &["run", "project.toml", "--json", "--out", "out"]]
    {
        let output = clearway(region.path(), args);
        assert_eq!(output.status.code(), Some(2));
        let told = json(&output);
        assert_eq!(told["exit_code"], 2);
        let of = |code: &str| {
            let faults = told["faults"].as_array().unwrap();
            faults.iter().find(|fault| fault["code"] == code).unwrap_or_else(|| panic!("no {code}: {told:#}"))
        };
        let fault = of("project.unknown_key");
        let line = fault["text"].as_str().unwrap();
        assert_eq!(fault["column"], line.find("sigm").unwrap() + 1, "{fault}");
        assert_eq!(
            (&fault["source"], &fault["fix"]),
            (&"project.toml".into(), &"did you mean `sigma_m`?".into())
        );
        assert_eq!(of("project.value")["fix"], "did you mean \"discounted\"?");
        // An input that is not there: the line that names it.
        let missing = of("input.missing");
        let text = std::fs::read_to_string(region.path().join("project.toml")).unwrap();
        let at = missing["line"].as_u64().unwrap() as usize;
        assert!(text.lines().nth(at - 1).unwrap().contains("costs.tif"), "{missing}");
    }
}

#[test]
fn fault_of_a_flag_shows_the_flag() {
    let region = region("hillside");
    let args = ["check", "project.toml", "--color", "always", "--set", "score.criteria.peopl.weight=2"];
    let text = refused(region.path(), &args, &["set.syntax"]);
    assert!(text.contains("--set score.criteria.peopl.weight=2") && text.contains("^^^^^"), "{text}");
    assert!(text.contains("did you mean `people`?"), "{text}");
    let args = ["check", "project.toml", "--json", "--set", "plan.years=-3"];
    let fault = json(&clearway(region.path(), &args))["faults"][0].clone();
    assert_eq!((&fault["source"], &fault["text"]), (&"command line".into(), &"--set plan.years=-3".into()));
    assert_eq!(fault["column"], 18);
}

#[test]
fn pipe_gets_a_line_a_fault_and_no_colour() {
    let region = misspelt();
    let text = refused(region.path(), &["check", "project.toml"], &["project.unknown_key", "project.value"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("  - ")).count(), 3, "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("-->"), "{text}");
    let text = stderr(&clearway(region.path(), &["check", "project.toml", "--color", "always"]));
    assert!(text.contains("\u{1b}[") && text.contains("--> "), "{text}");
}

/// Runs the command in a pseudo-terminal of some columns; `None` where there is no `script`.
#[cfg(target_os = "linux")]
fn on_terminal(folder: &Path, columns: u32, line: &str) -> Option<String> {
    let line = format!("stty cols {columns} rows 24; {} {line}", env!("CARGO_BIN_EXE_clearway"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(folder);
    command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CLICOLOR");
    match command.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            eprintln!("SKIPPED on_terminal: there is no `script` here to make a pseudo-terminal");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn terminal_gets_the_line_with_a_caret_and_bars_that_fit() {
    let region = misspelt();
    let Some(text) = on_terminal(region.path(), 60, "check project.toml") else { return };
    assert!(text.contains("\u{1b}[") && text.contains("^^^^") && text.contains("help"), "{text}");
    let good = super::region("hillside");
    let line = "run project.toml --out out --backend cpu --seconds 2";
    let Some(text) = on_terminal(good.path(), 50, line) else { return };
    assert!(text.contains("plan") && text.contains("to go"), "{text}");
    // No bar is wider than the terminal: what stands before "to go", back to where the line was begun.
    let bars: Vec<&str> = text.split("to go").collect();
    let begun =
        |bar: &&str| bar.rsplit(['\r', '\n', 'K', 'A']).next().unwrap().chars().count() + "to go".len();
    let widest = bars[..bars.len() - 1].iter().map(begun).max().unwrap();
    assert!(widest <= 50, "a bar of {widest} columns on a terminal of 50:\n{text}");
}

#[test]
fn manual_has_a_page_for_every_command() {
    let pages = folder();
    let written = worked(pages.path(), &["man", "--out", "man1"]);
    let names = String::from_utf8_lossy(&written.stdout).into_owned();
    let help = String::from_utf8_lossy(&worked(pages.path(), &["--help"]).stdout).into_owned();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names_of = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for command in names_of.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(names.contains(&format!("clearway-{command}.1")), "no page of {command} in:\n{names}");
        let page = std::fs::read_to_string(pages.path().join(format!("man1/clearway-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Example"), "{command}:\n{page}");
        let help = String::from_utf8_lossy(&worked(pages.path(), &[command, "--help"]).stdout).into_owned();
        assert!(
            help.contains("Example") && help.contains(&format!("clearway {command}")),
            "{command}:\n{help}"
        );
    }
    let page = worked(pages.path(), &["man"]).stdout;
    assert!(String::from_utf8_lossy(&page).contains(".TH"));
}

#[test]
fn synth_answers_scripts() {
    let there = folder();
    let told = json(&worked(there.path(), &["synth", "--size", "32", "--out", "region", "--json"]));
    assert_eq!((&told["columns"], &told["rows"]), (&32.into(), &32.into()));
    assert!(there.path().join(told["project"].as_str().unwrap()).is_file());
}
