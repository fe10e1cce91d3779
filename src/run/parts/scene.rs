//! Layers as one part of a score sees them, and what is done with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::super::in_memory::{Options, with_layers};
use super::super::kept::Kept;
use super::super::layers::{self, Given, OpenLayers};
use super::super::prepared::{Need, project_of};
use super::super::project::Project;
use super::super::shards::{KEPT, kept_plane, made_layers, plane_name};
use super::super::stages::{TILES_SHARE, inputs_of, seeded_recipe};
use super::super::{hazard, measures};
use super::counted::{About, Counted};
use super::held::{Handed, PartSink};
use super::rounds::{Layout, layout, made_layer, made_name, round_of};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::{CellStore, Cells, Frame, MemoryCells, Placed, Tiling, Window, is_unknown, sized};
use crate::io::scratch::Scratch;
use crate::layers::{SURVEY_BLOCK, Survey, range_faults, survey_part};
use crate::progress::{Progress, Silent};
use crate::score::{
    self, Engine, EngineInfo, HeldCells, MemorySink, Native, Plane, Reach, Step, Summary, check_reach,
};

/// Where layers come from.
pub enum PartSource<'a> {
    /// A caller holds them, all on one frame.
    Held {
        /// Settings shaped as a project file is.
        settings: &'a Value,
        /// Paths in them are relative to it.
        folder: &'a Path,
        /// The frame of the whole.
        frame: Frame,
        /// The layers held.
        names: Vec<String>,
        /// Cells of those that are read in this call, with the place of their first cell (column, row): of the part
        /// at least, of the population the part's [`PartScene::source`].
        cells: Vec<(String, Arc<dyn Cells + 'a>, [i64; 2])>,
    },
    /// A project file names them; they are read by window.
    Project {
        /// The file.
        file: &'a Path,
        /// `key.path=value` texts laid over it.
        overrides: &'a [String],
    },
}

/// What one part is asked for in one round.
pub struct Walk<'a> {
    /// The part.
    pub part: Window,
    /// The names of the steps that are next, by [`After::steps`].
    pub steps: &'a [String],
    /// Planes of earlier rounds, with the place of their first cell (column, row).
    pub planes: Vec<(String, Arc<dyn Cells + 'a>, [i64; 2])>,
    /// The planes to hand back, of those that the round makes.
    pub wanted: &'a [String],
    /// What all parts have counted in the rounds before.
    pub known: &'a Counted,
}

/// What came of it.
pub struct Walked {
    /// Planes of the part, row by row.
    pub planes: Vec<(String, HeldCells)>,
    /// What was counted.
    pub counted: Counted,
}

/// What follows from what all parts have counted.
#[derive(Debug, Clone)]
pub struct After {
    /// The steps that are next, by the round in which they are walked.
    pub steps: BTreeMap<String, Vec<String>>,
    /// The totals, once nothing is left.
    pub summary: Option<Summary>,
}

/// What this process has opened of project files' layers; of each kind the last few.
static OPENED: LazyLock<Kept> = LazyLock::new(|| Kept::in_scratch(Scratch::new(&std::env::temp_dir(), 0)));

/// Layers opened, on one frame.
pub struct PartScene<'a> {
    project: Project,
    layers: OpenLayers<'a>,
    memory_bytes: u64,
}

