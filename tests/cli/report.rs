//! `report.html`: its numbers are the tables', it asks for nothing from anywhere, and text of inputs stays text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clearway::io::csv::Table;
use clearway::report::readable::short;
use sha2::{Digest, Sha256};

use super::*;

const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> \" ' & javascript:alert(3) =1+1";

/// A run of the hillside, its texts exchanged as asked.
fn run(exchange: &[(&str, &str, &str)], command: &str, more: &[&str]) -> tempfile::TempDir {
    let out = folder();
    for entry in std::fs::read_dir(here("grids/hillside")).unwrap() {
        let from = entry.unwrap().path();
        let to = out.path().join(from.file_name().unwrap());
        std::fs::copy(&from, &to).unwrap();
    }
    for (file, old, new) in exchange {
        let path = out.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no {old}");
        std::fs::write(&path, text.replace(old, new)).unwrap();
    }
    let mut args = vec![command, "project.toml", "--out", "run", "--backend", "cpu"];
    args.extend(more);
    worked(out.path(), &args);
    out
}

const QUICK: [&str; 4] = ["--iterations", "50", "--set", "plan.what_if=false"];

fn report(out: &tempfile::TempDir) -> String {
    std::fs::read_to_string(out.path().join("run/report.html")).unwrap()
}

/// What stands between two marks, from the first of the first on.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The page as a person reads it: without style, script and data.
fn visible(html: &str) -> String {
    let mut text = String::new();
    let body = html.split_once("<body>").unwrap().1;
    let shown = body.split("<script").map(|part| match part.split_once("</script>") {
        Some((_, after)) => after,
        None => part,
    });
    for part in shown {
        let mut is_tag = false;
        for c in part.chars() {
            is_tag = (is_tag || c == '<') && c != '>';
            text.push(if is_tag || c == '>' { ' ' } else { c });
        }
    }
    text
}

