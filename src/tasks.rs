//! Tasks: pieces of ground with what clearing them is worth and costs.
//!
//! In: polygons (hazardous areas) or a threshold on the priority grid, and the planes that `score` wrote on the
//! frame. Out: one [`TaskArea`] a piece of ground, with sums and means over its cells, and [`Finding`]s about
//! everything odd, repaired or left out: nothing is dropped silently (domain.md §4).
//!
//! A cell that a task covers partly counts by the share of the cell's area covered, exactly. With `s_i` that
//! share, `a_i` the cell's area (m²) and sums over the scored cells i:
//!
//! ```text
//! exposure_ha    = Σ s_i·(hE)_i·a_i / 10,000       person-hectares
//! benefit        = Σ s_i·b_i·a_i / 10,000          benefit-hectares
//! cost_usd       = Σ s_i·c_i                       US$
//! hazard_mean    = Σ s_i·a_i·h_i / Σ s_i·a_i       and so all other means
//! ```
//!
//! Sums run cell by cell within a row and then row by row, so they depend neither on tiles nor on threads.
//! Ground under two tasks counts in both; [`survey_polygons`] names the pairs. This module opens no files.

mod components;
mod coverage;
mod cut;
mod footprints;
mod grow;
mod order;
mod outline;
mod overlap;
mod parcels;
mod places;
mod polygons;
mod prior;
mod repair;
mod rings;
mod sampled;
mod split;
mod survey;
mod told;
mod zonal;

use geo::MultiPolygon;
use serde_json::{Map, Value};

use crate::error::{Result, clipped, printable};
use crate::grid::{Cells, Crs, Window};
use crate::units::M2_PER_HECTARE;
use zonal::Sums;

pub use coverage::{Coverage, Span, area_m2};
pub use footprints::Footprints;
pub use grow::{GrowOptions, grow};
pub use parcels::{PARCEL_OF, cut_into_parcels};
pub use places::{District, Settlement};
pub use polygons::{PolygonFeature, from_footprints, from_polygons};
pub use prior::PriorGround;
pub use sampled::{SampledCells, SampledTile, sampled_sums};
pub use survey::survey_polygons;
pub use told::{PolygonFault, polygon_faults, summarised};

/// A piece of ground and what clearing it is worth, costs and needs.
///
/// Numbers that need scored cells are `None` where no scored cell is touched: unknown is not zero. Sums cover
/// the scored part alone; [`TaskArea::scored_share`] says how much of the ground that is.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskArea {
    /// Unique among the tasks of a run.
    pub task_id: String,
    /// The IMSMA identifier, where the source gives one.
    pub imsma_id: Option<String>,
    /// The ground, in the frame's CRS: valid, exteriors counter-clockwise, holes clockwise.
    pub geometry: MultiPolygon<f64>,
    /// Percentile 0..100 (100 = first) of benefit per cost (of mean benefit, with [`TaskOptions::by_benefit`]) among the
    /// tasks that have both, by the mid-rank
    /// formula of domain.md §3.8: 100·(L + (T − 1)/2)/(N − 1), L tasks with a smaller ratio, T with an equal one.
    pub rank: Option<f64>,
    /// 1 (first) … n by [`TaskOptions::class_percents`] from `rank`.
    pub class: Option<u8>,
    /// Ground, m², also where it lies outside the frame or on cells that are not scored.
    pub area_m2: f64,
    /// Share 0..1 of the ground that lies on scored cells.
    pub scored_share: f64,
    /// Mean probability of contamination, 0..1.
    pub hazard_mean: Option<f64>,
    /// Expected people within reach of contaminated ground, mean over the ground.
    pub people_at_risk: Option<f64>,
    /// Person-hectares: people times contaminated hectares.
    pub exposure_ha: Option<f64>,
    /// Benefit-hectares.
    pub benefit: Option<f64>,
    /// US$ to clear the scored part.
    pub cost_usd: Option<f64>,
    /// Benefit-hectares per 1,000 US$; also `None` where the cost is zero.
    pub benefit_per_kusd: Option<f64>,
    /// Mean of the difficulty layer where it is known, scored or not; 1 where no such layer is given.
    pub difficulty: Option<f64>,
    /// Mean rank of its cells, 0..100.
    pub rank_mean: Option<f64>,
    /// Mean acceptability of its cells, 0..1, where that was sampled.
    pub acceptability_mean: Option<f64>,
    /// What each criterion adds to `benefit`, benefit-hectares; empty where no contributions were given or no
    /// scored cell is touched.
    pub contributions: Vec<(String, f64)>,
    /// Longitude (degrees, WGS 84) of a point inside the ground: its centroid where that lies inside.
    pub lon: Option<f64>,
    /// Latitude (degrees, WGS 84) of that point.
    pub lat: Option<f64>,
    /// Name of the nearest settlement by geodesic distance from that point.
    pub nearest_settlement: Option<String>,
    /// Name of the district that holds that point.
    pub district: Option<String>,
    /// The source's own columns, untouched.
    pub attributes: Map<String, Value>,
}