impl<'a> PartScene<'a> {
    /// Opens settings and layers without reading any cell. With `surveys`, those of all parts together, the layers'
    /// values are judged too.
    ///
    /// # Errors
    /// All faults together: unknown keys, layers that are missing or off the frame, `part.whole_layer` where a distance
    /// is asked for to the cells of a layer that is held by parts.
    pub fn open(
        source: PartSource<'a>,
        memory_bytes: u64,
        surveys: Option<&BTreeMap<String, Survey>>,
    ) -> Result<Self> {
        let mut given = Given::new();
        let nothing = Kept::nothing();
        let (project, kept) = match source {
            PartSource::Held { settings, folder, frame, names, cells } => {
                let project = Project::of_settings(&with_layers(settings, &names), folder, &names)?;
                let mut cells: BTreeMap<String, Arc<dyn Cells + 'a>> =
                    cells.into_iter().map(|(name, cells, at)| (name, placed(&frame, cells, at))).collect();
                for name in names {
                    let cells = cells.remove(&name);
                    let handed = Handed { name: format!("layer `{name}`"), frame: frame.clone(), cells };
                    given.insert(name, Arc::new(handed));
                }
                (project, &nothing)
            }
            PartSource::Project { file, overrides } => (project_of(file, overrides, Need::Grids)?, &*OPENED),
        };
        let document = Arc::clone(&project.document);
        let mut faults = Faults::new();
        whole_layers(&project).into_iter().for_each(|fault| faults.push(fault));
        let opened = match surveys {
            Some(surveys) => {
                layers::open_surveyed(&project, &given, memory_bytes, kept, surveys, &mut faults)
            }
            None => layers::open_unread(&project, &given, memory_bytes, kept, &mut faults),
        };
        let layers = opened.map_err(|error| document.locate(error))?;
        if let Some(layers) = &layers {
            let kernel = project.score.recipe.kernel;
            faults.take(check_reach(kernel, &layers.frame, memory_bytes / TILES_SHARE))?;
        }
        faults.finish().map_err(|error| document.locate(error))?;
        let layers = layers.ok_or_else(|| internal("layers", "layers on a frame", "none"))?;
        Ok(Self { project, layers, memory_bytes })
    }

    /// The frame of the whole.
    pub fn frame(&self) -> &Frame {
        &self.layers.frame
    }

    /// The rounds, and the planes of results.
    pub fn layout(&self) -> Layout {
        layout(&self.project, &self.layers)
    }

    /// The people that a part needs: itself and as far as the kernel reaches, within the frame.
    pub fn source(&self, part: Window) -> Window {
        if part.is_empty() {
            return part;
        }
        let reach = Reach::new(self.project.score.recipe.kernel, self.frame());
        let needed = reach.of_tile(part).source;
        needed.clipped(self.frame()).unwrap_or(part)
    }

    /// Does one part's share of one round.
    ///
    /// # Errors
    /// Those of [`score::score_part`]; values without meaning are no error here: [`PartScene::open`] tells those of all
    /// parts together.
    pub fn walk(
        mut self,
        walk: Walk<'a>,
        options: &Options,
        engine: &mut dyn Engine,
        progress: &dyn Progress,
    ) -> Result<Walked> {
        let Walk { part, steps, planes, wanted, known } = walk;
        let steps = steps.iter().map(|name| step_of(name)).collect::<Result<Vec<Step>>>()?;
        let mut kept = BTreeMap::new();
        for (name, cells, at) in planes {
            let cells = placed(self.frame(), cells, at);
            match made_layer(&name) {
                Some(layer) => drop(self.layers.planes.insert(layer.to_owned(), cells)),
                // Scoring keeps its planes itself: it may hand them to another score.
                None => drop(kept.insert(name, own(&*cells, part)?)),
            }
        }
        let EngineInfo { kind, device, driver } = engine.info();
        let engine_of = match kind {
            "gpu" => [kind.to_owned(), device, driver],
            _ => [kind.to_owned(), String::new(), String::new()],
        };
        let mut counted =
            Counted { about: About { engine: Some(engine_of), ..About::default() }, ..Counted::default() };
        let scratch = Scratch::new(&options.scratch_folder, (self.memory_bytes / 2) as usize);
        let mut made = Vec::new();
        if steps.contains(&Step::Exposure) {
            let has_meaning = self.survey(part, &mut counted.about.surveys, progress)?;
            if !has_meaning {
                return Ok(Walked { planes: Vec::new(), counted });
            }
            counted.about.told = self.make_layers(part, engine, &scratch, progress)?;
            for (layer, _) in made_layers(&self.project, self.layers.hazard.is_some()) {
                let name = made_name(&layer);
                if wanted.contains(&name) {
                    made.push((name, HeldCells::Reals(reals(self.layers.plane(&layer), part)?)));
                }
            }
        }
        self.stand_in();
        let (mut sink, _) = self.score(part, &steps, kept, wanted, known, engine, progress)?;
        counted.steps = std::mem::take(&mut sink.counted);
        let planes = sink.planes.into_planes().into_iter();
        made.extend(planes.map(|(plane, cells)| (plane_name(plane).to_owned(), cells)));
        Ok(Walked { planes: made, counted })
    }

