//! Polygons that repeat or nearly cover one another: their ground would be planned, and paid for, twice.

use std::collections::BTreeMap;

use geo::{Area, BooleanOps, BoundingRect, LineString, MultiPolygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{RTree, RTreeObject};

use super::survey::Sound;
use super::{Finding, PolygonFeature, area_m2};
use crate::error::clipped;
use crate::grid::Crs;

/// Overlaps above this share of the smaller polygon are reported.
const REPORTED_SHARE: f64 = 0.9;

/// Exact repeats, and pairs of which one covers more than 90 % of the other.
pub(super) fn overlap_findings(features: &[PolygonFeature], sound: &[Sound], crs: &Crs) -> Vec<Finding> {
    let mut same: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for (i, (_, ground)) in sound.iter().enumerate() {
        same.entry(outline_key(ground)).or_default().push(i);
    }
    // Only the first of equal polygons goes on to the search for overlaps.
    let mut is_repeat = vec![false; sound.len()];
    let mut findings = Vec::new();
    let id = |i: usize| features[sound[i].0].id.as_str();
    for group in same.values().filter(|group| group.len() > 1) {
        for &repeat in &group[1..] {
            is_repeat[repeat] = true;
            let text = format!(
                "has exactly the outline of `{}`: its ground counts in both; take one out if they are one area",
                clipped(id(group[0]))
            );
            findings.push((repeat, Finding::about("task.duplicate_geometry", id(repeat), text)));
        }
    }
    for (a, b, share) in covered_pairs(sound, &is_repeat) {
        let [larger, smaller] = by_area(sound, a, b);
        let text = format!(
            "lies to {:.0} % ({:.0} m²) inside `{}`: that ground counts in both",
            100.0 * share,
            share * area_m2(&sound[smaller].1, crs),
            clipped(id(larger))
        );
        findings.push((smaller, Finding::about("task.overlap", id(smaller), text)));
    }
    findings.sort_by_key(|(index, _)| *index);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Pairs that overlap by more than the reported share of the smaller, with that share.
fn covered_pairs(sound: &[Sound], is_repeat: &[bool]) -> Vec<(usize, usize, f64)> {
    let boxes: Vec<_> = sound
        .iter()
        .enumerate()
        .filter(|(i, _)| !is_repeat[*i])
        .filter_map(|(i, (_, ground))| {
            let bounds = ground.bounding_rect()?;
            let corners = Rectangle::from_corners(bounds.min(), bounds.max());
            Some(GeomWithData::new(corners, (i, ground.unsigned_area())))
        })
        .collect();
    let tree = RTree::bulk_load(boxes.clone());
    let mut pairs = Vec::new();
    for here in &boxes {
        let (a, area_a) = here.data;
        for there in tree.locate_in_envelope_intersecting(&here.envelope()) {
            let (b, area_b) = there.data;
            let smaller = area_a.min(area_b);
            // The ground in common is no larger than what the boxes have in common.
            if b <= a || common_area(here.geom(), there.geom()) <= REPORTED_SHARE * smaller {
                continue;
            }
            let share = sound[a].1.intersection(&sound[b].1).unsigned_area() / smaller;
            if share > REPORTED_SHARE {
                pairs.push((a, b, share.min(1.0)));
            }
        }
    }
    pairs.sort_by_key(|&(a, b, _)| (a, b));
    pairs
}

fn common_area(a: &Rectangle<geo::Coord<f64>>, b: &Rectangle<geo::Coord<f64>>) -> f64 {
    let width = a.upper().x.min(b.upper().x) - a.lower().x.max(b.lower().x);
    let height = a.upper().y.min(b.upper().y) - a.lower().y.max(b.lower().y);
    width.max(0.0) * height.max(0.0)
}

fn by_area(sound: &[Sound], a: usize, b: usize) -> [usize; 2] {
    if sound[a].1.unsigned_area() >= sound[b].1.unsigned_area() { [a, b] } else { [b, a] }
}

/// The same for two polygons with the same rings, wherever their rings and parts begin.
fn outline_key(ground: &MultiPolygon<f64>) -> Vec<u64> {
    let mut rings: Vec<Vec<u64>> = ground
        .iter()
        .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
        .map(ring_key)
        .collect();
    rings.sort_unstable();
    rings.concat()
}

fn ring_key(ring: &LineString<f64>) -> Vec<u64> {
    let open = &ring.0[..ring.0.len().saturating_sub(1)];
    let first = (0..open.len())
        .min_by(|&i, &j| open[i].x.total_cmp(&open[j].x).then(open[i].y.total_cmp(&open[j].y)));
    let first = first.unwrap_or(0);
    let turned = open[first..].iter().chain(&open[..first]);
    // The length in front keeps two rings from reading as one.
    let bits = turned.flat_map(|at| [at.x.to_bits(), at.y.to_bits()]);
    std::iter::once(open.len() as u64).chain(bits).collect()
}