/// Something about the tasks that a person must hear of, though work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable short name that tests and scripts match, such as `task.repaired`.
    pub code: &'static str,
    /// The task it is about; `None` when it is about many (the text counts them and names the first ten).
    pub task_id: Option<String>,
    /// What was found and what was done about it; after a task's name it reads as a sentence.
    pub text: String,
}

impl Finding {
    fn about(code: &'static str, task_id: &str, text: String) -> Self {
        Self { code, task_id: Some(task_id.to_owned()), text }
    }

    fn overall(code: &'static str, text: String) -> Self {
        Self { code, task_id: None, text }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.task_id {
            Some(id) => write!(f, "task `{}` {} [{}]", clipped(id), printable(&self.text), self.code),
            None => write!(f, "{} [{}]", printable(&self.text), self.code),
        }
    }
}

/// The planes tasks are summed over, all on one frame (`rank`'s).
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    /// Probability of contamination, 0..1.
    pub hazard: &'a dyn Cells,
    /// h·E, people.
    pub people_at_risk: &'a dyn Cells,
    /// Benefit, dimensionless.
    pub benefit: &'a dyn Cells,
    /// Cost of clearing the cell, US$.
    pub cost: &'a dyn Cells,
    /// Rank, 0..100. A cell is scored where this and the four planes above are known.
    pub rank: &'a dyn Cells,
    /// Acceptability, 0..1, where sampled.
    pub acceptability: Option<&'a dyn Cells>,
    /// Factor on the work a square metre takes, 1 = ordinary ground.
    pub difficulty: Option<&'a dyn Cells>,
    /// What each criterion adds to the benefit of a cell.
    pub contributions: Option<&'a dyn Contributions>,
}

/// What each criterion adds to the benefit of each cell, readable by window.
pub trait Contributions: Send + Sync {
    /// The criteria, in order.
    fn names(&self) -> &[String];

    /// The contributions of all criteria in a window inside the frame: one plane after another, each row by
    /// row; `out.len()` is `names().len() * window.len()`. Known wherever the benefit is and `wanted`, a flag a cell, is
    /// set; of other cells nothing is asked.
    fn read(&self, window: Window, wanted: &[bool], out: &mut [f32]) -> Result<()>;
}

/// How tasks are ranked, and what they are told beside their sums.
#[derive(Debug, Clone)]
pub struct TaskOptions<'a> {
    /// Upper limits of classes 1, 2, … in per cent of the ranking from the top, growing; the rest is the last class.
    pub class_percents: Vec<f64>,
    /// Whether tasks are ranked by their mean benefit alone, not by benefit per cost: an ordered list, or a project that
    /// ranks by benefit.
    pub by_benefit: bool,
    /// Settlements to name the nearest of; may be empty.
    pub settlements: &'a [Settlement],
    /// Districts to find each task's in; may be empty.
    pub districts: &'a [District],
    /// Whether longitude and latitude must be given: a frame whose CRS has a datum shift to WGS 84 is then a
    /// fault. Otherwise they are left out there, with a finding.
    pub needs_lon_lat: bool,
    /// Side of the windows planes are read in, cells. Changes memory and speed, never a result.
    pub tile_cells: usize,
}

