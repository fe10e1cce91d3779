//! Hazardous areas as a prior hazard.

use clearway::grid::{Cells, MemoryCells};
use clearway::tasks::{PolygonFeature, PriorGround};

use super::kit::near;
use crate::common::{assert_cells, frame_lonlat, frame_utm};
use geo::{Geometry, LineString, MultiPolygon, Polygon};

/// A polygon in cells of 10 m from the corner of `frame_utm`, x to the right, y down.
fn area(id: &str, ring: &[(f64, f64)]) -> PolygonFeature {
    let points = ring.iter().map(|&(col, row)| (500_000.0 + 10.0 * col, 5_500_000.0 - 10.0 * row));
    let polygon = Polygon::new(LineString::from(points.collect::<Vec<_>>()), Vec::new());
    PolygonFeature {
        id: id.into(),
        imsma_id: None,
        place: format!("areas, feature {id}"),
        geometry: Some(Geometry::MultiPolygon(MultiPolygon::new(vec![polygon]))),
        attributes: serde_json::Map::new(),
    }
}

fn square(id: &str, left: f64, top: f64, right: f64, bottom: f64) -> PolygonFeature {
    area(id, &[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
}

fn prior_of(ground: &PriorGround, elsewhere: f64, n_cols: usize, n_rows: usize) -> Vec<f32> {
    let plane = MemoryCells::new(frame_utm(n_cols, n_rows, 10.0));
    ground.write(elsewhere, &plane).unwrap();
    plane.to_vec()
}

#[test]
fn shares_of_a_cell_weigh_the_priors_and_the_highest_wins_where_areas_overlap() {
    // SHA 0.05 over columns 0 to 2.5, CHA 0.9 over 1.5 to 3; elsewhere 0.001. Cell 1: half SHA, half CHA. Cell 2:
    // CHA whole, the SHA's half under it counts no more. Cell 3: nothing.
    let features = [square("a", 0.0, 0.0, 2.5, 1.0), square("b", 1.5, 0.0, 3.0, 1.0)];
    let (ground, told) = PriorGround::new(&features, &[0.05, 0.9], &frame_utm(4, 1, 10.0)).unwrap();
    assert!(told.is_empty(), "{told:?}");
    let found = prior_of(&ground, 0.001, 4, 1);
    assert_cells(&found, &[0.05, 0.475, 0.9, 0.001], 4, 0.0, 1e-6);
    // 150 m² of CHA, 150 m² of SHA outside it.
    let areas = ground.areas_m2();
    assert_eq!([areas[0].0, areas[1].0], [0.9, 0.05]);
    near(areas[0].1, 150.0, 1e-6);
    near(areas[1].1, 150.0, 1e-6);
}

#[test]
fn ground_drawn_twice_under_one_class_counts_once() {
    // Two squares of half a cell, one over a quarter of the other: 0.75 of the cell is covered.
    let features = [square("a", 0.0, 0.0, 0.5, 1.0), square("b", 0.25, 0.0, 0.75, 1.0)];
    let (ground, _) = PriorGround::new(&features, &[0.4, 0.4], &frame_utm(1, 1, 10.0)).unwrap();
    assert_cells(&prior_of(&ground, 0.0, 1, 1), &[0.3], 1, 0.0, 1e-6);
    assert_eq!(ground.areas_m2().len(), 1);
}

#[test]
fn invalid_areas_are_repaired_and_named_and_those_beyond_the_frame_are_a_fault() {
    // A bow tie keeps both its lobes: two triangles of a quarter of the square each.
    let bow = area("tie", &[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)]);
    let mut null = square("void", 0.0, 0.0, 1.0, 1.0);
    null.geometry = None;
    let (ground, told) = PriorGround::new(&[bow, null], &[1.0, 1.0], &frame_utm(2, 2, 10.0)).unwrap();
    near(ground.areas_m2()[0].1, 200.0, 1e-6);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told[0].contains("tie") && told[0].contains("[task.repaired]"), "{told:?}");
    assert!(told[1].contains("void") && told[1].contains("[task.null_geometry]"), "{told:?}");
    let far = [square("far", 50.0, 0.0, 51.0, 1.0)];
    let error = PriorGround::new(&far, &[1.0], &frame_utm(2, 2, 10.0)).unwrap_err();
    assert_eq!(error.faults()[0].code, "hazard.outside_frame");
}

#[test]
fn prior_of_random_areas_adds_up_to_their_ground_in_degrees_too() {
    // A triangle of 3° x 2° on the ellipsoid: Σ prior·a over cells of both sides of its edges.
    let frame = frame_lonlat(50, 40, 10.0, 64.0, 0.1);
    let ring = vec![(10.55, 63.21), (13.55, 62.0), (11.0, 61.21), (10.55, 63.21)];
    let polygon = Polygon::new(LineString::from(ring), Vec::new());
    let shape = MultiPolygon::new(vec![polygon]);
    let mut feature = square("t", 0.0, 0.0, 1.0, 1.0);
    feature.geometry = Some(Geometry::MultiPolygon(shape.clone()));
    let (ground, _) = PriorGround::new(&[feature], &[1.0], &frame).unwrap();
    let plane = MemoryCells::new(frame.clone());
    ground.write(0.0, &plane).unwrap();
    let values = plane.read_vec(frame.window()).unwrap();
    let covered: f64 = values
        .iter()
        .enumerate()
        .map(|(i, share)| f64::from(*share) * frame.cell_area_m2((i / frame.n_cols) as i64))
        .sum();
    let whole = clearway::tasks::area_m2(&shape, &frame.crs);
    assert!((covered / whole - 1.0).abs() < 1e-4, "{covered} of {whole}");
}
