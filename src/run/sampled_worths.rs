//! The worth of every task area in the samples of `[score.robustness]`, for the plan under uncertainty.

use std::collections::HashMap;

use super::project::{Project, WorthColumn};
use super::{Job, Options, Prepared};
use crate::error::Result;
use crate::grid::{Cells, Window, is_unknown};
use crate::plan::Problem;
use crate::progress::Progress;
use crate::score::{Plane, Summary, WorthCell, WorthOf, WorthSamples};
use crate::tasks::{Planes, SampledCells, SampledTile, TaskArea, sampled_sums};
use crate::units::M2_PER_HECTARE;

/// The most worths held, tasks times samples: 256 MiB. With more tasks the first samples are taken.
const MOST_WORTHS: usize = 1 << 25;

/// Most cells read at once.
const MOST_CELLS: usize = 1 << 22;

/// Worths by task, then sample, in the unit of the plan's worth column.
pub struct SampledWorths {
    by_task: HashMap<String, Vec<f64>>,
    n_samples: usize,
}

impl SampledWorths {
    /// A row a sample, in the order of the problem's tasks.
    pub fn rows(&self, problem: &Problem) -> Vec<Vec<f64>> {
        let columns: Vec<&Vec<f64>> = problem.tasks.iter().map(|task| &self.by_task[&task.id]).collect();
        (0..self.n_samples).map(|s| columns.iter().map(|column| column[s]).collect()).collect()
    }
}

/// Samples the worths of the task areas; `None` where the project samples nothing that the plan's worth rests on, or
/// does not ask what becomes of the plan.
pub fn sample_worths(
    job: &mut Job,
    prepared: &Prepared,
    tasks: &[TaskArea],
    summary: &Summary,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Option<SampledWorths>> {
    let project = &prepared.project;
    let Some(asked) = asked(project) else { return Ok(None) };
    let mut recipe = project.score.recipe.clone();
    if let Some(robustness) = &mut recipe.robustness {
        robustness.seed = job.record.seed;
    }
    let most = asked.n_samples.min(MOST_WORTHS / tasks.len().max(1)).max(1);
    let Some(samples) = WorthSamples::new(&recipe, &summary.maxima, asked.of, most) else { return Ok(None) };
    let plane = |plane: Plane| job.scored.plane(plane);
    let (people_at_risk, benefit, cost) =
        (plane(Plane::PeopleAtRisk)?, plane(Plane::Benefit)?, plane(Plane::Cost)?);
    let (rank, exposure) = (plane(Plane::Rank)?, plane(Plane::Exposure)?);
    let layers = &prepared.layers;
    let planes = Planes {
        hazard: layers.plane("hazard"),
        people_at_risk: &*people_at_risk,
        benefit: &*benefit,
        cost: &*cost,
        rank: &*rank,
        acceptability: None,
        difficulty: None,
        contributions: None,
    };
    let criteria: Vec<&dyn Cells> =
        project.score.criterion_layers.iter().map(|name| layers.plane(name)).collect();
    let n_planes = criteria.len() + 7;
    let strip_cells = (options.memory_bytes / 16) as usize / (n_planes * size_of::<f32>());
    let n_samples = samples.n_samples();
    let cells = SampledLayers { samples, hazard: planes.hazard, exposure: &*exposure, criteria };
    let sums = sampled_sums(tasks, &planes, &cells, strip_cells.min(MOST_CELLS), progress)?;
    let in_hectares = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / M2_PER_HECTARE).collect();
    let by_task =
        tasks.iter().zip(sums).map(|(task, sums)| (task.task_id.clone(), in_hectares(sums))).collect();
    job.lap("sampled worths");
    Ok(Some(SampledWorths { by_task, n_samples }))
}

struct Asked {
    of: WorthOf,
    n_samples: usize,
}

fn asked(project: &Project) -> Option<Asked> {
    let plan = project.plan.as_ref()?;
    let n_samples = plan.uncertainty?.n_samples;
    let of = match plan.worth {
        WorthColumn::ExposureHa => WorthOf::PeopleAtRisk,
        WorthColumn::Benefit => WorthOf::Benefit,
        WorthColumn::Attribute(_) => return None,
    };
    Some(Asked { of, n_samples })
}

/// The planes worths are sampled from.
struct SampledLayers<'a> {
    samples: WorthSamples<'a>,
    hazard: &'a dyn Cells,
    exposure: &'a dyn Cells,
    /// As [`crate::score::Inputs::criteria`].
    criteria: Vec<&'a dyn Cells>,
}

impl SampledCells for SampledLayers<'_> {
    fn n_samples(&self) -> usize {
        self.samples.n_samples()
    }

    fn read(&self, window: Window) -> Result<Box<dyn SampledTile + '_>> {
        let criteria = self.criteria.iter().map(|layer| layer.read_vec(window)).collect::<Result<_>>()?;
        Ok(Box::new(SampledWindow {
            samples: &self.samples,
            hazard: self.hazard.read_vec(window)?,
            exposure: self.exposure.read_vec(window)?,
            criteria,
        }))
    }
}

struct SampledWindow<'a> {
    samples: &'a WorthSamples<'a>,
    hazard: Vec<f32>,
    exposure: Vec<f32>,
    criteria: Vec<Vec<f32>>,
}

impl SampledTile for SampledWindow<'_> {
    fn add(&self, index: usize, col: u32, row: u32, weight: f64, sums: &mut [f64]) {
        let values: Vec<f64> = self.criteria.iter().map(|layer| f64::from(layer[index])).collect();
        let sd = self.samples.sd_layer().map(|layer| self.criteria[layer][index]);
        let cell = WorthCell {
            col,
            row,
            hazard: f64::from(self.hazard[index]),
            hazard_sd: sd.filter(|sd| !is_unknown(*sd)).map(f64::from),
            exposure: f64::from(self.exposure[index]),
            values: &values,
        };
        self.samples.add(&cell, weight, sums);
    }
}
