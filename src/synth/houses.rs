//! Houses: where each settlement's people live, as lumps of whole people on cells. Every lump lies on a known
//! cell of the frame, so the population raster sums to the settlements' people exactly.
//!
//! Seven in ten live in the core, the rest in outlying farms to several times its radius. Steep ground is
//! avoided, water and the far side of the border are never built on.

use glam::DVec2;

use super::chance::Dice;
use super::ground::Ground;
use super::settlements::Settlement;
use super::terrain::Terrain;
use crate::grid::Window;

/// Lumps of a settlement at most: a city's lumps are blocks, a village's are houses.
const MAX_LUMPS: u32 = 4_000;
/// Ground (m²) of a person in a lump: five people share a house on a 30 m cell, a hectare holds a hamlet.
const M2_A_PERSON: f64 = 500.0;
/// Fewest and most people of a village's lump.
const PEOPLE_A_LUMP: (u32, u32) = (5, 15);
/// Places tried for a house before it goes to the middle of the settlement.
const PLACES_TRIED: usize = 12;
/// Cells a side of the blocks houses are sorted by.
const BLOCK: i64 = 64;

/// People on a cell.
#[derive(Debug, Clone, Copy)]
struct House {
    col: u32,
    row: u32,
    people: u32,
}

/// All houses, sorted by block of cells, so that a tile finds its own.
#[derive(Debug)]
pub struct Houses {
    sorted: Vec<House>,
}

impl Houses {
    /// The houses of all settlements.
    pub fn new(settlements: &[Settlement], ground: &Ground, terrain: &Terrain, seed: u64) -> Self {
        use rayon::prelude::*;
        let mut sorted: Vec<House> = settlements
            .par_iter()
            .enumerate()
            .flat_map_iter(|(index, settlement)| {
                let mut dice = Dice::new(seed, "houses", index as u64);
                houses_of(settlement, ground, terrain, &mut dice)
            })
            .collect();
        // Equal keys only differ in people, which are added up: their order does not matter.
        sorted.sort_unstable_by_key(|house| (block_of(house), house.row, house.col, house.people));
        Self { sorted }
    }

    /// People in each cell of a window, row by row.
    pub fn people(&self, window: Window) -> Vec<u32> {
        let mut people = vec![0; window.len()];
        let (first, last) = (window.row.div_euclid(BLOCK), (window.end_row() - 1).div_euclid(BLOCK));
        let (left, right) = (window.col.div_euclid(BLOCK), (window.end_col() - 1).div_euclid(BLOCK));
        for block_row in first..=last {
            let from = self.sorted.partition_point(|house| block_of(house) < (block_row, left));
            let to = self.sorted.partition_point(|house| block_of(house) <= (block_row, right));
            for house in &self.sorted[from..to] {
                let (col, row) = (i64::from(house.col), i64::from(house.row));
                let is_in_rows = (window.row..window.end_row()).contains(&row);
                if is_in_rows && (window.col..window.end_col()).contains(&col) {
                    people[window.offset(col, row)] += house.people;
                }
            }
        }
        people
    }
}

fn block_of(house: &House) -> (i64, i64) {
    (i64::from(house.row) / BLOCK, i64::from(house.col) / BLOCK)
}

fn houses_of(settlement: &Settlement, ground: &Ground, terrain: &Terrain, dice: &mut Dice) -> Vec<House> {
    let cell_m2 = ground.cell_m.x * ground.cell_m.y;
    let people_a_lump = ((cell_m2 / M2_A_PERSON) as u32).clamp(PEOPLE_A_LUMP.0, PEOPLE_A_LUMP.1);
    let n = (settlement.people / people_a_lump).clamp(1, MAX_LUMPS);
    let n_cells = DVec2::new(ground.frame.n_cols as f64, ground.frame.n_rows as f64);
    let home = ground.cell_of(settlement.at).clamp(DVec2::ZERO, n_cells - 1.0).floor();
    (0..n)
        .map(|i| {
            // The first lumps take one person more until the settlement's people are all housed.
            let people = settlement.people / n + u32::from(i < settlement.people % n);
            let is_outlying = dice.unit() > 0.72;
            let spread_m = settlement.core_m * if is_outlying { dice.between(1.2, 4.5) } else { 0.45 };
            let cell = (0..PLACES_TRIED)
                .map(|_| settlement.at + dice.normal_point() * spread_m)
                .find(|&at| is_buildable(at, ground, terrain))
                .map_or(home, |at| ground.cell_of(at).floor());
            House { col: cell.x as u32, row: cell.y as u32, people }
        })
        .collect()
}

/// Decided at the cell's centre, where the tiles decide what is known.
fn is_buildable(at: DVec2, ground: &Ground, terrain: &Terrain) -> bool {
    if !ground.holds(at, 0.001 * ground.cell_m.x) {
        return false;
    }
    let centre = ground.snapped(at);
    ground.is_inland(centre) && !terrain.is_water(terrain.height_m(centre)) && terrain.slope(centre) < 0.30
}
