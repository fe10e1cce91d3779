//! What scoring hands out beside the planes: totals, classes, the performance curve, and what was unknown.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::grid::{Frame, Window};
use crate::units::M2_PER_HECTARE;

use super::curve::{Quanta, SegmentSum, points};
use super::program::Shared;
use super::quantile::QuantileTable;
use super::reading::Counts;
use super::steps::{Asked, Step, StepCounts};
use super::{EngineInfo, Recipe, Source};

/// A plane of results, by the name of its file (interface.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plane {
    /// People who live within reach of the cell, effective.
    Exposure,
    /// Expected people within reach of contaminated ground: hazard times exposure.
    PeopleAtRisk,
    /// Benefit of clearing the cell, 0..1.
    Benefit,
    /// US$ to clear the cell.
    Cost,
    /// Benefit-m² per US$.
    BenefitPerCost,
    /// Percentile of the priority among scored cells, 100 = first.
    Rank,
    /// 1 = first … n.
    Class,
    /// Share of samples in which the cell is in the top, 0..1.
    Acceptability,
    /// Mean over samples of the percentile rank.
    RankMean,
    /// Standard deviation of the percentile rank over samples, in points.
    RankSd,
    /// What an ordered list ranks by: no result, but needed by whoever goes on from a part's planes.
    Order,
}

/// Takes planes of results, tile by tile in row-major order of the tiles; unknown where not scored. One that hands the
/// work of others on, or to others, also answers for the counts of each step.
pub trait PlaneSink: Send {
    /// One plane's values in one tile, row by row.
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()>;

    /// Several planes' values in one tile. A sink for which that is work does it for all planes at the same time.
    fn put_all(&mut self, window: Window, planes: &[(Plane, &[f32])]) -> Result<()> {
        planes.iter().try_for_each(|&(plane, values)| self.put(plane, window, values))
    }

    /// What is known of a step: as a rule nothing, and it is walked.
    fn ask(&mut self, _step: Step) -> Result<Asked> {
        Ok(Asked::Walk)
    }

    /// Takes what a step counted over the cells walked, after their planes, and returns the counts of all cells; `None`
    /// while parts are missing. As a rule the cells walked are all.
    fn counted(&mut self, _step: Step, counts: StepCounts) -> Result<Option<StepCounts>> {
        Ok(Some(counts))
    }
}

/// How the work is cut and timed; none of it changes a result.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Cells along a tile's side; chosen from `memory_bytes` and the engine's limits when `None`.
    pub tile_size: Option<usize>,
    /// What tiles may take together, bytes; 1 GiB when 0.
    pub memory_bytes: u64,
    /// Seconds since any moment, for [`Summary::seconds`]; nothing here reads a clock by itself.
    pub clock: Option<&'a (dyn Fn() -> f64 + Sync)>,
    /// Where the first pass's planes are taken from, or left for another score of the same layers.
    pub first_pass: Option<&'a super::FirstPass>,
    /// The part of the frame to walk over, for [`super::score_part`]; all of it where `None`.
    pub part: Option<Window>,
}

/// What value functions need to know of all scored cells: the largest values, which [`super::Bound::Max`] stands for,
/// and for [`super::Value::Quantile`] the value of every x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Maxima {
    /// Largest exposure, people.
    pub exposure: f64,
    /// Largest value of each criterion layer, in its unit.
    pub layers: Vec<f64>,
    /// Tables of the sources that a criterion asks quantiles of.
    pub quantiles: Vec<(Source, Shared<QuantileTable>)>,
}

impl Maxima {
    /// The table of a source.
    pub fn quantile_of(&self, source: Source) -> Option<&Shared<QuantileTable>> {
        self.quantiles.iter().find(|(of, _)| *of == source).map(|(_, table)| table)
    }
}

