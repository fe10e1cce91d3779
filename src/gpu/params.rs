//! Parameters of the shaders, one struct a shape: four-byte members only, in the order of the WGSL.
//!
//! A test compares every member's name and offset with what naga reads in the shader.

use bytemuck::{Pod, Zeroable};

pub use features::{AlongParams, CountParams, HazardParams, ProximityParams};

/// A parameter struct's members with their byte offsets.
pub type Members = &'static [(&'static str, usize)];

macro_rules! params {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
        }

        impl $name {
            /// Members and offsets.
            pub const MEMBERS: Members = &[$((stringify!($field), std::mem::offset_of!($name, $field))),*];
        }
    )*};
}

// After the macro, which it uses.
mod features;

params! {
    /// Stages with nothing but cells.
    CellParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `exposure_across`.
    AcrossParams {
        /// Columns of the tile.
        n_cols: u32,
        /// Past the last row of the source to be done.
        n_rows: u32,
        /// Columns of the source.
        source_stride: u32,
        /// Cells from one row of the sums to the next.
        out_stride: u32,
        /// Columns of halo on either side.
        halo_cols: u32,
        /// First row to be done.
        first_row: u32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `exposure_down`.
    DownParams {
        /// Columns of the tile.
        n_cols: u32,
        /// Past the last row of the tile to be done.
        n_rows: u32,
        /// Cells from one row of the sums to the next.
        across_stride: u32,
        /// First row to be done.
        first_row: u32,
        /// 1 for the first part, which begins the exposure.
        is_first: u32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
        /// Unused.
        pad_c: u32,
    }
    /// `exposure_running`.
    RunningParams {
        /// Columns of the source.
        n_cols: u32,
        /// First row to be done.
        first_row: u32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `exposure_disc`.
    DiscParams {
        /// Columns of the tile.
        n_cols: u32,
        /// Rows of the tile.
        n_rows: u32,
        /// Entries from one row of the running sums to the next.
        stride: u32,
        /// Columns of halo on either side.
        halo_cols: u32,
        /// First row to be done.
        first_row: u32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
        /// Unused.
        pad_c: u32,
    }
    /// `value`.
    ValueParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0.
        is_first: u32,
        /// Worth nothing here.
        lo: f32,
        /// hi − lo.
        span: f32,
        /// Normalised weight.
        weight: f32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `value_table`.
    ValueTableParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0.
        is_first: u32,
        /// 1 where a cell's place comes from its bits, 0 where from its distance to `mid`.
        by_bits: u32,
        /// Spans between knots.
        n_spans: u32,
        /// Bits of the first knot.
        base: u32,
        /// Bits between two knots.
        shift: u32,
        /// Normalised weight.
        weight: f32,
        /// At and below this the value is `below`.
        lo: f32,
        /// At and above this the value is `above`.
        hi: f32,
        /// v at and below `lo`.
        below: f32,
        /// v at and above `hi`.
        above: f32,
        /// The x of the middle knot.
        mid: f32,
        /// Spans to one unit of x.
        scale: f32,
        /// The middle knot's number.
        half_spans: f32,
        /// 2^−shift.
        bit_scale: f32,
    }
    /// `value_steps`.
    ValueStepsParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0.
        is_first: u32,
        /// 1 for codes, 0 for thresholds.
        is_classes: u32,
        /// Entries of the list.
        n_pairs: u32,
        /// Normalised weight.
        weight: f32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `spread`.
    SpreadParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Places that the index holds; 0 where cells are counted by bin.
        n_places: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `refine`.
    RefineParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Places that the index holds.
        n_places: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `quantile`.
    QuantileParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0.
        is_first: u32,
        /// Normalised weight.
        weight: f32,
    }
    /// `factor`.
    FactorParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0.
        is_first: u32,
        /// Normalised weight, a power here.
        weight: f32,
    }
    /// `tier`.
    TierParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for the first criterion, which starts from 0 and the last tier.
        is_first: u32,
        /// Normalised weight.
        weight: f32,
        /// From here on v reaches the tier.
        threshold: f32,
        /// The tier the criterion decides.
        tier: f32,
        /// The tier of cells that reach no threshold.
        last_tier: f32,
        /// Unused.
        pad_a: u32,
    }
    /// `ordered` and `order`.
    TieredParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// The tier of cells that reach no threshold.
        last_tier: f32,
        /// Highest bits that hold the tier.
        tier_bits: u32,
    }
    /// `benefit`.
    BenefitParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// 1 for `risk`, 0 for `sum`.
        times_hazard: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `priority`.
    RowParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Columns of the tile.
        n_cols: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `class`.
    ClassParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Thresholds.
        n_thresholds: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `curve`.
    CurveParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Columns of the tile.
        n_cols: u32,
        /// Cells an invocation visits.
        cells_each: u32,
        /// Power of 2 of the area's quantum, m².
        quantum_area: i32,
        /// Of the cost's, US$.
        quantum_cost: i32,
        /// Of the benefit's, benefit-m².
        quantum_benefit: i32,
        /// Of people at risk, person-m².
        quantum_people: i32,
    }
    /// `acceptability_term`.
    TermParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Columns of the tile.
        n_cols: u32,
        /// The criterion's place among those sampled.
        index: u32,
        /// 1 where g holds hazard.
        times_hazard: u32,
        /// 1 where g holds a / c.
        per_cost: u32,
        /// 1 where the term is a logarithm.
        is_product: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `acceptability_count`, `acceptability_recount`, `acceptability`.
    SampleParams {
        /// Cells of the plane.
        n_cells: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Columns of the tile.
        n_cols: u32,
        /// Criteria.
        n_terms: u32,
        /// Samples of the group.
        n_samples: u32,
        /// First sample to be counted again.
        first_sample: u32,
        /// 0 fixed, 1 factors of the odds, 2 spread by cell.
        hazard_kind: u32,
        /// 1 where cost is drawn.
        draws_cost: u32,
        /// 1 where sums are logarithms.
        is_product: u32,
        /// First word of the seed.
        seed_a: u32,
        /// Second word of the seed.
        seed_b: u32,
        /// Cells along the side of a block with common draws.
        side: u32,
        /// Column of the tile's first cell in the whole grid.
        col: u32,
        /// Row of it.
        row: u32,
        /// Only one cell in 2^this is counted.
        survey_bits: u32,
        /// Samples in which cells without priority are in the top.
        zero_top: f32,
        /// Their rank.
        zero_rank: f32,
        /// Samples to be counted again.
        n_again: u32,
        /// Low bits of q that keys leave out in an ordered list; 0 for the other forms.
        tier_bits: u32,
        /// Unused.
        pad_a: u32,
    }
    /// `probe_multiply_add`.
    ProbeParams {
        /// Turns of the loop.
        n_turns: u32,
        /// Workgroups along x.
        groups_across: u32,
        /// Each x is multiplied by it.
        factor: f32,
        /// And it is added.
        term: f32,
    }
}
