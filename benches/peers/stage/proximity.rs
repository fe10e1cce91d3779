//! Distances to the cells of a raster layer, plane to plane in memory.

use std::path::Path;

use clearway::grid::MemoryCells;
use clearway::progress::Silent;
use clearway::score::{FeatureCells, Native, proximity_to_cells};

use super::{Stage, frame, read, timed};

/// What the bands may take, bytes.
const MEMORY: usize = 1 << 30;

pub struct Proximity {
    engine: Native,
    layer: MemoryCells,
    out: MemoryCells,
    result: Vec<f32>,
}

impl Proximity {
    pub fn new(size: usize, folder: &Path) -> Self {
        let layer = MemoryCells::from_values(frame(size), read(&folder.join("features.f32"), size * size));
        Self { engine: Native::new(), layer, out: MemoryCells::new(frame(size)), result: Vec::new() }
    }
}

impl Stage for Proximity {
    fn work(&mut self) -> f64 {
        let features = FeatureCells { cells: &self.layer, codes: &[] };
        let seconds = timed(|| {
            proximity_to_cells(&mut self.engine, features, &self.out, MEMORY, &Silent::default())
                .expect("there are features");
        });
        self.result = self.out.to_vec();
        seconds
    }

    fn result(&self) -> &[f32] {
        &self.result
    }
}
