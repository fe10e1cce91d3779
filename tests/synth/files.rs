//! A region's files: the same bytes on any number of threads, valid polygons, bases within the frame, and a
//! project that names only files that exist.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use clearway::grid::{Cells, Crs, Frame, Reprojection, geodesic_m, is_unknown};
use clearway::io::csv::Table;
use clearway::io::features::Feature;
use clearway::io::geojson;
use clearway::io::geotiff::GeoTiff;
use clearway::progress::Silent;
use clearway::synth::{Layer, Preset, Region, SynthSummary, synth};
use geo::{Area, Contains, Geometry, Polygon, Relate, Validation};
use glam::DVec2;

use super::cells::spec;
use crate::common::{all, assert_cells};

fn made(preset: Preset, size: usize, seed: u64) -> (tempfile::TempDir, SynthSummary) {
    let folder = tempfile::tempdir().unwrap();
    let summary = synth(&spec(preset, size, seed), folder.path(), &Silent::default()).unwrap();
    (folder, summary)
}

fn features(folder: &Path, file: &str) -> Vec<Feature> {
    geojson::read(&folder.join(file)).unwrap().features
}

fn polygon(feature: &Feature) -> &Polygon<f64> {
    let Some(Geometry::Polygon(polygon)) = &feature.geometry else { panic!("a polygon, not {feature:?}") };
    polygon
}

fn text<'a>(feature: &'a Feature, column: &str) -> &'a str {
    feature.properties[column].as_str().unwrap()
}

#[test]
fn same_seed_same_bytes_on_any_number_of_threads() {
    let (one, summary) = made(Preset::Hillside, 600, 7);
    for n_threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let (other, _) = pool.install(|| made(Preset::Hillside, 600, 7));
        for file in &summary.files {
            let (a, b) =
                (fs::read(one.path().join(file)).unwrap(), fs::read(other.path().join(file)).unwrap());
            assert!(a == b, "{} differs with {n_threads} threads", file.display());
        }
    }
}

#[test]
fn rasters_read_back_as_they_were_made() {
    for preset in Preset::ALL {
        let (folder, summary) = made(preset, 90, 2);
        let region = Region::new(&spec(preset, 90, 2)).unwrap();
        let planes = region.tile(region.frame().window());
        for layer in Layer::ALL {
            let file = GeoTiff::open(&folder.path().join(layer.file()), 1).unwrap();
            assert!(file.frame().same_cells(&summary.frame), "{preset:?} {layer:?}");
            assert_cells(&all(&file), planes.layer(layer), 90, 0.0, 0.0);
        }
    }
}

#[test]
fn every_polygon_is_valid_and_has_the_area_it_says() {
    for (preset, size, seed) in [
        (Preset::Hillside, 256, 1),
        (Preset::Hillside, 256, 2),
        (Preset::Plain, 200, 1),
        (Preset::Nation, 300, 1),
    ] {
        let (folder, summary) = made(preset, size, seed);
        let areas = features(folder.path(), "hazardous_areas.geojson");
        assert_eq!(areas.len(), summary.n_areas);
        assert!(areas.len() >= 12, "{preset:?}: only {} areas", areas.len());
        let frame_crs = Crs::from_epsg(32626, "test").unwrap();
        let to_utm = Reprojection::new(&Crs::wgs84(), &frame_crs, "test").unwrap();
        for feature in &areas {
            let polygon = polygon(feature);
            let id = text(feature, "imsma_id");
            polygon.check_validation().unwrap_or_else(|why| panic!("{preset:?} {id}: {why}"));
            assert!(["SHA", "CHA"].contains(&text(feature, "classification")), "{id}");
            assert!(["Open", "Worked On"].contains(&text(feature, "status")), "{id}");
            if preset == Preset::Hillside {
                let project = |p: geo::Coord<f64>| {
                    let p = to_utm.point(DVec2::new(p.x, p.y)).unwrap();
                    geo::Coord { x: p.x, y: p.y }
                };
                let expected = geo::MapCoords::map_coords(polygon, project).unsigned_area();
                let found = feature.properties["areasize"].as_f64().unwrap();
                // Corners rounded by up to 0.05 m along a perimeter of some hundred metres.
                assert!((found - expected).abs() < 0.002 * expected + 60.0, "{id}: {found}, not {expected}");
            }
        }
        for feature in features(folder.path(), "districts.geojson") {
            polygon(&feature).check_validation().unwrap();
            assert!(!text(&feature, "name").is_empty());
        }
    }
}

