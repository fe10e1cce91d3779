//! A few rows of every plane, and the cell-wise stages on them.

use std::mem;

use super::super::Benefit;
use super::super::benefit::benefit;
use super::super::class::class;
use super::super::curve::{CurvePlanes, curve};
use super::super::histogram::{histogram, refine};
use super::super::maximum::maximum;
use super::super::ordered::{Tiering, order, ordered, tier};
use super::super::people_at_risk::people_at_risk;
use super::super::priority::priority;
use super::super::product::{factor, product};
use super::super::program::{Call, Slot, Tally};
use super::super::quantile::{spread, spread_refined};
use super::super::rank::rank;
use super::super::value::{Term, value};
use super::super::widest::{widest, work};
use super::Counts;

work!(PeopleAtRisk = people_at_risk(hazard: &'a [f32], exposure: &'a [f32], out: &'a mut [f32]));
work!(AddValue = value(of: &'a [f32], term: &'a Term, is_first: bool, worth: &'a mut [f32]));
work!(AddFactor = factor(v: &'a [f32], weight: f32, is_first: bool, worth: &'a mut [f32]));
work!(HazardOrSum = benefit(hazard: &'a [f32], worth: &'a [f32], times_hazard: bool, out: &'a mut [f32]));
work!(Product = product(hazard: &'a [f32], worth: &'a [f32], out: &'a mut [f32]));
work!(Tier = tier(v: &'a [f32], tiering: &'a Tiering, is_first: bool, worth: &'a mut [f32], tiers: &'a mut [f32]));
work!(Ordered = ordered(hazard: &'a [f32], worth: &'a [f32], tier: &'a [f32], last_tier: f32, out: &'a mut [f32]));
work!(Order = order(q: &'a [f32], tier: &'a [f32], benefit: &'a [f32], last_tier: f32, out: &'a mut [f32]));
work!(Priority = priority(benefit: &'a [f32], cost: &'a [f32], row_area_m2: &'a [f32], out: &'a mut [f32]));
work!(Class = class(rank: &'a [f32], thresholds: &'a [f32], out: &'a mut [f32]));

/// A few rows of every plane.
pub(super) struct Block<'a> {
    pub first_row: usize,
    pub n_rows: usize,
    pub n_cols: usize,
    pub parts: Vec<Part<'a>>,
}

pub(super) enum Part<'a> {
    /// Of an input.
    Read(&'a [f32]),
    /// Of a plane kept beyond the block.
    Write(&'a mut [f32]),
    /// Of a plane nobody asks for afterwards.
    Local(Vec<f32>),
    /// A plane of another shape, or one being written.
    Elsewhere,
}

impl Part<'_> {
    fn cells_mut(&mut self, n_cells: usize) -> &mut [f32] {
        match self {
            Part::Write(cells) => cells,
            Part::Local(cells) => {
                cells.resize(n_cells, 0.0);
                cells
            }
            Part::Read(_) | Part::Elsewhere => panic!("a stage writes a plane of the tile that is no input"),
        }
    }
}

impl Block<'_> {
    fn get(&self, slot: Slot) -> &[f32] {
        match &self.parts[slot.0] {
            Part::Read(cells) => cells,
            Part::Write(cells) => cells,
            Part::Local(cells) => cells,
            Part::Elsewhere => panic!("a stage reads the plane it writes, or one of another shape"),
        }
    }

    fn rows<'r>(&self, by_row: &'r [f32]) -> &'r [f32] {
        &by_row[self.first_row..self.first_row + self.n_rows]
    }

    /// Runs `stage` with the block and the part it writes.
    fn write(&mut self, slot: Slot, stage: impl FnOnce(&Self, &mut [f32])) {
        let mut part = mem::replace(&mut self.parts[slot.0], Part::Elsewhere);
        stage(self, part.cells_mut(self.n_rows * self.n_cols));
        self.parts[slot.0] = part;
    }

    /// The same for a stage that writes two planes.
    fn write_both(&mut self, slots: [Slot; 2], stage: impl FnOnce(&Self, &mut [f32], &mut [f32])) {
        let mut second = mem::replace(&mut self.parts[slots[1].0], Part::Elsewhere);
        let cells = second.cells_mut(self.n_rows * self.n_cols);
        self.write(slots[0], |block, first| stage(block, first, cells));
        self.parts[slots[1].0] = second;
    }

    pub fn run(&mut self, call: &Call, counts: &mut Counts, tally: &Tally) {
        match call {
            Call::PeopleAtRisk { hazard, exposure, out } => {
                self.write(*out, |b, out| {
                    widest(PeopleAtRisk { hazard: b.get(*hazard), exposure: b.get(*exposure), out })
                });
            }
            Call::Value { of, term, is_first, worth } => {
                self.write(*worth, |b, worth| {
                    widest(AddValue { of: b.get(*of), term, is_first: *is_first, worth })
                });
            }
            Call::Factor { v, weight, is_first, worth } => self.write(*worth, |b, worth| {
                widest(AddFactor { v: b.get(*v), weight: *weight, is_first: *is_first, worth })
            }),
            Call::Benefit { hazard, worth, form, out } => self.write(*out, |b, out| {
                let (hazard, worth) = (b.get(*hazard), b.get(*worth));
                match form {
                    Benefit::Product => widest(Product { hazard, worth, out }),
                    Benefit::Risk => widest(HazardOrSum { hazard, worth, times_hazard: true, out }),
                    Benefit::Sum => widest(HazardOrSum { hazard, worth, times_hazard: false, out }),
                    Benefit::Ordered => unreachable!("it has a stage of its own"),
                }
            }),
            Call::Tier { v, tiering, is_first, worth, tier } => {
                self.write_both([*worth, *tier], |b, worth, tiers| {
                    widest(Tier { v: b.get(*v), tiering, is_first: *is_first, worth, tiers });
                });
            }
            Call::Ordered { hazard, worth, tier, last_tier, out } => self.write(*out, |b, out| {
                let (hazard, worth, tier) = (b.get(*hazard), b.get(*worth), b.get(*tier));
                widest(Ordered { hazard, worth, tier, last_tier: *last_tier, out });
            }),
            Call::Order { q, tier, benefit, last_tier, out } => self.write(*out, |b, out| {
                let (q, tier, benefit) = (b.get(*q), b.get(*tier), b.get(*benefit));
                widest(Order { q, tier, benefit, last_tier: *last_tier, out });
            }),
            Call::Priority { benefit, cost, row_area_m2, out } => self.write(*out, |b, out| {
                let (benefit, cost, row_area_m2) = (b.get(*benefit), b.get(*cost), b.rows(row_area_m2));
                widest(Priority { benefit, cost, row_area_m2, out });
            }),
            Call::Rank { priority, table, out } => {
                self.write(*out, |b, out| rank(b.get(*priority), table, out));
            }
            Call::Class { rank, thresholds, out } => {
                self.write(*out, |b, out| widest(Class { rank: b.get(*rank), thresholds, out }));
            }
            Call::Maximum { of } => counts.maximum_bits = maximum(self.get(*of), counts.maximum_bits),
            Call::Histogram { priority } => histogram(self.get(*priority), counts.bins(tally.bins.len())),
            Call::Refine { priority, index_of } => refine(self.get(*priority), index_of, &tally.refined),
            Call::Spread { cells, index_of: None } => spread(self.get(*cells), counts.bins(tally.bins.len())),
            Call::Spread { cells, index_of: Some(index_of) } => {
                spread_refined(self.get(*cells), index_of, &tally.refined);
            }
            Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta } => {
                let planes = CurvePlanes {
                    rank: self.get(*rank),
                    cost: self.get(*cost),
                    benefit: self.get(*benefit),
                    people_at_risk: self.get(*people_at_risk),
                    row_area_m2: self.rows(row_area_m2),
                };
                curve(&planes, quanta, counts.segments(tally.segments.len()));
            }
            _ => unreachable!("not cell by cell"),
        }
    }
}
