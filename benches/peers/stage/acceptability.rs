//! Samples of weights over six criteria: the passes of `acceptability` alone, out of a whole scoring.

use std::path::Path;
use std::time::Instant;

use clearway::error::Result;
use clearway::grid::{CellStore, Cells, MemoryCells, Window};
use clearway::progress::Silent;
use clearway::score::{
    Bound, Criterion, Draws, Engine, Inputs, Kernel, Options, Plane, PlaneSink, Recipe, Robustness, Source,
    Value, score,
};

use super::{Stage, frame, read};

const N_CRITERIA: usize = 6;

/// The recipe's weights, by criterion.
const WEIGHTS: [f64; N_CRITERIA] = [3.0, 1.0, 1.0, 1.0, 1.0, 1.0];

pub struct Acceptability {
    engine: Box<dyn Engine>,
    recipe: Recipe,
    hazard: MemoryCells,
    cost: MemoryCells,
    criteria: Vec<MemoryCells>,
    kept: Kept,
}

/// Keeps the plane of shares.
struct Kept {
    n_cols: usize,
    shares: Vec<f32>,
}

impl PlaneSink for Kept {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        if plane == Plane::Acceptability {
            for (row, values) in values.chunks(window.n_cols).enumerate() {
                let from = (window.row as usize + row) * self.n_cols + window.col as usize;
                self.shares[from..from + window.n_cols].copy_from_slice(values);
            }
        }
        Ok(())
    }
}

impl Acceptability {
    pub fn new(engine: Box<dyn Engine>, size: usize, folder: &Path) -> Self {
        let n = size * size;
        let layers = read(&folder.join("layers.f32"), n * (N_CRITERIA + 2));
        let mut layers = layers.chunks(n).map(|plane| MemoryCells::from_values(frame(size), plane.to_vec()));
        let mut next = || layers.next().expect("eight planes");
        let (hazard, cost) = (next(), next());
        let criterion = |(index, weight): (usize, &f64)| Criterion {
            name: format!("criterion {index}"),
            source: Source::Layer(index),
            weight: *weight,
            value: Value::Linear { lo: Bound::At(0.0), hi: Bound::At(1.0) },
        };
        let recipe = Recipe {
            kernel: Kernel::None,
            criteria: WEIGHTS.iter().enumerate().map(criterion).collect(),
            robustness: Some(Robustness::default()),
            ..Recipe::default()
        };
        // The peers take the same draws.
        let draws = Draws::new(&recipe).expect("the recipe has robustness");
        let weights = (0..draws.n_samples()).flat_map(|sample| draws.weights(sample));
        let weights: Vec<f32> = weights.map(|weight| *weight as f32).collect();
        std::fs::write(folder.join("weights.f32"), bytemuck::cast_slice(&weights))
            .expect("a folder to write in");
        let criteria = (0..N_CRITERIA).map(|_| next()).collect();
        let kept = Kept { n_cols: size, shares: vec![0.0; n] };
        Self { engine, recipe, hazard, cost, criteria, kept }
    }
}

impl Stage for Acceptability {
    fn work(&mut self) -> f64 {
        let frame = self.hazard.frame().clone();
        let inputs = Inputs {
            frame: &frame,
            hazard: &self.hazard,
            // Nobody's whereabouts count here, only that they are known.
            population: &self.hazard,
            cost: &self.cost,
            criteria: self.criteria.iter().map(|cells| cells as &dyn Cells).collect(),
        };
        let began = Instant::now();
        let clock = || began.elapsed().as_secs_f64();
        let options = Options { clock: Some(&clock), ..Options::default() };
        let scratch =
            |_: &str| -> Result<Box<dyn CellStore>> { Ok(Box::new(MemoryCells::new(frame.clone()))) };
        let engine = self.engine.as_mut();
        let silent = Silent::default();
        let scored = score(engine, &inputs, &self.recipe, options, &scratch, &mut self.kept, &silent);
        let passes = scored.expect("scored").seconds;
        passes.iter().filter(|pass| pass.stage.starts_with("acceptability")).map(|pass| pass.seconds).sum()
    }

    fn result(&self) -> &[f32] {
        &self.kept.shares
    }
}
