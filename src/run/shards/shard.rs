//! One call of one shard: the steps that are ready for it, from inputs and earlier pieces to new pieces.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::kept::Kept;
use super::super::layers::{self, Given, OpenLayers};
use super::super::prepared::{Need, project_of};
use super::super::project::Project;
use super::super::stages::{TILES_SHARE, inputs_of, seeded_recipe};
use super::super::{Options, hazard, job, measures, output_folder};
use super::folder::{self, AskedFor, LAYERS, ShardsFolder, StepFile, StepRecord};
use super::identity::Identity;
use super::planes::{KEPT, SURVEYS, kept_plane, made_layers, made_spec, piece_name, plane_file, step_of};
use super::{Next, Shard, ShardOutcome};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::{CellStore, Cells, Frame, Tiling, Window};
use crate::io::atomic::RUN_RECORD;
use crate::io::geotiff::{Compression, GeoTiffWriter, Piece, Pieces, WriteSpec};
use crate::io::scratch::Scratch;
use crate::layers::{SURVEY_BLOCK, Survey, range_faults, survey_part};
use crate::progress::{Progress, Within};
use crate::score::{self, Asked, Plane, PlaneSink, Step, StepCounts};

/// Does what is ready for one shard: `clearway score --shard I/N`. Done a second time it leaves the same bytes.
pub fn score_shard(
    file: &Path,
    shard: Shard,
    options: &Options,
    progress: &dyn Progress,
) -> Result<ShardOutcome> {
    let project = project_of(file, &options.overrides, Need::Grids)?;
    let document = Arc::clone(&project.document);
    work(project, shard, options, progress).map_err(|error| document.locate(error))
}

fn work(project: Project, shard: Shard, options: &Options, progress: &dyn Progress) -> Result<ShardOutcome> {
    job::refuse_device(options)?;
    let out_dir = job::out_dir(&project, options);
    if out_dir.join(RUN_RECORD).exists() && !options.overwrite {
        let found = format!("a finished run ({RUN_RECORD})");
        let fix =
            "pass --overwrite to every shard and to `merge` to replace it, or another folder with --out";
        let place = out_dir.display().to_string();
        return Err(Fault::new("out.exists", place, "a folder without a finished run", found, fix).into());
    }
    let layers = open_layers(&project, options)?;
    output_folder::spare_inputs(&out_dir, &layers.files)?;
    let (mut engine, note) = score::engine(options.backend, options.device.as_deref())?;
    progress.note(&note);
    let info = engine.info();
    let identity = Identity::new(&project, &layers.files, options, &info, shard.of)?;
    let shards = ShardsFolder::of(&out_dir);
    let home = shards.shard(shard.number, shard.of);
    std::fs::create_dir_all(&home).map_err(Error::io("create", &home))?;
    let scratchpad = tempfile::Builder::new().prefix(".clearway-").suffix(".part").tempdir_in(&home);
    let scratchpad = scratchpad.map_err(Error::io("write in", &home))?;
    let rows = shard.rows(layers.frame.n_rows);
    let mut work = Work {
        identity,
        asked: asked_for(&project, options)?,
        engine: [info.kind.to_owned(), info.device, info.driver],
        shard,
        rows: [rows.start, rows.end],
        part: Window::new(0, rows.start as i64, layers.frame.n_cols, rows.len()),
        frame: layers.frame.clone(),
        compression: options.compression,
        scratch: Scratch::new(scratchpad.path(), (options.memory_bytes / 2) as usize),
        totals: shards.totals(),
        home,
        writers: Vec::new(),
        done: Vec::new(),
        warnings: Vec::new(),
    };
    work.forget_others()?;
    let layers = work.layers(&project, layers, &mut *engine, options, progress)?;
    // A step made again because its piece was lost is followed by those that wait for it.
    let mut n_done = usize::MAX;
    while n_done != work.done.len() {
        n_done = work.done.len();
        work.score(&project, &layers, &mut *engine, options, progress)?;
    }
    Ok(ShardOutcome {
        shard: Some(shard),
        rows,
        out_dir,
        steps: work.done,
        next: Next::Merge,
        warnings: work.warnings,
    })
}

/// The layers on the frame; what can be told without reading them through is told now.
fn open_layers(project: &Project, options: &Options) -> Result<OpenLayers<'static>> {
    let mut faults = Faults::new();
    let layers =
        layers::open_unread(project, &Given::new(), options.memory_bytes, &Kept::nothing(), &mut faults)?;
    if let Some(layers) = &layers {
        let kernel = project.score.recipe.kernel;
        faults.take(score::check_reach(kernel, &layers.frame, options.memory_bytes / TILES_SHARE))?;
    }
    faults.finish()?;
    layers.ok_or_else(|| {
        let place = project.file.display().to_string();
        Fault::new("project.internal", place, "layers on a frame", "none", "report it").into()
    })
}