    /// What follows from the counts of all parts. The scene is one that was opened with the surveys of all.
    ///
    /// # Errors
    /// `score.nothing_scored`.
    pub fn after(mut self, known: &Counted) -> Result<After> {
        self.stand_in();
        let nowhere = Window::new(0, 0, 0, 0);
        let native = &mut Native::new();
        let (sink, summary) =
            self.score(nowhere, &[], BTreeMap::new(), &[], known, native, &Silent::default())?;
        let mut missing: BTreeSet<Step> = sink.missing;
        // They wait for the samples' counts.
        if missing.iter().any(|step| *step != Step::Moments) {
            missing.remove(&Step::Moments);
        }
        let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
        missing.iter().for_each(|step| steps.entry(round_of(*step)).or_default().push(step.name()));
        let summary = summary.map(|mut summary| {
            let mut warnings = self.project.score.warnings();
            warnings.extend(self.layers.warnings.iter().chain(&known.about.told).cloned());
            warnings.append(&mut summary.warnings);
            let engine = known.gpu().unwrap_or_else(|| summary.engine.clone());
            Summary { warnings, engine, ..summary }
        });
        Ok(After { steps, summary })
    }

    /// For layers made before scoring that this call was not handed, planes that nobody may read.
    fn stand_in(&mut self) {
        let frame = self.layers.frame.clone();
        for (layer, _) in made_layers(&self.project, self.layers.hazard.is_some()) {
            let name = format!("layer `{layer}`");
            let plane =
                || Arc::new(Handed { name, frame: frame.clone(), cells: None }) as Arc<dyn Cells + 'a>;
            self.layers.planes.entry(layer).or_insert_with(plane);
        }
    }

    #[allow(clippy::too_many_arguments)] // of one walk, named there
    fn score<'b>(
        &self,
        part: Window,
        walk: &'b [Step],
        kept: BTreeMap<String, Arc<dyn Cells>>,
        wanted: &[String],
        known: &'b Counted,
        engine: &mut dyn Engine,
        progress: &dyn Progress,
    ) -> Result<(PartSink<'b>, Option<Summary>)> {
        let recipe = seeded_recipe(&self.project, self.project.seed);
        let frame = self.frame();
        let planes: Vec<Plane> =
            planes().filter(|plane| wanted.iter().any(|name| name == plane_name(*plane))).collect();
        let mut sink = PartSink {
            part,
            planes: MemorySink::new(&sized(frame, part.n_cols, part.n_rows), &planes),
            known,
            walk,
            counted: BTreeMap::new(),
            missing: BTreeSet::new(),
        };
        let scratch = |name: &str| -> Result<Box<dyn CellStore>> {
            if !KEPT.contains(&name) {
                return Ok(Box::new(Placed::in_memory(frame.clone(), part)));
            }
            let plane = plane_name(kept_plane(name, &recipe));
            let cells = kept.get(plane).cloned();
            Ok(Box::new(Handed { name: format!("plane `{plane}`"), frame: frame.clone(), cells }))
        };
        let score_options = score::Options {
            memory_bytes: self.memory_bytes / TILES_SHARE,
            part: Some(part),
            ..score::Options::default()
        };
        let inputs = inputs_of(&self.project, &self.layers);
        let summary =
            score::score_part(engine, &inputs, &recipe, score_options, &scratch, &mut sink, progress)?;
        Ok((sink, summary))
    }

    /// The blocks of the layers' surveys in a part, and whether its values have a meaning.
    fn survey(
        &self,
        part: Window,
        surveys: &mut BTreeMap<String, Vec<([i64; 2], Survey)>>,
        progress: &dyn Progress,
    ) -> Result<bool> {
        let block = SURVEY_BLOCK as i64;
        let ends = [(part.end_col(), self.frame().n_cols), (part.end_row(), self.frame().n_rows)];
        let is_aligned = part.col % block == 0
            && part.row % block == 0
            && ends.iter().all(|&(end, n)| end % block == 0 || end == n as i64);
        if !is_aligned {
            let expected = format!("a part that begins and ends at multiples of {block} cells");
            return Err(internal("part", &expected, &format!("{part:?}")));
        }
        let mut has_meaning = true;
        for (name, role) in layers::surveyed(&self.project, &self.layers) {
            let places = Tiling::over(part, SURVEY_BLOCK);
            let mut places = places.tiles();
            let (mut blocks, mut sum) = (Vec::new(), Survey::default());
            survey_part(self.layers.plane(&name), part, progress, |found| {
                sum.add(&found);
                let place = places.next().map_or([0, 0], |place| [place.row, place.col]);
                blocks.push((place, found));
            })?;
            // A layer may well be unknown in all of a part.
            has_meaning &=
                sum.n_known == 0 || range_faults(role, &name, self.frame(), &sum).faults.is_empty();
            surveys.insert(name, blocks);
        }
        Ok(has_meaning)
    }

    /// Makes what is made before scoring, in the part's rows.
    fn make_layers(
        &mut self,
        part: Window,
        engine: &mut dyn Engine,
        scratch: &Scratch,
        progress: &dyn Progress,
    ) -> Result<Vec<String>> {
        if made_layers(&self.project, self.layers.hazard.is_some()).is_empty() {
            return Ok(Vec::new());
        }
        if part.n_cols != self.frame().n_cols {
            return Err(internal("part", "whole rows, since layers are made", &format!("{part:?}")));
        }
        let rows = part.row as usize..part.end_row() as usize;
        let mut told = hazard::make(&mut self.layers, engine, scratch, rows.clone(), progress)?;
        let asked = &self.project.score.measures;
        let memory = (self.memory_bytes / TILES_SHARE) as usize;
        told.extend(measures::make(&mut self.layers, asked, engine, scratch, rows, memory, progress)?);
        Ok(told)
    }
}

