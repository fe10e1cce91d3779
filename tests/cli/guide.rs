//! The guide cannot rot: its commands run and say what it shows, its links lead somewhere, its TOML is TOML, and every
//! fault code is explained.

use std::collections::BTreeSet;
use std::fs;

use super::*;

fn guide() -> PathBuf {
    here("docs/guide/src")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Markdown file below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    pages
}

/// The code blocks of one language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// The text without its code blocks and code spans.
fn prose(text: &str) -> String {
    let outside: String = text.split("```").step_by(2).collect();
    outside.split('`').step_by(2).collect()
}

/// A heading's anchor, as mdBook and GitHub make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let outside: String = text.split("```").step_by(2).collect();
    let headings = outside.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let mut all = pages(&guide());
    all.extend(pages(&here("docs")));
    all.extend(["README.md", "ARCHITECTURE.md", "grids/README.md", "grids/broken/README.md"].map(here));
    let mut dead = Vec::new();
    for page in &all {
        let text = read(page);
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let is_there = target.exists();
            let has_anchor = wanted.is_empty() || is_there && anchors(&read(&target)).contains(wanted);
            if !is_there || !has_anchor {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_chapter_stands_in_the_summary() {
    let summary = read(&guide().join("SUMMARY.md"));
    for page in pages(&guide()) {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
            "{name} is not in SUMMARY.md"
        );
    }
}

#[test]
fn project_keys_in_the_guide_are_toml_that_is_read() {
    let known = read(&here("docs/guide/src/your-data.md"));
    assert!(!blocks(&known, "toml").is_empty());
    for page in pages(&guide()) {
        for block in blocks(&read(&page), "toml") {
            let place = page.display();
            let parsed: toml::Table =
                block.parse().unwrap_or_else(|error| panic!("{place}: {error}\n{block}"));
            // Laid over a project in its folder, no key of it is unknown. Files and names that are not there are.
            let region = region("hillside");
            let mut project: toml::Table = if parsed.contains_key("scenario") {
                continue;
            } else {
                read(&region.path().join("project.toml")).parse().unwrap()
            };
            project.extend(parsed);
            fs::write(region.path().join("project.toml"), project.to_string()).unwrap();
            let output = clearway(region.path(), &["check", "project.toml", "--json"]);
            let told = json(&output);
            for fault in told["faults"].as_array().unwrap() {
                let code = fault["code"].as_str().unwrap();
                let is_ours = ["project.unknown_key", "project.value", "project.type", "project.syntax"];
                assert!(!is_ours.contains(&code), "{place}: {fault:#}\n{block}");
            }
        }
    }
}

/// The command with little to search and no GPU, where it does not say otherwise: a test has no minutes.
fn quick(line: &str) -> Vec<String> {
    let mut args: Vec<String> = line.split_whitespace().skip(1).map(str::to_owned).collect();
    let has = |args: &[String], flag: &str| args.iter().any(|arg| arg.starts_with(flag));
    let command = args[0].clone();
    if ["run", "plan", "batch"].contains(&command.as_str()) && !has(&args, "--iterations") {
        args.push("--iterations=20".to_owned());
    }
    if ["run", "plan", "score", "tasks", "batch"].contains(&command.as_str()) && !has(&args, "--backend") {
        args.push("--backend=cpu".to_owned());
    }
    args
}

/// Whether some line of the output holds the shown line, `…` standing for anything.
fn is_shown(shown: &str, output: &str) -> bool {
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    output.lines().map(squeezed).any(|line| {
        let mut rest = line.as_str();
        shown.trim().split('…').all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    })
}

#[test]
fn commands_of_the_guide_run_and_say_what_it_shows() {
    let mut n_commands = 0;
    let mut all = pages(&guide());
    all.push(here("README.md"));
    for page in all {
        let blocks = blocks(&read(&page), "console");
        if blocks.is_empty() {
            continue;
        }
        // Each page begins in a folder of its own that holds `grids`, and its commands follow one another.
        let there = folder();
        for name in ["hillside", "plain", "nation"] {
            let from = here("grids").join(name);
            let to = there.path().join("grids").join(name);
            fs::create_dir_all(&to).unwrap();
            for entry in fs::read_dir(&from).unwrap() {
                let path = entry.unwrap().path();
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
        for block in blocks {
            let mut said = String::new();
            for line in block.lines() {
                if let Some(command) = line.strip_prefix("$ ") {
                    assert!(command.starts_with("clearway "), "{}: {command}", page.display());
                    let args = quick(command);
                    let args: Vec<&str> = args.iter().map(String::as_str).collect();
                    let output = worked(there.path(), &args);
                    said = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
                    n_commands += 1;
                } else {
                    let place = page.display();
                    assert!(is_shown(line, &said), "{place} shows\n{line}\nbut it said\n{said}");
                }
            }
        }
    }
    assert!(n_commands >= 15, "only {n_commands} commands were found");
}

/// Texts of the form of a code that are none: keys of a project or of a problem.
const NO_CODES: [&str; 16] = [
    "distance.matrix",
    "hazard.accidents",
    "hazard.areas",
    "lock.start",
    "lock.team",
    "plan.after",
    "plan.decay_per_day",
    "plan.districts",
    "plan.locked",
    "plan.settlements",
    "plan.teams",
    "plan.worth",
    "score.criteria",
    "score.exposure",
    "score.gates",
    "tasks.areas",
];

/// Every text `"family.word"` in the sources that is neither a file's name nor a key.
fn codes_in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut folders = vec![here("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = read(&path);
                let text = text.split("#[cfg(test)]").next().unwrap();
                codes.extend(text.split('"').filter(|text| is_code(text)).map(str::to_owned));
            }
        }
    }
    codes
}

fn is_code(text: &str) -> bool {
    const ENDINGS: [&str; 28] = [
        "tif", "tiff", "json", "geojson", "csv", "toml", "gpkg", "html", "png", "qml", "md", "xlsx", "kml",
        "kmz", "shp", "shx", "dbf", "prj", "cpg", "zip", "js", "css", "svg", "xml", "txt", "part", "rels",
        "clr",
    ];
    let Some((family, word)) = text.split_once('.') else { return false };
    let is_word = |text: &str| {
        text.len() > 2 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !text.starts_with('_')
    };
    is_word(family) && is_word(word) && !ENDINGS.contains(&word) && !NO_CODES.contains(&text)
}

#[test]
fn every_fault_code_is_explained_and_none_that_is_gone() {
    let page = read(&guide().join("troubleshooting.md"));
    let listed: BTreeSet<String> =
        page.split('`').skip(1).step_by(2).filter(|text| is_code(text)).map(str::to_owned).collect();
    let in_sources = codes_in_sources();
    assert!(in_sources.len() > 100, "{in_sources:?}");
    let missing: Vec<_> = in_sources.difference(&listed).collect();
    assert!(missing.is_empty(), "not explained in docs/guide/src/troubleshooting.md: {missing:?}");
    let gone: Vec<_> = listed.difference(&in_sources).collect();
    assert!(gone.is_empty(), "explained, but no longer in the sources: {gone:?}");
}

/// The cell of a table's row: the row that begins with `label`, its column counted from 0.
#[track_caller]
fn cell(page: &str, label: &str, column: usize) -> String {
    let text = read(&guide().join(page));
    let row = text.lines().find(|line| line.starts_with(&format!("| {label} |")));
    let row = row.unwrap_or_else(|| panic!("{page} has no row {label:?}"));
    row.split('|').nth(column + 1).unwrap().trim().to_owned()
}

#[test]
fn defaults_in_the_guide_are_those_of_the_code() {
    use clearway::run::project::{Project, read_team_tables};
    let there = folder();
    let file = there.path().join("project.toml");
    let project = "[project]\nname = \"x\"\n[layers]\npopulation = { path = \"p.tif\" }\n[hazard]\n\
                   areas = { path = \"a.geojson\" }\naccidents = { path = \"i.geojson\" }\n[score]\n\
                   [[score.criteria]]\nname = \"people\"\nlayer = \"exposure\"\nweight = 1\n\
                   value = { linear = [0, \"max\"] }\n[tasks]\ngrow = {}\n[plan]\nstart = \"2027-03-01\"\n\
                   teams = \"teams.csv\"\n";
    fs::write(&file, project).unwrap();
    let project = Project::open(&file, &[]).unwrap();
    let hazard = project.hazard.unwrap();
    let prior = |class: &str| hazard.priors.iter().find(|(known, _)| known == class).unwrap().1.to_string();
    assert_eq!(cell("limits.md", "share of a suspected area that proves mined", 1), prior("SHA"));
    assert_eq!(cell("limits.md", "share of a confirmed area", 1), prior("CHA"));
    assert_eq!(cell("limits.md", "elsewhere", 1), hazard.elsewhere.to_string());
    let accidents = hazard.accidents.unwrap();
    let built = &blocks(&read(&guide().join("score.md")), "toml")[0];
    let strength = format!("strength = {}, sigma_m = {}", accidents.strength, accidents.sigma_m);
    assert!(built.contains(&strength), "{strength} in\n{built}");
    let plan = project.plan.unwrap();
    assert_eq!(cell("limits.md", "detour of roads", 1), plan.detour.to_string());
    let cv = 100.0 * plan.uncertainty.unwrap().duration_cv;
    assert_eq!(cell("limits.md", "variation of working days", 1), format!("{cv} %"));
    assert_eq!((plan.years, plan.discount, plan.uncertainty.unwrap().n_samples), (3.0, 0.03, 256));
    assert_eq!(cell("limits.md", "reach of exposure", 1), "gaussian, 1,000 m");
    assert_eq!(
        project.score.recipe.kernel,
        clearway::score::Kernel::Gaussian { sigma_m: 1000.0 },
        "the default reach"
    );
    let table = there.path().join("teams.csv");
    fs::write(&table, "team_id,name,asset_type,lon,lat,rate_m2_per_day\nA,a,manual,0,0,1\n").unwrap();
    let team = &read_team_tables(&clearway::io::csv::Table::read(&table, &[]).unwrap(), &[]).unwrap()[0];
    for (column, value) in [
        ("work_days_per_week", f64::from(team.work_days_per_week)),
        ("cost_factor", team.cost_factor),
        ("mobilisation_usd", team.mobilisation_usd),
        ("setup_days", team.setup_days),
        ("travel_km_per_day", team.travel_km_per_day),
        ("usd_per_km", team.usd_per_km),
    ] {
        assert_eq!(cell("your-data.md", &format!("`{column}`"), 2), value.to_string(), "{column}");
    }
    assert_eq!(cell("limits.md", "setting up", 1), format!("{} days", team.setup_days));
}
