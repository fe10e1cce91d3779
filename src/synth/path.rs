//! A road's way over the terrain: the cheapest path through a corridor between two points.
//!
//! The corridor is a lattice along the straight line, about forty steps long and half as wide to either side. A step costs its length · (1 + 60·grade²), thirty times as much over water, and times
//! 0.25 to 2.05 for the going, so roads go round hills and
//! lakes and climb aslant. Dijkstra 1959; ties go to the lower node, so the path is the same everywhere. The
//! corners are then cut twice (Chaikin 1974).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use glam::DVec2;

use super::chance::Noise;
use super::terrain::Terrain;

/// Shortest step (m) of the lattice.
const MIN_STEP_M: f64 = 45.0;
/// Length (m) over which the going changes: soft ground, holdings to go round.
const GOING_M: f64 = 520.0;
/// Most steps along the line.
const MAX_STEPS: usize = 44;

/// Moves on the lattice: along, across, and the knight's moves that let a road bend gently.
const MOVES: [(i64, i64); 12] =
    [(1, 0), (1, 1), (1, -1), (0, 1), (0, -1), (-1, 0), (-1, 1), (-1, -1), (2, 1), (2, -1), (1, 2), (1, -2)];

/// The road's points from `a` to `b`, both included.
pub fn least_cost_path(terrain: &Terrain, going: &Noise, a: DVec2, b: DVec2) -> Vec<DVec2> {
    let length_m = a.distance(b);
    let n_along = ((length_m / MIN_STEP_M) as usize).min(MAX_STEPS) as i64;
    if n_along < 3 {
        return vec![a, b];
    }
    let half_across = (n_along / 2).max(1);
    let along = (b - a) / n_along as f64;
    let across = along.perp();
    let n_across = 2 * half_across + 1;
    let at = |i: i64, j: i64| a + along * i as f64 + across * (j - half_across) as f64;
    let heights_m: Vec<f64> = (0..=n_along)
        .flat_map(|i| (0..n_across).map(move |j| (i, j)))
        .map(|(i, j)| terrain.height_m(at(i, j)))
        .collect();
    let goings: Vec<f64> = (0..=n_along)
        .flat_map(|i| (0..n_across).map(move |j| (i, j)))
        .map(|(i, j)| 1.15 + going.at(at(i, j) / GOING_M).clamp(-0.9, 0.9))
        .collect();
    let node = |i: i64, j: i64| (i * n_across + j) as usize;
    let mut costs = vec![f64::INFINITY; heights_m.len()];
    let mut came_from = vec![usize::MAX; heights_m.len()];
    let (start, goal) = (node(0, half_across), node(n_along, half_across));
    let mut open = BinaryHeap::from([Open { cost: 0.0, node: start }]);
    costs[start] = 0.0;
    while let Some(Open { cost, node: here }) = open.pop() {
        if here == goal {
            break;
        }
        if cost > costs[here] {
            continue;
        }
        let (i, j) = (here as i64 / n_across, here as i64 % n_across);
        for (di, dj) in MOVES {
            let (i, j) = (i + di, j + dj);
            if i < 0 || i > n_along || j < 0 || j >= n_across {
                continue;
            }
            let there = node(i, j);
            let step_m = (along * di as f64 + across * dj as f64).length();
            let grade = (heights_m[there] - heights_m[here]) / step_m;
            let wet = if terrain.is_water(heights_m[there]) { 30.0 } else { 1.0 };
            let next = cost + step_m * wet * goings[there] * (1.0 + 60.0 * grade * grade);
            if next < costs[there] {
                costs[there] = next;
                came_from[there] = here;
                open.push(Open { cost: next, node: there });
            }
        }
    }
    let mut nodes = vec![goal];
    while let Some(&last) = nodes.last()
        && last != start
    {
        nodes.push(came_from[last]);
    }
    nodes.reverse();
    let points = nodes.iter().map(|&n| at(n as i64 / n_across, n as i64 % n_across)).collect();
    cut_corners(cut_corners(points))
}

fn cut_corners(points: Vec<DVec2>) -> Vec<DVec2> {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return points;
    };
    let mut cut = vec![first];
    for pair in points.windows(2) {
        cut.push(pair[0].lerp(pair[1], 0.25));
        cut.push(pair[0].lerp(pair[1], 0.75));
    }
    cut.push(last);
    // Points on a straight stretch say nothing.
    let mut kept = vec![first];
    for i in 1..cut.len() - 1 {
        let before = kept[kept.len() - 1];
        if (cut[i] - before).perp_dot(cut[i + 1] - cut[i]).abs() > 1.0 {
            kept.push(cut[i]);
        }
    }
    kept.push(last);
    kept
}

struct Open {
    cost: f64,
    node: usize,
}

impl Ord for Open {
    /// The heap's greatest is the cheapest, ties the lowest node.
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.total_cmp(&self.cost).then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}