#[test]
fn recorded_areas_have_unique_ids_and_do_not_cover_ground_twice() {
    let (folder, _) = made(Preset::Hillside, 256, 1);
    let areas = features(folder.path(), "hazardous_areas.geojson");
    let ids: HashSet<&str> = areas.iter().map(|feature| text(feature, "imsma_id")).collect();
    assert_eq!(ids.len(), areas.len());
    let n_confirmed = areas.iter().filter(|feature| text(feature, "classification") == "CHA").count();
    assert!(n_confirmed >= 3 && n_confirmed < areas.len() / 2, "{n_confirmed} of {}", areas.len());
    for (i, a) in areas.iter().enumerate() {
        for b in &areas[i + 1..] {
            let overlaps = polygon(a).relate(polygon(b)).is_overlaps();
            let inside = polygon(a).contains(polygon(b)) || polygon(b).contains(polygon(a));
            assert!(!overlaps && !inside, "{:?} and {:?}", a.id, b.id);
        }
    }
}

#[test]
fn bases_and_settlements_lie_within_the_frame() {
    for preset in Preset::ALL {
        let (folder, summary) = made(preset, 128, 3);
        let to_frame = Reprojection::new(&Crs::wgs84(), &summary.frame.crs, "test").unwrap();
        for file in ["teams.csv", "settlements.csv"] {
            for row in Table::read(&folder.path().join(file), &["lon", "lat"]).unwrap().rows() {
                let lonlat =
                    DVec2::new(row.required_number("lon").unwrap(), row.required_number("lat").unwrap());
                let cell = summary.frame.cell_from_world(to_frame.point(lonlat).unwrap());
                assert!(cell.min_element() >= 0.0 && cell.max_element() <= 128.0, "{}", row.place("lon"));
            }
        }
    }
}

#[test]
fn teams_have_every_column_and_the_number_the_preset_promises() {
    for (preset, wanted) in [(Preset::Hillside, 4..=10), (Preset::Plain, 4..=10), (Preset::Nation, 40..=60)] {
        let (folder, summary) = made(preset, 64, 1);
        let teams =
            Table::read(&folder.path().join("teams.csv"), &["team_id", "closed", "usd_per_km"]).unwrap();
        assert_eq!(teams.headers().len(), 16);
        let ids: HashSet<&str> = teams.rows().map(|row| row.required("team_id").unwrap()).collect();
        assert_eq!(ids.len(), summary.n_teams);
        assert!(wanted.contains(&ids.len()), "{preset:?}: {} teams", ids.len());
        for row in teams.rows() {
            let asset_type = row.required("asset_type").unwrap();
            assert!(["manual", "mdd", "mechanical", "bac", "eod"].contains(&asset_type));
            assert!(row.required_number("rate_m2_per_day").unwrap() > 0.0);
            let (from, to) = (row.required("available_from").unwrap(), row.required("available_to").unwrap());
            let date = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
            assert!(date(from) < date(to), "{from} to {to}");
        }
    }
}

#[test]
fn every_file_the_project_names_exists() {
    for preset in Preset::ALL {
        for size in [1, 2, 5, 17, 64] {
            let (folder, summary) = made(preset, size, 1);
            let project: toml::Table = fs::read_to_string(&summary.project).unwrap().parse().unwrap();
            let mut names = Vec::new();
            collect_files(&toml::Value::Table(project), &mut names);
            assert!(names.len() >= 9, "{preset:?} names {names:?}");
            for name in names {
                assert!(folder.path().join(&name).is_file(), "{preset:?} size {size}: {name}");
            }
            let areas = features(folder.path(), "hazardous_areas.geojson");
            assert!(!areas.is_empty(), "{preset:?} size {size} has nothing to clear");
        }
    }
}

fn collect_files(value: &toml::Value, names: &mut Vec<String>) {
    match value {
        toml::Value::String(text) if [".tif", ".csv", ".geojson"].iter().any(|end| text.ends_with(end)) => {
            names.push(text.clone());
        }
        toml::Value::Table(table) => table.values().for_each(|value| collect_files(value, names)),
        toml::Value::Array(array) => array.iter().for_each(|value| collect_files(value, names)),
        _ => {}
    }
}

