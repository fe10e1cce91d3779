//! The grid: lengths, areas, windows and reprojection against published or hand-worked numbers.

mod common;

mod grid {
    mod array;
    mod reprojection;
}

use clearway::grid::{Cells, Crs, Frame, Reprojection, Tiling, Window, geodesic_m, is_unknown};
use common::{cells, frame_lonlat, frame_utm};
use glam::DVec2;

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}

#[test]
fn degree_lengths_match_published_tables() {
    // Length of a degree on WGS 84 (NGA tables): N(45°) = 6,388,838.290 m, times cos 45° and π/180: 78,846.835 m.
    near(Crs::wgs84().metres_per_degree_east(45.0), 78_846.835, 0.001);
    near(Crs::wgs84().metres_per_degree_east(0.0), 111_319.49, 0.01);
    // The meridian quadrant is 10,001,965.729 m.
    near(Crs::wgs84().meridian_arc_m(90.0), 10_001_965.729, 0.001);
    near(Crs::wgs84().meridian_arc_m(-90.0), -10_001_965.729, 0.001);
}

#[test]
fn geographic_cells_add_up_to_the_ellipsoid() {
    // 36 x 18 cells of 10°: the surface of WGS 84 is 510,065,621.7 km².
    let frame = frame_lonlat(36, 18, -180.0, 90.0, 10.0);
    let total_m2: f64 = (0..18).map(|row| frame.cell_area_m2(row) * 36.0).sum();
    near(total_m2 / 1e6, 510_065_621.724, 0.01);
}

#[test]
fn small_geographic_cell_is_width_times_height() {
    let frame = frame_lonlat(10, 10, 35.0, 34.0, 1.0 / 3600.0);
    for row in [0, 9] {
        let product = frame.cell_width_m(row) * frame.cell_height_m(row);
        near(frame.cell_area_m2(row) / product, 1.0, 1e-7);
    }
}

#[test]
fn projected_cells_use_the_affine() {
    let frame = frame_utm(4, 3, 30.0);
    near(frame.cell_area_m2(2), 900.0, 0.0);
    near(frame.cell_width_m(0), 30.0, 0.0);
    near(frame.northing_m(0.5) - frame.northing_m(2.5), 60.0, 1e-9);
}

#[test]
fn reprojection_matches_proj() {
    // Values of PROJ 9.1 (`gdaltransform`): EPSG:4326 to 32636 and to 3035.
    let utm = Crs::from_epsg(32636, "test").unwrap();
    let to_utm = Reprojection::new(&Crs::wgs84(), &utm, "test").unwrap();
    let p = to_utm.point(DVec2::new(33.0, 0.0)).unwrap();
    near(p.x, 500_000.0, 1e-3);
    near(p.y, 0.0, 1e-3);
    let laea = Crs::from_epsg(3035, "test").unwrap();
    let to_laea = Reprojection::new(&Crs::wgs84(), &laea, "test").unwrap();
    let back = Reprojection::new(&laea, &Crs::wgs84(), "test").unwrap();
    let p = to_laea.point(DVec2::new(18.08698, 44.73179)).unwrap();
    near(p.x, LAEA_DOBOJ.0, 1e-3);
    near(p.y, LAEA_DOBOJ.1, 1e-3);
    let q = back.point(p).unwrap();
    near(q.x, 18.08698, 1e-9);
    near(q.y, 44.73179, 1e-9);
}

/// `echo 18.08698 44.73179 | gdaltransform -s_srs EPSG:4326 -t_srs EPSG:3035` with axes as lon, lat.
const LAEA_DOBOJ: (f64, f64) = (4961376.53051323, 2436973.73952677);

#[test]
fn datum_shift_is_refused_with_the_command() {
    let indian_1960 = Crs::from_epsg(3148, "test").unwrap();
    let error = Reprojection::new(&Crs::wgs84(), &indian_1960, "areas.geojson").unwrap_err();
    let fault = &error.faults()[0];
    assert_eq!(fault.code, "crs.datum_shift");
    assert!(fault.fix.contains("ogr2ogr -t_srs EPSG:3148"), "{}", fault.fix);
}

#[test]
fn colombian_national_grid_is_known() {
    let crs = Crs::from_epsg(9377, "test").unwrap();
    assert!(crs.is_on_wgs84());
    assert_eq!(Crs::from_epsg(1, "a.tif").unwrap_err().faults()[0].code, "crs.unknown");
}

#[test]
fn geodesic_matches_karney_example() {
    // GeographicLib documentation: Wellington (-41.32, 174.81) to Salamanca (40.96, -5.50): 19,959.679 km.
    let d = geodesic_m(DVec2::new(174.81, -41.32), DVec2::new(-5.5, 40.96));
    near(d, 19_959_679.267, 0.001);
}

#[test]
fn window_past_the_frame_reads_unknown() {
    let plane = cells("1 2 / 3 4");
    let read = plane.read_vec(Window::new(-1, 1, 3, 2)).unwrap();
    assert!(is_unknown(read[0]));
    assert_eq!(&read[1..3], &[3.0, 4.0]);
    assert!(read[3..].iter().all(|&v| is_unknown(v)));
}

#[test]
fn planes_go_to_arrays_of_rows_and_columns_and_back() {
    let plane = cells("1 2 3 / 4 ? 6");
    let array = plane.to_array();
    assert_eq!(array.dim(), (2, 3));
    assert_eq!(array[[1, 2]], 6.0);
    assert!(is_unknown(array[[1, 1]]));
    let mut changed = array.clone();
    changed[[0, 1]] = f32::NAN;
    let back = clearway::grid::MemoryCells::from_array(plane.frame().clone(), &changed).to_vec();
    assert!(is_unknown(back[1]), "what is not finite is unknown");
    assert_eq!(back[2], 3.0);
}

#[test]
fn tiles_cover_every_cell_once() {
    let frame = frame_utm(7, 5, 10.0);
    for size in [1, 2, 3, 7, 100] {
        let mut seen = [0; 35];
        for tile in Tiling::new(&frame, size).tiles() {
            for row in tile.row..tile.end_row() {
                for col in tile.col..tile.end_col() {
                    seen[frame.window().offset(col, row)] += 1;
                }
            }
        }
        assert!(seen.iter().all(|&n| n == 1), "size {size}");
    }
}

#[test]
fn rotated_and_empty_frames_are_refused() {
    let mut frame = frame_utm(2, 2, 10.0);
    frame.world_from_cell.matrix2.x_axis.y = 1.0;
    assert_eq!(frame.validated("a.tif").unwrap_err().faults()[0].code, "grid.rotated");
    let empty = Frame { n_cols: 0, ..frame_utm(1, 1, 10.0) };
    assert_eq!(empty.validated("a.tif").unwrap_err().faults()[0].code, "grid.empty");
}
