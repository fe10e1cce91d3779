//! The pieces of all shards, checked to belong together, and what they add up to.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::super::hazard::{self, HAZARD_FILE};
use super::super::layers::OpenLayers;
use super::super::prepared::Prepared;
use super::super::project::Project;
use super::super::stages::{TILES_SHARE, inputs_of};
use super::super::{Job, Options};

use super::folder::{self, LAYERS, ShardsFolder, StepRecord};
use super::identity::Identity;
use super::planes::{
    HAZARD, KEPT, SURVEYS, kept_plane, made_layers, made_spec, piece_name, plane_file, step_of,
};
use super::together::{Steps, together};
use crate::error::{Error, Fault, Result};
use crate::grid::{CellStore, Cells, Frame, Window};
use crate::io::geotiff::{GeoTiffWriter, Piece, Pieces, WriteSpec};
use crate::io::scratch::Scratch;
use crate::layers::Survey;
use crate::progress::Progress;
use crate::report::grids::{GridWriters, grids};
use crate::score::{self, Asked, Engine, Native, Plane, PlaneSink, Recipe, Step, StepCounts, Summary};

/// The pieces of all shards.
pub struct Gathered {
    folder: ShardsFolder,
    /// What they have in common.
    pub identity: Identity,
    /// By step, each shard's record.
    steps: Steps,
}

impl Gathered {
    /// Those in an output folder. Of what is missing, damaged or of another score all shards are named.
    pub fn open(out_dir: &Path) -> Result<Self> {
        let folder = ShardsFolder::of(out_dir);
        let (identity, steps) = together(&folder)?;
        Ok(Self { folder, identity, steps })
    }

    /// The first shard's record of the first step: how all were asked for.
    pub fn first(&self) -> &StepRecord {
        &self.steps[LAYERS][0]
    }

    /// Shards in all.
    pub fn n_shards(&self) -> usize {
        self.identity.n_shards
    }

    /// Refuses a project or inputs that have changed since.
    pub fn check(&self, project: &Project, layers: &OpenLayers<'_>, options: &Options) -> Result<()> {
        let native = Native::new().info();
        let now = Identity::new(project, &layers.files, options, &native, self.n_shards())?;
        let now = now.with_engine_of(&self.identity);
        if now == self.identity {
            return Ok(());
        }
        let differences = self.identity.differences(&now).join("; ").replace("with the others", "now");
        let place = self.folder.root.display().to_string();
        let fix = "run all shards again, into another folder or after removing this one";
        let expected = "pieces of the project and inputs as they are";
        Err(Fault::new("shard.foreign", place, expected, differences, fix).into())
    }

    /// The engine that the shards had, or where it is not here the native one: counts and ranks are the same on both.
    pub fn engine(&self, options: &Options) -> Result<(Box<dyn Engine>, String)> {
        let opened = score::engine(options.backend, options.device.as_deref());
        match opened {
            Ok((engine, note)) if self.identity.is_engine(&engine.info()) => Ok((engine, note)),
            _ => {
                let note = format!("engine: {}, by shards; what is left natively", self.identity.engine());
                Ok((Box::new(Native::new()), note))
            }
        }
    }

    /// What the surveys of all parts of each layer add up to.
    pub fn surveys(&self) -> Result<BTreeMap<String, Survey>> {
        let mut sums: BTreeMap<String, Survey> = BTreeMap::new();
        for (home, record) in self.of_step(LAYERS) {
            let bytes = folder::read_file(&home, record, SURVEYS)?;
            let surveys: BTreeMap<String, Vec<Survey>> = serde_json::from_slice(&bytes)
                .map_err(|_| folder::damaged(&home.join(SURVEYS), "something else"))?;
            for (layer, blocks) in surveys {
                let sum = sums.entry(layer).or_default();
                blocks.iter().for_each(|block| sum.add(block));
            }
        }
        Ok(sums)
    }

    /// A step's records with their folders, first shard first.
    fn of_step(&self, step: &str) -> impl Iterator<Item = (std::path::PathBuf, &StepRecord)> {
        let records = self.steps.get(step).into_iter().flatten();
        records.map(|record| (self.folder.shard(record.shard, self.n_shards()), record))
    }

    /// The pieces that a step left under a name. With `is_checked` every byte is checked.
    fn pieces(&self, step: &str, name: &str, is_checked: bool) -> Result<Vec<Piece>> {
        let file = piece_name(name);
        let mut pieces = Vec::new();
        for (home, record) in self.of_step(step) {
            let Some(known) = record.files.iter().find(|known| known.name == file) else { continue };
            let piece = Piece::open(&home.join(&file))?;
            if is_checked && piece.crc32()? != known.crc32 {
                return Err(piece.damaged("other bytes"));
            }
            pieces.push(piece);
        }
        Ok(pieces)
    }

