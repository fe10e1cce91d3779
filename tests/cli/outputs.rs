//! The files a person opens: all of them, with the tables' numbers, and with text from inputs as nothing but text.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use clearway::io::csv::Table;
use rusqlite::{Connection, OpenFlags};

use super::*;

/// What is written beside tables, GeoJSON and grids when everything is asked for.
const FILES: [&str; 14] = [
    "tasks.qml",
    "tasks.gpkg",
    "plan.gpkg",
    "plan.xlsx",
    "map.png",
    "teams.html",
    "tasks.kml",
    "plan.kml",
    "tasks.shp",
    "tasks.dbf",
    "tasks.prj",
    "tasks.fields.csv",
    "plan_tasks.shp",
    "plan_routes.shp",
];

const ALL: &str = "gpkg,xlsx,png,teams,kml,shp";

fn run(region: &Path, out: &Path, formats: &str) {
    let project = region.join("project.toml");
    let args = [
        "run",
        arg(&project),
        "--out",
        arg(out),
        "--iterations",
        "60",
        "--backend",
        "cpu",
        "--formats",
        formats,
    ];
    worked(region, &args);
}

/// Every row of a table as column and text, by the text of a column.
fn table(path: &Path, key: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let table = Table::read(path, &[key]).unwrap();
    let rows = table.rows().map(|row| {
        let fields = table.headers().iter().cloned().zip(row.fields().iter().cloned());
        (row.required(key).unwrap().to_owned(), fields.collect())
    });
    rows.collect()
}

/// Fails unless a value written elsewhere is that of the table, numbers to the nine digits of the table.
#[track_caller]
fn assert_same(found: &str, table: &str, place: &str) {
    match (found.parse::<f64>(), table.parse::<f64>()) {
        (Ok(a), Ok(b)) => {
            assert!((a - b).abs() <= 1e-8 * b.abs().max(1e-12), "{place}: {found} instead of {table}")
        }
        _ => assert_eq!(found, table, "{place}"),
    }
}

