//! What a GIS officer drops: areas from IMSMA with closed ones among them, teams in Excel, settlements with decimal
//! commas, names that would do harm if they were taken for more than text.

use clearway::io::csv::Table;
use serde_json::{Map, Value, json};

use super::*;
use crate::common::shared_data;

const RUN: [&str; 7] = ["run", "project.toml", "--out", "run", "--iterations=20", "--backend", "cpu"];

/// The areas of the small region, changed and written again.
fn change_areas(region: &Path, change: impl Fn(usize, &mut Map<String, Value>)) -> usize {
    let file = region.join("hazardous_areas.geojson");
    let mut areas = json_file(&file);
    let features = areas["features"].as_array_mut().unwrap();
    for (i, feature) in features.iter_mut().enumerate() {
        feature.as_object_mut().unwrap().remove("id");
        change(i, feature["properties"].as_object_mut().unwrap());
    }
    let n = features.len();
    std::fs::write(file, areas.to_string()).unwrap();
    n
}

fn project(region: &Path, from: &str, to: &str) {
    let file = region.join("project.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

const AREAS: &str = "areas = { path = \"hazardous_areas.geojson\", id = \"imsma_id\" }";

#[test]
fn teams_in_excel_and_settlements_with_decimal_commas_give_the_same_plan() {
    let [plain, other] = [region("hillside"), region("hillside")];
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("Notes").unwrap().write(0, 0, "see the other sheet").unwrap();
    let sheet = workbook.add_worksheet().set_name("Teams").unwrap();
    let table = Table::read(&other.path().join("teams.csv"), &[]).unwrap();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy");
    for (column, header) in table.headers().iter().enumerate() {
        let column = column as u16;
        sheet.write(0, column, header.to_uppercase()).unwrap();
        for (row, text) in (1..).zip(table.rows().map(|row| row.fields()[column as usize].as_str())) {
            match (text.parse::<f64>(), text.parse::<jiff::civil::Date>()) {
                (Ok(number), _) => sheet.write(row, column, number).unwrap(),
                (_, Ok(date)) => {
                    let (year, month, of_month) = (date.year() as u16, date.month() as u8, date.day() as u8);
                    let date = rust_xlsxwriter::ExcelDateTime::from_ymd(year, month, of_month).unwrap();
                    sheet.write_with_format(row, column, &date, &day).unwrap()
                }
                _ => sheet.write(row, column, text).unwrap(),
            };
        }
    }
    workbook.save(other.path().join("teams.xlsx")).unwrap();
    std::fs::remove_file(other.path().join("teams.csv")).unwrap();
    let settlements = std::fs::read_to_string(other.path().join("settlements.csv")).unwrap();
    let settlements = settlements.replace(',', ";").replace('.', ",").replace("name;lon;lat", "Name;LON;Lat");
    std::fs::write(other.path().join("settlements.csv"), settlements).unwrap();
    project(other.path(), "teams = \"teams.csv\"", "teams = { path = \"teams.xlsx\", table = \"Teams\" }");
    for region in [&plain, &other] {
        worked(region.path(), &RUN);
    }
    for name in ["tasks.csv", "plan.csv"] {
        let [a, b] =
            [&plain, &other].map(|region| std::fs::read(region.path().join("run").join(name)).unwrap());
        assert!(a == b, "{name} differs");
    }
    let inputs = json_file(&other.path().join("run/run.json"))["inputs"].to_string();
    assert!(inputs.contains("teams.xlsx"), "{inputs}");
}

#[test]
fn closed_areas_are_left_out_loudly_and_taken_when_asked_for() {
    let region = region("hillside");
    let statuses = ["Open", "closed", "Cancelled", "", "Released (2019)"];
    let n = change_areas(region.path(), |i, own| {
        let id = own.remove("imsma_id").unwrap();
        own.insert("HAZARD_LOC".into(), id);
        own.remove("status");
        own.insert("STATUS".into(), if i < 5 { statuses[i].into() } else { Value::Null });
        own.insert("areasize".into(), json!(12.5));
        own.insert("blockroads".into(), json!(true));
    });
    project(region.path(), AREAS, "areas = { path = \"hazardous_areas.geojson\" }");
    let checked = worked(region.path(), &["check", "project.toml", "--json"]);
    let told = json(&checked);
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("3 hazardous areas are left out (1 \\\"Cancelled\\\", 1 \\\"Released (2019)\\\", 1 \\\"closed\\\")"), "{warnings}");
    assert!(warnings.contains("`HAZARD_LOC` is taken for the IMSMA identifier"), "{warnings}");
    assert_eq!(told["areas_left_out"].as_array().unwrap().len(), 3);
    assert_eq!(told["areas_left_out"][1]["status"], "Cancelled");
    worked(region.path(), &RUN);
    let tasks =
        Table::read(&region.path().join("run/tasks.csv"), &["task_id", "STATUS", "areasize"]).unwrap();
    assert_eq!(tasks.rows().len(), n - 3);
    assert!(
        tasks
            .rows()
            .all(|row| row.text("task_id") == row.text("imsma_id") && row.text("areasize") == Some("12.5"))
    );
    let record = json_file(&region.path().join("run/run.json"));
    assert_eq!(record["areas_left_out"], told["areas_left_out"]);
    let features = json_file(&region.path().join("run/tasks.geojson"));
    assert_eq!(features["features"][0]["properties"]["blockroads"], true, "types are kept");

    let asked = |status: &str| {
        let set = format!("tasks.areas.status={status}");
        let output = clearway(region.path(), &["check", "project.toml", "--json", "--set", &set]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = asked("[\"OPEN\", \"closed\"]");
    assert_eq!(code, Some(0));
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["areas_left_out"].as_array().unwrap().len(), 2, "{text}");
    let (code, text) = asked("[\"Opne\"]");
    assert!(
        code == Some(2) && text.contains("areas.unknown_status") && text.contains("Released (2019)"),
        "{text}"
    );
    change_areas(region.path(), |_, own| drop(own.insert("STATUS".into(), "Closed".into())));
    refused(region.path(), &["check", "project.toml"], &["areas.all_closed"]);
}

#[test]
fn classes_are_known_by_their_usual_spellings() {
    let region = region("hillside");
    let spellings = ["Suspected Hazardous Area", "sha", "Confirmed hazardous area", "CHA ", "suspect", "DHA"];
    change_areas(region.path(), |i, own| {
        own.remove("classification");
        own.insert("Hazard Class".into(), spellings[i % spellings.len()].into());
    });
    std::fs::remove_file(region.path().join("hazard.tif")).unwrap();
    let lines = "[project]\nname = \"built\"\n[layers]\npopulation = { path = \"population.tif\" }\n\
                 [hazard]\nareas = { path = \"hazardous_areas.geojson\" }\n";
    std::fs::write(region.path().join("project.toml"), lines).unwrap();
    let told = json(&worked(region.path(), &["check", "project.toml", "--json"]));
    let built = told["facts"]["layer hazard"].as_str().unwrap();
    assert!(built.contains("at prior 0.9") && built.contains("at prior 0.05"), "{built}");
    change_areas(region.path(), |i, own| {
        if i == 1 {
            own.insert("Hazard Class".into(), "probably".into());
        }
    });
    let text = refused(region.path(), &["check", "project.toml"], &["hazard.no_prior"]);
    assert!(text.contains("(probably)"), "{text}");
}

#[test]
fn every_fault_of_a_polygon_is_listed_by_id() {
    let region = region("hillside");
    let file = region.path().join("hazardous_areas.geojson");
    let mut areas = json_file(&file);
    let features = areas["features"].as_array_mut().unwrap();
    let ring = |dx: f64, dy: f64| {
        json!([[[-27.0, 46.13], [-27.0 + dx, 46.13], [-27.0 + dx, 46.13 + dy], [-27.0, 46.13]]])
    };
    let bow = json!([[[-27.0, 46.13], [-26.999, 46.131], [-26.999, 46.13], [-27.0, 46.131], [-27.0, 46.13]]]);
    let drawn = [
        ("bow", json!({"type": "Polygon", "coordinates": bow})),
        ("null", Value::Null),
        (
            "two",
            json!({"type": "Polygon", "coordinates": [[[-27.0, 46.13], [-26.999, 46.13], [-27.0, 46.13]]]}),
        ),
        ("far", json!({"type": "Polygon", "coordinates": ring(0.05, 0.001)})),
        ("a", json!({"type": "Polygon", "coordinates": ring(0.003, 0.002)})),
        ("twin", json!({"type": "Polygon", "coordinates": ring(0.003, 0.002)})),
        ("most", json!({"type": "Polygon", "coordinates": ring(0.003, 0.0019)})),
    ];
    features.truncate(2);
    for (id, geometry) in drawn {
        features.push(json!({"type": "Feature", "properties": {"imsma_id": id}, "geometry": geometry}));
    }
    std::fs::write(&file, areas.to_string()).unwrap();
    let told = json(&worked(region.path(), &["check", "project.toml", "--json"]));
    let listed: Vec<(&str, &str, &str)> = told["polygon_faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["id"], &row["fault"], &row["action"]].map(|text| text.as_str().unwrap()).into())
        .collect();
    for expected in [
        ("bow", "invalid", "repaired"),
        ("null", "null_geometry", "left_out"),
        ("two", "too_few_vertices", "left_out"),
        ("far", "vertices_far_apart", "kept"),
        ("twin", "duplicate", "kept"),
        ("most", "overlap", "kept"),
    ] {
        assert!(listed.contains(&expected), "{expected:?} in {listed:?}");
    }
    let text = String::from_utf8(worked(region.path(), &["check", "project.toml"]).stdout).unwrap();
    assert!(
        text.contains("area `far` (kept): has 2 vertices more than 2 km from the next (the farthest 3.9 km"),
        "{text}"
    );
    assert!(text.contains("area `null` (left out): has no geometry"), "{text}");
}

#[test]
fn every_broken_polygon_of_doboj_is_named() {
    if shared_data("every_broken_polygon_of_doboj_is_named").is_none() {
        return;
    }
    let project = here("tests/projects/doboj.toml");
    // The GeoPackage in EPSG:3035 and the GeoJSON in degrees, closed by nothing but their extension.
    for file in ["hazardous_areas.geojson", "hazardous_areas.gpkg"] {
        let set = format!("tasks.areas.path=../../../shared/data/doboj/{file}");
        let output = worked(folder().path(), &["check", arg(&project), "--json", "--set", &set]);
        let told = json(&output);
        let of = |kind: &str| {
            let rows = told["polygon_faults"].as_array().unwrap().iter();
            rows.filter(|row| row["fault"] == kind && row["id"].as_str().unwrap().starts_with("hazard_poly_"))
                .count()
        };
        // GEOS names the same 111 (tests/tasks/doboj.rs).
        assert_eq!((of("invalid"), of("overlap")), (111, 23), "{file}");
    }
}

#[test]
fn names_that_would_do_harm_are_data() {
    let region = region("hillside");
    let names = [
        "<script>alert(1)</script>",
        "\"quoted\" 'twice'",
        "../../etc/passwd",
        "\u{1b}[31mred\u{7}\u{0}",
        "=HYPERLINK(\"http://x\")",
        &"x".repeat(10_000),
    ];
    let n = change_areas(region.path(), |i, own| {
        if i < names.len() {
            own.insert("imsma_id".into(), names[i].into());
        }
        own.insert("STATUS OF <it>\u{1b}[0m".into(), names[i % names.len()].into());
    });
    let output = worked(region.path(), &RUN);
    let said = [output.stdout, output.stderr].concat();
    assert!(!said.contains(&0x1b) && !said.contains(&0x07), "a name steers the terminal");
    let tasks = json_file(&region.path().join("run/tasks.geojson"));
    let ids: Vec<&str> = tasks["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["properties"]["task_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), n);
    for name in names {
        assert!(ids.contains(&name.trim()), "{name:?} came through");
    }
    change_areas(region.path(), |i, own| {
        let id = if i < 2 { "\u{1b}[31mtwice".to_owned() } else { format!("id {i}") };
        own.insert("imsma_id".into(), if i == 3 { Value::Null } else { id.into() });
    });
    let text = refused(region.path(), &["check", "project.toml"], &["task.id_duplicate", "task.id_missing"]);
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31mtwice"), "{text}");
}

/// Runs the command with so little memory that taking what a file declares would end it.
#[cfg(target_os = "linux")]
fn check_within(region: &Path, kib: u64) -> (Option<i32>, String) {
    let script = format!("ulimit -v {kib}; exec \"$0\" check project.toml");
    let mut command = Command::new("sh");
    let output = command
        .args(["-c", &script, env!("CARGO_BIN_EXE_clearway")])
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(region)
        .output()
        .unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
#[cfg(target_os = "linux")]
fn absurd_sizes_are_refused_within_little_memory() {
    const KIB: u64 = 600 << 10;
    let region = region("hillside");
    let (code, text) = check_within(region.path(), KIB);
    assert_eq!(code, Some(0), "the region itself fits: {text}");
    let hole = |name: &str, head: &[u8], length: u64| {
        let path = region.path().join(name);
        std::fs::write(&path, head).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    };
    let file = region.path().join("project.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let areas = |name: &str| {
        std::fs::write(&file, text.replace("hazardous_areas.geojson", name)).unwrap();
        check_within(region.path(), KIB)
    };
    // Text of 400 MB in one field, each in a file with a hole.
    for (name, head) in [
        ("a.geojson", &b"{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\""[..]),
        ("a.csv", b"lon,lat,name\n1,2,\""),
        ("a.kml", b"<kml><Placemark><name>"),
    ] {
        hole(name, head, 400 << 20);
        let (code, said) = areas(name);
        assert!(code == Some(2) && said.contains("[input.field_too_long]"), "{name}: {code:?} {said}");
    }
    // A shapefile of 100 bytes and a hole whose first record declares 10^8 points.
    let mut head = vec![0; 100];
    head[..4].copy_from_slice(&9994_u32.to_be_bytes());
    head[28..32].copy_from_slice(&1000_u32.to_le_bytes());
    head.extend(1_u32.to_be_bytes());
    head.extend(1_000_u32.to_be_bytes());
    head.extend(5_u32.to_le_bytes());
    head.extend([0; 32]);
    head.extend(1_u32.to_le_bytes());
    head.extend(100_000_000_u32.to_le_bytes());
    hole("a.shp", &head, 3 << 30);
    let (code, said) = areas("a.shp");
    assert!(code == Some(2) && said.contains("100000000 points declared in"), "{code:?} {said}");
    // A raster of 2^31 x 2^31 cells in 200 bytes: a classic TIFF with four tags.
    let mut tiff = b"II*\0\x08\0\0\0\x04\0".to_vec();
    for (tag, value) in [(256_u16, 1_u32 << 30), (257, 1 << 30), (258, 32), (277, 1)] {
        tiff.extend(
            [&tag.to_le_bytes()[..], &4_u16.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()]
                .concat(),
        );
    }
    tiff.resize(200, 0);
    std::fs::write(&file, &text).unwrap();
    std::fs::write(region.path().join("population.tif"), tiff).unwrap();
    let (code, said) = check_within(region.path(), KIB);
    assert!(code == Some(2) && said.contains("population.tif"), "{code:?} {said}");
}