impl Default for TaskOptions<'_> {
    fn default() -> Self {
        Self {
            class_percents: vec![5.0, 15.0, 40.0],
            by_benefit: false,
            settlements: &[],
            districts: &[],
            needs_lon_lat: true,
            tile_cells: 512,
        }
    }
}

/// A task's sums turned into what people read; identifiers, order and places come later.
fn from_sums(
    geometry: MultiPolygon<f64>,
    area_m2: f64,
    scored_share: f64,
    sums: &Sums,
    planes: &Planes<'_>,
) -> TaskArea {
    let scored_m2 = sums.scored_m2;
    let scored = |value: f64| (scored_m2 > 0.0).then_some(value);
    let mean = |(weight, sum): (f64, f64)| (weight > 0.0).then(|| sum / weight);
    let benefit = scored(sums.benefit / M2_PER_HECTARE);
    let cost_usd = scored(sums.cost_usd);
    let names = planes.contributions.filter(|_| scored_m2 > 0.0).map_or(&[][..], |c| c.names());
    TaskArea {
        task_id: String::new(),
        imsma_id: None,
        geometry,
        rank: None,
        class: None,
        area_m2,
        scored_share,
        hazard_mean: mean((scored_m2, sums.hazard)),
        people_at_risk: mean((scored_m2, sums.people_at_risk)),
        exposure_ha: scored(sums.people_at_risk / M2_PER_HECTARE),
        benefit,
        cost_usd,
        benefit_per_kusd: benefit.zip(cost_usd).filter(|(_, cost)| *cost > 0.0).map(|(b, c)| b / c * 1_000.0),
        difficulty: if planes.difficulty.is_some() { mean(sums.difficulty) } else { Some(1.0) },
        rank_mean: mean((scored_m2, sums.rank)),
        acceptability_mean: mean(sums.acceptability),
        contributions: names
            .iter()
            .zip(&sums.contributions)
            .map(|(name, sum)| (name.clone(), sum / M2_PER_HECTARE))
            .collect(),
        lon: None,
        lat: None,
        nearest_settlement: None,
        district: None,
        attributes: Map::new(),
    }
}

/// What is known only when all tasks are: their order, where they lie, and which rest on unknown ground.
fn finish(tasks: &mut [TaskArea], crs: &Crs, options: &TaskOptions<'_>) -> Result<Vec<Finding>> {
    order::rank_tasks(tasks, &options.class_percents, options.by_benefit);
    let mut findings = places::locate_tasks(tasks, crs, options)?;
    let n_tasks = tasks.len();
    let mut tell = |code, what: &str, is_meant: &dyn Fn(f64) -> bool| {
        let meant: Vec<&str> = tasks
            .iter()
            .filter(|task| is_meant(task.scored_share))
            .map(|task| task.task_id.as_str())
            .collect();
        if !meant.is_empty() {
            let ids = list_ids(meant.iter().copied());
            findings
                .push(Finding::overall(code, format!("{} of {n_tasks} tasks {what}: {ids}", meant.len())));
        }
    };
    tell("tasks.not_scored", "touch no scored cell, so nothing is known of their worth and cost", &|share| {
        share == 0.0
    });
    tell("tasks.partly_scored", "lie partly on cells without data, which their sums leave out", &|share| {
        share > 0.0 && share < 1.0
    });
    Ok(findings)
}

/// The first ten identifiers, and how many more.
fn list_ids<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> String {
    let n_more = ids.len().saturating_sub(10);
    let mut text = ids.take(10).map(clipped).collect::<Vec<_>>().join(", ");
    if n_more > 0 {
        text.push_str(&format!(" and {n_more} more"));
    }
    text
}