fn sqlite(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// A layer's rows as column and text, geometry left out.
fn layer(db: &Connection, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut query = db.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY fid")).unwrap();
    let names: Vec<String> = query.column_names().into_iter().map(str::to_owned).collect();
    let rows = query.query_map([], |row| {
        let mut cells = BTreeMap::new();
        for (i, name) in names.iter().enumerate() {
            let text = match row.get_ref(i)? {
                rusqlite::types::ValueRef::Null => String::new(),
                rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                rusqlite::types::ValueRef::Real(x) => x.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                rusqlite::types::ValueRef::Blob(_) => continue,
            };
            cells.insert(name.clone(), text);
        }
        Ok(cells)
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A sheet's rows by the text of its first column; headers without their units.
fn sheet(path: &Path, name: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let mut rows = range.rows();
    let headers: Vec<String> = rows
        .next()
        .unwrap()
        .iter()
        .map(|cell| cell.to_string().split(" [").next().unwrap().to_owned())
        .collect();
    let text = |cell: &Data| match cell {
        Data::Float(x) => x.to_string(),
        Data::DateTime(date) => date.as_f64().to_string(),
        other => other.to_string(),
    };
    rows.map(|row| (text(&row[0]), headers.iter().cloned().zip(row.iter().map(text)).collect())).collect()
}

#[test]
fn every_format_is_written_and_the_run_verifies() {
    let region = region("hillside");
    let out = region.path().join("run");
    run(region.path(), &out, ALL);
    for name in FILES {
        assert!(out.join(name).is_file(), "no {name}");
    }
    assert_eq!(json(&worked(region.path(), &["verify", "run", "--json"]))["sound"], true);
    let png = std::fs::read(out.join("map.png")).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (2338, 1653));
}

#[test]
fn formats_left_out_are_not_written_and_unknown_ones_are_faults() {
    let region = region("hillside");
    let out = region.path().join("run");
    run(region.path(), &out, "none");
    for name in FILES.iter().filter(|name| **name != "tasks.qml") {
        assert!(!out.join(name).exists(), "{name}");
    }
    let text = refused(region.path(), &["run", "project.toml", "--formats", "gpkg,odt"], &["project.value"]);
    assert!(text.contains("odt") && text.contains("xlsx"), "{text}");
}

#[test]
fn numbers_of_every_format_are_those_of_the_tables() {
    let region = region("hillside");
    let out = region.path().join("run");
    run(region.path(), &out, "gpkg,xlsx,kml,shp");
    let tasks = table(&out.join("tasks.csv"), "task_id");
    let plan = table(&out.join("plan.csv"), "task_id");

    let db = sqlite(&out.join("tasks.gpkg"));
    let found = layer(&db, "tasks");
    assert_eq!(found.len(), tasks.len());
    for row in found {
        let id = &row["task_id"];
        for (column, text) in &tasks[id] {
            assert_same(&row[column], text, &format!("tasks.gpkg, {id}, {column}"));
        }
    }
    let found = layer(&sqlite(&out.join("plan.gpkg")), "tasks_done");
    assert_eq!(found.len(), plan.len());
    for row in found {
        for (column, text) in &plan[&row["task_id"]] {
            assert_same(&row[column], text, &format!("plan.gpkg, {column}"));
        }
    }
    let found = sheet(&out.join("plan.xlsx"), "Tasks");
    assert_eq!(found.len(), tasks.len());
    for (id, row) in &found {
        for (column, text) in &tasks[id] {
            assert_same(&row[column], text, &format!("plan.xlsx, {id}, {column}"));
        }
    }
    let sheets: BTreeMap<String, usize> = ["Plan", "Teams", "Left out", "Criteria", "Notes"]
        .map(|name| (name.to_owned(), sheet(&out.join("plan.xlsx"), name).len()))
        .into();
    assert_eq!(sheets["Left out"], tasks.len() - plan.len());

    let names = table(&out.join("tasks.fields.csv"), "field");
    let mut dbf = shapefile::dbase::Reader::from_path(out.join("tasks.dbf")).unwrap();
    let mut n = 0;
    for record in dbf.iter_records() {
        let record = record.unwrap();
        n += 1;
        let text = |field: &str| match record.get(field).unwrap() {
            shapefile::dbase::FieldValue::Character(text) => text.clone().unwrap_or_default(),
            shapefile::dbase::FieldValue::Numeric(number) => number.map_or(String::new(), |x| x.to_string()),
            other => panic!("{field}: {other:?}"),
        };
        let id = text("task_id");
        for (field, row) in &names {
            let column = &row["column"];
            assert!(field.len() <= 10);
            assert_same(&text(field), &tasks[&id][column], &format!("tasks.dbf, {id}, {column}"));
        }
    }
    assert_eq!(n, tasks.len());
    assert_eq!(shapefile::read_shapes(out.join("tasks.shp")).unwrap().len(), tasks.len());
    let kml = std::fs::read_to_string(out.join("plan.kml")).unwrap();
    assert_eq!(kml.matches("<Data name=\"task_id\">").count(), plan.len());
    for row in plan.values() {
        let cost = format!("<Data name=\"cost_usd\"><value>{}</value></Data>", row["cost_usd"]);
        assert!(kml.contains(&cost), "{cost}");
    }
}

#[test]
fn geopackage_is_one_by_its_own_tables_and_holds_styles() {
    let region = region("hillside");
    let out = region.path().join("run");
    run(region.path(), &out, "gpkg");
    let db = sqlite(&out.join("plan.gpkg"));
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(one("PRAGMA application_id"), 0x4750_4B47);
    assert_eq!(one("PRAGMA user_version"), 10_200);
    assert_eq!(one("SELECT count(*) FROM gpkg_contents WHERE data_type = 'features'"), 4);
    let styled = "SELECT count(*) FROM layer_styles WHERE useAsDefault AND f_geometry_column = 'geom'";
    assert_eq!(one(styled), 4);
    assert_eq!(one("SELECT count(*) FROM rtree_tasks_done_geom"), one("SELECT count(*) FROM tasks_done"));
    assert_eq!(one("SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = 'routes'"), 32626);
    // No journal is left beside it.
    let left = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(left.filter(|name| name.contains("gpkg")).count() == 2);
}

const SCRIPT: &str = "<script>alert(1)</script>";
const FORMULA: &str = "=HYPERLINK(\"http://example.org\",\"x\")";

/// The small region with names nobody should have.
fn hostile() -> tempfile::TempDir {
    let region = region("hillside");
    let path = region.path().join("hazardous_areas.geojson");
    let mut areas = json_file(&path);
    let features = areas["features"].as_array_mut().unwrap();
    let names = [
        SCRIPT.to_owned(),
        FORMULA.to_owned(),
        "a\u{1}b\u{7f}\u{fffe}c & \"d\" 'e' ]]> -->".to_owned(),
        "x".repeat(40_000),
        "../../../outside".to_owned(),
    ];
    for (feature, name) in features.iter_mut().zip(names) {
        feature["properties"]["name"] = name.into();
    }
    for (feature, id) in features.iter_mut().zip(["../../up", "=1+1", "<b>\"'&", "-- ; DROP TABLE tasks"]) {
        feature["properties"]["imsma_id"] = id.into();
    }
    std::fs::write(&path, areas.to_string()).unwrap();
    let teams = region.path().join("teams.csv");
    let text = std::fs::read_to_string(&teams).unwrap();
    let text = text.replace("\nM1,", "\n\"<i>M</i>*\"\"1\",").replace("Brelgerova manual team 1", SCRIPT);
    std::fs::write(&teams, text).unwrap();
    let places = region.path().join("settlements.csv");
    let text = std::fs::read_to_string(&places).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in &mut lines[1..] {
        let (_, rest) = line.split_once(',').unwrap();
        *line = format!("\"{SCRIPT}\",{rest}");
    }
    std::fs::write(&places, lines.join("\n")).unwrap();
    region
}

#[test]
fn text_from_inputs_is_nothing_but_text_in_every_format() {
    let region = hostile();
    let out = region.path().join("run");
    run(region.path(), &out, ALL);
    assert_eq!(json(&worked(region.path(), &["verify", "run", "--json"]))["sound"], true);
    // No id became a path.
    assert!(!region.path().parent().unwrap().join("up").exists());
    for name in ["tasks.kml", "plan.kml", "teams.html", "tasks.qml"] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        assert!(!text.contains("<script") && !text.contains("<i>M") && !text.contains("<b>"), "{name}");
        assert!(!text.contains(['\u{1}', '\u{7f}', '\u{fffe}']), "{name}");
    }
    for name in ["tasks.kml", "plan.kml", "tasks.qml", "class.qml"] {
        well_formed(&std::fs::read_to_string(out.join(name)).unwrap(), name);
    }
    for name in ["tasks.gpkg", "plan.gpkg"] {
        let db = sqlite(&out.join(name));
        let mut query = db.prepare("SELECT styleQML FROM layer_styles").unwrap();
        for style in query.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            well_formed(&style.unwrap(), name);
        }
    }
    // What the source said is whole where it has room, and is text in a spreadsheet.
    let rows = layer(&sqlite(&out.join("tasks.gpkg")), "tasks");
    let name_of = |id: &str| rows.iter().find(|row| row["task_id"] == id).unwrap()["name"].clone();
    assert_eq!(name_of("../../up"), SCRIPT);
    assert_eq!(name_of("=1+1"), FORMULA);
    let mut book: Xlsx<_> = open_workbook(out.join("plan.xlsx")).unwrap();
    let formulas = book.worksheet_formula("Tasks").unwrap();
    assert!(formulas.cells().all(|(_, _, formula)| !formula.contains("HYPERLINK") && formula != "1+1"));
    let found = sheet(&out.join("plan.xlsx"), "Tasks");
    assert_eq!(found["=1+1"]["name"], FORMULA);
    assert!(found.values().any(|row| row["name"].ends_with("(cut here; whole in tasks.csv)")));
    // In a table it is defused, and our own reader takes that off again.
    let text = std::fs::read_to_string(out.join("tasks.csv")).unwrap();
    assert!(text.contains("\"'=HYPERLINK(") && !text.contains("\n=1+1"));
    assert_eq!(table(&out.join("tasks.csv"), "task_id")["=1+1"]["name"], FORMULA);
    // The team's sums find its own rows, whatever `*` in its id means elsewhere.
    let teams = sheet(&out.join("plan.xlsx"), "Teams");
    let plan = Table::read(&out.join("plan.csv"), &["team_id"]).unwrap();
    let n = plan.rows().filter(|row| row.text("team_id") == Some("<i>M</i>*\"1")).count();
    assert_eq!(teams["<i>M</i>*\"1"]["tasks"], n.to_string());
}

#[track_caller]
fn well_formed(text: &str, name: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)) => {
                for attribute in tag.attributes() {
                    attribute.unwrap_or_else(|e| panic!("{name}: {e}"));
                }
            }
            Ok(_) => {}
            Err(e) => panic!("{name}: {e} at {}", reader.error_position()),
        }
    }
}
