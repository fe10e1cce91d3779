//! Travel: the distance between any two places, the same in every part of the search.
//!
//! Places are numbered as in a matrix: team starts, then tasks, then team ends. Up to [`TABLE_PLACES`] places
//! the distances are computed once and kept; above, they are computed when asked for, so that memory grows
//! with the number of tasks and not with its square. Geodesic distances are in kilometres.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rayon::prelude::*;

use super::problem::{DistanceKind, Problem, Rounding};
use crate::grid::{LonLat, geodesic_m};
use crate::units::M_PER_KM;

/// Most places for which all distances are kept: 2,000² × 8 bytes = 32 MB.
const TABLE_PLACES: usize = 2_000;

/// Mean radius of the Earth, km, for the quick distances that only rank.
const EARTH_KM: f64 = 6_371.008_8;

/// Distances between places.
#[derive(Debug, Clone)]
pub(crate) enum Travel {
    /// All are zero; a row of zeros, one a place.
    None(Arc<[f64]>),
    /// All pairs, row by row.
    Table {
        /// Places.
        n: usize,
        /// n × n distances.
        distances: Arc<[f64]>,
        /// Whether they are the same both ways.
        is_symmetric: bool,
    },
    /// From coordinates.
    Points(Points),
}

/// Places with coordinates.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    at: Arc<[[f64; 2]]>,
    /// Unit vectors × Earth radius for geodesic kinds: chords rank nearly as distances do.
    on_sphere: Arc<[[f64; 3]]>,
    is_geodesic: bool,
    round: Rounding,
    detour: f64,
}

impl Travel {
    /// The distances of a problem, with its places numbered as a matrix would be.
    pub(crate) fn of(problem: &Problem) -> Self {
        let spec = &problem.distance;
        match spec.kind {
            DistanceKind::None => Self::none(2 * problem.teams.len() + problem.tasks.len()),
            DistanceKind::Matrix => {
                let rows = spec.matrix.as_deref().unwrap_or_default();
                let finish = |&d: &f64| rounded(d * spec.detour, spec.round);
                let distances: Vec<f64> = rows.iter().flatten().map(finish).collect();
                Self::table(rows.len(), distances)
            }
            DistanceKind::Euclidean | DistanceKind::Geodesic => {
                let teams = problem.teams.iter().map(|team| team.at);
                let tasks = problem.tasks.iter().map(|task| task.at);
                let ends = problem.teams.iter().filter(|team| team.end_at.is_some()).map(|team| team.end_at);
                let at: Vec<[f64; 2]> =
                    teams.chain(tasks).chain(ends).map(|at| at.unwrap_or_default()).collect();
                let is_geodesic = spec.kind == DistanceKind::Geodesic;
                let on_sphere = if is_geodesic { at.iter().map(on_sphere).collect() } else { Vec::new() };
                let points = Points {
                    at: at.into(),
                    on_sphere: on_sphere.into(),
                    is_geodesic,
                    round: spec.round,
                    detour: spec.detour,
                };
                Self::Points(points).tabled()
            }
        }
    }

    /// The same distances between some of the places, renumbered in the order given.
    pub(crate) fn subset(&self, places: &[usize]) -> Self {
        match self {
            Self::None(_) => Self::none(places.len()),
            Self::Table { n, distances, .. } => {
                let cut = |&a: &usize| places.iter().map(move |&b| distances[a * n + b]);
                let distances: Vec<f64> = places.iter().flat_map(cut).collect();
                Self::table(places.len(), distances)
            }
            Self::Points(points) => {
                let at: Vec<_> = places.iter().map(|&p| points.at[p]).collect();
                let on_sphere: Vec<_> = if points.is_geodesic {
                    places.iter().map(|&p| points.on_sphere[p]).collect()
                } else {
                    vec![]
                };
                let points = Points { at: at.into(), on_sphere: on_sphere.into(), ..points.clone() };
                Self::Points(points).tabled()
            }
        }
    }

    fn tabled(self) -> Self {
        let Self::Points(points) = &self else { return self };
        let n = points.at.len();
        if n > TABLE_PLACES {
            return self;
        }
        Self::Table { n, distances: points.table(), is_symmetric: true }
    }

    /// The table of distances, where they are in one.
    fn into_table(self) -> Option<Arc<[f64]>> {
        match self {
            Self::Table { distances, .. } => Some(distances),
            Self::None(_) | Self::Points(_) => None,
        }
    }

    fn none(n_places: usize) -> Self {
        Self::None(vec![0.0; n_places].into())
    }

    fn table(n: usize, distances: Vec<f64>) -> Self {
        let is_symmetric =
            (0..n).all(|a| (0..a).all(|b| distances[a * n + b].total_cmp(&distances[b * n + a]).is_eq()));
        Self::Table { n, distances: distances.into(), is_symmetric }
    }

    /// Distances from a place to all others, where they are in a table and the same both ways.
    #[inline]
    pub(crate) fn row(&self, place: usize) -> Option<&[f64]> {
        match self {
            Self::None(zeros) => Some(zeros),
            Self::Table { n, distances, is_symmetric: true } => Some(&distances[place * n..(place + 1) * n]),
            _ => None,
        }
    }

