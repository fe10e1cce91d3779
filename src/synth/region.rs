//! A region: its objects, made once from the seed, and its cells, made tile by tile.

use glam::DVec2;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::SynthSpec;
use super::chance::{Noise, seed_of};
use super::front::Fronts;
use super::ground::Ground;
use super::houses::Houses;
use super::nearest::{Segment, Segments};
use super::patches::Patches;
use super::preset::Character;
use super::roads::{Road, roads};
use super::settlements::{Settlement, settlements};
use super::terrain::Terrain;
use crate::error::Result;
use crate::grid::Frame;

/// A made-up region. Memory holds its objects only; [`Region::tile`](super::Region::tile) makes cells.
#[derive(Debug)]
pub struct Region {
    pub(super) character: Character,
    pub(super) seed: u64,
    pub(super) ground: Ground,
    pub(super) terrain: Terrain,
    pub(super) settlements: Vec<Settlement>,
    pub(super) roads: Vec<Road>,
    pub(super) fronts: Fronts,
    pub(super) patches: Patches,
    pub(super) houses: Houses,
    pub(super) road_segments: Segments<()>,
    pub(super) textures: Textures,
    around: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

/// The noises that give cells their texture.
#[derive(Debug)]
pub(super) struct Textures {
    pub moisture: [Noise; 2],
    pub fields: Noise,
    pub lumps: [Noise; 2],
    pub ignorance: Noise,
    pub prices: Noise,
}

impl Region {
    /// Makes the objects of a region; the size must have been checked.
    pub fn new(spec: &SynthSpec) -> Result<Self> {
        let (character, seed) = (spec.preset.character(), seed_of(spec.preset.name(), spec.seed));
        let ground = Ground::new(&character, spec.size, seed)?;
        let terrain = Terrain::new(&character, &ground, seed);
        let settlements = settlements(&character, &ground, &terrain, seed);
        let roads = roads(&settlements, &ground, &terrain, seed);
        let fronts = Fronts::new(&character, &ground, seed);
        let patches = Patches::new(&character, &ground, &terrain, &settlements, &roads, seed);
        let houses = Houses::new(&settlements, &ground, &terrain, seed);
        let pieces = roads.iter().flat_map(|road| road.points.windows(2));
        let road_segments = Segments::new(pieces.map(|pair| Segment { a: pair[0], b: pair[1], data: () }));
        let textures = Textures {
            moisture: [Noise::new(seed, "moisture", 0), Noise::new(seed, "moisture", 1)],
            fields: Noise::new(seed, "fields", 0),
            lumps: [Noise::new(seed, "lumps", 0), Noise::new(seed, "lumps", 1)],
            ignorance: Noise::new(seed, "ignorance", 0),
            prices: Noise::new(seed, "prices", 0),
        };
        let boxes = settlements.iter().enumerate().map(|(i, settlement)| {
            let reach = DVec2::splat(settlement.reach_m());
            let (low, high) = (settlement.at - reach, settlement.at + reach);
            GeomWithData::new(Rectangle::from_corners(low.to_array(), high.to_array()), i)
        });
        let around = RTree::bulk_load(boxes.collect());
        Ok(Self {
            character,
            seed,
            ground,
            terrain,
            settlements,
            roads,
            fronts,
            patches,
            houses,
            road_segments,
            textures,
            around,
        })
    }

    /// The frame of every raster.
    pub fn frame(&self) -> &Frame {
        &self.ground.frame
    }

    /// People in each settlement, largest first.
    pub fn settlement_sizes(&self) -> Vec<u32> {
        self.settlements.iter().map(|settlement| settlement.people).collect()
    }

    /// The settlements whose fields reach into a box; in no order.
    pub(super) fn settlements_around(&self, low: DVec2, high: DVec2) -> Vec<&Settlement> {
        let envelope = AABB::from_corners(low.to_array(), high.to_array());
        let found = self.around.locate_in_envelope_intersecting(&envelope);
        found.map(|found| &self.settlements[found.data]).collect()
    }
}
