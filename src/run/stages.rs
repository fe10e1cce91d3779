//! The first stage of a run: priority grids.

use std::sync::Arc;

use super::kept::{Kept, Kind, MadePlane, WrittenGrids};
use super::layers::OpenLayers;
use super::prepared::Prepared;
use super::project::Project;
use super::resume::SummaryState;
use super::scored::{AtHand, Keeping, Scored};
use super::space::enough_space;
use super::{Job, Options, brief};
use super::{hazard, measures};
use crate::error::Result;
use crate::grid::{Cells, Tiling};
use crate::io::geotiff::GeoTiff;
use crate::io::scratch::Scratch;
use crate::progress::Progress;
use crate::report::grids::{GridFile, GridWriters, grids};
use crate::report::tables;
use crate::score::{self, Engine, Inputs, Plane, Recipe, Summary};

/// A stage that an interrupted run may have finished.
const GRIDS: &str = "grids";

/// Planes for which memory is left when layers are held: those that scoring keeps between its passes.
const PLANES_LEFT_FREE: usize = 8;

/// Tiles have one such share of the memory; half is for the planes kept between passes, the rest is what readers and
/// writers take.
pub const TILES_SHARE: u64 = 4;

/// Scores the layers into grids and the curve. What an earlier run of this process has made or written is taken over.
pub fn score_grids(
    job: &mut Job,
    prepared: &mut Prepared,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary> {
    let gathered = job.gathered.take();
    let (mut engine, note) = match &gathered {
        Some(gathered) => gathered.engine(options)?,
        None => score::engine(options.backend, options.device.as_deref())?,
    };
    progress.note(&note);
    // Half for the planes kept between passes, a quarter for tiles; the rest is what readers and writers take.
    let own = || Scratch::new(job.staging.folder(), (options.memory_bytes / 2) as usize);
    let scratch = job.kept.scratch().cloned().unwrap_or_else(own);
    let told = enough_space(&job.staging, prepared, options)?;
    job.record.warnings.extend(told);
    match &gathered {
        Some(gathered) => gathered.make_layers(job, prepared, options)?,
        None => make_layers(job, prepared, &mut *engine, &scratch, options, progress)?,
    }
    let recipe = seeded_recipe(&prepared.project, job.record.seed);
    let keys = GridKeys::of(prepared, &recipe, options);
    job.scored.folder = job.staging.folder().to_path_buf();
    let stage_key = job.stage_key(keys.grids.clone());
    let files = grid_files(job, recipe.robustness.is_some());
    let taken = if gathered.is_some() { None } else { take_scored(job, prepared, &keys, &files)? };
    let summary = match (gathered, taken) {
        (Some(gathered), _) => {
            gathered.finish(job, prepared, &recipe, &mut *engine, &scratch, options, progress)?
        }
        (None, Some(summary)) => Summary { seconds: Vec::new(), ..summary },
        (None, None) => match job.stages.find::<SummaryState>(GRIDS, &stage_key, progress) {
            Some(state) => {
                let exposure = GeoTiff::open(&job.staging.path("exposure.tif"), 1)?;
                state.summary(&recipe, &exposure, &criteria_of(&prepared.project, &prepared.layers))?
            }
            None => score_anew(job, prepared, &recipe, &keys, &mut *engine, &scratch, options, progress)?,
        },
    };
    let names: Vec<&'static str> = files.iter().map(|grid| grid.name).collect();
    job.stage_done(GRIDS, &stage_key, &names, &SummaryState::of(&summary))?;
    job.record.engine = Some((summary.engine.clone(), note));
    job.record.take_summary(&summary);
    job.outcome.score(&summary);
    tables::write_curve(&job.staging.path("curve.csv"), &summary.curve)?;
    if job.record.command != "plan" {
        job.outputs.extend(names);
        job.outputs.push("curve.csv");
    }
    job.grids = Some((keys, summary.clone()));
    job.lap("score");
    Ok(summary)
}

/// The layers of criteria and gates, as the recipe counts them.
pub fn criteria_of<'a>(project: &Project, layers: &'a OpenLayers<'_>) -> Vec<&'a dyn Cells> {
    project.score.criterion_layers.iter().map(|name| layers.plane(name)).collect()
}

/// What scoring reads.
pub fn inputs_of<'a>(project: &Project, layers: &'a OpenLayers<'_>) -> Inputs<'a> {
    Inputs {
        frame: &layers.frame,
        hazard: layers.plane("hazard"),
        population: layers.plane("population"),
        cost: layers.plane("cost"),
        criteria: criteria_of(project, layers),
    }
}

/// The recipe with the seed of this run.
pub fn seeded_recipe(project: &Project, seed: u64) -> Recipe {
    let mut recipe = project.score.recipe.clone();
    if let Some(robustness) = &mut recipe.robustness {
        robustness.seed = seed;
    }
    recipe
}

/// Makes the planes that scoring reads beside the layers as they are: hazard from areas and accidents, measures.
fn make_layers(
    job: &mut Job,
    prepared: &mut Prepared,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let layers = &mut prepared.layers;
    let kept = Arc::clone(&job.kept);
    if layers.hazard.is_some() {
        let key = layers.keys["hazard"].clone();
        let make = |layers: &mut OpenLayers<'static>| {
            let rows = 0..layers.frame.n_rows;
            hazard::make(layers, engine, scratch, rows, progress)
        };
        let told = plane_once(&kept, layers, "hazard", key, make)?;
        job.record.warnings.extend(told);
        if job.record.command != "plan" && !job.is_brief {
            let path = job.staging.path(hazard::HAZARD_FILE);
            hazard::write(layers.plane("hazard"), &path, options.compression)?;
            job.outputs.push(hazard::HAZARD_FILE);
        }
    }
    let tile_bytes = (options.memory_bytes / 4) as usize;
    for measure in &prepared.project.score.measures {
        let key = format!("{measure:?} {}", layers.keys[&measure.layer]);
        let make = |layers: &mut OpenLayers<'static>| {
            let (measure, rows) = (std::slice::from_ref(measure), 0..layers.frame.n_rows);
            measures::make(layers, measure, engine, scratch, rows, tile_bytes, progress)
        };
        let told = plane_once(&kept, layers, &measure.name, key, make)?;
        job.record.warnings.extend(told);
    }
    hold_layers(&kept, prepared, scratch)?;
    job.lap("make layers");
    Ok(())
}

