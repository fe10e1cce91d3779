//! Stages of `acceptability`.

use bytemuck::bytes_of;

use crate::gpu::params::{SampleParams, TermParams};
use crate::gpu::{BufferId, kernels};

use super::super::acceptability::bins::{Again, Ranks};
use super::super::acceptability::group::{Group, HazardNoise};
use super::super::acceptability::term::TermForm;
use super::super::product::LOG2_KNOTS;
use super::super::program::{SampledPlanes, Shared, Slot};
use super::counted::Counted;
use super::recorder::Recorder;

impl<'a> Recorder<'a> {
    /// `acceptability_term` of v, hazard and cost into terms.
    pub fn acceptability_term(
        &mut self,
        planes: [Slot; 4],
        row_area_m2: &'a [f32],
        form: TermForm,
        index: usize,
    ) {
        let (cells, groups) = self.cells();
        let params = TermParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            n_cols: self.program.tile.n_cols as u32,
            index: index as u32,
            times_hazard: u32::from(form.times_hazard),
            per_cost: u32::from(form.per_cost),
            is_product: u32::from(form.is_product),
            ..Default::default()
        };
        let areas = self.table(row_area_m2);
        let knots = self.table(LOG2_KNOTS.as_slice());
        let [v, hazard, cost, terms] = planes.map(|slot| self.plane(slot));
        let buffers = [v, hazard, cost, areas, knots, terms];
        self.cellwise(&kernels::ACCEPTABILITY_TERM, bytes_of(&params), &buffers, groups);
    }

    /// `acceptability_count`.
    pub fn acceptability_count(&mut self, planes: SampledPlanes, group: &'a Shared<Group>) {
        let params = self.sample_params(planes, group);
        let count = self.count(group.n_counts(), Counted::Samples);
        let [draws, values, terms, hazards] = self.sampled(planes, group);
        let buffers = [draws, values, terms, hazards, count];
        let groups = self.cells().1;
        self.cellwise(&kernels::ACCEPTABILITY_COUNT, bytes_of(&params), &buffers, groups);
    }

    /// `acceptability_recount`.
    pub fn acceptability_recount(
        &mut self,
        planes: SampledPlanes,
        group: &'a Shared<Group>,
        again: &'a Shared<Again>,
    ) {
        let params = SampleParams {
            first_sample: again.samples.start as u32,
            n_again: again.samples.len() as u32,
            ..self.sample_params(planes, group)
        };
        let count = self.count(again.n_counts(), Counted::Samples);
        let [draws, values, terms, hazards] = self.sampled(planes, group);
        let words = self.keep(again.id(), &again.words);
        let buffers = [draws, values, terms, hazards, words, count];
        let groups = self.cells().1;
        self.cellwise(&kernels::ACCEPTABILITY_RECOUNT, bytes_of(&params), &buffers, groups);
    }

    /// `acceptability`.
    pub fn acceptability(
        &mut self,
        planes: SampledPlanes,
        group: &'a Shared<Group>,
        ranks: &'a Shared<Ranks>,
        out: Slot,
    ) {
        let params = SampleParams {
            zero_top: ranks.zero.0,
            zero_rank: ranks.zero.1,
            ..self.sample_params(planes, group)
        };
        let [draws, values, terms, hazards] = self.sampled(planes, group);
        let first = self.keep(ranks.id(), &ranks.words);
        // A binding cannot be empty.
        let refined: &[f32] = if ranks.refined.is_empty() { &[0.0] } else { &ranks.refined };
        let refined = self.keep(ranks.id() + 1, bytemuck::cast_slice(refined));
        let buffers = [draws, values, terms, hazards, first, refined, self.plane(out)];
        let groups = self.cells().1;
        self.cellwise(&kernels::ACCEPTABILITY, bytes_of(&params), &buffers, groups);
    }

    fn sampled(&mut self, planes: SampledPlanes, group: &'a Shared<Group>) -> [BufferId; 4] {
        let draws = self.keep(group.id(), &group.draw_words);
        let values = self.keep(group.id() + 1, bytemuck::cast_slice(&group.values));
        let terms = self.plane(planes.terms);
        // A binding for either; neither is asked for where there is none.
        let further = planes.hazards.or(planes.tiers).unwrap_or(planes.terms);
        [draws, values, terms, self.plane(further)]
    }

    fn sample_params(&self, planes: SampledPlanes, group: &Group) -> SampleParams {
        let cells = self.cells().0;
        SampleParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            n_cols: self.program.tile.n_cols as u32,
            n_terms: group.n_terms() as u32,
            n_samples: group.n_samples as u32,
            hazard_kind: match group.hazard {
                HazardNoise::None => 0,
                HazardNoise::Factors => 1,
                HazardNoise::Spread => 2,
            },
            draws_cost: u32::from(!group.cost_values().is_empty()),
            is_product: u32::from(group.is_product),
            seed_a: group.seeds[0],
            seed_b: group.seeds[1],
            side: group.side,
            col: planes.origin[0],
            row: planes.origin[1],
            survey_bits: group.survey_bits,
            tier_bits: group.tiers.as_ref().map_or(0, |tiers| tiers.n_bits),
            ..Default::default()
        }
    }
}
