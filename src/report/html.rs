//! `report.html`: one file without network that shows a whole run, made from the files the run has written.
//!
//! In: a folder of outputs, its record, and the places around (settlements, districts). Out: the page, with style,
//! script, map pictures and data inside. A content security policy forbids it every request. Without JavaScript the
//! map, the schedule, the charts and all tables are still there; the script (`SCRIPT`, on Leaflet) adds moving
//! about, searching and sorting. All text of inputs goes through the template's escaping; none is ever markup.

mod charts;
mod gantt;
mod ground;
mod headline;
mod lists;
mod map;
mod sheet;
mod sources;
mod tasks;
mod unknown;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value as Text};
use minijinja::{AutoEscape, Environment, context};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::sources::Sources;
use crate::error::{Error, Result};
use crate::tasks::{District, Settlement};

const TEMPLATES: [(&str, &str); 6] = [
    ("report.html", include_str!("html/report.html")),
    ("map.html", include_str!("html/map.html")),
    ("schedule.html", include_str!("html/schedule.html")),
    ("charts.html", include_str!("html/charts.html")),
    ("tasks.html", include_str!("html/tasks.html")),
    ("record.html", include_str!("html/record.html")),
];
const STYLE: &str = include_str!("html/report.css");
const SCRIPT: [&str; 3] =
    [include_str!("html/tables.js"), include_str!("html/details.js"), include_str!("html/map.js")];
const LEAFLET: &str = include_str!("html/vendor/leaflet.js");
const LEAFLET_STYLE: &str = include_str!("html/vendor/leaflet.css");
const LEAFLET_LICENCE: &str = include_str!("html/vendor/LICENSE-leaflet");

/// What lies around, to find one's way on the map.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places<'a> {
    /// Named settlements.
    pub settlements: &'a [Settlement],
    /// Districts, in the CRS of the frame.
    pub districts: &'a [District],
}

/// Writes the report of the run whose outputs lie in `folder`; `record` is what `run.json` holds, or will hold.
pub fn write_report(path: &Path, folder: &Path, record: Value, places: &Places) -> Result<()> {
    let html = report_of(&Sources::read(folder, record)?, places)?;
    std::fs::write(path, html).map_err(Error::io("write", path))
}

fn report_of(sources: &Sources, places: &Places) -> Result<String> {
    let tasks = tasks::task_rows(sources);
    let map = map::map(sources, &tasks, places)?;
    let gantt = gantt::gantt(sources, &tasks);
    let data = json!({
        "unit_m": map["unit_m"], "tasks": tasks::data(sources, &tasks),
        "stops": { "columns": sources.stops.columns, "rows": sources.stops.rows },
    });
    let (style, script) = (style(), script());
    let policy = format!(
        "default-src 'none'; img-src data:; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style)
    );
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, template) in TEMPLATES {
        environment.add_template(name, template).map_err(broken)?;
    }
    let page = environment.get_template("report.html").map_err(broken)?;
    let record = &sources.record;
    let told = json!({
        "project": record["project"], "command": record["command"], "headline": headline::headline(sources),
        "classes": tasks::classes(sources, &tasks), "map": map, "gantt": gantt,
        "table": tasks::table(sources, &tasks), "n_tasks": tasks.len(), "curve": charts::curve(sources),
        "against": charts::against(sources), "what_if": charts::what_if(sources),
        "uncertainty": charts::uncertainty(sources), "firmness": charts::firmness(sources, &tasks),
        "criteria": lists::criteria(sources), "years": lists::years(sources, &tasks), "worth_unit": lists::worth_unit(sources),
        "districts": lists::districts(sources, &tasks), "unassigned": lists::unassigned(sources),
        "prices": lists::prices(sources), "unknown": unknown::unknown(sources), "record": lists::record(sources),
        "replanned": lists::replanned(sources),
    });
    page.render(context! {
        policy, style => Text::from_safe_string(style), script => Text::from_safe_string(script),
        data => Text::from_safe_string(embedded(&data)), ..Text::from(Serde(told))
    })
    .map_err(broken)
}

/// All style. The pictures that Leaflet's own names would be requests, and none of them is used.
fn style() -> String {
    let asks = |line: &&str| line.contains("url(");
    let lines = LEAFLET_STYLE.lines().filter(|line| !asks(line)).chain(STYLE.lines());
    lines.collect::<Vec<_>>().join("\n")
}

/// All script: Leaflet with its licence and without its hint to a source map, which would be a request; then ours.
fn script() -> String {
    let leaflet = LEAFLET.split("//# sourceMappingURL").next().unwrap_or(LEAFLET);
    let script = format!("/* Leaflet:\n{LEAFLET_LICENCE}*/\n{leaflet}\n{}", SCRIPT.join("\n"));
    // A browser reads every line's end as one line feed before it compares the policy's hash.
    script.replace("\r\n", "\n")
}

/// As a content security policy names what it allows.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// JSON inside a script element: no character that could end it, or that old scripts take for a line's end.
fn embedded(value: &Value) -> String {
    let mut text = value.to_string();
    for (character, escaped) in [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        text = text.replace(character, escaped);
    }
    text
}

/// The templates are part of the program: what they cannot do is our bug, told with its place.
fn broken(error: minijinja::Error) -> Error {
    Error::io("write", Path::new("report.html"))(std::io::Error::other(format!("{error:#}")))
}
