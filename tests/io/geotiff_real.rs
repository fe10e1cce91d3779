//! The real layers, against values read with GDAL 3.6.2.

use clearway::grid::{Cells, UNKNOWN, Window, is_unknown};
use clearway::io::geotiff::{GeoTiff, SampleType};
use glam::DVec2;

use crate::common::{all, shared_data};

/// Cells (column, row) with GDAL's value, number of known cells and their sum.
#[track_caller]
fn agrees(raster: &GeoTiff, cells: &[((i64, i64), f32)], n_known: usize, sum: f64) {
    for &((col, row), expected) in cells {
        let found = raster.read_vec(Window::new(col, row, 1, 1)).unwrap()[0];
        assert_eq!(found, expected, "column {col}, row {row}");
    }
    let known: Vec<f64> =
        all(raster).into_iter().filter(|value| !is_unknown(*value)).map(f64::from).collect();
    assert_eq!(known.len(), n_known);
    let found: f64 = known.iter().sum();
    assert!((found / sum - 1.0).abs() < 1e-12, "sum {found}, expected {sum}");
}

#[test]
fn doboj_layers_agree_with_gdal() {
    let Some(folder) = shared_data("doboj_layers_agree_with_gdal") else { return };
    let hazard = GeoTiff::open(&folder.join("doboj/sha_percent_100m.tif"), 1).unwrap();
    assert_eq!((hazard.facts().sample, hazard.facts().nodata), (SampleType::U8, None));
    assert_eq!((hazard.frame().crs.epsg(), hazard.frame().cell_size()), (3035, DVec2::splat(100.0)));
    assert_eq!(hazard.frame().world_from_cell.translation, DVec2::new(4_920_000.0, 2_466_000.0));
    agrees(&hazard, &[((0, 0), 0.0), ((424, 517), 69.0), ((849, 809), 0.0)], 850 * 810, 1_524_137.0);
    let population = GeoTiff::open(&folder.join("doboj/population_proxy_250m.tif"), 1).unwrap();
    let cells = [((0, 0), 0.486_399_3), ((150, 120), 9.769_386)];
    agrees(&population, &cells, 110_160, 425_285.307_689_726_35);
}

#[test]
fn antioquia_layers_agree_with_gdal() {
    let Some(folder) = shared_data("antioquia_layers_agree_with_gdal") else { return };
    let hazard = GeoTiff::open(&folder.join("antioquia/hazard_prob.tif"), 1).unwrap();
    assert_eq!((hazard.frame().n_cols, hazard.frame().n_rows), (112, 104));
    assert_eq!(hazard.facts().nodata, Some(-9999.0));
    let cells = [((0, 0), UNKNOWN), ((50, 50), 0.139_27), ((60, 20), 0.086_921)];
    agrees(&hazard, &cells, 7019, 2_008.230_544_578_284);
    let wealth = GeoTiff::open(&folder.join("antioquia/rwi.tif"), 1).unwrap();
    agrees(&wealth, &[((50, 50), -0.0153), ((111, 103), UNKNOWN)], 7019, -1_929.441_298_356_629);
}
