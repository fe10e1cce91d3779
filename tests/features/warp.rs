//! Rasters across a datum shift: totals, `gdalwarp`, tiles.

use std::sync::Arc;

use clearway::grid::{Cells, Frame, MemoryCells, Tiling, UNKNOWN, is_unknown};
use clearway::io::geotiff::GeoTiff;
use clearway::layers::{LayerSpec, OnFrame, Resampling, Unit};
use glam::DVec2;

use crate::common::all;
use crate::{frame_at, gdal, write};

/// Vietnam at 16° N, in Indian 1960 and in WGS 84.
fn source_frame() -> Frame {
    frame_at(3148, DVec2::new(700_000.0, 1_720_000.0), 1000.0, 60)
}

fn target_frame(cell: f64, n: usize) -> Frame {
    frame_at(32648, DVec2::new(699_600.0, 1_720_300.0), cell, n)
}

fn warped(source: MemoryCells, way: Resampling, frame: &Frame) -> OnFrame<'static> {
    let unit = if way == Resampling::Sum { Unit::PeoplePerCell } else { Unit::Other("x".into()) };
    let spec = LayerSpec { resampling: Some(way), ..LayerSpec::new("x", unit) };
    OnFrame::new(Arc::new(source), &spec, frame).unwrap()
}

/// Uneven values, some unknown.
fn uneven() -> MemoryCells {
    let frame = source_frame();
    let value = |i: u64| if i.is_multiple_of(13) { UNKNOWN } else { (i * 7919 % 1000) as f32 / 7.0 };
    let values = (0..frame.n_cells()).map(value).collect();
    MemoryCells::from_values(frame, values)
}

/// Values that grow evenly to the east and the south.
fn even() -> MemoryCells {
    let frame = source_frame();
    let value = |i: usize| ((i % frame.n_cols) * 3 + (i / frame.n_cols) * 5) as f32;
    let values = (0..frame.n_cells() as usize).map(value).collect();
    MemoryCells::from_values(frame, values)
}

fn total(values: &[f32]) -> f64 {
    values.iter().filter(|value| !is_unknown(**value)).map(|value| f64::from(*value)).sum()
}

#[test]
fn sum_keeps_the_total() {
    let expected = total(&all(&uneven()));
    for (cell, n) in [(370.0, 180), (2300.0, 30)] {
        let layer = warped(uneven(), Resampling::Sum, &target_frame(cell, n));
        let found = total(&all(&layer));
        assert!((found / expected - 1.0).abs() < 1e-6, "cells of {cell} m: {found}, {expected}");
        assert!(layer.description().unwrap().contains("EPSG:1542"), "{:?}", layer.description());
        assert!(layer.datum_shift().unwrap().contains("accurate to 44 m"));
    }
}

/// The same by `gdalwarp`, projected point by point (`-et 0`); GDAL finds the same operation here.
fn by_gdalwarp(source: &MemoryCells, way: &str, frame: &Frame) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    write(source, &folder.path().join("in.tif"));
    let corner = frame.world_from_cell.translation;
    let size = frame.cell_size() * DVec2::new(frame.n_cols as f64, frame.n_rows as f64);
    let bounds = [corner.x, corner.y - size.y, corner.x + size.x, corner.y].map(|number| number.to_string());
    let cell = frame.cell_size().x.to_string();
    let crs = frame.crs.to_string();
    let mut arguments = vec!["-q", "-et", "0", "-r", way, "-t_srs", &crs, "-te"];
    arguments.extend(bounds.iter().map(String::as_str));
    arguments.extend(["-tr", &cell, &cell, "in.tif", "out.tif"]);
    gdal("gdalwarp", folder.path(), &arguments);
    all(&GeoTiff::open(&folder.path().join("out.tif"), 1).unwrap())
}

#[test]
fn nearest_is_gdalwarps() {
    let frame = target_frame(370.0, 150);
    let (found, expected) =
        (all(&warped(uneven(), Resampling::Nearest, &frame)), by_gdalwarp(&uneven(), "near", &frame));
    // Within a thousandth of a cell of an edge either neighbour is right.
    let n_other = found.iter().zip(&expected).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    assert!(n_other * 200 < found.len(), "{n_other} of {} cells differ", found.len());
    assert!(found.iter().any(|value| is_unknown(*value)) && found.iter().any(|value| !is_unknown(*value)));
}

#[test]
fn bilinear_is_gdalwarps() {
    // Well inside, where both have all four neighbours.
    let frame = target_frame(370.0, 130);
    let (found, expected) =
        (all(&warped(even(), Resampling::Bilinear, &frame)), by_gdalwarp(&even(), "bilinear", &frame));
    // A thousandth of a cell by each axis is 0.008, and GDAL keeps its weights in single precision.
    let worst = found.iter().zip(&expected).map(|(a, b)| f64::from(a - b).abs()).fold(0.0, f64::max);
    assert!(found.iter().chain(&expected).all(|value| !is_unknown(*value)));
    assert!(worst < 0.01, "{worst}");
}

#[test]
fn windows_and_threads_change_no_bit() {
    let layer = warped(uneven(), Resampling::Sum, &target_frame(370.0, 180));
    let whole = all(&layer);
    for side in [37, 64] {
        let frame = layer.frame().clone();
        let mut found = vec![UNKNOWN; whole.len()];
        for window in Tiling::new(&frame, side).tiles() {
            for (at, value) in layer.read_vec(window).unwrap().into_iter().enumerate() {
                let (col, row) = (at % window.n_cols, at / window.n_cols);
                found[(window.row as usize + row) * frame.n_cols + window.col as usize + col] = value;
            }
        }
        assert!(found.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()), "tiles of {side}");
    }
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| all(&layer));
    assert!(alone.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn ground_without_an_operation_is_refused() {
    let source = MemoryCells::new(frame_at(3148, DVec2::new(500_000.0, 1_380_000.0), 1000.0, 10));
    let spec =
        LayerSpec { resampling: Some(Resampling::Sum), ..LayerSpec::new("people", Unit::PeoplePerCell) };
    let frame = frame_at(32648, DVec2::new(499_600.0, 1_380_300.0), 1000.0, 10);
    let fault = OnFrame::new(Arc::new(source), &spec, &frame).unwrap_err().faults()[0].clone();
    assert_eq!(fault.code, "crs.no_operation");
    assert_eq!(fault.place, "layer `people`");
}
