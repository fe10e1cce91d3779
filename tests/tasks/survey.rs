//! What is a fault, what is a finding, and that the survey alone says the same.

use clearway::grid::{Crs, MemoryCells};
use clearway::tasks::{PolygonFeature, survey_polygons};
use geo::{Geometry, GeometryCollection, LineString, Point};

use super::kit::{Region, codes, feature, polygon, ring, square};
use crate::common::frame_utm;

fn utm() -> Crs {
    Crs::from_epsg(32636, "test").unwrap()
}

fn fault_codes(features: &[PolygonFeature], crs: &Crs) -> Vec<&'static str> {
    survey_polygons(features, crs).unwrap_err().faults().iter().map(|fault| fault.code).collect()
}

#[test]
fn all_faults_of_a_file_come_together() {
    let nan = feature("nan", polygon("0 0, 20 NaN, 20 20", &[]));
    let features = vec![
        square("twice", 0.0, 0.0, 10.0),
        square("twice", 20.0, 0.0, 10.0),
        square(" ", 40.0, 0.0, 10.0),
        feature("point", Point::new(500_000.0, 5_499_900.0)),
        feature("line", ring("0 0, 10 10")),
        nan,
        feature("far", polygon("0 0, 1e9 0, 10 10", &[])),
    ];
    let error = survey_polygons(&features, &utm()).unwrap_err();
    let faults = error.faults();
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    let expected = [
        "task.id_missing",
        "task.id_duplicate",
        "task.not_polygon",
        "task.not_polygon",
        "task.coordinate",
        "task.coordinate",
    ];
    assert_eq!(codes, expected);
    assert!(faults[1].found.contains("`twice` 2 times: areas.geojson, feature twice"), "{}", faults[1].found);
    assert_eq!(faults[2].found, "a point");
}

#[test]
fn degrees_beyond_the_globe_are_a_fault() {
    let swapped = feature("A", geo::Rect::new((10.0, 89.0), (20.0, 91.0)).to_polygon());
    assert_eq!(fault_codes(&[swapped], &Crs::wgs84()), ["task.coordinate"]);
    let beyond = feature("A", geo::Rect::new((179.0, 0.0), (181.0, 1.0)).to_polygon());
    assert_eq!(fault_codes(&[beyond], &Crs::wgs84()), ["task.coordinate"]);
}

#[test]
fn nothing_to_work_on_is_a_fault() {
    assert_eq!(fault_codes(&[], &utm()), ["tasks.none"]);
    let mut null = square("A", 0.0, 0.0, 10.0);
    null.geometry = None;
    assert_eq!(fault_codes(&[null], &utm()), ["tasks.none"]);
}

#[test]
fn collection_of_polygons_is_one_polygon() {
    let members =
        ["0 0, 10 0, 10 10", "50 50, 60 50, 60 60"].map(|shell| Geometry::from(polygon(shell, &[])));
    let whole = feature("A", Geometry::GeometryCollection(GeometryCollection(members.to_vec())));
    assert!(survey_polygons(&[whole], &utm()).unwrap().is_empty());
    let with_line =
        GeometryCollection(vec![members[0].clone(), LineString::from(vec![(0., 0.), (1., 1.)]).into()]);
    assert_eq!(
        fault_codes(&[feature("A", Geometry::GeometryCollection(with_line))], &utm()),
        ["task.not_polygon"]
    );
}

#[test]
fn repeats_and_near_repeats_are_named_once_a_pair() {
    let features = vec![
        square("a", 0.0, 0.0, 20.0),
        // The same outline, begun at another corner and wound the other way.
        feature("same", polygon("20 20, 20 0, 0 0, 0 20", &[])),
        // 95 % of its ground in a.
        feature("most", polygon("1 0, 21 0, 21 20, 1 20", &[])),
        // Half of its ground in a.
        feature("half", polygon("10 -20, 30 -20, 30 20, 10 20", &[])),
        square("inside", 5.0, 5.0, 5.0),
        square("beside", 60.0, 60.0, 20.0),
    ];
    let findings = survey_polygons(&features, &utm()).unwrap();
    let named: Vec<_> = findings.iter().map(|f| (f.code, f.task_id.as_deref().unwrap())).collect();
    assert_eq!(
        named,
        [
            ("task.duplicate_geometry", "same"),
            ("task.overlap", "most"),
            // inside lies in a and in most.
            ("task.overlap", "inside"),
            ("task.overlap", "inside"),
        ]
    );
    assert!(findings[0].text.contains("`a`"));
    assert!(findings[1].text.contains("95 % (380 m²) inside `a`"), "{}", findings[1].text);
}

#[test]
fn survey_alone_finds_what_the_run_finds() {
    let features = vec![
        feature("bow tie", polygon("0 0, 40 40, 40 0, 0 40", &[])),
        square("a", 50.0, 50.0, 20.0),
        square("b", 50.0, 50.0, 19.5),
    ];
    let alone = survey_polygons(&features, &utm()).unwrap();
    let region = Region::of_ranks(MemoryCells::from_values(frame_utm(10, 10, 10.0), vec![50.0; 100]));
    let (_, in_run) = region.tasks(features);
    assert_eq!(codes(&alone), ["task.repaired", "task.overlap"]);
    assert_eq!(alone, in_run);
}

#[test]
fn finding_reads_as_a_sentence() {
    let findings = survey_polygons(&[feature("A", polygon("0 0, 40 40, 40 0, 0 40", &[]))], &utm()).unwrap();
    assert_eq!(
        findings[0].to_string(),
        "task `A` was invalid and is repaired: a boundary crosses itself near (500020, 5499920); area 0 m² as drawn, \
         800 m² now [task.repaired]"
    );
}
