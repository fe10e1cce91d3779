//! Hazardous areas as a survey would have recorded them: suspected ones (SHA) around belts and patches, and
//! confirmed ones (CHA) inside some of them, where the SHA has a hole, so no ground is recorded twice.
//!
//! Rings follow RFC 7946 (outer counter-clockwise, holes clockwise), have longitudes and latitudes rounded to
//! 1e-6 degrees, and each is checked for validity as written; what a bend of the front would make invalid is
//! drawn narrower, or as a blob.

use geo::{Coord, Intersects, LineString, Polygon, Validation};
use glam::DVec2;
use rstar::{AABB, RTree, RTreeObject};

use super::chance::Dice;
use super::front::FrontLine;
use super::patches::Blob;
use super::region::Region;
use super::settlements::{Indexed, Settlement};
use crate::error::Result;

/// Belts weaker than this are not recorded.
const RECORDED_STRENGTH: f64 = 0.2;
/// A piece of belt recorded as one area: points of the front line (about 110 m apart), least and most.
const PIECE_POINTS: (usize, usize) = (4, 12);

/// A hazardous area, with the columns an IMSMA export has.
#[derive(Debug, Clone)]
pub struct HazardousArea {
    /// Identifier, unique in the region.
    pub imsma_id: String,
    /// Nearest settlement and a number.
    pub name: String,
    /// `SHA` or `CHA`.
    pub classification: &'static str,
    /// `Open` or `Worked On`.
    pub status: &'static str,
    /// Area in m², without holes.
    pub area_m2: f64,
    /// Outline in longitude and latitude.
    pub polygon: Polygon<f64>,
    /// Its box on the plane.
    pub low: DVec2,
    /// Its box on the plane.
    pub high: DVec2,
}

/// A ring on the plane, counter-clockwise, and the ring inside it that was confirmed.
struct Outline {
    suspected: Vec<DVec2>,
    confirmed: Option<Vec<DVec2>>,
}

