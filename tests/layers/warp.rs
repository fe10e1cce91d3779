//! Sources of another CRS brought onto a frame: against the reprojection itself, brute force and totals.

use std::sync::Arc;

use clearway::grid::{Cells, Crs, Frame, MemoryCells, Reprojection, UNKNOWN, Window, is_unknown};
use clearway::io::geotiff::GeoTiff;
use clearway::layers::{LayerFile, LayerSpec, OnFrame, Resampling, Unit};
use glam::DVec2;

use crate::common::{all, assert_cells, frame_lonlat, frame_utm, shared_data};

fn frame(epsg: u32, x: f64, y: f64, cell: f64, n_cols: usize, n_rows: usize) -> Frame {
    let crs = Crs::from_epsg(epsg, "test").unwrap();
    Frame::north_up(crs, DVec2::new(x, y), DVec2::splat(cell), n_cols, n_rows)
}

fn layer(source: MemoryCells, way: Resampling, frame: &Frame) -> OnFrame<'static> {
    let unit = if way == Resampling::Sum { Unit::PeoplePerCell } else { Unit::Other("x".into()) };
    let spec = LayerSpec { resampling: Some(way), ..LayerSpec::new("x", unit) };
    OnFrame::new(Arc::new(source), &spec, frame).unwrap()
}

/// A source whose values follow from the centres of its cells.
fn source(frame: &Frame, value: impl Fn(DVec2) -> f32) -> MemoryCells {
    let centres =
        (0..frame.n_rows as i64).flat_map(|row| (0..frame.n_cols as i64).map(move |col| (col, row)));
    let values = centres.map(|(col, row)| value(frame.centre(col, row))).collect();
    MemoryCells::from_values(frame.clone(), values)
}

fn total(values: &[f32]) -> f64 {
    values.iter().filter(|v| !is_unknown(**v)).map(|&v| f64::from(v)).sum()
}

/// Uneven values with holes.
fn uneven(frame: &Frame) -> MemoryCells {
    let values = (0..frame.n_cells() as i64)
        .map(|i| if i % 13 == 0 { UNKNOWN } else { (i * 7919 % 1000) as f32 / 7.0 })
        .collect();
    MemoryCells::from_values(frame.clone(), values)
}

#[test]
fn linear_values_come_out_where_their_coordinates_lie() {
    // Values grow with longitude and latitude; between centres `bilinear` is exact, so what comes out at a cell is
    // the value of its centre's coordinates. Near the centre of UTM 36N and 3° off, at 60° and at the equator.
    for (lon, lat, x, y) in [(32.4, 49.8, 460_000.0, 5_515_000.0), (35.5, 61.0, 650_000.0, 6_750_000.0)] {
        let degrees = frame_lonlat(600, 600, lon, lat, 1.0 / 600.0);
        let value = |p: DVec2| ((p.x - lon) * 600.0 + (lat - p.y) * 600.0) as f32;
        let utm = frame(32636, x, y, 100.0, 150, 130);
        let way = Reprojection::new(&utm.crs, &degrees.crs, "test").unwrap();
        let found = all(&layer(source(&degrees, value), Resampling::Bilinear, &utm));
        let expected: Vec<f32> = (0..130)
            .flat_map(|row| (0..150).map(move |col| (col, row)))
            .map(|(col, row)| value(way.point(utm.centre(col, row)).unwrap()))
            .collect();
        assert!(found.iter().all(|v| !is_unknown(*v)));
        // A thousandth of a cell of the source by each axis, and the rounding of f32.
        assert_cells(&found, &expected, 150, 2e-3, 1e-6);
        let average = all(&layer(source(&degrees, value), Resampling::Average, &utm));
        // The mean over a cell of a linear field that is cut into steps.
        assert_cells(&average, &expected, 150, 0.6, 0.0);
        let nearest = all(&layer(source(&degrees, value), Resampling::Nearest, &utm));
        assert_cells(&nearest, &expected, 150, 1.01, 0.0);
    }
}

#[test]
fn sum_keeps_the_total_in_every_projection() {
    // 0.6° x 0.5° of 0.01° cells around 18°E 44.5°N, with frames that hold all of it.
    let degrees = frame_lonlat(60, 50, 17.7, 44.75, 0.01);
    let before = total(&all(&uneven(&degrees)));
    for (epsg, x, y, cell, n) in [
        (32633, 700_000.0, 4_980_000.0, 250.0, 400),
        (32634, 200_000.0, 5_000_000.0, 3_333.0, 40),
        (3857, 1_900_000.0, 5_600_000.0, 1_000.0, 200),
        (3035, 4_900_000.0, 2_470_000.0, 900.0, 120),
        (3034, 4_560_000.0, 2_140_000.0, 777.0, 200),
        (3765, 590_000.0, 5_000_000.0, 410.0, 250),
        (32636, -900_000.0, 5_200_000.0, 2_000.0, 200),
    ] {
        let frame = frame(epsg, x, y, cell, n, n);
        let after = total(&all(&layer(uneven(&degrees), Resampling::Sum, &frame)));
        assert!((after / before - 1.0).abs() < 1e-6, "EPSG:{epsg}: {before} became {after}");
    }
}

