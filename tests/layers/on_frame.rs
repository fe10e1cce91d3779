//! Sources of other cell sizes and units brought onto a frame, with values worked by hand.

use std::sync::Arc;

use clearway::grid::{Cells, Crs, Frame, MemoryCells, UNKNOWN, Window, is_unknown};
use clearway::io::geotiff::GeoTiff;
use clearway::layers::{ConstantCost, LayerSpec, OnFrame, Resampling, Unit};
use glam::DVec2;

use crate::common::{all, assert_cells, cells, frame_lonlat, frame_utm, grid, shared_data};

/// A frame in UTM 36N whose corner lies (x, y) metres right of and below that of `frame_utm`.
fn frame_at(x_m: f64, y_m: f64, cell_m: f64, n_cols: usize, n_rows: usize) -> Frame {
    let crs = Crs::from_epsg(32636, "test").unwrap();
    let corner = DVec2::new(500_000.0 + x_m, 5_500_000.0 - y_m);
    Frame::north_up(crs, corner, DVec2::splat(cell_m), n_cols, n_rows)
}

fn on(source: MemoryCells, unit: Unit, way: Option<Resampling>, frame: &Frame) -> Vec<f32> {
    let spec = LayerSpec { resampling: way, ..LayerSpec::new("x", unit) };
    all(&OnFrame::new(Arc::new(source), &spec, frame).unwrap())
}

fn total(values: &[f32]) -> f64 {
    values.iter().filter(|v| !is_unknown(**v)).map(|&v| f64::from(v)).sum()
}

#[test]
fn same_cells_are_passed_on_with_scale_offset_and_nodata() {
    let frame = frame_utm(2, 2, 10.0);
    let spec = LayerSpec {
        scale: 0.5,
        offset: 1.0,
        nodata: Some(7.0),
        ..LayerSpec::new("x", Unit::Other("m".into()))
    };
    let layer = OnFrame::new(Arc::new(cells("2 7 / ? -4")), &spec, &frame).unwrap();
    assert!(layer.is_same_cells());
    assert_cells(&all(&layer), &[2.0, UNKNOWN, UNKNOWN, -1.0], 2, 0.0, 0.0);
}

#[test]
fn whole_cells_of_shift_are_no_resampling() {
    // The frame begins one 10 m cell right of and below the source's corner and reaches past its right edge.
    let found = on(cells("1 2 3 / 4 5 6 / 7 8 9"), Unit::Share, None, &frame_at(10.0, 10.0, 10.0, 3, 2));
    assert_cells(&found, &[5.0, 6.0, UNKNOWN, 8.0, 9.0, UNKNOWN], 3, 0.0, 0.0);
}

#[test]
fn window_past_the_frame_is_unknown_even_where_the_source_goes_on() {
    let spec = LayerSpec::new("x", Unit::Share);
    let layer = OnFrame::new(Arc::new(cells("1 2 3")), &spec, &frame_at(10.0, 0.0, 10.0, 1, 1)).unwrap();
    assert_cells(&layer.read_vec(Window::new(-1, 0, 3, 1)).unwrap(), &[UNKNOWN, 2.0, UNKNOWN], 3, 0.0, 0.0);
}

#[test]
fn sum_splits_by_area_and_adds_up() {
    // 10 m to 5 m: a quarter each.
    let found = on(cells("8 ? / 4 0"), Unit::PeoplePerCell, Some(Resampling::Sum), &frame_utm(4, 4, 5.0));
    let expected = grid("2 2 ? ? / 2 2 ? ? / 1 1 0 0 / 1 1 0 0").2;
    assert_cells(&found, &expected, 4, 0.0, 0.0);
    // 10 m to 20 m: all four, of which one is unknown.
    let found = on(cells("8 ? / 4 0"), Unit::PeoplePerCell, Some(Resampling::Sum), &frame_utm(1, 1, 20.0));
    assert_cells(&found, &[12.0], 1, 0.0, 0.0);
    // 10 m to 4 m along one row: cell 2 covers 8..12 m, half of it over 6 and half over 9, 4 of 10 m high:
    // (2/10 · 6 + 2/10 · 9) · 4/10 = 1.2.
    let found = on(cells("6 9"), Unit::PeoplePerCell, Some(Resampling::Sum), &frame_at(0.0, 0.0, 4.0, 5, 1));
    assert_cells(&found, &[0.96, 0.96, 1.2, 1.44, 1.44], 5, 1e-7, 0.0);
}

