//! Roads between settlements: the minimum spanning tree, so that every settlement is reached, and shortcuts
//! where the way round is more than twice the straight line. Two roads lead out of the frame from the largest
//! settlement. Every road then bends with the terrain.

use std::collections::BTreeSet;

use glam::DVec2;
use rayon::prelude::*;
use rstar::RTree;

use super::chance::{Dice, Noise};
use super::ground::Ground;
use super::path::least_cost_path;
use super::settlements::{Indexed, Settlement};
use super::terrain::Terrain;

/// Neighbours a settlement may have a shortcut to.
const NEIGHBOURS: usize = 7;
/// A shortcut is built where the way by road is this many times the straight line.
const DETOUR_FOR_SHORTCUT: f64 = 2.0;

/// A road.
#[derive(Debug, Clone)]
pub struct Road {
    /// `primary`, `secondary` or `track`, after the smaller of the settlements it joins.
    pub class: &'static str,
    /// "A – B".
    pub name: String,
    /// Its points, on the plane.
    pub points: Vec<DVec2>,
}

impl Road {
    /// Length in metres.
    pub fn length_m(&self) -> f64 {
        self.points.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
    }
}

/// All roads of a region.
pub fn roads(settlements: &[Settlement], ground: &Ground, terrain: &Terrain, seed: u64) -> Vec<Road> {
    let tree = spanning_tree(settlements);
    let shortcuts = shortcuts(settlements, &tree);
    let going = Noise::new(seed, "going", 0);
    let road = |&(a, b): &(usize, usize)| {
        let (from, to) = (&settlements[a], &settlements[b]);
        Road {
            class: class_of(a.max(b), settlements.len()),
            name: format!("{} \u{2013} {}", from.name, to.name),
            points: least_cost_path(terrain, &going, from.at, to.at),
        }
    };
    let mut roads: Vec<Road> = tree.par_iter().map(road).collect();
    // A settlement is reached over a bridge where it must be; nobody builds one for a shortcut.
    let is_dry = |road: &Road| road.points.iter().all(|&at| !terrain.is_water(terrain.height_m(at)));
    let shortcuts: Vec<Road> = shortcuts.par_iter().map(road).collect();
    roads.extend(shortcuts.into_iter().filter(is_dry));
    roads.extend(roads_out(&settlements[0], ground, terrain, seed));
    roads
}

/// Prim's algorithm on all pairs: the number of settlements squared, 0.1 s for ten thousand.
fn spanning_tree(settlements: &[Settlement]) -> Vec<(usize, usize)> {
    let n = settlements.len();
    let mut nearest = vec![(f64::INFINITY, 0); n];
    let mut is_joined = vec![false; n];
    let mut edges = Vec::with_capacity(n.saturating_sub(1));
    let mut last = 0;
    is_joined[0] = true;
    for _ in 1..n {
        let mut next = (f64::INFINITY, usize::MAX);
        for i in 0..n {
            if is_joined[i] {
                continue;
            }
            let d2 = settlements[i].at.distance_squared(settlements[last].at);
            if d2 < nearest[i].0 {
                nearest[i] = (d2, last);
            }
            if nearest[i].0 < next.0 || next.1 == usize::MAX {
                next = (nearest[i].0, i);
            }
        }
        last = next.1;
        is_joined[last] = true;
        edges.push((nearest[last].1, last));
    }
    edges
}

fn shortcuts(settlements: &[Settlement], tree: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let points = settlements.iter().enumerate().map(|(i, s)| Indexed::new(s.at.to_array(), i));
    let index = RTree::bulk_load(points.collect());
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); settlements.len()];
    for &(a, b) in tree {
        neighbours[a].push(b);
        neighbours[b].push(a);
    }
    let mut built = Vec::new();
    for (a, settlement) in settlements.iter().enumerate() {
        for near in index.nearest_neighbor_iter(&settlement.at.to_array()).take(NEIGHBOURS + 1) {
            let b = near.data;
            let straight_m = settlement.at.distance(settlements[b].at);
            let limit_m = straight_m * DETOUR_FOR_SHORTCUT;
            // Not across: a road already on the way to the same place.
            if b > a && !is_within(settlements, &neighbours, a, b, limit_m) {
                neighbours[a].push(b);
                neighbours[b].push(a);
                built.push((a, b));
            }
        }
    }
    built
}

/// Whether `to` can be reached by road from `from` within a length (straight lines between settlements).
fn is_within(settlements: &[Settlement], roads: &[Vec<usize>], from: usize, to: usize, limit_m: f64) -> bool {
    // Lengths in millimetres order exactly; the search never goes further than the limit.
    let key = |length_m: f64| (length_m * 1000.0) as u64;
    let mut open = BTreeSet::from([(0, from)]);
    let mut done = BTreeSet::new();
    while let Some((length, here)) = open.pop_first() {
        if here == to {
            return true;
        }
        if !done.insert(here) {
            continue;
        }
        for &there in &roads[here] {
            let next = length + key(settlements[here].at.distance(settlements[there].at));
            if next <= key(limit_m) && !done.contains(&there) {
                open.insert((next, there));
            }
        }
    }
    false
}

fn roads_out(largest: &Settlement, ground: &Ground, terrain: &Terrain, seed: u64) -> Vec<Road> {
    let mut dice = Dice::new(seed, "roads out", 0);
    let first = dice.below(4);
    [first, (first + 1 + dice.below(3)) % 4]
        .into_iter()
        .map(|side| {
            let outward = [DVec2::X, DVec2::Y, -DVec2::X, -DVec2::Y][side];
            let slide = outward.perp() * dice.between(-0.6, 0.6);
            let end = (outward + slide) * ground.half_m;
            Road {
                class: "primary",
                name: format!(
                    "{} \u{2013} the {} road",
                    largest.name,
                    ["east", "north", "west", "south"][side]
                ),
                points: least_cost_path(terrain, &Noise::new(seed, "going", 0), largest.at, end),
            }
        })
        .collect()
}

fn class_of(rank_of_smaller: usize, n: usize) -> &'static str {
    match rank_of_smaller * 10 / n {
        0..2 => "primary",
        2..6 => "secondary",
        _ => "track",
    }
}