#[test]
fn sum_keeps_the_total_from_metres_to_degrees() {
    let utm = frame_utm(80, 70, 500.0);
    let before = total(&all(&uneven(&utm)));
    for cell in [0.05, 0.003, 1.0 / 1200.0] {
        let n = (2.0 / cell) as usize;
        let degrees = frame_lonlat(n, n, 32.5, 50.5, cell);
        let after = total(&all(&layer(uneven(&utm), Resampling::Sum, &degrees)));
        assert!((after / before - 1.0).abs() < 1e-6, "cell {cell}: {before} became {after}");
    }
}

#[test]
fn sum_and_average_agree_with_brute_force() {
    // Every source cell strewn with 60 x 60 points, each carried to the frame: its share by counting.
    const FINE: usize = 60;
    let degrees = frame_lonlat(9, 8, 33.2, 47.6, 0.004);
    let values = all(&uneven(&degrees));
    let frame = frame(32636, 515_100.0, 5_272_400.0, 170.0, 17, 26);
    let way = Reprojection::new(&degrees.crs, &frame.crs, "test").unwrap();
    let (mut sums, mut weights) = (vec![0.0; 17 * 26], vec![0.0; 17 * 26]);
    for (i, value) in values.iter().enumerate().filter(|(_, value)| !is_unknown(**value)) {
        for k in 0..FINE * FINE {
            let part = DVec2::new((k % FINE) as f64 + 0.5, (k / FINE) as f64 + 0.5) / FINE as f64;
            let cell = DVec2::new((i % 9) as f64, (i / 9) as f64) + part;
            let there = way.point(degrees.world_from_cell.transform_point2(cell)).unwrap();
            let at = frame.cell_from_world(there).floor();
            if at.x >= 0.0 && at.x < 17.0 && at.y >= 0.0 && at.y < 26.0 {
                let at = at.y as usize * 17 + at.x as usize;
                sums[at] += f64::from(*value) / (FINE * FINE) as f64;
                weights[at] += 1.0 / (FINE * FINE) as f64;
            }
        }
    }
    let sum = all(&layer(uneven(&degrees), Resampling::Sum, &frame));
    let average = all(&layer(uneven(&degrees), Resampling::Average, &frame));
    let mut n = 0;
    for i in 0..17 * 26 {
        // Cells that hold only a few points say little.
        if weights[i] > 0.05 {
            n += 1;
            assert!((f64::from(sum[i]) - sums[i]).abs() < 1.2, "{i}: {} and {}", sum[i], sums[i]);
            let mean = sums[i] / weights[i];
            assert!((f64::from(average[i]) - mean).abs() < 3.0, "{i}: {} and {mean}", average[i]);
        }
    }
    assert!(n > 250, "{n} cells compared");
}

#[test]
fn mode_takes_what_covers_most() {
    // Classes in degrees, 8 m to 11 m wide, on cells of 100 m: mostly 2, a third 1.
    let degrees = frame_lonlat(300, 300, 33.0, 47.5, 1e-4);
    let classes = source(&degrees, |p| if ((p.x - 33.0) * 1e4) as i64 % 3 == 0 { 1.0 } else { 2.0 });
    let utm = frame(32636, 500_200.0, 5_260_500.0, 100.0, 10, 10);
    assert_cells(&all(&layer(classes, Resampling::Mode, &utm)), &[2.0; 100], 10, 0.0, 0.0);
}

#[test]
fn windows_give_what_the_whole_gives() {
    let degrees = frame_lonlat(200, 150, 32.9, 49.7, 0.002);
    let utm = frame(32636, 495_000.0, 5_500_000.0, 90.0, 300, 280);
    for way in Resampling::ALL {
        let layer = layer(uneven(&degrees), way, &utm);
        let whole = all(&layer);
        assert!(whole.iter().any(|v| is_unknown(*v)) && whole.iter().any(|v| !is_unknown(*v)));
        for window in [Window::new(3, 5, 41, 170), Window::new(-4, 130, 400, 2), Window::new(127, 1, 1, 1)] {
            let found = layer.read_vec(window).unwrap();
            let cells = (window.row..window.end_row())
                .flat_map(|row| (window.col..window.end_col()).map(move |col| (col, row)));
            let expected: Vec<f32> = cells
                .map(|(col, row)| match (0..300).contains(&col) {
                    true => whole[utm.window().offset(col, row)],
                    false => UNKNOWN,
                })
                .collect();
            assert_cells(&found, &expected, window.n_cols, 0.0, 0.0);
        }
    }
}