struct Taken {
    ring: Polygon<f64>,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for Taken {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl Region {
    /// All hazardous areas: first those along the fronts, then those of the patches.
    pub(super) fn hazardous_areas(&self) -> Result<Vec<HazardousArea>> {
        let mut dice = Dice::new(self.seed, "areas", 0);
        let mut outlines = Vec::new();
        for line in &self.fronts.lines {
            self.outline_belts(line, &mut dice, &mut outlines);
        }
        for patch in self.patches.all.iter().filter(|patch| patch.is_recorded) {
            let factor = dice.between(1.0, 1.3);
            let is_confirmed = patch.peak > 0.25 && dice.unit() < 0.75;
            let inner = dice.between(0.4, 0.62);
            outlines.push(Outline {
                suspected: patch.blob.scaled(factor).corners(),
                confirmed: is_confirmed.then(|| patch.blob.scaled(factor * inner).corners()),
            });
        }
        let names = self.settlements.iter().enumerate().map(|(i, s)| Indexed::new(s.at.to_array(), i));
        let settlements = RTree::bulk_load(names.collect());
        let mut taken: RTree<Taken> = RTree::new();
        let mut areas = Vec::new();
        for outline in outlines {
            let Some(ring) = self.free_ring(&outline.suspected, &taken) else {
                continue;
            };
            taken.insert(ring);
            let near = settlements.nearest_neighbor(&outline.suspected[0].to_array());
            let near = near.map_or(&self.settlements[0], |near| &self.settlements[near.data]);
            self.record(outline, near, &mut dice, &mut areas)?;
        }
        if areas.is_empty() {
            // A frame of a few cells, whose patches all reach past its edge: one inside a known cell.
            let home = &self.settlements[0];
            let blob = Blob::new(&mut dice, home.at, 0.2 * self.ground.cell_m.min_element());
            let outline = Outline { suspected: blob.corners(), confirmed: None };
            self.record(outline, home, &mut dice, &mut areas)?;
        }
        Ok(areas)
    }

    /// Writes down a suspected area and the confirmed one in it.
    fn record(
        &self,
        outline: Outline,
        near: &Settlement,
        dice: &mut Dice,
        areas: &mut Vec<HazardousArea>,
    ) -> Result<()> {
        let status = |dice: &mut Dice| if dice.unit() < 0.8 { "Open" } else { "Worked On" };
        let hole = outline.confirmed.as_deref();
        let mut suspected = self.polygon(&outline.suspected, hole)?;
        let mut confirmed = hole.map(|ring| self.polygon(ring, None)).transpose()?;
        if !suspected.is_valid() || confirmed.as_ref().is_some_and(|inner| !inner.is_valid()) {
            suspected = self.polygon(&outline.suspected, None)?;
            confirmed = None;
        }
        if !suspected.is_valid() {
            return Ok(());
        }
        let inner_m2 = match (&confirmed, hole) {
            (Some(_), Some(ring)) => self.ring_area_m2(ring),
            _ => 0.0,
        };
        let outer_m2 = self.ring_area_m2(&outline.suspected) - inner_m2;
        let parts = [("SHA", Some(suspected), outer_m2), ("CHA", confirmed, inner_m2)];
        for (classification, polygon, area_m2) in parts {
            let Some(polygon) = polygon else { continue };
            let number = areas.len() + 1;
            let (low, high) = box_of(&outline.suspected);
            areas.push(HazardousArea {
                imsma_id: format!("{classification}-{number:05}"),
                name: format!("{} {number}", near.name),
                classification,
                status: status(dice),
                area_m2: area_m2.round(),
                polygon,
                low,
                high,
            });
        }
        Ok(())
    }

    /// Cuts a line's mined stretches into pieces and draws a strip around each.
    fn outline_belts(&self, line: &FrontLine, dice: &mut Dice, outlines: &mut Vec<Outline>) {
        let width_m = self.character.belt_m;
        let is_recorded = |i: usize| {
            let at = line.points[i];
            let is_here = self.ground.holds(at, 2.2 * width_m) && self.ground.is_inland(at);
            is_here
                && line.strength[i] > RECORDED_STRENGTH
                && !self.terrain.is_water(self.terrain.height_m(at))
        };
        let mut first = 0;
        while first < line.points.len() {
            let wanted = PIECE_POINTS.0 + dice.below(PIECE_POINTS.1 - PIECE_POINTS.0 + 1);
            let half_m = width_m * dice.between(0.9, 1.7);
            let (is_confirmed, ragged) = (dice.unit() < 0.45, dice.between(0.05, 0.25));
            let n = (first..line.points.len()).take(wanted).take_while(|&i| is_recorded(i)).count();
            if n >= PIECE_POINTS.0 {
                let points = &line.points[first..first + n];
                let wide: Vec<f64> =
                    points.iter().map(|_| 1.0 + ragged * dice.normal().clamp(-2.0, 2.0)).collect();
                outlines.push(outline_strip(points, half_m, &wide, is_confirmed, dice));
            }
            // The next piece begins a point further on, so that the strips do not touch.
            first += n + 1;
        }
    }

    /// The ring, unless it crosses itself, leaves the frame or covers ground already taken.
    fn free_ring(&self, points: &[DVec2], taken: &RTree<Taken>) -> Option<Taken> {
        if !points.iter().all(|&at| self.ground.holds(at, 0.0)) {
            return None;
        }
        let ring = Polygon::new(closed(points.iter().copied()), vec![]);
        let (low, high) = box_of(points);
        let envelope = AABB::from_corners(low.to_array(), high.to_array());
        let mut near = taken.locate_in_envelope_intersecting(&envelope);
        let is_free = ring.is_valid() && !near.any(|other| other.ring.intersects(&ring));
        is_free.then_some(Taken { ring, envelope })
    }

    fn polygon(&self, outer: &[DVec2], hole: Option<&[DVec2]>) -> Result<Polygon<f64>> {
        let lonlat =
            |ring: &[DVec2]| ring.iter().map(|&at| self.ground.lonlat(at)).collect::<Result<Vec<_>>>();
        let hole = hole.map(lonlat).transpose()?;
        let holes = hole.into_iter().map(|ring| closed(ring.into_iter().rev())).collect();
        Ok(Polygon::new(closed(lonlat(outer)?.into_iter()), holes))
    }

    /// Shoelace, with eastward lengths as they are at the ring's own latitude.
    fn ring_area_m2(&self, ring: &[DVec2]) -> f64 {
        let origin = ring[0];
        let next = ring.iter().cycle().skip(1);
        let twice: f64 = ring.iter().zip(next).map(|(&a, &b)| (a - origin).perp_dot(b - origin)).sum();
        twice.abs() / 2.0 * self.ground.stretch(origin.y)
    }
}

/// A strip around points, and the narrower, shorter one confirmed inside it. Where the line bends so sharply
/// that the strip crosses itself it becomes narrower, at last a blob about its middle.
fn outline_strip(
    points: &[DVec2],
    half_m: f64,
    wide: &[f64],
    is_confirmed: bool,
    dice: &mut Dice,
) -> Outline {
    let strip = |points: &[DVec2], wide: &[f64], half_m: f64| {
        let side = |sign: f64| {
            let last = points.len() - 1;
            let offset = move |i: usize| {
                let along = points[(i + 1).min(last)] - points[i.saturating_sub(1)];
                points[i] + along.perp().normalize_or_zero() * (sign * half_m * wide[i])
            };
            (0..points.len()).map(offset).collect::<Vec<_>>()
        };
        let mut ring = side(-1.0);
        ring.extend(side(1.0).into_iter().rev());
        ring
    };
    for shrink in [1.0, 0.7, 0.45] {
        let suspected = strip(points, wide, half_m * shrink);
        if !Polygon::new(closed(suspected.iter().copied()), vec![]).is_valid() {
            continue;
        }
        let inner = &points[1..points.len() - 1];
        let confirmed = strip(inner, &wide[1..points.len() - 1], half_m * shrink * 0.45);
        return Outline { suspected, confirmed: (is_confirmed && inner.len() >= 3).then_some(confirmed) };
    }
    let blob = Blob::new(dice, points[points.len() / 2], half_m);
    Outline { suspected: blob.corners(), confirmed: None }
}

fn closed(points: impl Iterator<Item = DVec2>) -> LineString<f64> {
    let mut ring: Vec<Coord<f64>> = points.map(|p| Coord { x: p.x, y: p.y }).collect();
    ring.extend(ring.first().copied());
    LineString::new(ring)
}

fn box_of(points: &[DVec2]) -> (DVec2, DVec2) {
    let start = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    points.iter().fold(start, |(low, high), &p| (low.min(p), high.max(p)))
}
