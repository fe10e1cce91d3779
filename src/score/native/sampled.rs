//! The stages of `acceptability` over a program's planes: they share out their work in their own way.

use std::mem;

use super::super::acceptability::dense::Tile;
use super::super::acceptability::native::{acceptability, count};
use super::super::acceptability::recount::recount;
use super::super::acceptability::term::{TermPlanes, all_terms};
use super::super::program::{Call, Program, SampledPlanes, Tally};
use super::Planes;

impl Planes<'_> {
    pub(super) fn run_sampled(&mut self, call: &Call, program: &Program, tally: &mut Tally) {
        match call {
            Call::AcceptabilityTerm { v, hazard, cost, row_area_m2, form, index, terms } => {
                let mut out = mem::take(&mut self.owned[terms.0]);
                let [v, hazard, cost] = [*v, *hazard, *cost].map(|slot| self.get(slot));
                let planes = TermPlanes { v, hazard, cost, row_area_m2 };
                let n_cells = program.tile.len();
                all_terms(&planes, *form, &mut out[index * n_cells..][..n_cells]);
                self.owned[terms.0] = out;
            }
            Call::AcceptabilityCount { planes, group } => {
                count(&self.sampled(planes, program), group, &mut tally.samples);
            }
            Call::AcceptabilityRecount { planes, group, again } => {
                recount(&self.sampled(planes, program), group, again, &mut tally.samples);
            }
            Call::Acceptability { planes, group, ranks, out } => {
                let mut sums = mem::take(&mut self.owned[out.0]);
                acceptability(&self.sampled(planes, program), group, ranks, &mut sums);
                self.owned[out.0] = sums;
            }
            _ => unreachable!("every other stage is cell by cell"),
        }
    }

    fn sampled(&self, planes: &SampledPlanes, program: &Program) -> Tile<'_> {
        Tile {
            terms: self.get(planes.terms),
            hazards: planes.hazards.map(|slot| self.get(slot)),
            tiers: planes.tiers.map(|slot| self.get(slot)),
            n_cells: program.tile.len(),
            n_cols: program.tile.n_cols,
            origin: planes.origin,
        }
    }
}