/// Measures that need all of a layer where only parts of it are held.
fn whole_layers(project: &Project) -> Vec<Fault> {
    let measures = project.score.measures.iter().filter(|measure| project.is_given(&measure.layer));
    let fault = |layer: &str| {
        let expected = "a layer that is known as a whole, to measure the distance to its cells";
        let fix = "give it by its file, `layers={\"…\": {\"path\": \"….tif\"}}`, or make it a raster of distances first";
        Fault::new("part.whole_layer", format!("layer `{layer}`"), expected, "an array in parts", fix)
    };
    measures.map(|measure| fault(&measure.layer)).collect()
}

/// Every plane of results.
fn planes() -> impl Iterator<Item = Plane> {
    [
        Plane::Rank,
        Plane::Class,
        Plane::Benefit,
        Plane::Cost,
        Plane::BenefitPerCost,
        Plane::Order,
        Plane::Exposure,
        Plane::PeopleAtRisk,
        Plane::Acceptability,
        Plane::RankMean,
        Plane::RankSd,
    ]
    .into_iter()
}

fn placed<'a>(frame: &Frame, cells: Arc<dyn Cells + 'a>, [col, row]: [i64; 2]) -> Arc<dyn Cells + 'a> {
    Arc::new(Placed::new(frame.clone(), col, row, cells))
}

/// The cells of a part, held.
fn own(cells: &dyn Cells, part: Window) -> Result<Arc<dyn Cells>> {
    let frame = cells.frame();
    let held = MemoryCells::from_values(sized(frame, part.n_cols, part.n_rows), cells.read_vec(part)?);
    Ok(Arc::new(Placed::new(frame.clone(), part.col, part.row, held)))
}

fn step_of(name: &str) -> Result<Step> {
    Step::of_name(name).ok_or_else(|| internal("steps", "a step's name", name))
}

fn reals(plane: &dyn Cells, part: Window) -> Result<Vec<f32>> {
    let mut cells = plane.read_vec(part)?;
    cells.iter_mut().for_each(|cell| *cell = if is_unknown(*cell) { f32::NAN } else { *cell });
    Ok(cells)
}

fn internal(place: &str, expected: &str, found: &str) -> Error {
    Fault::new("project.internal", place, expected, found, "report it").into()
}