/// What came of it, in whole-grid numbers.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Cells of the frame.
    pub n_cells: u64,
    /// Scored cells.
    pub n_scored: u64,
    /// Their area, m².
    pub scored_area_m2: f64,
    /// People who live in scored cells.
    pub people: f64,
    /// Σ h·E·a / 10,000 over scored cells, person-hectares.
    pub exposure_ha: f64,
    /// Mean over scored ground (by area) of the expected people within reach of contaminated ground.
    pub people_at_risk_mean: f64,
    /// Σ b·a / 10,000, benefit-hectares.
    pub benefit_ha: f64,
    /// Σ c, US$.
    pub cost_usd: f64,
    /// Largest exposure and criterion values among scored cells.
    pub maxima: Maxima,
    /// Classes, first to last.
    pub classes: Vec<ClassSummary>,
    /// The performance curve: 200 points, cumulative.
    pub curve: Vec<CurvePoint>,
    /// Cells of the frame where each layer is unknown.
    pub unknown: Vec<UnknownCount>,
    /// Seconds of each pass; all 0 without a clock.
    pub seconds: Vec<StageSeconds>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Who computed it.
    pub engine: EngineInfo,
    /// Cells along a tile's side.
    pub tile_size: usize,
}

/// One class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// 1 = first.
    pub class: u32,
    /// Its cells.
    pub n_cells: u64,
    /// Their area, m².
    pub area_m2: f64,
}

/// A point of the performance curve: all cells of rank ≥ 100 − `percent`, ties kept together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The top so many per cent of scored cells.
    pub percent: f64,
    /// Cells.
    pub cells: u64,
    /// Their area, m².
    pub area_m2: f64,
    /// Cost to clear them, US$.
    pub cost_usd: f64,
    /// Benefit-hectares.
    pub benefit: f64,
    /// Person-hectares.
    pub exposure_ha: f64,
}

/// Cells where a layer is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCount {
    /// The layer: `hazard`, `population`, `cost`, or the criterion's name.
    pub layer: String,
    /// Cells of the frame where it is unknown.
    pub n_unknown: u64,
    /// Cells that would be scored if this layer alone were known there.
    pub n_lost: u64,
}

/// Seconds of one pass or of waiting for readers or writers.
#[derive(Debug, Clone, PartialEq)]
pub struct StageSeconds {
    /// The label.
    pub stage: String,
    /// Seconds.
    pub seconds: f64,
}

/// What the passes leave, from which the summary is made.
pub(super) struct Parts<'a> {
    pub frame: &'a Frame,
    pub recipe: &'a Recipe,
    pub counts: &'a Counts,
    pub maxima: Maxima,
    pub segments: &'a [SegmentSum],
    pub quanta: &'a Quanta,
    /// Cells by row and class.
    pub classes_by_row: &'a [Vec<u64>],
    pub warnings: Vec<String>,
    pub seconds: Vec<StageSeconds>,
    pub engine: EngineInfo,
}

impl Parts<'_> {
    pub fn summary(self) -> Summary {
        let curve = points(self.segments, self.quanta);
        let totals = curve.last().copied().unwrap_or_default();
        let classes = (0..self.recipe.n_classes()).map(|class| {
            let of_row = |row: usize| self.classes_by_row[row][class];
            let n_cells = (0..self.frame.n_rows).map(of_row).sum();
            ClassSummary { class: class as u32 + 1, n_cells, area_m2: self.area_m2(of_row) }
        });
        let classes = classes.collect();
        let scored_area_m2 = self.area_m2(|row| self.counts.scored_by_row[row]);
        Summary {
            n_cells: self.frame.n_cells(),
            n_scored: self.counts.n_scored(),
            scored_area_m2,
            people: self.counts.people(),
            exposure_ha: totals.exposure_ha,
            people_at_risk_mean: totals.exposure_ha * M2_PER_HECTARE / scored_area_m2,
            benefit_ha: totals.benefit,
            cost_usd: totals.cost_usd,
            maxima: self.maxima,
            classes,
            curve,
            unknown: self.counts.unknown(self.recipe),
            seconds: self.seconds,
            warnings: self.warnings,
            engine: self.engine,
            tile_size: 0,
        }
    }

    /// Area of so many cells in each row, m², summed from the top down.
    fn area_m2(&self, n_of_row: impl Fn(usize) -> u64) -> f64 {
        let of_row = |row: usize| n_of_row(row) as f64 * self.frame.cell_area_m2(row as i64);
        (0..self.frame.n_rows).map(of_row).sum()
    }
}
