//! What each stage must move and compute, per cell: the model that measured times are held against.
//!
//! Bytes: every plane a stage reads or writes counts once, 4 bytes a cell; tables and counts that stay in a cache
//! count nothing, nor does what a halo adds. Operations: additions, subtractions, multiplications, divisions,
//! roots, minima and maxima of floats as the native engine executes them; comparisons, look-ups and integer work count
//! nothing, but for the sums of `exposure_disc`, which are integers. `docs/PERFORMANCE.md` holds the same table, and a test compares the two.

/// One stage's model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageModel {
    /// The stage's name; `pass_…` is all that one visit to a tile does.
    pub name: &'static str,
    /// Bytes a cell.
    pub bytes: f64,
    /// Operations a cell in any case.
    pub operations: f64,
    /// Operations a cell for each of what `each` names.
    pub operations_each: f64,
    /// `R`: cells of the exposure's radius, of its parts together where it has several. `P`: pieces of features listed
    /// for a cell. `S`: samples. Empty where there is none.
    pub each: &'static str,
    /// Whether the native engine rounds products and the sums they go into once. They count as two operations.
    pub is_fused: bool,
}

impl StageModel {
    /// Operations a cell with so many of `each`.
    pub fn operations_at(&self, n: f64) -> f64 {
        self.operations + self.operations_each * n
    }

    /// The model of a stage of the bench.
    ///
    /// # Panics
    /// When the stage has none: a bug, which a test would find.
    pub fn of(stage: &str) -> &'static Self {
        let found = STAGES.iter().find(|model| model.name == stage);
        found.unwrap_or_else(|| panic!("stage `{stage}` has no model"))
    }
}

const fn cellwise(name: &'static str, bytes: f64, operations: f64) -> StageModel {
    StageModel { name, bytes, operations, operations_each: 0.0, each: "", is_fused: false }
}

const fn with_each(
    name: &'static str,
    bytes: f64,
    operations: f64,
    operations_each: f64,
    each: &'static str,
) -> StageModel {
    StageModel { name, bytes, operations, operations_each, each, is_fused: false }
}

const fn fused(model: StageModel) -> StageModel {
    StageModel { is_fused: true, ..model }
}

/// Every stage of the bench, in the order of the pipeline.
pub static STAGES: &[StageModel] = &[
    // Of vector layers: 3 place a cell in its block. A point: 7 for the offsets, 8 for the kernel, 4 to raise; then 3.
    with_each("hazard", 8.0, 6.0, 19.0, "P"),
    // A piece: 22 for the squared distance (3 from its end, 5 along it, 3 held within it, 6 from there, 5 squared), and the
    // least; then 7 for the root and the arc.
    with_each("proximity", 4.0, 10.0, 23.0, "P"),
    with_each("count", 4.0, 3.0, 22.0, "P"),
    // Layer and plane in two sweeps. Natively 2 for rows, 11 to choose columns, 5 to build the envelope of about half of
    // them, 5 to walk it, 3 for the root.
    cellwise("proximity_to_cells", 16.0, 26.0),
    // population, hazard → exposure. Across: a product at the centre, then a pair's addition, product and addition for
    // each step out; down: a product and an addition for each of 2 R + 1 rows.
    fused(with_each("exposure", 12.0, 3.0, 7.0, "R")),
    // Six such parts, the last of radius 0, and their five sums.
    fused(with_each("exposure_exponential", 12.0, 23.0, 7.0, "R")),
    // Running sums: an addition; then a difference and an addition for each of 2 R + 1 rows.
    with_each("exposure_disc", 12.0, 3.0, 4.0, "R"),
    cellwise("maximum", 4.0, 0.0),
    cellwise("people_at_risk", 12.0, 1.0),
    cellwise("value", 8.0, 6.0),
    cellwise("value_table", 8.0, 6.0),
    cellwise("value_steps", 8.0, 2.0),
    cellwise("value_classes", 8.0, 2.0),
    cellwise("value_quantile", 8.0, 6.0),
    cellwise("factor", 8.0, 8.0),
    cellwise("tier", 12.0, 2.0),
    cellwise("benefit", 12.0, 1.0),
    cellwise("product", 12.0, 9.0),
    cellwise("ordered", 16.0, 4.0),
    cellwise("priority", 12.0, 3.0),
    cellwise("order", 16.0, 3.0),
    cellwise("spread", 4.0, 0.0),
    cellwise("histogram", 4.0, 0.0),
    cellwise("refine", 4.0, 0.0),
    cellwise("rank", 8.0, 0.0),
    cellwise("class", 8.0, 0.0),
    cellwise("curve", 16.0, 4.0),
    // v, hazard and cost in, a term out.
    cellwise("acceptability_term", 16.0, 4.0),
    // Six terms in. A sample: a product and a sum for each, and the offset; `acceptability` adds one for the top, two
    // for the rank's sum, two for its square, and writes four planes.
    with_each("acceptability_count", 24.0, 0.0, 13.0, "S"),
    with_each("acceptability_recount", 24.0, 0.0, 13.0, "S"),
    with_each("acceptability", 40.0, 0.0, 18.0, "S"),
    // population, hazard, exposure, people at risk.
    fused(with_each("pass_exposure", 16.0, 4.0, 7.0, "R")),
    // hazard, cost and two criteria in; benefit and benefit per cost out.
    cellwise("pass_priority", 24.0, 16.0),
    // benefit, people at risk, cost and benefit per cost in; rank and class out.
    cellwise("pass_rank", 24.0, 4.0),
];
