//! What tests share: grids written as text, and comparisons that name the worst cell.
#![allow(dead_code)] // every test binary uses its own part of this

use clearway::grid::{Cells, Crs, Frame, MemoryCells, UNKNOWN, is_unknown};
use glam::DVec2;

/// A projected frame (UTM 36N) with square cells of `cell_m` metres.
pub fn frame_utm(n_cols: usize, n_rows: usize, cell_m: f64) -> Frame {
    let crs = Crs::from_epsg(32636, "test").unwrap();
    let corner = DVec2::new(500_000.0, 5_500_000.0);
    Frame::north_up(crs, corner, DVec2::splat(cell_m), n_cols, n_rows)
}

/// A geographic frame (WGS 84) with its upper left corner at `lon`, `lat` and square cells of `cell_deg`.
pub fn frame_lonlat(n_cols: usize, n_rows: usize, lon: f64, lat: f64, cell_deg: f64) -> Frame {
    Frame::north_up(Crs::wgs84(), DVec2::new(lon, lat), DVec2::splat(cell_deg), n_cols, n_rows)
}

/// Values of a grid written as text: rows parted by `/`, `?` for unknown. Returns (columns, rows, values).
pub fn grid(text: &str) -> (usize, usize, Vec<f32>) {
    let rows: Vec<Vec<f32>> = text
        .split('/')
        .map(|row| {
            row.split_whitespace()
                .map(|word| match word {
                    "?" => UNKNOWN,
                    number => number.parse().expect("a number or ?"),
                })
                .collect()
        })
        .collect();
    let n_cols = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == n_cols), "rows of one length");
    (n_cols, rows.len(), rows.concat())
}

/// A grid written as text on 10 m cells in UTM 36N.
pub fn cells(text: &str) -> MemoryCells {
    let (n_cols, n_rows, values) = grid(text);
    MemoryCells::from_values(frame_utm(n_cols, n_rows, 10.0), values)
}

/// All cells of a plane.
pub fn all(cells: &dyn Cells) -> Vec<f32> {
    cells.read_vec(cells.frame().window()).unwrap()
}

/// Fails with the count of differing cells and the worst one when any differs by more than
/// `absolute + relative * |expected|`, or is unknown on one side only.
#[track_caller]
pub fn assert_cells(found: &[f32], expected: &[f32], n_cols: usize, absolute: f64, relative: f64) {
    assert_eq!(found.len(), expected.len(), "number of cells");
    let mut n_bad = 0;
    let mut worst: Option<(f64, usize)> = None;
    for (i, (&a, &b)) in found.iter().zip(expected).enumerate() {
        let excess = match (is_unknown(a), is_unknown(b)) {
            (true, true) => continue,
            (false, false) => {
                let (a, b) = (f64::from(a), f64::from(b));
                let excess = (a - b).abs() - absolute - relative * b.abs();
                if excess.is_nan() { f64::INFINITY } else { excess }
            }
            _ => f64::INFINITY,
        };
        if excess > 0.0 {
            n_bad += 1;
            if worst.is_none_or(|(w, _)| excess > w) {
                worst = Some((excess, i));
            }
        }
    }
    if let Some((_, i)) = worst {
        panic!(
            "{n_bad} of {} cells differ; worst at column {}, row {}: found {}, expected {}",
            found.len(),
            i % n_cols,
            i / n_cols,
            found[i],
            expected[i]
        );
    }
}

/// The folder of real layers, `None` (said loudly) where it does not exist.
pub fn shared_data(test: &str) -> Option<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED {test}: the real layers are not here ({} does not exist)", folder.display());
    None
}
