//! Stages that count and rank.

use bytemuck::bytes_of;

use crate::gpu::kernels::{self, COUNT_CELLS_EACH, CURVE_WORDS};
use crate::gpu::params::{ClassParams, CurveParams, RefineParams, SpreadParams};

use super::super::curve::Quanta;
use super::super::histogram::N_BINS;
use super::super::levels::Finer;
use super::super::program::{Shared, Slot, Tally};
use super::super::rank::RankTable;
use super::counted::Counted;
use super::recorder::Recorder;

/// Cells an invocation of `curve` visits: enough to be worth clearing and flushing its workgroup memory.
const CURVE_CELLS_EACH: usize = 64;

impl<'a> Recorder<'a> {
    /// `histogram`.
    pub fn histogram(&mut self, priority: Slot) {
        let (params, groups) = self.cells_each(COUNT_CELLS_EACH as usize);
        let count = self.count(N_BINS, Counted::Bins);
        let buffers = [self.plane(priority), count];
        self.cellwise(&kernels::HISTOGRAM, bytes_of(&params), &buffers, groups);
    }

    /// `refine`.
    pub fn refine(&mut self, priority: Slot, finer: &'a Finer) {
        let (of_cells, groups) = self.cells_each(COUNT_CELLS_EACH as usize);
        let params = RefineParams {
            n_cells: of_cells.n_cells,
            groups_across: of_cells.groups_across,
            n_places: finer.index().len() as u32,
            pad_a: 0,
        };
        let index = self.keep(finer.id(), finer.index());
        let count = self.count(finer.n_counts, Counted::Refined);
        let buffers = [self.plane(priority), index, count];
        self.cellwise(&kernels::REFINE, bytes_of(&params), &buffers, groups);
    }

    /// `spread`, at the first level or at a finer one.
    pub fn spread(&mut self, cells: Slot, finer: Option<&'a Finer>, tally: &Tally) {
        let (of_cells, groups) = self.cells_each(COUNT_CELLS_EACH as usize);
        let params = SpreadParams {
            n_cells: of_cells.n_cells,
            groups_across: of_cells.groups_across,
            n_places: finer.map_or(0, |finer| finer.index().len() as u32),
            pad_a: 0,
        };
        let (index, count) = match finer {
            Some(finer) => {
                let index = self.keep(finer.id(), finer.index());
                (index, self.count(finer.n_counts, Counted::Refined))
            }
            // A binding cannot be empty.
            None => (self.table(&[0u32]), self.count(tally.bins.len(), Counted::Bins)),
        };
        let buffers = [self.plane(cells), index, count];
        self.cellwise(&kernels::SPREAD, bytes_of(&params), &buffers, groups);
    }

    /// `rank`.
    pub fn rank(&mut self, priority: Slot, table: &'a Shared<RankTable>, out: Slot) {
        let (params, groups) = self.cells();
        let entries = self.keep(table.id(), table.entries());
        let buffers = [self.plane(priority), entries, self.plane(out)];
        self.cellwise(&kernels::RANK, bytes_of(&params), &buffers, groups);
    }

    /// `class`.
    pub fn class(&mut self, rank: Slot, thresholds: &'a [f32], out: Slot) {
        let (cells, groups) = self.cells();
        let params = ClassParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            n_thresholds: thresholds.len() as u32,
            ..Default::default()
        };
        // A binding cannot be empty.
        let bound = self.table(if thresholds.is_empty() { &[0.0] } else { thresholds });
        let buffers = [self.plane(rank), bound, self.plane(out)];
        self.cellwise(&kernels::CLASS, bytes_of(&params), &buffers, groups);
    }

    /// `curve` over rank, cost, benefit and people at risk.
    pub fn curve(&mut self, planes: [Slot; 4], row_area_m2: &'a [f32], quanta: &Quanta) {
        let (cells, groups) = self.cells_each(CURVE_CELLS_EACH);
        let params = CurveParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            n_cols: self.program.tile.n_cols as u32,
            cells_each: CURVE_CELLS_EACH as u32,
            quantum_area: quanta[0],
            quantum_cost: quanta[1],
            quantum_benefit: quanta[2],
            quantum_people: quanta[3],
        };
        let areas = self.table(row_area_m2);
        let count = self.count(CURVE_WORDS, Counted::Segments);
        let [rank, cost, benefit, people_at_risk] = planes.map(|slot| self.plane(slot));
        let buffers = [rank, cost, benefit, people_at_risk, areas, count];
        self.cellwise(&kernels::CURVE, bytes_of(&params), &buffers, groups);
    }
}
