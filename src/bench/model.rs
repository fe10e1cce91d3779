//! What each stage must move and compute, per cell: the model that measured times are held against.
//!
//! Bytes: every plane a stage reads or writes counts once, 4 bytes a cell; tables and counts that stay in a cache
//! count nothing, nor does what a halo adds. Operations: additions, subtractions, multiplications, divisions,
//! minima and maxima of floats as the native engine executes them; comparisons, look-ups and integer work count
//! nothing. `docs/PERFORMANCE.md` holds the same table, and a test compares the two.

/// One stage's model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageModel {
    /// The stage's name; `pass_…` is all that one visit to a tile does.
    pub name: &'static str,
    /// Bytes a cell.
    pub bytes: f64,
    /// Operations a cell that do not depend on the radius.
    pub operations: f64,
    /// Operations a cell for each cell of the exposure's radius.
    pub operations_by_radius: f64,
}

impl StageModel {
    /// Operations a cell at a radius.
    pub fn operations_at(&self, radius_cells: usize) -> f64 {
        self.operations + self.operations_by_radius * radius_cells as f64
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
    StageModel { name, bytes, operations, operations_by_radius: 0.0 }
}

const fn by_radius(name: &'static str, bytes: f64, operations: f64, each: f64) -> StageModel {
    StageModel { name, bytes, operations, operations_by_radius: each }
}

/// Every stage of the bench, in the order of the pipeline.
pub static STAGES: &[StageModel] = &[
    // population, hazard → exposure. Across: a product at the centre, then a pair's addition, product and addition for
    // each step out; down: a product and an addition for each of 2 R + 1 rows.
    by_radius("exposure", 12.0, 3.0, 7.0),
    cellwise("maximum", 4.0, 0.0),
    cellwise("people_at_risk", 12.0, 1.0),
    cellwise("value", 8.0, 6.0),
    cellwise("value_table", 8.0, 6.0),
    cellwise("value_steps", 8.0, 2.0),
    cellwise("value_classes", 8.0, 2.0),
    cellwise("factor", 8.0, 8.0),
    cellwise("benefit", 12.0, 1.0),
    cellwise("product", 12.0, 9.0),
    cellwise("priority", 12.0, 3.0),
    cellwise("spread", 4.0, 0.0),
    cellwise("histogram", 4.0, 0.0),
    cellwise("refine", 4.0, 0.0),
    cellwise("rank", 8.0, 0.0),
    cellwise("class", 8.0, 0.0),
    cellwise("curve", 16.0, 4.0),
    // population, hazard, exposure, people at risk.
    by_radius("pass_exposure", 16.0, 4.0, 7.0),
    // hazard, cost and two criteria in; benefit and benefit per cost out.
    cellwise("pass_priority", 24.0, 16.0),
    // benefit, people at risk, cost and benefit per cost in; rank and class out.
    cellwise("pass_rank", 24.0, 4.0),
];