fn asked_for(project: &Project, options: &Options) -> Result<AskedFor> {
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    Ok(AskedFor {
        project: std::path::absolute(&project.file).map_err(Error::io("find", &project.file))?,
        backend: word(&options.backend),
        device: options.device.clone(),
        seed: options.seed,
        compress: word(&options.compression),
        set: options.overrides.clone(),
    })
}

/// One shard's call under way, and the sink of its planes.
struct Work {
    identity: Identity,
    asked: AskedFor,
    engine: [String; 3],
    shard: Shard,
    rows: [usize; 2],
    part: Window,
    frame: Frame,
    compression: Compression,
    scratch: Scratch,
    totals: PathBuf,
    home: PathBuf,
    /// Of the step under way.
    writers: Vec<(String, GeoTiffWriter)>,
    done: Vec<String>,
    warnings: Vec<String>,
}

impl Work {
    /// Records of other settings or inputs count no more.
    fn forget_others(&self) -> Result<()> {
        for step in folder::recorded_steps(&self.home) {
            let record = folder::read_record(&self.home, &step);
            if !record.is_ok_and(|record| record.is_some_and(|record| record.identity == self.identity)) {
                folder::remove_record(&self.home, &step)?;
            }
        }
        Ok(())
    }

    /// The record of a step that is whole.
    fn record(&self, step: &str) -> Result<Option<StepRecord>> {
        Ok(folder::read_record(&self.home, step)?.filter(|record| record.missing_file(&self.home).is_none()))
    }