    /// What is known of each step: the counts of all shards, and what an earlier reduction has counted itself.
    pub fn known(&self) -> Result<HashMap<Step, StepCounts>> {
        let mut known = HashMap::new();
        for step in self.steps.keys().filter_map(|name| Step::of_name(name)) {
            let mut sum: Option<StepCounts> = None;
            for (home, record) in self.of_step(&step.name()) {
                let counts = folder::read_counts(&home, record)?;
                match &mut sum {
                    Some(sum) => sum.add(&counts)?,
                    None => sum = Some(counts),
                }
            }
            known.extend(sum.map(|sum| (step, sum)));
        }
        let totals = self.folder.totals();
        for step in folder::recorded_steps(&totals).iter().filter_map(|name| Step::of_name(name)) {
            let record = folder::read_record(&totals, &step.name())?;
            if let Some(record) = record.filter(|record| step.is_light() && record.identity == self.identity)
            {
                known.insert(step, folder::read_counts(&totals, &record)?);
            }
        }
        Ok(known)
    }

    /// Writes the counts of all shards for their next call.
    pub fn write_totals(&self, known: &HashMap<Step, StepCounts>) -> Result<()> {
        let totals = self.folder.totals();
        std::fs::create_dir_all(&totals).map_err(Error::io("create", &totals))?;
        for (step, counts) in known {
            let name = step.name();
            let file = folder::write_file(&totals, folder::counts_name(&name), &counts.to_bytes())?;
            let record = StepRecord {
                shard: 0,
                step: name,
                files: vec![file],
                warnings: Vec::new(),
                ..self.first().clone()
            };
            folder::write_record(&totals, &record)?;
        }
        Ok(())
    }

    /// Puts the layers that shards have made in their places.
    pub fn put_layers(
        &self,
        project: &Project,
        layers: &mut OpenLayers<'_>,
        options: &Options,
    ) -> Result<()> {
        for (layer, name) in made_layers(project, layers.hazard.is_some()) {
            let pieces = self.pieces(LAYERS, &name, false)?;
            let pieces = Pieces::new(&layers.frame, &made_spec(&name, options.compression), pieces)?;
            layers.keys.insert(layer.clone(), format!("by shards, {name}"));
            layers.planes.insert(layer, Arc::new(pieces) as Arc<dyn Cells>);
        }
        Ok(())
    }

    /// The same in a run that ends here: with the built hazard's grid.
    pub fn make_layers(&self, job: &mut Job, prepared: &mut Prepared, options: &Options) -> Result<()> {
        self.put_layers(&prepared.project, &mut prepared.layers, options)?;
        for (_, record) in self.of_step(LAYERS) {
            for text in &record.warnings {
                if !job.record.warnings.contains(text) {
                    job.record.warnings.push(text.clone());
                }
            }
        }
        if prepared.layers.hazard.is_some() {
            let (path, spec) = (job.staging.path(HAZARD_FILE), hazard::spec(options.compression));
            let mut writer = GeoTiffWriter::create(&path, &prepared.layers.frame, &spec)?;
            for piece in self.pieces(LAYERS, HAZARD, true)? {
                writer.absorb(&piece)?;
            }
            writer.finish()?;
            job.outputs.push(HAZARD_FILE);
        }
        job.lap("make layers");
        Ok(())
    }

