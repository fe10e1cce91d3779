//! The kernels table: the one source for pipelines, layouts, and the tests of limits and translations.

use super::params::{
    AcrossParams, AlongParams, BenefitParams, CellParams, ClassParams, CountParams, CurveParams, DiscParams,
    DownParams, FactorParams, HazardParams, Members, ProbeParams, ProximityParams, QuantileParams,
    RefineParams, RowParams, RunningParams, SampleParams, SpreadParams, TermParams, TierParams, TieredParams,
    ValueParams, ValueStepsParams, ValueTableParams,
};

use super::wrapped::wrapped;

/// How a storage buffer is bound; binding 0 is always the uniform `params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// Read only.
    Read,
    /// Read and written.
    Write,
}

/// One compute shader.
#[derive(Debug)]
pub struct KernelSpec {
    /// The stage's name, and the shader file's.
    pub name: &'static str,
    /// WGSL, to be joined in order.
    pub wgsl: &'static [&'static str],
    /// The entry point.
    pub entry: &'static str,
    /// Members of `params`.
    pub params: Members,
    /// Storage buffers from binding 1 on; at most 7, because group 1 takes one for the count of workgroups.
    pub bindings: &'static [Bind],
    /// Invocations of a workgroup.
    pub workgroup: [u32; 3],
}

impl KernelSpec {
    /// The whole WGSL, its entry point wrapped so that every workgroup counts itself as done.
    pub fn source(&self) -> String {
        wrapped(&self.wgsl.concat(), self.entry)
    }
}

/// Cells an invocation of `histogram` and `refine` visits.
pub const COUNT_CELLS_EACH: u32 = 16;

/// Words of the tally of `curve`: cells of 200 segments, then three words for each of their four sums.
pub const CURVE_WORDS: usize = 200 + 200 * 4 * 3;

const GRID: &str = include_str!("../../shaders/grid.wgsl");
/// What the stages of `acceptability` share.
const SAMPLE: &str = include_str!("../../shaders/sample.wgsl");
/// What the stages that count or look up by key share.
const LEVELS: &str = include_str!("../../shaders/levels.wgsl");

use Bind::{Read, Write};

