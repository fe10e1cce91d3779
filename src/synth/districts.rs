//! Districts: the ground nearer to one of the larger settlements than to the others (Voronoi cells), each cut
//! out of the frame by one half-plane after the other, so all are convex and share their borders.

use geo::{Coord, LineString, Polygon};
use glam::DVec2;

use super::region::Region;
use crate::error::Result;

/// A district.
#[derive(Debug, Clone)]
pub struct District {
    /// Name of its seat.
    pub name: String,
    /// People in the settlements nearest to the seat.
    pub people: u64,
    /// Outline in longitude and latitude.
    pub polygon: Polygon<f64>,
}

impl Region {
    /// The districts, that of the largest settlement first.
    pub(super) fn districts(&self) -> Result<Vec<District>> {
        let ratio = self.ground.frame.n_cols as f64 / 256.0;
        let n = (self.character.n_districts as f64 * ratio.sqrt()).round() as usize;
        let seats = &self.settlements[..n.clamp(1, 64).min(self.settlements.len())];
        let mut people = vec![0_u64; seats.len()];
        for settlement in &self.settlements {
            let distance = |seat: &DVec2| seat.distance_squared(settlement.at);
            let nearest = (0..seats.len())
                .min_by(|&a, &b| distance(&seats[a].at).total_cmp(&distance(&seats[b].at)).then(a.cmp(&b)));
            people[nearest.unwrap_or(0)] += u64::from(settlement.people);
        }
        let half = self.ground.half_m;
        let frame =
            [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| DVec2::new(x, y) * half);
        let district = |(i, seat): (usize, &super::settlements::Settlement)| {
            let others = seats.iter().enumerate().filter(|&(j, other)| j != i && other.at != seat.at);
            let ring = others.fold(frame.to_vec(), |ring, (_, other)| nearer(&ring, seat.at, other.at));
            let corners = ring.iter().map(|&at| self.ground.lonlat(at)).collect::<Result<Vec<_>>>()?;
            let mut line: Vec<Coord<f64>> = corners.iter().map(|p| Coord { x: p.x, y: p.y }).collect();
            line.dedup();
            line.extend(line.first().copied());
            let polygon = Polygon::new(LineString::new(line), vec![]);
            Ok(District { name: seat.name.clone(), people: people[i], polygon })
        };
        seats.iter().enumerate().map(district).collect()
    }
}

/// The part of a convex ring nearer to `seat` than to `other` (Sutherland and Hodgman 1974).
fn nearer(ring: &[DVec2], seat: DVec2, other: DVec2) -> Vec<DVec2> {
    let (middle, away) = (seat.midpoint(other), other - seat);
    let beyond = |p: DVec2| (p - middle).dot(away);
    let mut kept = Vec::with_capacity(ring.len() + 1);
    for (i, &b) in ring.iter().enumerate() {
        let a = ring[(i + ring.len() - 1) % ring.len()];
        let (from, to) = (beyond(a), beyond(b));
        if (from <= 0.0) != (to <= 0.0) {
            kept.push(a + (b - a) * (from / (from - to)));
        }
        if to <= 0.0 {
            kept.push(b);
        }
    }
    kept
}
