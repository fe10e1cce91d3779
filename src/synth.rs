//! A made-up region that looks like a real one, with its project file: rasters, hazardous areas, settlements,
//! roads, districts and teams, from a preset, a size in cells and a seed.
//!
//! The objects (settlements, roads, front lines, patches) are made first, from the seed. Every raster tile is
//! then a pure function of them and of the cells' coordinates, so memory is bounded and the same seed gives the
//! same bytes on any number of threads and with any tile size. Nothing in a region is real: all lie in the open
//! North Atlantic, and names are invented.
//!
//! Bytes agree between machines for the rasters (`+ − × ÷ √` only). Longitudes and latitudes in the vector files
//! go through a projection that uses the system's `sin` and are rounded to 1e-6 degrees; a difference in the last
//! bit of a library could move that digit.

mod chance;
mod preset;

mod ground;
mod terrain;

mod houses;
mod names;
mod settlements;

mod nearest;
mod path;
mod roads;

mod front;
mod patches;

mod planes;
mod region;

use std::path::{Path, PathBuf};

use crate::error::{Fault, Result};
use crate::grid::Frame;
use crate::progress::Progress;

pub use crate::io::geotiff::Compression;
pub use planes::{Layer, Planes};
pub use preset::Preset;
pub use region::Region;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynthSpec {
    /// The kind of region.
    pub preset: Preset,
    /// Cells a side, 1 to [`Preset::max_size`].
    pub size: usize,
    /// Same seed, same bytes.
    pub seed: u64,
    /// Compression of the rasters.
    pub compress: Compression,
}

/// What was made, for the short table a person sees.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthSummary {
    /// The project file to run.
    pub project: PathBuf,
    /// Every file written, relative to the folder, in the order written.
    pub files: Vec<PathBuf>,
    /// The frame of all rasters.
    pub frame: Frame,
    /// Settlements.
    pub n_settlements: usize,
    /// People in all of them; the population raster sums to the same number.
    pub people: u64,
    /// Road length, in kilometres.
    pub road_km: f64,
    /// Hazardous areas written.
    pub n_areas: usize,
    /// Their area, in hectares.
    pub areas_ha: f64,
    /// Teams.
    pub n_teams: usize,
    /// The budget set in the project, in US dollars.
    pub budget_usd: f64,
}

/// Makes a region in `out_dir`, which is created where it is missing.
///
/// # Errors
/// `synth.size` when the size is not within the preset's range; I/O errors with the path.
pub fn synth(spec: &SynthSpec, out_dir: &Path, progress: &dyn Progress) -> Result<SynthSummary> {
    check(spec)?;
    let _ = (out_dir, progress);
    Err(Fault::new(
        "synth.unfinished",
        "clearway synth",
        "the next commit",
        "the interface only",
        "merge again",
    )
    .into())
}

fn check(spec: &SynthSpec) -> Result<()> {
    let max = spec.preset.max_size();
    if (1..=max).contains(&spec.size) {
        return Ok(());
    }
    let fix = format!("give a size from 1 to {max}");
    Err(Fault::new("synth.size", "--size", format!("1 to {max} cells a side"), spec.size.to_string(), fix)
        .into())
}
