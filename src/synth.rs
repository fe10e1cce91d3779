//! A made-up region that looks like a real one, with its project file: rasters, hazardous areas, settlements,
//! roads, districts and teams, from a preset, a size in cells and a seed.
//!
//! The objects (settlements, roads, front lines, patches) are made first, from the seed. Every raster tile is
//! then a pure function of them and of the cells' coordinates, so memory is bounded and the same seed gives the
//! same bytes on any number of threads and with any tile size. Nothing in a region is real: its middle lies in
//! the open North Atlantic, and names are invented.
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

mod areas;
mod districts;
mod teams;

mod planes;
mod region;

mod budget;
mod project;
mod write;

use std::path::{Path, PathBuf};

use crate::error::{Fault, Faults, Result};
use crate::grid::Frame;
use crate::io::atomic::{Staging, write_atomic};
use crate::progress::Progress;
use crate::units::{M_PER_KM, M2_PER_HECTARE};

use project::project_text;
use write::{write_areas, write_districts, write_rasters, write_roads, write_settlements, write_teams};

pub use crate::io::geotiff::Compression;
pub use planes::{Layer, Planes};
pub use preset::Preset;
pub use region::Region;
pub use teams::TEAM_COLUMNS;

/// The project file, put into place after all others.
const PROJECT: &str = "project.toml";

/// The files beside the rasters and the project file.
const VECTOR_FILES: [&str; 5] =
    ["hazardous_areas.geojson", "settlements.csv", "districts.geojson", "roads.geojson", "teams.csv"];

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

impl SynthSummary {
    /// For scripts.
    pub fn to_json(&self) -> serde_json::Value {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        serde_json::json!({
            "project": self.project.display().to_string(), "files": files, "columns": self.frame.n_cols,
            "rows": self.frame.n_rows, "crs": self.frame.crs.to_string(), "settlements": self.n_settlements,
            "people": self.people, "road_km": self.road_km, "areas": self.n_areas, "areas_ha": self.areas_ha,
            "teams": self.n_teams, "budget_usd": self.budget_usd,
        })
    }
}

/// Makes a region in `out_dir`, which is created where it is missing.
///
/// # Errors
/// `synth.size` when the size is not within the preset's range, `synth.exists` when the folder already holds a
/// project; I/O errors with the path.
pub fn synth(spec: &SynthSpec, out_dir: &Path, progress: &dyn Progress) -> Result<SynthSummary> {
    check(spec, out_dir)?;
    let region = Region::new(spec)?;
    progress.check()?;
    let (areas, teams) = (region.hazardous_areas()?, region.teams());
    let budget_usd = match spec.preset {
        Preset::Hillside | Preset::Nation => region.budget_of_areas_usd(&areas, &teams),
        Preset::Plain => region.budget_of_grown_usd(&teams),
    };

    let staging = Staging::new(out_dir, true)?;
    write_rasters(&region, spec.compress, staging.folder(), progress)?;
    write_areas(&areas, &staging.path("hazardous_areas.geojson"))?;
    write_settlements(&region, &staging.path("settlements.csv"))?;
    write_districts(&region, &staging.path("districts.geojson"))?;
    write_roads(&region, &staging.path("roads.geojson"))?;
    write_teams(&region, &teams, &staging.path("teams.csv"))?;
    write_atomic(&staging.path(PROJECT), project_text(spec, &region, budget_usd).as_bytes())?;
    let files: Vec<&str> = Layer::ALL.into_iter().map(Layer::file).chain(VECTOR_FILES).collect();
    staging.commit(&files, PROJECT)?;

    let people = region.settlements.iter().map(|settlement| u64::from(settlement.people)).sum();
    Ok(SynthSummary {
        project: out_dir.join(PROJECT),
        files: files.into_iter().chain([PROJECT]).map(PathBuf::from).collect(),
        frame: region.frame().clone(),
        n_settlements: region.settlements.len(),
        people,
        road_km: region.roads.iter().map(|road| road.length_m()).sum::<f64>() / M_PER_KM,
        n_areas: areas.len(),
        areas_ha: areas.iter().map(|area| area.area_m2).sum::<f64>() / M2_PER_HECTARE,
        n_teams: teams.len(),
        budget_usd,
    })
}

fn check(spec: &SynthSpec, out_dir: &Path) -> Result<()> {
    let mut faults = Faults::new();
    let max = spec.preset.max_size();
    if !(1..=max).contains(&spec.size) {
        let (expected, fix) = (format!("1 to {max} cells a side"), format!("give a size from 1 to {max}"));
        faults.push(Fault::new("synth.size", "--size", expected, spec.size.to_string(), fix));
    }
    let project = out_dir.join(PROJECT);
    if project.exists() {
        // A project file is what people edit: it is never written over.
        let place = out_dir.display().to_string();
        let fix = "choose another folder with --out, or remove the project in it";
        faults.push(Fault::new("synth.exists", place, "a folder without a project", "project.toml", fix));
    }
    faults.finish()
}