/// Where more runs follow and memory allows, the layers that every one of them reads are held as cells, so that their
/// files are decoded once.
fn hold_layers(kept: &Kept, prepared: &mut Prepared, scratch: &Scratch) -> Result<()> {
    let layers = &mut prepared.layers;
    let frame = layers.frame.clone();
    let names = ["hazard", "cost"].map(str::to_owned).into_iter();
    for name in names.chain(prepared.project.score.criterion_layers.iter().cloned()) {
        // Measures and hazard made from areas are held already.
        let is_held = kept.find::<MadePlane>(Kind::Plane, &layers.keys[&name]).is_some();
        if !kept.is_on() || is_held {
            continue;
        }
        let key = format!("held {}", layers.keys[&name]);
        let held = match kept.find::<MadePlane>(Kind::Plane, &key) {
            Some(held) => held,
            None if scratch.planes_left(&frame) < PLANES_LEFT_FREE => continue,
            None => {
                let plane = scratch.plane(&frame)?;
                let from = layers.plane(&name);
                for window in Tiling::new(&frame, 1024).tiles() {
                    plane.write(window, &from.read_vec(window)?)?;
                }
                let made =
                    Arc::new(MadePlane { plane: Arc::from(plane as Box<dyn Cells>), warnings: Vec::new() });
                kept.put(Kind::Plane, &key, Arc::clone(&made));
                made
            }
        };
        layers.planes.insert(name, Arc::clone(&held.plane));
    }
    Ok(())
}

/// A plane that `make` adds to the layers, or that an earlier run has made.
fn plane_once(
    kept: &Kept,
    layers: &mut OpenLayers<'static>,
    name: &str,
    key: String,
    make: impl FnOnce(&mut OpenLayers<'static>) -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    let made = kept.once(Kind::Plane, &key, || {
        let warnings = make(layers)?;
        Ok(MadePlane { plane: Arc::clone(&layers.planes[name]), warnings })
    })?;
    layers.planes.insert(name.to_owned(), Arc::clone(&made.plane));
    layers.keys.insert(name.to_owned(), key);
    Ok(made.warnings.clone())
}

/// What grids are made of: equal keys mean equal files.
#[derive(Debug, Clone)]
pub struct GridKeys {
    /// Of what the first pass finds.
    pub first_pass: String,
    /// Of all grids.
    pub grids: String,
}

impl GridKeys {
    fn of(prepared: &Prepared, recipe: &Recipe, options: &Options) -> Self {
        let layers = &prepared.layers;
        let names = ["hazard", "population", "cost"].into_iter();
        let names = names.chain(prepared.project.score.criterion_layers.iter().map(String::as_str));
        let used: Vec<&str> = names.map(|name| layers.keys[name].as_str()).collect();
        let (frame, compression) = (&layers.frame, options.compression);
        let engine = (options.backend, &options.device);
        let first_pass = score::first_pass_key(recipe);
        Self {
            first_pass: format!("{first_pass} {frame:?} {compression:?} {engine:?} {used:?}"),
            grids: format!("{recipe:?} {frame:?} {compression:?} {engine:?} {used:?}"),
        }
    }
}

