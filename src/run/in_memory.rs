//! Layers that a program holds in memory, scored and outlined as those of a project are.
//!
//! In: settings shaped as a project file is, as JSON (`score`, and under `layers` what is said of each layer but its
//! path), and the layers as [`Cells`]. Out: planes of results through a sink, totals; task areas. Nothing is written but
//! scratch planes that do not fit the memory. The same cells give the same bits as a project that names files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::layers::{Given, OpenLayers, open_given};
use super::project::{AreaColumns, Project};
use super::stages::{TILES_SHARE, inputs_of, seeded_recipe};
use super::{areas, hazard, measures};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::{Cells, Frame};
use crate::io::features::FeatureTable;
use crate::io::scratch::Scratch;
use crate::progress::Progress;
use crate::score::{self, Backend, PlaneSink, Recipe, Summary, check_reach};
use crate::tasks::{self, GrowOptions, Planes, TaskArea, TaskOptions};

/// How layers are scored.
#[derive(Debug, Clone)]
pub struct Options {
    /// What computes the scores.
    pub backend: Backend,
    /// A GPU by part of its name or its index.
    pub device: Option<String>,
    /// Bound on the memory that tiles and planes kept between passes may take, bytes; the layers and what the sink
    /// keeps come on top.
    pub memory_bytes: u64,
    /// Where planes go that do not fit.
    pub scratch_folder: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            device: None,
            memory_bytes: 4 << 30,
            scratch_folder: std::env::temp_dir(),
        }
    }
}

/// Layers opened and checked: on one frame, in the units that scoring takes.
pub struct Scene<'a> {
    /// The settings.
    project: Project,
    layers: OpenLayers<'a>,
    memory_bytes: u64,
}

impl<'a> Scene<'a> {
    /// Brings the layers onto the frame, that of `hazard` or of the one named by `layers.frame`, and reads each through
    /// once. Layers that `settings` names by a path (roads, say) are read from `folder`.
    ///
    /// # Errors
    /// All faults of settings and layers together: unknown keys, layers that are missing, off the frame or without
    /// `resample`, values that no recipe can mean.
    pub fn open(
        settings: &Value,
        given: Vec<(String, Arc<dyn Cells + 'a>)>,
        folder: &Path,
        memory_bytes: u64,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let given: Given<'a> = given.into_iter().collect();
        let held: Vec<String> = given.keys().cloned().collect();
        let project = Project::of_settings(&with_layers(settings, &held), folder, &held)?;
        let mut faults = Faults::new();
        let layers = open_given(&project, &given, memory_bytes, &mut faults, progress)?;
        if let Some(layers) = &layers {
            let kernel = project.score.recipe.kernel;
            faults.take(check_reach(kernel, &layers.frame, memory_bytes / TILES_SHARE))?;
        }
        faults.finish()?;
        let layers = layers.ok_or_else(|| {
            let fix = "give the layer that the frame is taken from as an array, or report this";
            Error::from(Fault::new("layer.no_frame", "layers", "a layer that gives the frame", "none", fix))
        })?;
        Ok(Self { project, layers, memory_bytes })
    }

    /// The frame.
    pub fn frame(&self) -> &Frame {
        &self.layers.frame
    }

    /// How cells are scored.
    pub fn recipe(&self) -> &Recipe {
        &self.project.score.recipe
    }

    /// What is odd about settings and layers.
    pub fn warnings(&self) -> Vec<String> {
        self.project.score.warnings().into_iter().chain(self.layers.warnings.iter().cloned()).collect()
    }

    /// Scores the layers: planes to `sink`, tile by tile (see [`score::score`]), totals back. Warnings of settings and
    /// layers are among the summary's.
    ///
    /// # Errors
    /// Those of [`score::score`]; no usable device where one is asked for.
    pub fn score(
        mut self,
        options: &Options,
        sink: &mut dyn PlaneSink,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        let (mut engine, note) = score::engine(options.backend, options.device.as_deref())?;
        progress.note(&note);
        let mut warnings = self.warnings();
        // As in a run: half for the planes kept between passes, a quarter for tiles.
        let scratch = Scratch::new(&options.scratch_folder, (self.memory_bytes / 2) as usize);
        let rows = 0..self.layers.frame.n_rows;
        if self.layers.hazard.is_some() {
            let rows = rows.clone();
            warnings.extend(hazard::make(&mut self.layers, &mut *engine, &scratch, rows, progress)?);
        }
        let asked = &self.project.score.measures;
        let tile_bytes = (self.memory_bytes / TILES_SHARE) as usize;
        warnings.extend(measures::make(
            &mut self.layers,
            asked,
            &mut *engine,
            &scratch,
            rows,
            tile_bytes,
            progress,
        )?);
        let recipe = seeded_recipe(&self.project, self.project.seed);
        let layers = &self.layers;
        let inputs = inputs_of(&self.project, layers);
        let begun = std::time::Instant::now();
        let clock = || begun.elapsed().as_secs_f64();
        let score_options = score::Options {
            tile_size: None,
            memory_bytes: self.memory_bytes / TILES_SHARE,
            clock: Some(&clock),
            first_pass: None,
            part: None,
        };
        let plane = |_: &str| scratch.plane(&layers.frame);
        let mut summary =
            score::score(&mut *engine, &inputs, &recipe, score_options, &plane, sink, progress)?;
        warnings.append(&mut summary.warnings);
        Ok(Summary { warnings, ..summary })
    }
}

/// The settings with a table for every layer that is held and not spoken of.
pub(super) fn with_layers(settings: &Value, held: &[String]) -> Value {
    let mut settings = settings.clone();
    let Some(object) = settings.as_object_mut() else { return settings };
    object.entry("project").or_insert_with(|| serde_json::json!({ "name": "in memory" }));
    let layers = object.entry("layers").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Some(layers) = layers.as_object_mut() {
        for name in held {
            layers.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
    }
    settings
}

/// Where task areas come from.
pub enum Ground {
    /// Hazardous areas, read already, with what is said of their columns.
    Areas(Box<FeatureTable>, AreaColumns),
    /// Connected ground of high rank.
    Grown(GrowOptions),
}

/// Task areas with their sums over planes in memory, and what is odd about them, a sentence each.
///
/// # Errors
/// Those of [`tasks::from_polygons`] and [`tasks::grow`]; columns that the areas do not have; a CRS on another datum.
pub fn outline_tasks(
    ground: Ground,
    planes: &Planes<'_>,
    options: &TaskOptions<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<TaskArea>, Vec<String>)> {
    let (tasks, findings, mut told, n_areas) = match ground {
        Ground::Areas(table, columns) => {
            let crs = &planes.rank.frame().crs;
            let read = areas::of_features(*table, Path::new("areas"), &columns, "areas", crs)?;
            let n_areas = read.polygons.len();
            let (tasks, findings) = tasks::from_polygons(read.polygons, planes, options, progress)?;
            (tasks, findings, read.notes, n_areas)
        }
        Ground::Grown(grow) => {
            let (tasks, findings) = tasks::grow(planes, &grow, options, progress)?;
            let n_areas = tasks.len();
            (tasks, findings, Vec::new(), n_areas)
        }
    };
    told.extend(tasks::summarised(&findings, n_areas).iter().map(ToString::to_string));
    Ok((tasks, told))
}