#[test]
fn what_lies_outside_the_source_is_unknown() {
    // A source of 0.1° in the middle of a frame of some 40 km.
    let degrees = frame_lonlat(10, 10, 33.0, 49.6, 0.01);
    let utm = frame(32636, 480_000.0, 5_520_000.0, 400.0, 100, 100);
    for way in Resampling::ALL {
        let ones = MemoryCells::from_values(degrees.clone(), vec![1.0; 100]);
        let found = all(&layer(ones, way, &utm));
        let n_known = found.iter().filter(|v| !is_unknown(**v)).count();
        // 0.1° are 7,236 m by 11,123 m here: 18 by 28 cells, and those half covered at the rim.
        assert!((18 * 27..21 * 31).contains(&n_known), "{way:?}: {n_known} known");
        assert!(is_unknown(found[0]) && is_unknown(found[9_999]));
    }
}

#[test]
fn longitudes_go_round() {
    // UTM 1N reaches across 180°: 179.9° E to 179.7° W, on a source from -180° to 180° and on one from 0° to 360°.
    let from_minus_180 = frame_lonlat(3600, 20, -180.0, 1.0, 0.1);
    let from_0 = frame_lonlat(3600, 20, 0.0, 1.0, 0.1);
    let east = |p: DVec2| (p.x.rem_euclid(360.0) - 170.0) as f32;
    let utm = frame(32601, 155_000.0, 100_000.0, 1_000.0, 40, 60);
    let way = Reprojection::new(&utm.crs, &Crs::wgs84(), "test").unwrap();
    let expected: Vec<f32> = (0..60)
        .flat_map(|row| (0..40).map(move |col| (col, row)))
        .map(|(col, row)| east(way.point(utm.centre(col, row)).unwrap()))
        .collect();
    assert!(
        expected.iter().any(|v| *v < 10.0) && expected.iter().any(|v| *v > 10.0),
        "the frame lies across"
    );
    for frame in [from_minus_180, from_0] {
        let found = all(&layer(source(&frame, east), Resampling::Bilinear, &utm));
        assert_cells(&found, &expected, 40, 1e-3, 0.0);
        let ones = MemoryCells::from_values(frame.clone(), vec![1.0; 72_000]);
        // A cell of 0.1° holds one person: 40 x 60 cells of 1 km² over cells of 11.13 by 11.06 km.
        let people = total(&all(&layer(ones, Resampling::Sum, &utm)));
        assert!((people - 2400.0 / (11.13 * 11.06)).abs() < 0.05, "{people}");
    }
}

#[test]
fn degrees_find_their_cells_a_turn_further_on() {
    let frame = frame_lonlat(40, 10, -2.0, 1.0, 0.1);
    let value = |p: DVec2| (p.x + 180.0).rem_euclid(360.0) as f32;
    for west in [0.0, -180.0, -360.0] {
        let global = frame_lonlat(3600, 20, west, 2.0, 0.1);
        let found = all(&layer(source(&global, value), Resampling::Nearest, &frame));
        let expected: Vec<f32> = (0..400).map(|i| value(frame.centre(i % 40, i / 40))).collect();
        assert_cells(&found, &expected, 40, 1e-3, 0.0);
    }
    // A region from 350° to 352° for a frame around 9° W.
    let region = frame_lonlat(20, 20, 350.0, 2.0, 0.1);
    let frame = frame_lonlat(10, 10, -9.5, 1.5, 0.1);
    let found = all(&layer(source(&region, value), Resampling::Nearest, &frame));
    assert!((found[0] - 170.55).abs() < 1e-3, "{}", found[0]);
}

#[test]
fn cells_that_lie_on_each_other_are_not_resampled() {
    for (epsg, x, y, cell) in [(25833, 500_000.0, 5_000_000.0, 50.0), (4258, 15.0, 45.0, 0.001)] {
        let own = frame(epsg, x, y, cell, 30, 20);
        let target = if epsg == 4258 { 4326 } else { 32633 };
        let target = frame(target, x + 2.0 * cell, y - cell, cell, 10, 10);
        let values = all(&uneven(&own));
        let plain = LayerSpec::new("p", Unit::PeoplePerCell);
        let layer = OnFrame::new(Arc::new(uneven(&own)), &plain, &target).unwrap();
        assert!(layer.is_same_cells(), "EPSG:{epsg}");
        let expected: Vec<f32> = (0..100).map(|i| values[(i / 10 + 1) * 30 + i % 10 + 2]).collect();
        assert_cells(&all(&layer), &expected, 10, 0.0, 0.0);
    }
}