/// The grids that hold no more than the first pass and the layers themselves.
pub fn first_pass_grids() -> impl Iterator<Item = &'static GridFile> {
    let of_first =
        |grid: &&GridFile| matches!(grid.plane, Plane::Exposure | Plane::PeopleAtRisk | Plane::Cost);
    grids(false).filter(of_first)
}

/// The grids that the run writes.
fn grid_files(job: &Job, has_robustness: bool) -> Vec<&'static GridFile> {
    grids(has_robustness).filter(|grid| !job.is_brief || brief::writes(grid)).collect()
}

/// What an earlier run of this process has scored with the same settings, where its grids lie and the planes that are
/// needed later can be had.
fn take_scored(
    job: &mut Job,
    prepared: &Prepared,
    keys: &GridKeys,
    files: &[&GridFile],
) -> Result<Option<Summary>> {
    let at_hand = job.kept.find::<AtHand>(Kind::Scored, &keys.grids);
    let Some(written) = job.kept.find::<WrittenGrids>(Kind::Grids, &keys.grids) else { return Ok(None) };
    let has_all = grids(prepared.project.score.recipe.robustness.is_some())
        .all(|grid| written.names.contains(&grid.name));
    if (at_hand.is_none() && !has_all) || !job.take_written(&written, files.iter().map(|grid| grid.name))? {
        return Ok(None);
    }
    let at_hand = at_hand.map_or_else(Vec::new, |planes| AtHand::clone(&planes));
    job.scored = Scored { at_hand, folder: written.folder.clone() };
    Ok(written.summary.clone())
}

#[allow(clippy::too_many_arguments)] // each is one of the run's parts, used once
fn score_anew(
    job: &mut Job,
    prepared: &Prepared,
    recipe: &Recipe,
    keys: &GridKeys,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary> {
    let layers = &prepared.layers;
    let inputs = inputs_of(&prepared.project, layers);
    // A first pass counts only where its grids lie written too, or none of them is asked for.
    let has_robustness = recipe.robustness.is_some();
    let mut files = grid_files(job, has_robustness);
    let of_first: Vec<&str> = first_pass_grids().map(|grid| grid.name).collect();
    let (first, others): (Vec<&GridFile>, Vec<&GridFile>) =
        files.iter().partition(|grid| of_first.contains(&grid.name));
    let written = job.kept.find::<WrittenGrids>(Kind::Grids, &keys.first_pass);
    let is_written = match written.filter(|_| !first.is_empty()) {
        Some(written) => job.take_written(&written, first.iter().map(|grid| grid.name))?,
        None => false,
    };
    if is_written {
        files = others;
    }
    let first_pass = job.kept.first_pass(&keys.first_pass, is_written || first.is_empty());
    let writers = GridWriters::create(
        job.staging.folder(),
        &layers.frame,
        options.compression,
        recipe.n_classes() as u8,
        files,
    )?;
    // What task areas are summed over and scenarios compared by is kept where more runs follow.
    let planes: Vec<Plane> = [Plane::Rank, Plane::Benefit]
        .into_iter()
        .chain(has_robustness.then_some(Plane::Acceptability))
        .collect();
    let kept_planes = if job.kept.is_on() { planes.as_slice() } else { &[] };
    let mut sink = Keeping::new(writers, kept_planes, &inputs, scratch)?;
    let begun = std::time::Instant::now();
    let clock = || begun.elapsed().as_secs_f64();
    let score_options = score::Options {
        tile_size: None,
        memory_bytes: options.memory_bytes / TILES_SHARE,
        clock: Some(&clock),
        first_pass: first_pass.as_deref(),
        part: None,
    };
    let scratch = |_: &str| scratch.plane(&layers.frame);
    let summary = score::score(engine, &inputs, recipe, score_options, &scratch, &mut sink, progress)?;
    let (writers, mut at_hand) = sink.into_parts(first_pass.as_deref());
    job.know_hashes(writers.finish(progress)?);
    if job.kept.is_on() {
        at_hand.push((Plane::Cost, Arc::clone(&layers.planes["cost"])));
        job.kept.put(Kind::Scored, &keys.grids, Arc::new(at_hand.clone()));
    }
    job.scored.at_hand = at_hand;
    Ok(summary)
}