#[test]
fn road_distance_is_the_distance_to_the_nearest_line_of_the_roads_file() {
    // In UTM against every segment of the file; the file is rounded to about 0.1 m, the raster to 1 m.
    let (folder, summary) = made(Preset::Hillside, 80, 5);
    let to_frame = Reprojection::new(&Crs::wgs84(), &summary.frame.crs, "test").unwrap();
    let segments = road_segments(folder.path(), |p| to_frame.point(p).unwrap());
    let found = road_distances(folder.path());
    for (i, &found) in found.iter().enumerate() {
        let at = summary.frame.centre(i as i64 % 80, i as i64 / 80);
        let expected = segments.iter().map(|s| to_segment(at, s.0, s.1)).fold(f64::INFINITY, f64::min);
        assert!((f64::from(found) - expected).abs() < 0.75, "cell {i}: {found}, not {expected}");
    }
}

#[test]
fn road_distance_on_longitude_and_latitude_is_geodesic() {
    let (folder, summary) = made(Preset::Plain, 60, 5);
    // A piece every 5 m or less along each road, measured on the ellipsoid.
    let points: Vec<DVec2> = road_segments(folder.path(), |p| p)
        .into_iter()
        .flat_map(|(a, b)| {
            let n = (geodesic_m(a, b) / 5.0).ceil().max(1.0);
            (0..=n as usize).map(move |i| a.lerp(b, i as f64 / n))
        })
        .collect();
    let found = road_distances(folder.path());
    for (i, &found) in found.iter().enumerate().step_by(61) {
        let at = summary.frame.centre(i as i64 % 60, i as i64 / 60);
        let expected = points.iter().map(|&p| geodesic_m(at, p)).fold(f64::INFINITY, f64::min);
        // 2.5 m from the spacing, 0.5 m from rounding, half a per cent accepted (domain.md §3).
        let off = (f64::from(found) - expected).abs();
        assert!(
            off < 1.0 + 0.005 * expected || (found < 6.0 && off < 3.0),
            "cell {i}: {found}, not {expected}"
        );
    }
}

fn road_distances(folder: &Path) -> Vec<f32> {
    let distances = all(&GeoTiff::open(&folder.join("road_distance.tif"), 1).unwrap());
    assert!(distances.iter().all(|&metres| !is_unknown(metres)));
    distances
}

fn road_segments(folder: &Path, place: impl Fn(DVec2) -> DVec2) -> Vec<(DVec2, DVec2)> {
    features(folder, "roads.geojson")
        .iter()
        .flat_map(|feature| {
            let Some(Geometry::LineString(line)) = &feature.geometry else { panic!("a line") };
            line.lines()
                .map(|l| (DVec2::new(l.start.x, l.start.y), DVec2::new(l.end.x, l.end.y)))
                .collect::<Vec<_>>()
        })
        .map(|(a, b)| (place(a), place(b)))
        .collect()
}

fn to_segment(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let share = ((p - a).dot(b - a) / (b - a).length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a.lerp(b, share))
}

#[test]
fn a_folder_that_holds_a_project_is_left_as_it_is() {
    let (folder, summary) = made(Preset::Plain, 8, 1);
    fs::write(&summary.project, "mine").unwrap();
    let error = synth(&spec(Preset::Plain, 8, 1), folder.path(), &Silent::default()).unwrap_err();
    assert_eq!(error.faults()[0].code, "synth.exists");
    assert_eq!(fs::read_to_string(&summary.project).unwrap(), "mine");
}

#[test]
fn the_summary_says_what_was_made() {
    let (folder, summary) = made(Preset::Plain, 100, 1);
    let settlements = Table::read(&folder.path().join("settlements.csv"), &["population"]).unwrap();
    let people: f64 = settlements.rows().map(|row| row.required_number("population").unwrap()).sum();
    assert_eq!(people, summary.people as f64);
    assert_eq!(settlements.rows().len(), summary.n_settlements);
    assert!(summary.budget_usd > 0.0 && summary.road_km > 0.0 && summary.areas_ha > 0.0);
    let frame: &Frame = &summary.frame;
    assert_eq!((frame.n_cols, frame.n_rows, frame.crs.epsg()), (100, 100, 4326));
}

#[test]
fn an_interrupted_synth_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    let stopped = Silent::default();
    stopped.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = synth(&spec(Preset::Plain, 32, 1), &out, &stopped).unwrap_err();
    assert!(matches!(error, clearway::error::Error::Interrupted), "{error}");
    assert!(!out.exists());
}