    /// The counts of all shards, once they are added up.
    fn total(&self, step: &str) -> Result<Option<StepCounts>> {
        match folder::read_record(&self.totals, step)? {
            Some(record) if record.identity == self.identity => {
                folder::read_counts(&self.totals, &record).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Layers as scoring reads them: surveyed, with hazard and measures made, now or in an earlier call.
    fn layers(
        &mut self,
        project: &Project,
        mut layers: OpenLayers<'static>,
        engine: &mut dyn score::Engine,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<OpenLayers<'static>> {
        let made = made_layers(project, layers.hazard.is_some());
        if self.record(LAYERS)?.is_none() {
            let surveys = self.survey(project, &layers, progress)?;
            let rows = self.rows[0]..self.rows[1];
            let mut warnings = Vec::new();
            if !rows.is_empty() {
                let scratch = self.scratch.clone();
                let told = hazard::make(&mut layers, engine, &scratch, rows.clone(), progress)?;
                warnings.extend(told);
                let memory = (options.memory_bytes / 4) as usize;
                let measured = &project.score.measures;
                warnings.extend(measures::make(
                    &mut layers,
                    measured,
                    engine,
                    &scratch,
                    rows,
                    memory,
                    progress,
                )?);
                for (layer, name) in &made {
                    let mut writer = self.writer(name, &made_spec(name, self.compression))?;
                    let plane = layers.plane(layer);
                    for window in Tiling::over(self.part, 512).tiles() {
                        writer.write(window, &plane.read_vec(window)?)?;
                    }
                    self.writers.push((name.clone(), writer));
                }
            }
            let json = serde_json::to_vec(&surveys)
                .map_err(|error| Error::io("write", &self.home)(std::io::Error::other(error)))?;
            let surveys = folder::write_file(&self.home, SURVEYS.to_owned(), &json)?;
            self.finish_step(LAYERS, warnings, vec![surveys])?;
        }
        // Made now or earlier, they are read as they lie: so a repeated step reads what the first one did.
        for (layer, name) in made {
            let pieces = self.own_pieces(&name, LAYERS)?;
            let pieces = Pieces::new(&self.frame, &made_spec(&name, self.compression), pieces)?;
            layers.planes.insert(layer, Arc::new(pieces) as Arc<dyn Cells>);
        }
        Ok(layers)
    }

    /// The blocks of the layers' surveys that lie in the shard's rows. What cannot be in any is a fault at once.
    fn survey(
        &self,
        project: &Project,
        layers: &OpenLayers<'_>,
        progress: &dyn Progress,
    ) -> Result<BTreeMap<String, Vec<Survey>>> {
        let (mut surveys, mut faults) = (BTreeMap::new(), Faults::new());
        let names = layers::surveyed(project, layers);
        let n_blocks = Tiling::over(self.part, SURVEY_BLOCK).len();
        progress.start("check layers", (names.len() * n_blocks) as u64);
        for (name, role) in names {
            let (mut blocks, mut sum) = (Vec::new(), Survey::default());
            survey_part(layers.plane(&name), self.part, &Within(progress), |block| {
                sum.add(&block);
                blocks.push(block);
            })?;
            // A layer may well be unknown in all of a part.
            if sum.n_known > 0 {
                let found = range_faults(role, &name, &self.frame, &sum).faults;
                found.into_iter().for_each(|fault| faults.push(fault));
            }
            surveys.insert(name, blocks);
        }
        progress.finish();
        measures::without_features(project, layers)?.into_iter().for_each(|fault| faults.push(fault));
        faults.finish()?;
        Ok(surveys)
    }

    fn score(
        &mut self,
        project: &Project,
        layers: &OpenLayers<'_>,
        engine: &mut dyn score::Engine,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<()> {
        let inputs = inputs_of(project, layers);
        let recipe = seeded_recipe(project, options.seed.unwrap_or(project.seed));
        // What earlier calls left is read from the pieces, what this one makes goes there by the sink.
        let mut kept = BTreeMap::new();
        for name in KEPT {
            let plane = kept_plane(name, &recipe);
            let step = step_of(plane);
            let pieces = match self.record(&step.name())? {
                Some(_) => self.own_pieces(plane_file(plane, self.compression).0, &step.name())?,
                None => Vec::new(),
            };
            kept.insert(name, (plane, std::cell::RefCell::new(Some(pieces))));
        }
        let (frame, compression) = (self.frame.clone(), self.compression);
        let (scratch_space, rows) = (self.scratch.clone(), self.rows[0]..self.rows[1]);
        let scratch = |name: &str| -> Result<Box<dyn CellStore>> {
            match kept.get(name) {
                Some((plane, pieces)) => {
                    let pieces = pieces.borrow_mut().take().unwrap_or_default();
                    let (_, spec) = plane_file(*plane, compression);
                    Ok(Box::new(Pieces::new(&frame, &spec, pieces)?))
                }
                None => scratch_space.rows(&frame, rows.clone()),
            }
        };
        let score_options = score::Options {
            memory_bytes: options.memory_bytes / TILES_SHARE,
            part: Some(self.part),
            ..score::Options::default()
        };
        score::score_part(engine, &inputs, &recipe, score_options, &scratch, self, progress)?;
        Ok(())
    }

    fn writer(&self, name: &str, spec: &WriteSpec) -> Result<GeoTiffWriter> {
        GeoTiffWriter::create(&self.home.join(piece_name(name)), &self.frame, spec)
    }

    /// The pieces of a plane that a step of this shard left.
    fn own_pieces(&self, name: &str, step: &str) -> Result<Vec<Piece>> {
        let file = piece_name(name);
        let record = self.record(step)?;
        if record.is_some_and(|record| record.has(&file)) {
            return Ok(vec![Piece::open(&self.home.join(file))?]);
        }
        Ok(Vec::new())
    }

    /// Ends a step: its planes, `files` written already, and its record behind all of them.
    fn finish_step(&mut self, step: &str, warnings: Vec<String>, mut files: Vec<StepFile>) -> Result<()> {
        let told: Vec<String> =
            warnings.iter().filter(|text| !self.warnings.contains(text)).cloned().collect();
        for (name, writer) in self.writers.drain(..) {
            let name = piece_name(&name);
            let written = writer.finish_piece(&self.home.join(&name))?;
            files.push(StepFile::of_piece(name, written));
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        folder::write_record(
            &self.home,
            &StepRecord {
                identity: self.identity.clone(),
                shard: self.shard.number,
                rows: self.rows,
                step: step.to_owned(),
                asked: self.asked.clone(),
                engine: self.engine.clone(),
                warnings,
                files,
            },
        )?;
        self.done.push(step.to_owned());
        self.warnings.extend(told);
        Ok(())
    }
}

impl PlaneSink for Work {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        let (name, spec) = plane_file(plane, self.compression);
        if !self.writers.iter().any(|(known, _)| *known == name) {
            let writer = self.writer(name, &spec)?;
            self.writers.push((name.to_owned(), writer));
        }
        let writer = self.writers.iter_mut().find(|(known, _)| *known == name);
        writer.map_or(Ok(()), |(_, writer)| writer.write(window, values))
    }

    fn ask(&mut self, step: Step) -> Result<Asked> {
        let name = step.name();
        // Cells that lie written are counted by `merge`, without another round of all shards.
        let is_done = step.is_light() || self.record(&name)?.is_some();
        Ok(match self.total(&name)? {
            Some(counts) if is_done => Asked::Known(Box::new(counts)),
            None if is_done => Asked::Wait,
            // Also where the counts of all are known but this shard's planes are lost.
            _ => Asked::Walk,
        })
    }

    fn counted(&mut self, step: Step, counts: StepCounts) -> Result<Option<StepCounts>> {
        let name = step.name();
        let file = folder::write_file(&self.home, folder::counts_name(&name), &counts.to_bytes())?;
        self.finish_step(&name, counts.warnings, vec![file])?;
        Ok(None)
    }
}