    /// Kept planes by name: those of the shards as they lie, others from `elsewhere`.
    fn kept<'a>(
        &'a self,
        frame: &'a Frame,
        recipe: &Recipe,
        options: &Options,
        elsewhere: &'a dyn Fn() -> Result<Box<dyn CellStore>>,
    ) -> Result<impl Fn(&str) -> Result<Box<dyn CellStore>> + 'a> {
        let mut kept: BTreeMap<&str, (WriteSpec, RefCell<Vec<Piece>>)> = BTreeMap::new();
        for name in KEPT {
            let plane = kept_plane(name, recipe);
            let (step, (file, spec)) = (step_of(plane).name(), plane_file(plane, options.compression));
            if self.steps.contains_key(&step) {
                kept.insert(name, (spec, RefCell::new(self.pieces(&step, file, false)?)));
            }
        }
        Ok(move |name: &str| -> Result<Box<dyn CellStore>> {
            match kept.get(name) {
                Some((spec, pieces)) => Ok(Box::new(Pieces::new(frame, spec, pieces.take())?)),
                None => elsewhere(),
            }
        })
    }

    /// Does what shards have left, and writes the grids.
    #[allow(clippy::too_many_arguments)] // each is one of the run's parts, used once
    pub fn finish(
        &self,
        job: &mut Job,
        prepared: &Prepared,
        recipe: &Recipe,
        engine: &mut dyn Engine,
        scratch: &Scratch,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        let frame = &prepared.layers.frame;
        let folder = job.staging.folder();
        let has_robustness = recipe.robustness.is_some();
        let (compression, n_classes) = (options.compression, recipe.n_classes() as u8);
        let mut writers = GridWriters::create(folder, frame, compression, n_classes, grids(has_robustness))?;
        let begun = std::time::Instant::now();
        let clock = || begun.elapsed().as_secs_f64();
        for grid in grids(has_robustness) {
            progress.check()?;
            for piece in self.pieces(&step_of(grid.plane).name(), grid.name, true)? {
                writers.absorb(grid.plane, &piece)?;
            }
        }
        let summary =
            self.walk(engine, prepared, recipe, scratch, options, Some(&clock), &mut writers, progress)?;
        job.know_hashes(writers.finish(progress)?);
        Ok(Summary { engine: self.first().engine_info(), ..summary })
    }

    #[allow(clippy::too_many_arguments)] // as above
    fn walk(
        &self,
        engine: &mut dyn Engine,
        prepared: &Prepared,
        recipe: &Recipe,
        scratch: &Scratch,
        options: &Options,
        clock: Option<&(dyn Fn() -> f64 + Sync)>,
        writers: &mut GridWriters,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        let frame = &prepared.layers.frame;
        let elsewhere = || scratch.plane(frame);
        let kept = self.kept(frame, recipe, options, &elsewhere)?;
        let mut sink = Finishing { known: self.known()?, writers, other_engine: self.other_engine(engine) };
        let inputs = inputs_of(&prepared.project, &prepared.layers);
        let score_options = score::Options {
            memory_bytes: options.memory_bytes / TILES_SHARE,
            clock,
            part: Some(frame.window()),
            ..score::Options::default()
        };
        let done = score::score_part(engine, &inputs, recipe, score_options, &kept, &mut sink, progress)?;
        Ok(done.expect("every step is known or walked here"))
    }

    /// The shards' engine, where this one is another.
    fn other_engine(&self, engine: &dyn Engine) -> Option<String> {
        (!self.identity.is_engine(&engine.info())).then(|| self.identity.engine().to_owned())
    }

    /// Adds up what is there and counts what is light; whether nothing is left for shards.
    pub fn reduce(
        &self,
        prepared: &Prepared,
        recipe: &Recipe,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<(HashMap<Step, StepCounts>, bool)> {
        let frame = &prepared.layers.frame;
        // What no shard has made is not read: its step waits.
        let nowhere = || -> Result<Box<dyn CellStore>> {
            let spec = WriteSpec::quantity("", "");
            Ok(Box::new(Pieces::new(frame, &spec, Vec::new())?))
        };
        let kept = self.kept(frame, recipe, options, &nowhere)?;
        let mut sink = Reducing { known: self.known()? };
        let inputs = inputs_of(&prepared.project, &prepared.layers);
        let score_options = score::Options {
            memory_bytes: options.memory_bytes / TILES_SHARE,
            part: Some(frame.window()),
            ..score::Options::default()
        };
        let engine = &mut Native::new();
        let done = score::score_part(engine, &inputs, recipe, score_options, &kept, &mut sink, progress)?;
        Ok((sink.known, done.is_some()))
    }
}

/// Walks what no shard has, into the grids.
struct Finishing<'a> {
    known: HashMap<Step, StepCounts>,
    writers: &'a mut GridWriters,
    /// Where it is another than the one at work.
    other_engine: Option<String>,
}

impl PlaneSink for Finishing<'_> {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        self.writers.put(plane, window, values)
    }

    fn put_all(&mut self, window: Window, planes: &[(Plane, &[f32])]) -> Result<()> {
        self.writers.put_all(window, planes)
    }

    fn ask(&mut self, step: Step) -> Result<Asked> {
        if let Some(counts) = self.known.remove(&step) {
            return Ok(Asked::Known(Box::new(counts)));
        }
        match &self.other_engine {
            // Counting and looking up is exact on any engine.
            Some(engine) if !step.is_light() && step != Step::Rank => {
                let place = format!("step {}", step.name());
                let found = "the native one: that engine is not here";
                let fix = "let the shards do this step too (`clearway merge --reduce`), or merge where it is";
                Err(Fault::new(
                    "shard.engine",
                    place,
                    format!("the engine of the pieces, {engine}"),
                    found,
                    fix,
                )
                .into())
            }
            _ => Ok(Asked::Walk),
        }
    }
}

/// Counts what is light, and leaves the rest to shards.
struct Reducing {
    known: HashMap<Step, StepCounts>,
}

impl PlaneSink for Reducing {
    fn put(&mut self, _: Plane, _: Window, _: &[f32]) -> Result<()> {
        Ok(())
    }

    fn ask(&mut self, step: Step) -> Result<Asked> {
        Ok(match self.known.get(&step) {
            Some(counts) => Asked::Known(Box::new(counts.clone())),
            None if step.is_light() => Asked::Walk,
            None => Asked::Wait,
        })
    }

    fn counted(&mut self, step: Step, counts: StepCounts) -> Result<Option<StepCounts>> {
        self.known.insert(step, counts.clone());
        Ok(Some(counts))
    }
}
