//! Small bad inputs under `grids/broken/`, one fault a file, beside a good project that each can be put into.
//! The files are made here, so what is wrong with each can be read; `BLESS=1` writes them anew.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

/// Cells a side of the rasters.
const SIDE: usize = 8;
/// Upper left corner in EPSG:32626, the corner of nothing: the open North Atlantic.
const CORNER: (f64, f64) = (500_000.0, 5_112_240.0);

/// A file's name, its bytes, and what is wrong with it.
type Fixture = (&'static str, Vec<u8>, &'static str);

#[test]
fn broken_inputs_are_what_this_file_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grids/broken");
    let mut fixtures = fixtures();
    let readme = readme(&fixtures);
    fixtures.push(("README.md", readme.into_bytes(), ""));
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes, _) in &fixtures {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    for (name, bytes, _) in &fixtures {
        assert!(fs::read(folder.join(name)).unwrap() == *bytes, "grids/broken/{name} differs; BLESS=1");
        assert!(bytes.len() < 5_000, "grids/broken/{name} has {} bytes", bytes.len());
    }
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        fixtures.len(),
        "files in grids/broken that nothing makes"
    );
}

fn readme(fixtures: &[Fixture]) -> String {
    let mut text = String::from(
        "# Bad inputs, one fault a file\n\n\
         Made by `tests/synth/broken.rs` (`BLESS=1 cargo test --test synth broken` writes them anew). `project.toml`\n\
         and the `good_` files are a whole, right project of 8 x 8 cells; put one broken file in the place of a good\n\
         one, for instance `clearway check grids/broken/project.toml --set layers.hazard.path=no_crs.tif`.\n\n\
         | file | what is wrong |\n|---|---|\n",
    );
    for (name, _, wrong) in fixtures {
        text.push_str(&format!("| `{name}` | {wrong} |\n"));
    }
    text
}

fn fixtures() -> Vec<Fixture> {
    let hazard = |col: usize, row: usize| if col.abs_diff(4) + row.abs_diff(3) < 3 { 0.4 } else { 0.01 };
    let people = |col: usize, row: usize| ((col * 3 + row * 5) % 4) as f32;
    let good_hazard = raster(CORNER, Some(32626), hazard);
    let truncated = good_hazard[..good_hazard.len() / 2].to_vec();
    let elsewhere = (CORNER.0 + 90_000.0, CORNER.1);
    vec![
        ("project.toml", PROJECT.into(), "nothing: the project the others are put into"),
        ("good_hazard.tif", good_hazard, "nothing"),
        ("good_population.tif", raster(CORNER, Some(32626), people), "nothing"),
        ("good_areas.geojson", areas(&[("A-1", SQUARE), ("A-2", TRIANGLE)]), "nothing"),
        ("good_teams.csv", teams(&[GOOD_TEAM]), "nothing"),
        ("truncated.tif", truncated, "the second half of the file is missing"),
        ("not_a_tiff.tif", b"This is a letter, not a raster.\n".to_vec(), "text with the ending of a raster"),
        ("no_crs.tif", raster(CORNER, None, hazard), "no coordinate reference system"),
        ("elsewhere.tif", raster(elsewhere, Some(32626), hazard), "lies 90 km east of the frame: no overlap"),
        (
            "hazard_above_one.tif",
            raster(CORNER, Some(32626), |col, row| hazard(col, row) * 100.0),
            "hazard in per cent: values of 1 and 40 where 0 to 1 is expected",
        ),
        (
            "negative_population.tif",
            raster(
                CORNER,
                Some(32626),
                |col, row| if (col, row) == (2, 5) { -3.0 } else { people(col, row) },
            ),
            "-3 people in column 2, row 5",
        ),
        (
            "zero_cost.tif",
            raster(CORNER, Some(32626), |col, row| if (col, row) == (6, 1) { 0.0 } else { 2.0 }),
            "clearing column 6, row 1 costs nothing",
        ),
        ("all_nodata.tif", raster(CORNER, Some(32626), |_, _| -9999.0), "every cell is nodata"),
        (
            "bad_polygon.geojson",
            areas(&[("A-1", SQUARE), ("BOW-TIE", BOW_TIE), ("LINE", LINE)]),
            "`BOW-TIE` crosses itself, `LINE` has no area",
        ),
        ("duplicate_ids.geojson", areas(&[("A-1", SQUARE), ("A-1", TRIANGLE)]), "two areas are called `A-1`"),
        (
            "teams_without_base.csv",
            teams(&["M1,Manual 1,manual,,,250,manual,2027-03-01,2030-02-28,"]),
            "team `M1` has no lon and lat",
        ),
        (
            "teams_duplicate.csv",
            teams(&[GOOD_TEAM, "M1,Manual 2,manual,-26.999,46.161,300,manual,2027-03-01,2030-02-28,"]),
            "two teams are called `M1`",
        ),
        (
            "teams_bad_date.csv",
            teams(&["M1,Manual 1,manual,-26.999,46.161,250,manual,2027-02-30,2030-02-28,12-01/03-15"]),
            "there is no 30 February",
        ),
    ]
}