#[test]
fn numbers_are_those_of_the_tables() {
    let out = run(&[], "run", &["--iterations", "200", "--set", "score.robustness.samples=16"]);
    let html = report(&out);
    let tasks = Table::read(&out.path().join("run/tasks.csv"), &["task_id"]).unwrap();
    let heads: Vec<&str> =
        html.split("data-name=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let heads: Vec<&str> = heads.into_iter().filter(|head| tasks.has(head)).collect();
    assert!(heads.len() == 9 && heads.contains(&"acceptability_mean"), "{heads:?}");
    let body = between(between(&html, "<table id=\"task-table\">", "</table>"), "<tbody>", "</tbody>");
    let drawn: Vec<&str> = body.split("<tr data-row=\"").skip(1).collect();
    assert_eq!(drawn.len(), tasks.rows().len());
    let rows: Vec<_> = tasks.rows().collect();
    for line in drawn {
        let row = rows[line.split('"').next().unwrap().parse::<usize>().unwrap()];
        assert_eq!(between(line, "<th scope=\"row\">", "</th>"), row.text("task_id").unwrap());
        for (head, cell) in heads.iter().zip(line.split("<td").skip(1)) {
            let shown = between(cell, ">", "</td>");
            let exact = if cell.starts_with(" data-v=\"") { between(cell, "\"", "\"") } else { shown };
            let written = row.text(head).unwrap_or("");
            assert_eq!(exact, written, "{head} of {:?}", row.text("task_id"));
            let per = if *head == "area_m2" { 10_000.0 } else { 1.0 };
            assert_eq!(shown, written.parse::<f64>().map_or("unknown".to_owned(), |x| short(x / per)));
        }
    }
    // All columns of both tables stand in the data, word for word.
    let data: serde_json::Value = serde_json::from_str(between(&html, "id=\"data\">", "</script>")).unwrap();
    for (row, told) in rows.iter().zip(data["tasks"]["rows"].as_array().unwrap()) {
        assert_eq!(told["f"], serde_json::json!(row.fields()));
    }
    let stops = Table::read(&out.path().join("run/plan.csv"), &["task_id"]).unwrap();
    let told = data["stops"]["rows"].as_array().unwrap();
    assert_eq!(told.len(), stops.rows().len());
    for (row, told) in stops.rows().zip(told) {
        assert_eq!(*told, serde_json::json!(row.fields()));
    }
    // The figures of the plan.
    let plan = json_file(&out.path().join("run/plan.json"));
    let text = visible(&html);
    let figure = |value: &serde_json::Value| short(value.as_f64().unwrap());
    let mut figures = vec![figure(&plan["objective_value"]), figure(&plan["upper_bound"])];
    figures.extend(plan["baselines"].as_array().unwrap().iter().map(|plan| figure(&plan["objective_value"])));
    figures.extend(plan["marginal"].as_array().unwrap().iter().map(|plan| figure(&plan["objective_value"])));
    figures.extend(["mean", "percentile_5", "percentile_95"].map(|name| figure(&plan["uncertainty"][name])));
    figures.push(format!("{:.2} %", plan["gap_percent"].as_f64().unwrap()));
    for figure in figures {
        assert!(text.contains(&figure), "no {figure}");
    }
    let curve = Table::read(&out.path().join("run/curve.csv"), &["cost_usd", "exposure_ha"]).unwrap();
    let paid = curve.rows().filter(|row| row.required_number("cost_usd").unwrap() <= 2_900_000.0);
    let within = paid.last().unwrap();
    assert!(html.contains(&format!("data-exact=\"{}\"", within.text("exposure_ha").unwrap())));
    // The same page, but for the places around, is made again from the files.
    let again = out.path().join("again.html");
    clearway::run::report_again(&out.path().join("run"), &again).unwrap();
    let again = std::fs::read_to_string(again).unwrap();
    assert_eq!(
        between(&again, "<table id=\"task-table\">", "</table>"),
        between(&html, "<table id=\"task-table\">", "</table>")
    );
}

#[test]
fn page_asks_for_nothing_and_its_policy_names_what_runs() {
    let html = report(&run(&[], "run", &QUICK));
    assert!(html.len() < 5_000_000);
    let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\">").replace("&#x27;", "'");
    let script = html.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let style = between(&html, "<style>", "</style>");
    let asked = format!(
        "default-src 'none'; img-src data:; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    );
    assert_eq!(policy.replace("&#x2f;", "/"), asked);
    assert!(!style.contains("url(") && !script.contains("sourceMappingURL") && !script.contains('\r'));
    // Outside the script every address is a place on the page or the picture itself.
    let markup = html.replace(script, "");
    for name in ["src=\"", "href=\"", "action=\"", "xlink:href=\"", "style=\""] {
        for address in markup.split(&format!(" {name}")).skip(1) {
            let is_inside = address.starts_with('#') || address.starts_with("data:image/png;base64,");
            assert!(is_inside && name != "style=\"", "{name}{}", address.get(..60).unwrap_or(address));
        }
    }
}

#[test]
fn text_of_inputs_stays_text() {
    let json = HOSTILE.replace('"', "\\\"");
    let csv = HOSTILE.replace('"', "\"\"");
    let out = run(
        &[
            ("hazardous_areas.geojson", "\"Vegadey 1\"", &format!("\"{json}\"")),
            ("hazardous_areas.geojson", "\"SHA-00003\"", &format!("\"X{json}\"")),
            ("settlements.csv", "Dranethum", &format!("\"{csv}\"")),
            ("districts.geojson", "\"Dremova\"", &format!("\"{json}\"")),
            ("teams.csv", "M1,", &format!("\"M{csv}\",")),
            ("project.toml", "name = \"people\"", &format!("name = '''{HOSTILE}'''")),
        ],
        "run",
        &QUICK,
    );
    let html = report(&out);
    let (before, after) = (html.matches("<script").count(), html.matches("</script").count());
    assert_eq!((before, after), (2, 2), "an input opens or ends a script");
    for raw in ["<img", "onerror=alert(2)>", "<script>alert", "\u{2028}"] {
        assert!(!html.contains(raw), "{raw}");
    }
    // It is there, as text, and the data reads back as it was given.
    assert!(html.contains("&lt;img src=x onerror=alert(2)&gt;"));
    let data: serde_json::Value = serde_json::from_str(between(&html, "id=\"data\">", "</script>")).unwrap();
    let ids: Vec<&str> =
        data["tasks"]["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&format!("X{HOSTILE}").as_str()), "{ids:?}");
}

#[test]
fn nothing_in_a_report_is_called_safe() {
    for (command, more) in [("run", &QUICK[..]), ("score", &[])] {
        let text = visible(&report(&run(&[], command, more))).to_lowercase();
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            assert!(!["safe", "cleared", "minefree"].contains(&word), "{command}: {word}");
        }
        assert!(text.contains("not scored") && text.contains("what is not known"), "{command}");
    }
}

#[test]
fn sections_stand_only_where_there_is_something() {
    let score = report(&run(&[], "score", &[]));
    let has = |html: &str, id: &str| html.contains(&format!("<section id=\"{id}\""));
    assert!(has(&score, "map") && has(&score, "curve") && has(&score, "unknown") && has(&score, "record"));
    assert!(!has(&score, "schedule") && !has(&score, "tasks") && !has(&score, "left-out"));
    let out = run(&[], "run", &QUICK);
    let mut args = vec!["plan", "project.toml", "--tasks", "run", "--out", "planned"];
    args.extend(QUICK);
    worked(out.path(), &args);
    let plan = std::fs::read_to_string(out.path().join("planned/report.html")).unwrap();
    assert!(has(&plan, "map") && has(&plan, "schedule") && has(&plan, "tasks") && has(&plan, "unknown"));
    assert!(!has(&plan, "curve") && !plan.contains("<g data-picture"));
}