#[test]
fn far_off_the_map_is_no_overlap_and_no_garbage() {
    let spec = LayerSpec { resampling: Some(Resampling::Nearest), ..LayerSpec::new("x", Unit::Share) };
    let utm = MemoryCells::new(frame_utm(10, 10, 100.0));
    for (lon, lat) in [(123.0, 10.0), (-147.0, 49.0), (33.0, -49.0)] {
        let error = OnFrame::new(
            Arc::new(MemoryCells::new(utm.frame().clone())),
            &spec,
            &frame_lonlat(9, 9, lon, lat, 0.1),
        );
        assert_eq!(error.unwrap_err().faults()[0].code, "layer.no_overlap", "{lon} {lat}");
    }
    // The whole world on a small UTM grid: all but a cell or two unknown.
    let ones = MemoryCells::from_values(frame_utm(100, 100, 1000.0), vec![1.0; 10_000]);
    let world = frame_lonlat(360, 180, -180.0, 90.0, 1.0);
    let found = all(&layer(ones, Resampling::Sum, &world));
    let n_known = found.iter().filter(|v| !is_unknown(**v)).count();
    assert!((2..=9).contains(&n_known), "{n_known}");
    assert!((total(&found) / 10_000.0 - 1.0).abs() < 1e-6, "{}", total(&found));
}

#[test]
fn datum_shift_is_refused_with_the_command_for_the_file() {
    let file = LayerFile { path: "my data/pop.tif".into(), nodata: Some(0.0) };
    let spec = LayerSpec { file: Some(file), ..LayerSpec::new("population", Unit::PeoplePerCell) };
    let source = MemoryCells::new(frame(3148, 500_000.0, 1_300_000.0, 100.0, 5, 5));
    let target = frame(32648, 499_000.0, 1_301_000.0, 30.0, 100, 50);
    let error = OnFrame::new(Arc::new(source), &spec, &target).unwrap_err();
    let fault = &error.faults()[0];
    assert_eq!(fault.code, "layer.crs_differs");
    let command = "gdalwarp -t_srs EPSG:32648 -te 499000 1299500 502000 1301000 -tr 30 30 -r sum -srcnodata 0 \
                   -dstnodata -9999 -ot Float32 'my data/pop.tif' 'my data/pop_32648.tif'";
    assert!(fault.fix.contains(command), "{}", fault.fix);
}

#[test]
fn counts_across_crs_must_be_split() {
    let spec =
        LayerSpec { resampling: Some(Resampling::Nearest), ..LayerSpec::new("p", Unit::PeoplePerCell) };
    let source = MemoryCells::new(frame_lonlat(100, 100, 33.0, 49.7, 0.001));
    let error = OnFrame::new(Arc::new(source), &spec, &frame_utm(10, 10, 90.0)).unwrap_err();
    assert_eq!(error.faults()[0].code, "layer.total_changes");
    let plain = LayerSpec::new("p", Unit::PeoplePerCell);
    let source = MemoryCells::new(frame_lonlat(100, 100, 33.0, 49.7, 0.001));
    let error = OnFrame::new(Arc::new(source), &plain, &frame_utm(10, 10, 90.0)).unwrap_err();
    let fault = &error.faults()[0];
    assert_eq!(fault.code, "layer.cells_differ");
    assert_eq!(fault.found, "0.001° cells in EPSG:4326");
    assert!(fault.fix.contains("`resample = \"sum\"`"), "{}", fault.fix);
}

#[test]
fn doboj_population_keeps_its_total_in_utm_and_degrees() {
    let Some(folder) = shared_data("doboj_population_keeps_its_total_in_utm_and_degrees") else { return };
    let spec =
        LayerSpec { resampling: Some(Resampling::Sum), ..LayerSpec::new("population", Unit::PeoplePerCell) };
    // 85 x 81 km around 18.1°E 44.7°N in LAEA, within these frames.
    for frame in [
        frame(32634, 215_000.0, 5_000_000.0, 100.0, 1100, 1100),
        frame(4326, 17.3, 45.3, 1.0 / 1200.0, 2000, 1500),
    ] {
        let population = GeoTiff::open(&folder.join("doboj/population_proxy_250m.tif"), 1).unwrap();
        let layer = OnFrame::new(Arc::new(population), &spec, &frame).unwrap();
        assert_eq!(layer.description().unwrap(), "warped from EPSG:3035 by `sum`");
        let after = total(&all(&layer));
        assert!((after / 425_285.307_689_726_35 - 1.0).abs() < 1e-6, "{}: {after}", frame.crs);
    }
}
