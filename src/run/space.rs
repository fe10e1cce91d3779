//! Whether the disk holds what a run will write, told before any work.

use std::io::ErrorKind;

use super::Options;
use super::prepared::Prepared;
use crate::error::{Error, Result};
use crate::io::atomic::Staging;
use crate::io::geotiff::Compression;
use crate::report::grids::grids;

/// Compressed grids take at least this share of their cells, but where nearly all is unknown.
const LEAST_SHARE: f64 = 0.03;

/// Planes that scoring keeps between its passes, about.
const PLANES_KEPT: u64 = 4;

/// An error where the space that is free is surely too little, a warning where it may be.
pub fn enough_space(staging: &Staging, prepared: &Prepared, options: &Options) -> Result<Option<String>> {
    // A file system that does not tell is not asked.
    let Ok(free) = fs4::available_space(staging.out_dir()) else { return Ok(None) };
    let score = &prepared.project.score;
    let n_cells = prepared.layers.frame.n_cells();
    let n_grids = grids(score.recipe.robustness.is_some()).count() as u64;
    // With overviews a third more.
    let whole = 4 * n_cells * n_grids / 3 * 4;
    let least = match options.compression {
        Compression::None => whole,
        _ => (whole as f64 * LEAST_SHARE) as u64,
    };
    let n_planes = PLANES_KEPT + score.measures.len() as u64;
    let spilled = (4 * n_cells * n_planes).saturating_sub(options.memory_bytes / 2);
    if free < least + spilled {
        let text = format!("at least {} are needed, {} are free", size(least + spilled), size(free));
        let error = std::io::Error::new(ErrorKind::StorageFull, text);
        return Err(Error::io("write", staging.out_dir())(error));
    }
    Ok((free < whole + spilled).then(|| {
        format!(
            "the disk may fill up: {} are free, and uncompressed the outputs would take {}",
            size(free),
            size(whole + spilled)
        )
    }))
}

/// Bytes for a person.
fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return format!("{size:.1} {unit}");
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}