    /// The distance, exactly as the judge computes it.
    #[inline]
    pub(crate) fn exact(&self, a: usize, b: usize) -> f64 {
        match self {
            Self::None(_) => 0.0,
            Self::Table { n, distances, .. } => distances[a * n + b],
            Self::Points(points) => points.exact(a, b),
        }
    }

    /// A distance good enough to rank by (geodesic ones within 0.6 %), quick.
    #[inline]
    pub(crate) fn quick(&self, a: usize, b: usize) -> f64 {
        match self {
            Self::Points(points) if points.is_geodesic => points.chord(a, b),
            _ => self.exact(a, b),
        }
    }

    /// A distance that is no longer than the exact one, quick.
    #[inline]
    pub(crate) fn at_least(&self, a: usize, b: usize) -> f64 {
        match self {
            Self::Points(points) if points.is_geodesic => points.no_longer(points.chord(a, b)),
            _ => self.exact(a, b),
        }
    }

    /// The same from how far two coordinates of [`Travel::coordinates`] lie apart, squared.
    #[inline]
    pub(crate) fn at_least_apart(&self, square: f64) -> f64 {
        match self {
            Self::Points(points) => points.no_longer(square.sqrt() * points.detour),
            _ => 0.0,
        }
    }

    /// Coordinates in which straight-line nearness means nearness, where there are any.
    pub(crate) fn coordinates(&self, place: usize) -> Option<[f64; 3]> {
        match self {
            Self::Points(points) if points.is_geodesic => Some(points.on_sphere[place]),
            Self::Points(points) => Some([points.at[place][0], points.at[place][1], 0.0]),
            _ => None,
        }
    }
}

/// The ways between all places of a problem. While one is held, every step that plans the same places takes its
/// distances from it: a million geodesics take a second.
#[derive(Debug, Clone)]
pub struct Ways {
    _table: Option<Arc<[f64]>>,
}

impl Ways {
    /// Those of a problem.
    pub fn of(problem: &Problem) -> Self {
        Self { _table: Travel::of(problem).into_table() }
    }
}

/// Tables that somebody holds, each with the places it was made for.
static TABLES: Mutex<Vec<(Points, Weak<[f64]>)>> = Mutex::new(Vec::new());

impl Points {
    /// All distances, row by row: those that somebody holds already, or made now.
    fn table(&self) -> Arc<[f64]> {
        if let Some(table) = self.held() {
            return table;
        }
        let n = self.at.len();
        let mut distances = vec![0.0; n * n];
        let below: Vec<Vec<f64>> =
            (0..n).into_par_iter().map(|a| (0..a).map(|b| self.exact(a, b)).collect()).collect();
        for (a, row) in below.iter().enumerate() {
            for (b, &d) in row.iter().enumerate() {
                distances[a * n + b] = d;
                distances[b * n + a] = d;
            }
        }
        let table: Arc<[f64]> = distances.into();
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|(_, table)| table.strong_count() > 0);
        tables.push((self.clone(), Arc::downgrade(&table)));
        table
    }

    fn held(&self) -> Option<Arc<[f64]>> {
        let tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &Points| {
            (known.is_geodesic, known.round) == (self.is_geodesic, self.round)
                && known.detour.to_bits() == self.detour.to_bits()
                && known.at == self.at
        };
        tables.iter().find(|(known, _)| is_same(known)).and_then(|(_, table)| table.upgrade())
    }

    fn exact(&self, a: usize, b: usize) -> f64 {
        let ([ax, ay], [bx, by]) = (self.at[a], self.at[b]);
        let raw = if self.is_geodesic {
            if a == b { 0.0 } else { geodesic_m(LonLat::new(ax, ay), LonLat::new(bx, by)) / M_PER_KM }
        } else {
            (ax - bx).hypot(ay - by)
        };
        rounded(raw * self.detour, self.round)
    }

    /// What a quick distance must be at least when it is exact: quick geodesic ones are off by up to 0.6 %, and
    /// rounding takes up to one half.
    fn no_longer(&self, quick: f64) -> f64 {
        let quick = if self.is_geodesic { quick * 0.99 } else { quick };
        if self.round == Rounding::None { quick } else { (quick - 0.5).max(0.0) }
    }

    fn chord(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.on_sphere[a], self.on_sphere[b]);
        let square: f64 = a.iter().zip(&b).map(|(p, q)| (p - q) * (p - q)).sum();
        // From chord to arc; the series is needed only beyond some hundred kilometres.
        let half = square.sqrt() / (2.0 * EARTH_KM);
        2.0 * EARTH_KM * half.min(1.0).asin() * self.detour
    }
}

fn on_sphere(&[lon, lat]: &[f64; 2]) -> [f64; 3] {
    let (lon, lat) = (lon.to_radians(), lat.to_radians());
    [EARTH_KM * lat.cos() * lon.cos(), EARTH_KM * lat.cos() * lon.sin(), EARTH_KM * lat.sin()]
}

fn rounded(distance: f64, round: Rounding) -> f64 {
    match round {
        Rounding::None => distance,
        Rounding::Nearest => distance.round(),
    }
}
