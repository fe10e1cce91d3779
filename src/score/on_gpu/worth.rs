//! Stages of criteria and benefit, cell by cell.

use bytemuck::bytes_of;

use crate::gpu::kernels;
use crate::gpu::params::{
    BenefitParams, FactorParams, QuantileParams, RowParams, ValueParams, ValueStepsParams, ValueTableParams,
};

use super::super::Benefit;
use super::super::product::{EXP2_KNOTS, LOG2_KNOTS};
use super::super::program::Slot;
use super::super::value::{Lookup, Term};
use super::recorder::Recorder;

impl<'a> Recorder<'a> {
    /// `value`, `value_table`, `value_steps` or `quantile`.
    pub fn value(&mut self, of: Slot, term: &'a Term, is_first: bool, worth: Slot) {
        let (cells, groups) = self.cells();
        let (n_cells, groups_across) = (cells.n_cells, cells.groups_across);
        let (of, worth) = (self.plane(of), self.plane(worth));
        let (is_first, weight) = (u32::from(is_first), term.weight);
        match &term.lookup {
            Lookup::Linear(line) => {
                let (lo, span) = (line.lo, line.span);
                let params =
                    ValueParams { n_cells, groups_across, is_first, lo, span, weight, ..Default::default() };
                self.cellwise(&kernels::VALUE, bytes_of(&params), &[of, worth], groups);
            }
            Lookup::Table(table) => {
                let params = ValueTableParams {
                    n_cells,
                    groups_across,
                    is_first,
                    by_bits: u32::from(table.by_bits),
                    n_spans: table.n_spans(),
                    base: table.base,
                    shift: table.shift,
                    weight,
                    lo: table.lo,
                    hi: table.hi,
                    below: table.below,
                    above: table.above,
                    mid: table.mid,
                    scale: table.scale,
                    half_spans: table.half(),
                    bit_scale: table.bit_scale(),
                };
                let knots = self.table(&table.knots);
                self.cellwise(&kernels::VALUE_TABLE, bytes_of(&params), &[of, knots, worth], groups);
            }
            Lookup::Quantile(table) => {
                let params = QuantileParams { n_cells, groups_across, is_first, weight };
                let pairs = self.keep(table.id(), table.words());
                self.cellwise(&kernels::QUANTILE, bytes_of(&params), &[of, pairs, worth], groups);
            }
            Lookup::Steps(steps) => {
                let params = ValueStepsParams {
                    n_cells,
                    groups_across,
                    is_first,
                    is_classes: u32::from(steps.is_classes),
                    n_pairs: (steps.pairs.len() / 2) as u32,
                    weight,
                    ..Default::default()
                };
                let pairs = self.table(&steps.pairs);
                self.cellwise(&kernels::VALUE_STEPS, bytes_of(&params), &[of, pairs, worth], groups);
            }
        }
    }

    /// `factor`.
    pub fn factor(&mut self, v: Slot, weight: f32, is_first: bool, worth: Slot) {
        let (cells, groups) = self.cells();
        let params = FactorParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            is_first: u32::from(is_first),
            weight,
        };
        let knots = self.table(&LOG2_KNOTS);
        let buffers = [self.plane(v), knots, self.plane(worth)];
        self.cellwise(&kernels::FACTOR, bytes_of(&params), &buffers, groups);
    }

    /// `product`.
    pub fn product(&mut self, hazard: Slot, worth: Slot, out: Slot) {
        let (params, groups) = self.cells();
        let knots = self.table(&EXP2_KNOTS);
        let buffers = [self.plane(hazard), self.plane(worth), knots, self.plane(out)];
        self.cellwise(&kernels::PRODUCT, bytes_of(&params), &buffers, groups);
    }

    /// `benefit`.
    pub fn benefit(&mut self, hazard: Slot, worth: Slot, form: Benefit, out: Slot) {
        let (cells, groups) = self.cells();
        let params = BenefitParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            times_hazard: u32::from(form == Benefit::Risk),
            ..Default::default()
        };
        let buffers = [self.plane(hazard), self.plane(worth), self.plane(out)];
        self.cellwise(&kernels::BENEFIT, bytes_of(&params), &buffers, groups);
    }

    /// `priority`.
    pub fn priority(&mut self, benefit: Slot, cost: Slot, row_area_m2: &'a [f32], out: Slot) {
        let (cells, groups) = self.cells();
        let params = RowParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            n_cols: self.program.tile.n_cols as u32,
            ..Default::default()
        };
        let areas = self.table(row_area_m2);
        let buffers = [self.plane(benefit), self.plane(cost), areas, self.plane(out)];
        self.cellwise(&kernels::PRIORITY, bytes_of(&params), &buffers, groups);
    }
}