const GOOD_TEAM: &str = "M1,Manual 1,manual,-26.999,46.161,250,manual,2027-03-01,2030-02-28,12-01/03-15";

fn teams(rows: &[&str]) -> Vec<u8> {
    let header =
        "team_id,name,asset_type,lon,lat,rate_m2_per_day,capabilities,available_from,available_to,closed\n";
    rows.iter().fold(header.to_owned(), |text, row| text + row + "\n").into_bytes()
}

const SQUARE: &str =
    "[-26.9998,46.1625],[-26.9990,46.1625],[-26.9990,46.1631],[-26.9998,46.1631],[-26.9998,46.1625]";
const TRIANGLE: &str = "[-26.9985,46.1618],[-26.9975,46.1618],[-26.9980,46.1626],[-26.9985,46.1618]";
const BOW_TIE: &str =
    "[-26.9985,46.1618],[-26.9975,46.1626],[-26.9975,46.1618],[-26.9985,46.1626],[-26.9985,46.1618]";
const LINE: &str = "[-26.9988,46.1620],[-26.9978,46.1620],[-26.9988,46.1620],[-26.9988,46.1620]";

fn areas(rings: &[(&str, &str)]) -> Vec<u8> {
    let feature = |(id, ring): &(&str, &str)| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"imsma_id\":\"{id}\",\"classification\":\"SHA\"}},\
             \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}}}"
        )
    };
    let features: Vec<String> = rings.iter().map(feature).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n")).into_bytes()
}

/// An uncompressed GeoTIFF of one strip, 30 m cells, nodata −9999.
fn raster(corner: (f64, f64), epsg: Option<u16>, value: impl Fn(usize, usize) -> f32) -> Vec<u8> {
    let cells: Vec<f32> = (0..SIDE * SIDE).map(|i| value(i % SIDE, i / SIDE)).collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut image = encoder.new_image::<colortype::Gray32Float>(SIDE as u32, SIDE as u32).unwrap();
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[30.0, 30.0, 0.0][..]).unwrap();
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, corner.0, corner.1, 0.0][..]).unwrap();
    if let Some(epsg) = epsg {
        // Version 1.1.0 with three keys: model type projected, raster type area, projected CRS.
        let keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg];
        tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).unwrap();
    }
    tags.write_tag(Tag::GdalNodata, "-9999").unwrap();
    image.write_data(&cells).unwrap();
    bytes.into_inner()
}

const PROJECT: &str = r#"# A right project of 8 x 8 cells in the open North Atlantic: nothing in it is real.
[project]
name = "small"
seed = 1

[layers]
hazard = { path = "good_hazard.tif" }
population = { path = "good_population.tif", unit = "people_per_cell" }
cost = { constant = 2.0, unit = "usd_per_m2" }

[score]
benefit = "risk"
exposure = { kernel = "gaussian", sigma_m = 100 }

[[score.criteria]]
name = "people"
layer = "exposure"
weight = 1
value = { linear = [0, "max"] }

[tasks]
areas = { path = "good_areas.geojson", id = "imsma_id" }

[plan]
start = "2027-03-01"
years = 1
budget_usd = 10_000
objective = "discounted"
worth = "exposure_ha"
seconds = 1
teams = "good_teams.csv"
"#;