macro_rules! kernels {
    ($($(#[$meta:meta])* $id:ident = $name:literal, $entry:literal, $params:ty, [$($bind:expr),*], $group:expr $(, $shared:expr)?;)*) => {
        $($(#[$meta])* pub static $id: KernelSpec = KernelSpec {
            name: $name,
            wgsl: &[GRID, $($shared,)? include_str!(concat!("../../shaders/", $name, ".wgsl"))],
            entry: $entry,
            params: <$params>::MEMBERS,
            bindings: &[$($bind),*],
            workgroup: $group,
        };)*

        /// Every kernel, in the order of the pipeline.
        pub static KERNELS: &[&KernelSpec] = &[$(&$id),*];
    };
}

kernels! {
    /// blocks, groups, pieces, axes, knots, prior → hazard.
    HAZARD = "hazard", "hazard", HazardParams, [Read, Read, Read, Read, Read, Read, Write], [16, 16, 1];
    /// blocks, groups, pieces, masks, axes → distance.
    PROXIMITY = "proximity", "proximity", ProximityParams, [Read, Read, Read, Read, Read, Write], [16, 16, 1];
    /// rows to the nearest feature by column → distance.
    PROXIMITY_ALONG = "proximity_along", "proximity_along", AlongParams, [Read, Write], [256, 1, 1];
    /// blocks, groups, pieces, masks, axes → number of features.
    COUNT = "count", "count", CountParams, [Read, Read, Read, Read, Read, Write], [16, 16, 1];
    /// population, rows, weights → sums.
    EXPOSURE_ACROSS = "exposure_across", "exposure_across", AcrossParams, [Read, Read, Read, Write], [64, 1, 1];
    /// sums, hazard, rows, weights → exposure.
    EXPOSURE_DOWN = "exposure_down", "exposure_down", DownParams, [Read, Read, Read, Read, Write], [64, 1, 1];
    /// population → running sums.
    EXPOSURE_RUNNING = "exposure_running", "exposure_running", RunningParams, [Read, Write], [256, 1, 1];
    /// running sums, hazard, rows, half widths → exposure.
    EXPOSURE_DISC = "exposure_disc", "exposure_disc", DiscParams, [Read, Read, Read, Read, Write], [64, 4, 1];
    /// cells → tally.
    MAXIMUM = "maximum", "maximum", CellParams, [Read, Write], [256, 1, 1];
    /// hazard, exposure → people at risk.
    PEOPLE_AT_RISK = "people_at_risk", "people_at_risk", CellParams, [Read, Read, Write], [256, 1, 1];
    /// cells → worth.
    VALUE = "value", "value", ValueParams, [Read, Write], [256, 1, 1];
    /// cells, knots → worth.
    VALUE_TABLE = "value_table", "value_table", ValueTableParams, [Read, Read, Write], [256, 1, 1];
    /// cells, keys with values → worth.
    VALUE_STEPS = "value_steps", "value_steps", ValueStepsParams, [Read, Read, Write], [256, 1, 1];
    /// cells, index of places → tally.
    SPREAD = "spread", "spread", SpreadParams, [Read, Read, Write], [256, 1, 1], LEVELS;
    /// cells, table → worth.
    QUANTILE = "quantile", "quantile", QuantileParams, [Read, Read, Write], [256, 1, 1], LEVELS;
    /// hazard, worth → benefit.
    BENEFIT = "benefit", "benefit", BenefitParams, [Read, Read, Write], [256, 1, 1];
    /// v, knots → worth.
    FACTOR = "factor", "factor", FactorParams, [Read, Read, Write], [256, 1, 1];
    /// hazard, worth, knots → benefit.
    PRODUCT = "product", "product", CellParams, [Read, Read, Read, Write], [256, 1, 1];
    /// v → worth, tiers.
    TIER = "tier", "tier", TierParams, [Read, Write, Write], [256, 1, 1];
    /// hazard, worth, tiers → benefit.
    ORDERED = "ordered", "ordered", TieredParams, [Read, Read, Read, Write], [256, 1, 1];
    /// worth or worth per cost, tiers, benefit → what the rank orders by.
    ORDER = "order", "order", TieredParams, [Read, Read, Read, Write], [256, 1, 1];
    /// benefit, cost, row areas → priority.
    PRIORITY = "priority", "priority", RowParams, [Read, Read, Read, Write], [256, 1, 1];
    /// priority → tally.
    HISTOGRAM = "histogram", "histogram", CellParams, [Read, Write], [256, 1, 1], LEVELS;
    /// priority, index of places → tally.
    REFINE = "refine", "refine", RefineParams, [Read, Read, Write], [256, 1, 1], LEVELS;
    /// priority, table → rank.
    RANK = "rank", "rank", CellParams, [Read, Read, Write], [256, 1, 1], LEVELS;
    /// rank, thresholds → class.
    CLASS = "class", "classes", ClassParams, [Read, Read, Write], [256, 1, 1];
    /// rank, cost, benefit, people at risk, row areas → tally.
    CURVE = "curve", "curve", CurveParams, [Read, Read, Read, Read, Read, Write], [256, 1, 1];
    /// v, hazard, cost, row areas, knots → terms.
    ACCEPTABILITY_TERM = "acceptability_term", "acceptability_term", TermParams, [Read, Read, Read, Read, Read, Write], [256, 1, 1];
    /// draws, values, terms, hazards → tally.
    ACCEPTABILITY_COUNT = "acceptability_count", "acceptability_count", SampleParams, [Read, Read, Read, Read, Write], [256, 1, 1], SAMPLE;
    /// draws, values, terms, hazards, again → tally.
    ACCEPTABILITY_RECOUNT = "acceptability_recount", "acceptability_recount", SampleParams, [Read, Read, Read, Read, Read, Write], [256, 1, 1], SAMPLE;
    /// draws, values, terms, hazards, ranks, refined ranks → four planes of sums.
    ACCEPTABILITY = "acceptability", "acceptability", SampleParams, [Read, Read, Read, Read, Read, Read, Write], [256, 1, 1], SAMPLE;
    /// No stage: four words → four words, for `clearway bench`.
    PROBE_COPY = "probe_copy", "probe_copy", CellParams, [Read, Write], [256, 1, 1];
    /// No stage: nothing → sums, for `clearway bench`.
    PROBE_MULTIPLY_ADD = "probe_multiply_add", "probe_multiply_add", ProbeParams, [Write], [256, 1, 1];
}
