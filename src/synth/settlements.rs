//! Settlements: where people live. Sizes follow the rank-size rule (Zipf): the r-th largest has about 1/r of the
//! largest, which gives the heavy tail real countries have. Places are drawn on gentle, low ground, off the
//! water, at a minimum distance from each other that is larger between large ones.

use glam::DVec2;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::chance::Dice;
use super::ground::Ground;
use super::names::Names;
use super::preset::Character;
use super::terrain::Terrain;

/// Places looked at for each settlement; the best of those allowed is taken.
const PLACES_TRIED: usize = 14;
/// Rounds of places before the rules are relaxed.
const ROUNDS: usize = 12;

/// A settlement.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Invented name.
    pub name: String,
    /// Middle, on the plane.
    pub at: DVec2,
    /// People who live here.
    pub people: u32,
    /// Radius (m) of the built-up core.
    pub core_m: f64,
}

impl Settlement {
    /// How far (m) its fields reach.
    pub fn reach_m(&self) -> f64 {
        700.0 + 4.0 * self.core_m
    }
}

/// A point on the plane that knows the index of its object.
pub type Indexed = GeomWithData<[f64; 2], usize>;

/// All settlements of a region, largest first.
pub fn settlements(character: &Character, ground: &Ground, terrain: &Terrain, seed: u64) -> Vec<Settlement> {
    let mut dice = Dice::new(seed, "settlements", 0);
    let mut names = Names::new(seed);
    let n = count(character, ground.frame.n_cols);
    let area_m2 = 4.0 * ground.half_m.x * ground.half_m.y;
    let spacing_m = (area_m2 / n as f64).sqrt();
    let mut places: RTree<Indexed> = RTree::new();
    let mut all = Vec::with_capacity(n);
    for rank in 0..n {
        let share = n as f64 / (rank + 1) as f64;
        let people = (character.smallest_people * share * dice.between(0.75, 1.25)).round() as u32;
        // The largest few keep further apart.
        let apart_m = spacing_m * if rank < n / 8 { 0.75 } else { 0.42 };
        let at = place(&mut dice, ground, terrain, &places, apart_m);
        places.insert(Indexed::new(at.to_array(), rank));
        let core_m = character.core_m * f64::from(people).sqrt().max(4.0);
        all.push(Settlement { name: names.next_name(), at, people: people.max(1), core_m });
    }
    all.sort_by_key(|settlement| std::cmp::Reverse(settlement.people));
    all
}

/// A larger frame holds more, but thinner: n grows as size^1.25, not as its area, since a small frame shows a
/// settled district and a large one much empty country.
fn count(character: &Character, size: usize) -> usize {
    let ratio = size as f64 / 256.0;
    let n = (character.n_settlements * ratio * ratio.sqrt().sqrt()).round() as usize;
    n.max(if size < 8 { 1 } else { 3 })
}

fn place(
    dice: &mut Dice,
    ground: &Ground,
    terrain: &Terrain,
    places: &RTree<Indexed>,
    apart_m: f64,
) -> DVec2 {
    for round in 0..ROUNDS {
        // Where nothing fits, the rules are relaxed round by round, down to dry inland ground.
        let strictness = 1.0 - round as f64 / ROUNDS as f64;
        let mut best: Option<(f64, DVec2)> = None;
        for _ in 0..PLACES_TRIED {
            let at = DVec2::new(dice.between(-0.94, 0.94), dice.between(-0.94, 0.94)) * ground.half_m;
            let at = ground.snapped(at);
            let height_m = terrain.height_m(at);
            if terrain.is_water(height_m) || !ground.is_inland(at) {
                continue;
            }
            let apart = apart_m * strictness;
            let is_near = places
                .nearest_neighbor(&at.to_array())
                .is_some_and(|near| DVec2::from(*near.geom()).distance_squared(at) < apart * apart);
            if is_near {
                continue;
            }
            let discomfort = terrain.slope(at) * 4.0 + terrain.elevation_share(height_m);
            if best.is_none_or(|(least, _)| discomfort < least) {
                best = Some((discomfort, at));
            }
        }
        if let Some((discomfort, at)) = best
            && discomfort < 1.0 + 2.0 * (1.0 - strictness)
        {
            return at;
        }
    }
    // A frame of a few cells, all taken: the first dry one.
    let n_cols = ground.frame.n_cols as i64;
    (0..ground.frame.n_cells() as i64)
        .map(|i| ground.centre(i % n_cols, i / n_cols))
        .find(|&at| ground.is_inland(at) && !terrain.is_water(terrain.height_m(at)))
        .unwrap_or(DVec2::ZERO)
}
