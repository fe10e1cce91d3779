//! Which dispatch a call is.

use bytemuck::bytes_of;

use crate::gpu::kernels;

use super::super::Benefit;
use super::super::program::{Call, Tally};
use super::counted::Counted;
use super::recorder::Recorder;

impl<'a> Recorder<'a> {
    /// Records a call; of the tally only the sizes matter.
    pub fn call(&mut self, call: &'a Call, tally: &Tally) {
        match call {
            Call::Hazard { prior, blocks, accidents, out } => {
                self.hazard(*prior, blocks, accidents, *out);
            }
            Call::Proximity { blocks, out } => self.proximity(blocks, *out),
            Call::ProximityAlong { rows, ratio, width_m, out } => {
                self.proximity_along(*rows, *ratio, *width_m, *out);
            }
            Call::Count { blocks, radius2, out } => self.count_features(blocks, *radius2, *out),
            Call::Exposure { population, hazard, reach, between, out } => {
                self.exposure(*population, *hazard, reach, *between, *out);
            }
            Call::Maximum { of } => {
                let (params, groups) = self.cells();
                let count = self.count(1, Counted::Maximum);
                self.cellwise(&kernels::MAXIMUM, bytes_of(&params), &[self.plane(*of), count], groups);
            }
            Call::PeopleAtRisk { hazard, exposure, out } => {
                let (params, groups) = self.cells();
                let buffers = [self.plane(*hazard), self.plane(*exposure), self.plane(*out)];
                self.cellwise(&kernels::PEOPLE_AT_RISK, bytes_of(&params), &buffers, groups);
            }
            Call::Value { of, term, is_first, worth } => self.value(*of, term, *is_first, *worth),
            Call::Factor { v, weight, is_first, worth } => self.factor(*v, *weight, *is_first, *worth),
            Call::Benefit { hazard, worth, form: Benefit::Product, out } => {
                self.product(*hazard, *worth, *out);
            }
            Call::Benefit { hazard, worth, form, out } => self.benefit(*hazard, *worth, *form, *out),
            Call::Tier { v, tiering, is_first, worth, tier } => {
                self.tier(*v, tiering, *is_first, *worth, *tier);
            }
            Call::Ordered { hazard, worth, tier, last_tier, out } => {
                self.tiered(&kernels::ORDERED, [*hazard, *worth, *tier, *out], *last_tier);
            }
            Call::Order { q, tier, benefit, last_tier, out } => {
                self.tiered(&kernels::ORDER, [*q, *tier, *benefit, *out], *last_tier);
            }
            Call::Priority { benefit, cost, row_area_m2, out } => {
                self.priority(*benefit, *cost, row_area_m2, *out);
            }
            Call::Histogram { priority } => self.histogram(*priority),
            Call::Refine { priority, finer } => self.refine(*priority, finer),
            Call::Spread { cells, finer } => self.spread(*cells, finer.as_ref(), tally),
            Call::Rank { priority, table, out } => self.rank(*priority, table, *out),
            Call::Class { rank, thresholds, out } => self.class(*rank, thresholds, *out),
            Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta } => {
                self.curve([*rank, *cost, *benefit, *people_at_risk], row_area_m2, quanta);
            }
            Call::AcceptabilityTerm { v, hazard, cost, row_area_m2, form, index, terms } => {
                self.acceptability_term([*v, *hazard, *cost, *terms], row_area_m2, *form, *index);
            }
            Call::AcceptabilityCount { planes, group } => self.acceptability_count(*planes, group),
            Call::AcceptabilityRecount { planes, group, again } => {
                self.acceptability_recount(*planes, group, again);
            }
            Call::Acceptability { planes, group, ranks, out } => {
                self.acceptability(*planes, group, ranks, *out);
            }
        }
    }
}