#[test]
fn sum_keeps_the_total_when_cells_do_not_nest() {
    let frame = frame_utm(37, 29, 25.0);
    let values: Vec<f32> = (0..37 * 29)
        .map(|i: i32| if i % 11 == 0 { UNKNOWN } else { (i * 7919 % 1000) as f32 / 7.0 })
        .collect();
    let before = total(&values);
    for (x, y, cell) in [(-3.7, -1.1, 10.0), (-5.0, -5.0, 33.3), (0.0, 0.0, 7.0)] {
        let (n_cols, n_rows) = ((937.0 / cell) as usize + 2, (737.0 / cell) as usize + 2);
        let source = MemoryCells::from_values(frame.clone(), values.clone());
        let target = frame_at(x, y, cell, n_cols, n_rows);
        let after = total(&on(source, Unit::PeoplePerCell, Some(Resampling::Sum), &target));
        assert!((after / before - 1.0).abs() < 1e-6, "cell {cell}: {before} became {after}");
    }
}

#[test]
fn geographic_sum_splits_by_area_on_the_ellipsoid() {
    // One cell from 60° to 70° N cut in two halves by latitude. On a sphere the southern half holds
    // (sin 65° − sin 60°) / (sin 70° − sin 60°) = (0.906308 − 0.866025) / (0.939693 − 0.866025) = 0.54682;
    // the ellipsoid changes this by less than 0.001.
    let source = MemoryCells::from_values(frame_lonlat(1, 1, 0.0, 70.0, 10.0), vec![1000.0]);
    let crs = Crs::wgs84();
    let frame = Frame::north_up(crs, DVec2::new(0.0, 70.0), DVec2::new(10.0, 5.0), 1, 2);
    let found = on(source, Unit::PeoplePerCell, Some(Resampling::Sum), &frame);
    assert!((f64::from(found[1]) / 1000.0 - 0.54682).abs() < 1e-3, "{found:?}");
    assert!((total(&found) / 1000.0 - 1.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn geographic_sum_keeps_the_total() {
    let frame = frame_lonlat(31, 23, 17.0, 45.0, 1.0 / 120.0);
    let values: Vec<f32> = (0..31 * 23).map(|i| (i * 31 % 97) as f32).collect();
    let before = total(&values);
    let source = MemoryCells::from_values(frame, values);
    let target = frame_lonlat(320, 240, 16.9991, 45.0007, 1.0 / 1200.0 + 1e-5);
    let after = total(&on(source, Unit::PeoplePerCell, Some(Resampling::Sum), &target));
    assert!((after / before - 1.0).abs() < 1e-6, "{before} became {after}");
}

#[test]
fn average_weighs_known_cells_by_covered_area() {
    // 10 m to 20 m, of (1, ?, 3, 8): (1 + 3 + 8) / 3 = 4; a cell over unknown ones only is unknown.
    let found =
        on(cells("1 ? ? ? / 3 8 ? ?"), Unit::Share, Some(Resampling::Average), &frame_utm(2, 1, 20.0));
    assert_cells(&found, &[4.0, UNKNOWN], 2, 0.0, 0.0);
    // 15 m cells over 10 m ones: the first covers one whole and half of the next, both rows alike:
    // (10 · 2 + 5 · 8) / 15 = 4, and the other half with the third: (5 · 8 + 10 · 5) / 15 = 6.
    let found =
        on(cells("2 8 5 / 2 8 5 / 2 8 5"), Unit::Share, Some(Resampling::Average), &frame_utm(2, 2, 15.0));
    assert_cells(&found, &[4.0, 6.0, 4.0, 6.0], 2, 1e-6, 0.0);
}

#[test]
fn nearest_takes_the_cell_under_the_centre() {
    let found =
        on(cells("1 2 / ? 4"), Unit::Other("class".into()), Some(Resampling::Nearest), &frame_utm(4, 4, 5.0));
    assert_cells(&found, &grid("1 1 2 2 / 1 1 2 2 / ? ? 4 4 / ? ? 4 4").2, 4, 0.0, 0.0);
}

#[test]
fn bilinear_lies_between_centres_and_leaves_out_unknown_ones() {
    // 10 m cells 0 and 8 with centres at 5 and 15 m, read at 5 m cells with centres at 2.5, 7.5, 12.5, 17.5 m:
    // outside the centres the nearest alone, between them 0.75 · 0 + 0.25 · 8 = 2 and 6.
    let found = on(cells("0 8"), Unit::Share, Some(Resampling::Bilinear), &frame_at(0.0, 0.0, 5.0, 4, 1));
    assert_cells(&found, &[0.0, 2.0, 6.0, 8.0], 4, 1e-6, 0.0);
    // The right one unknown: the left keeps its value up to the edge of its cell.
    let found = on(cells("3 ?"), Unit::Share, Some(Resampling::Bilinear), &frame_at(0.0, 0.0, 5.0, 4, 1));
    assert_cells(&found, &[3.0, 3.0, UNKNOWN, UNKNOWN], 4, 1e-6, 0.0);
}

#[test]
fn densities_become_amounts_per_cell() {
    // 10 m cells hold 100 m²: 250 people/km² are 0.025 people, 2 US$/m² are 200 US$.
    let frame = frame_utm(2, 1, 10.0);
    let found = on(cells("250 ?"), Unit::PeoplePerKm2, None, &frame);
    assert_cells(&found, &[0.025, UNKNOWN], 2, 0.0, 1e-7);
    assert_cells(&on(cells("2 0.5"), Unit::UsdPerM2, None, &frame), &[200.0, 50.0], 2, 0.0, 1e-7);
}

#[test]
fn density_in_degrees_uses_the_area_of_its_row() {
    let frame = frame_lonlat(1, 2, 18.0, 60.0, 1.0);
    let source = MemoryCells::from_values(frame.clone(), vec![1.0, 1.0]);
    let found = on(source, Unit::PeoplePerKm2, None, &frame);
    let expected: Vec<f32> = (0..2).map(|row| (frame.cell_area_m2(row) / 1e6) as f32).collect();
    assert!(expected[1] > expected[0], "cells grow towards the equator");
    assert_cells(&found, &expected, 1, 0.0, 1e-7);
}

#[test]
fn constant_cost_is_per_cell() {
    let utm = ConstantCost::new(frame_utm(2, 1, 10.0), 2.0);
    assert_cells(&all(&utm), &[200.0, 200.0], 2, 0.0, 0.0);
    let past = utm.read_vec(Window::new(1, 0, 2, 1)).unwrap();
    assert_cells(&past, &[200.0, UNKNOWN], 2, 0.0, 0.0);
    let frame = frame_lonlat(1, 2, 18.0, 60.0, 1.0);
    let found = all(&ConstantCost::new(frame.clone(), 0.5));
    assert!((f64::from(found[1]) / (0.5 * frame.cell_area_m2(1)) - 1.0).abs() < 1e-7);
}

#[test]
fn much_finer_source_is_read_in_pieces() {
    // 7000 x 3000 source cells of 1 m are 21 million, more than are read at once; 100 m cells hold 10,000 each.
    let frame = frame_utm(7000, 3000, 1.0);
    let source = MemoryCells::from_values(frame, vec![0.5; 21_000_000]);
    let found = on(source, Unit::PeoplePerCell, Some(Resampling::Sum), &frame_utm(70, 30, 100.0));
    assert_cells(&found, &vec![5000.0; 2100], 70, 0.0, 0.0);
}

#[test]
fn windows_give_what_the_whole_gives() {
    let values: Vec<f32> = (0..40 * 30).map(|i| if i % 7 == 0 { UNKNOWN } else { i as f32 }).collect();
    for way in Resampling::ALL {
        let source = MemoryCells::from_values(frame_utm(40, 30, 25.0), values.clone());
        let spec = LayerSpec { resampling: Some(way), ..LayerSpec::new("x", Unit::Other("x".into())) };
        let layer = OnFrame::new(Arc::new(source), &spec, &frame_at(-30.0, -7.0, 10.0, 100, 80)).unwrap();
        let whole = all(&layer);
        for window in [Window::new(3, 5, 41, 17), Window::new(-4, 70, 200, 20)] {
            let found = layer.read_vec(window).unwrap();
            let expected: Vec<f32> = (window.row..window.end_row())
                .flat_map(|row| (window.col..window.end_col()).map(move |col| (col, row)))
                .map(|(col, row)| match (0..100).contains(&col) && (0..80).contains(&row) {
                    true => whole[layer.frame().window().offset(col, row)],
                    false => UNKNOWN,
                })
                .collect();
            assert_cells(&found, &expected, window.n_cols, 0.0, 0.0);
        }
    }
}

#[test]
fn doboj_population_keeps_its_total_on_the_hazard_grid() {
    let Some(folder) = shared_data("doboj_population_keeps_its_total_on_the_hazard_grid") else { return };
    let hazard = GeoTiff::open(&folder.join("doboj/sha_percent_100m.tif"), 1).unwrap();
    let population = GeoTiff::open(&folder.join("doboj/population_proxy_250m.tif"), 1).unwrap();
    // Read with GDAL 3.6.2 and numpy: 425,285.30768972635 people; both grids cover the same 85 x 81 km.
    let spec =
        LayerSpec { resampling: Some(Resampling::Sum), ..LayerSpec::new("population", Unit::PeoplePerCell) };
    let layer = OnFrame::new(Arc::new(population), &spec, hazard.frame()).unwrap();
    let after = total(&all(&layer));
    assert!((after / 425_285.307_689_726_35 - 1.0).abs() < 1e-6, "{after}");
}
