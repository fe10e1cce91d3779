//! What the stage tests share: engines, a sink in memory, layers from seeds, and a whole textbook scoring.

use std::collections::HashMap;

use clearway::error::Result;
use clearway::grid::{CellStore as _, Tiling};
use clearway::grid::{Cells, Frame, MemoryCells, UNKNOWN, Window, is_unknown};
use clearway::progress::Silent;
use clearway::score::program::{Program, Tally};
use clearway::score::{Benefit, Bound, Criterion, PriorityBy};
use clearway::score::{
    Engine, Inputs, Kernel, Native, Options, Plane, PlaneSink, Recipe, Source, Summary, Value,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// An engine under test.
pub struct Tested<'a> {
    pub name: &'static str,
    pub engine: &'a mut dyn Engine,
    /// Whether it is held to the native engine's bits in stages that fuse no product with a sum: real hardware may.
    pub has_native_bits: bool,
}

/// Runs a test on the native engine and on the GPU.
pub fn on_each_engine(test: impl Fn(&mut Tested<'_>)) {
    test(&mut Tested { name: "native", engine: &mut Native::new(), has_native_bits: true });
    #[cfg(feature = "gpu")]
    with_gpu(|gpu, is_software| {
        test(&mut Tested { name: "gpu", engine: gpu, has_native_bits: is_software });
    });
}

/// Runs a test on the GPU, opened once a binary; `true` when it is a software device.
#[cfg(feature = "gpu")]
pub fn with_gpu(test: impl FnOnce(&mut dyn Engine, bool)) {
    use std::sync::{Mutex, OnceLock, PoisonError};

    use clearway::gpu::DeviceKind;
    use clearway::score::OnGpu;

    static GPU: OnceLock<Mutex<OnGpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| Mutex::new(open_gpu()));
    let mut gpu = gpu.lock().unwrap_or_else(PoisonError::into_inner);
    let is_software = gpu.device().info().kind == DeviceKind::Software;
    test(&mut *gpu, is_software);
}

/// A device of its own, for tests that break it.
#[cfg(feature = "gpu")]
pub fn open_gpu() -> clearway::score::OnGpu {
    let name = std::env::var("CLEARWAY_TEST_DEVICE").unwrap_or_else(|_| "llvmpipe".into());
    let choice = clearway::gpu::Choice::Named(&name);
    let is_least = std::env::var("CLEARWAY_TEST_LIMITS").is_ok_and(|limits| limits == "default");
    let open = if is_least { clearway::gpu::open_least } else { clearway::gpu::open };
    match open(choice) {
        Ok(device) => clearway::score::OnGpu::new(device),
        Err(reason) => panic!(
            "GPU tests need a Vulkan device called `{name}`: {reason}; run `./test`, which installs one, or set \
             CLEARWAY_TEST_DEVICE"
        ),
    }
}

/// Planes in memory.
pub struct MemorySink {
    frame: Frame,
    pub planes: HashMap<Plane, MemoryCells>,
}

impl PlaneSink for MemorySink {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        let frame = &self.frame;
        self.planes.entry(plane).or_insert_with(|| MemoryCells::new(frame.clone())).write(window, values)
    }
}

impl MemorySink {
    pub fn new(frame: &Frame) -> Self {
        Self { frame: frame.clone(), planes: HashMap::new() }
    }

    pub fn get(&self, plane: Plane) -> Vec<f32> {
        self.planes[&plane].to_vec()
    }

    /// Bits of every plane, in a fixed order.
    pub fn bits(&self) -> Vec<Vec<u32>> {
        ALL_PLANES.iter().map(|plane| self.get(*plane).iter().map(|x| x.to_bits()).collect()).collect()
    }
}

pub const ALL_PLANES: [Plane; 7] = [
    Plane::Exposure,
    Plane::PeopleAtRisk,
    Plane::Benefit,
    Plane::Cost,
    Plane::BenefitPerCost,
    Plane::Rank,
    Plane::Class,
];

/// Layers to score.
pub struct Layers {
    pub frame: Frame,
    pub hazard: MemoryCells,
    pub population: MemoryCells,
    pub cost: MemoryCells,
    pub criteria: Vec<MemoryCells>,
}

impl Layers {
    /// Seeded layers: hazard skewed to small values, 3 % of the cells inhabited with a heavy tail, cost 0.5..10
    /// US$/m², one criterion layer −10..100, and one unknown cell in 16 of each.
    pub fn random(frame: Frame, seed: u64) -> Self {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut plane = |make: &mut dyn FnMut(&mut Pcg64) -> f32| {
            let n = frame.n_cells() as usize;
            let values = (0..n).map(|_| if rng.random_range(0..16) == 0 { UNKNOWN } else { make(&mut rng) });
            MemoryCells::from_values(frame.clone(), values.collect())
        };
        let hazard = plane(&mut |rng| rng.random::<f32>().powi(6));
        let population = plane(&mut |rng| {
            let is_inhabited = rng.random_range(0..33) == 0;
            if is_inhabited { rng.random::<f32>().powi(-1).min(1e4) } else { 0.0 }
        });
        let cost = plane(&mut |rng| 100.0 * rng.random_range(0.5f32..10.0));
        let criteria = vec![plane(&mut |rng| rng.random_range(-10.0f32..100.0))];
        Self { hazard, population, cost, criteria, frame }
    }

    /// Constant layers.
    pub fn constant(frame: Frame, hazard: f32, population: f32, cost: f32) -> Self {
        let plane = |x| MemoryCells::from_values(frame.clone(), vec![x; frame.n_cells() as usize]);
        let (hazard, population, cost) = (plane(hazard), plane(population), plane(cost));
        Self { hazard, population, cost, criteria: Vec::new(), frame }
    }

    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            frame: &self.frame,
            hazard: &self.hazard,
            population: &self.population,
            cost: &self.cost,
            criteria: self.criteria.iter().map(|cells| cells as &dyn Cells).collect(),
        }
    }

    pub fn score(
        &self,
        engine: &mut dyn Engine,
        recipe: &Recipe,
        tile: usize,
    ) -> Result<(Summary, MemorySink)> {
        let mut sink = MemorySink::new(&self.frame);
        let options = Options { tile_size: Some(tile), ..Options::default() };
        let frame = self.frame.clone();
        let scratch = move |_: &str| -> Result<Box<dyn clearway::grid::CellStore>> {
            Ok(Box::new(MemoryCells::new(frame.clone())))
        };
        let progress = Silent::default();
        let inputs = self.inputs();
        let recipe = recipe.clone().validated()?;
        let summary =
            clearway::score::score(engine, &inputs, &recipe, options, &scratch, &mut sink, &progress)?;
        Ok((summary, sink))
    }

    /// Scored with tiles that cover the whole frame.
    pub fn score_whole(&self, engine: &mut dyn Engine, recipe: &Recipe) -> (Summary, MemorySink) {
        let tile = self.frame.n_cols.max(self.frame.n_rows);
        self.score(engine, recipe, tile).expect("layers can be scored")
    }
}

/// People with weight 3 and criterion layer 0 (reversed) with weight 1, σ in metres.
pub fn two_criteria(sigma_m: f64) -> Recipe {
    let mut recipe = people_only(sigma_m);
    recipe.criteria[0].weight = 3.0;
    recipe.criteria.push(Criterion {
        name: "road access".into(),
        source: Source::Layer(0),
        weight: 1.0,
        value: Value::Linear { lo: Bound::At(80.0), hi: Bound::At(5.0) },
    });
    recipe
}

/// People alone, σ in metres; 0 for kernel `none`.
pub fn people_only(sigma_m: f64) -> Recipe {
    let kernel = if sigma_m > 0.0 { Kernel::Gaussian { sigma_m } } else { Kernel::None };
    Recipe { kernel, ..Recipe::default() }
}

/// Runs a program and returns its outputs.
pub fn run(
    engine: &mut dyn Engine,
    program: &Program,
    inputs: &[&[f32]],
    tally: &mut Tally,
) -> Vec<Vec<f32>> {
    let mut outputs = Vec::new();
    engine.run(program, inputs, &mut outputs, tally).expect("the program runs");
    outputs
}

/// Everything scored by the book, in `f64`, cell by cell over the whole grid.
pub struct Textbook {
    pub exposure: Vec<Option<f64>>,
    pub people_at_risk: Vec<Option<f64>>,
    pub benefit: Vec<Option<f64>>,
    pub per_usd: Vec<Option<f64>>,
}

impl Textbook {
    pub fn of(layers: &Layers, recipe: &Recipe) -> Self {
        let frame = &layers.frame;
        let known = |cells: &MemoryCells| -> Vec<Option<f64>> {
            cells.to_vec().into_iter().map(|x| (!is_unknown(x)).then_some(f64::from(x))).collect()
        };
        let (hazard, population, cost) =
            (known(&layers.hazard), known(&layers.population), known(&layers.cost));
        let criteria: Vec<_> = layers.criteria.iter().map(known).collect();
        let uses = |layer| recipe.criteria.iter().any(|c| c.source == Source::Layer(layer));
        let is_scored = |i: usize| {
            let mut all = [hazard[i], population[i], cost[i]].into_iter();
            let has_entry = |c: &Criterion| match (&c.value, c.source) {
                (Value::Classes(classes), Source::Layer(k)) => {
                    classes.iter().any(|(code, _)| criteria[k][i] == Some(f64::from(*code)))
                }
                _ => true,
            };
            all.all(|x| x.is_some())
                && criteria.iter().enumerate().all(|(k, c)| !uses(k) || c[i].is_some())
                && recipe.criteria.iter().all(has_entry)
                && recipe.gates.iter().all(|gate| {
                    let x = criteria[gate.layer][i];
                    let is_out = |x: f64| {
                        gate.below.is_some_and(|below| x < below)
                            || gate.above.is_some_and(|above| x > above)
                            || gate.codes.iter().any(|code| x == f64::from(*code))
                    };
                    x.is_some_and(|x| !is_out(x))
                })
        };
        let exposure_at = |i: usize| exposure_of(frame, recipe.kernel, &population, i);
        let n = frame.n_cells() as usize;
        let exposure: Vec<_> = (0..n).map(|i| is_scored(i).then(|| exposure_at(i))).collect();
        let max_exposure = exposure.iter().flatten().fold(0.0, |a: f64, b| a.max(*b));
        let total: f64 = recipe.criteria.iter().map(|c| c.weight).sum();
        let worth = |i: usize, exposure: f64| -> Vec<(f64, f64)> {
            let terms = recipe.criteria.iter().map(|c| {
                let (x, max) = match c.source {
                    Source::Exposure => (exposure, max_exposure),
                    Source::Layer(k) => {
                        let scored = (0..n).filter(|i| is_scored(*i));
                        (
                            criteria[k][i].unwrap(),
                            scored.map(|i| criteria[k][i].unwrap()).fold(f64::MIN, f64::max),
                        )
                    }
                };
                (c.weight / total, value_by_the_book(&c.value, x, max))
            });
            terms.collect()
        };
        let by = |make: &dyn Fn(usize, f64) -> f64| -> Vec<Option<f64>> {
            exposure.iter().enumerate().map(|(i, e)| e.map(|e| make(i, e))).collect()
        };
        let people_at_risk = by(&|i, e| hazard[i].unwrap() * e);
        let benefit = by(&|i, e| match recipe.benefit {
            Benefit::Risk => hazard[i].unwrap() * worth(i, e).iter().map(|(w, v)| w * v).sum::<f64>(),
            Benefit::Sum => worth(i, e).iter().map(|(w, v)| w * v).sum(),
            Benefit::Product => worth(i, e).iter().map(|(w, v)| v.max(1e-6).powf(*w)).product(),
            Benefit::Ordered => panic!("tests of `ordered` have a textbook of their own"),
        });
        let area_m2 = |i: usize| frame.cell_area_m2((i / frame.n_cols) as i64);
        let per_usd = by(&|i, _| benefit[i].unwrap() * area_m2(i) / cost[i].unwrap());
        assert_eq!(recipe.priority_by, PriorityBy::BenefitPerCost);
        Self { people_at_risk, benefit, per_usd, exposure }
    }
}

/// v of x by the formulas of domain.md, `max` being the layer's largest scored value.
pub fn value_by_the_book(value: &Value, x: f64, max: f64) -> f64 {
    let at = |bound: &Bound| match bound {
        Bound::At(at) => *at,
        Bound::Max => max,
    };
    match value {
        Value::Linear { lo, hi } => ((x - at(lo)) / (at(hi) - at(lo))).clamp(0.0, 1.0),
        Value::Log { lo, hi } if x > 0.0 => {
            ((x.ln() - at(lo).ln()) / (at(hi).ln() - at(lo).ln())).clamp(0.0, 1.0)
        }
        Value::Log { lo, hi } => f64::from(u8::from(at(hi) < at(lo))),
        Value::Sigmoid { mid, slope } => 1.0 / (1.0 + (slope * (mid - x)).exp()),
        Value::Steps(steps) => {
            let mut v = 0.0;
            for (threshold, of) in steps {
                v = if x >= *threshold { *of } else { v };
            }
            v
        }
        Value::Classes(classes) => {
            let entry = classes.iter().find(|(code, _)| f64::from(*code) == x);
            entry.expect("a scored cell's code has an entry").1
        }
        Value::Quantile => panic!("needs all scored cells: quantile_by_the_book"),
    }
}

/// The mid-rank of x among all, 0..1.
pub fn quantile_by_the_book(all: &[f64], x: f64) -> f64 {
    let below = all.iter().filter(|y| **y < x).count() as f64;
    let equal = all.iter().filter(|y| **y == x).count() as f64;
    if all.len() == 1 { 1.0 } else { (below + (equal - 1.0) / 2.0) / (all.len() as f64 - 1.0) }
}

fn exposure_of(frame: &Frame, kernel: Kernel, population: &[Option<f64>], i: usize) -> f64 {
    let (col, row) = ((i % frame.n_cols) as i64, (i / frame.n_cols) as i64);
    let Kernel::Gaussian { sigma_m } = kernel else { return population[i].unwrap() };
    let northing = |row: i64| frame.northing_m(row as f64 + 0.5);
    let cut_m = 4.0 * sigma_m * (1.0 + 1e-12);
    let mut sum = 0.0;
    for other_row in 0..frame.n_rows as i64 {
        let dy = northing(other_row) - northing(row);
        if dy.abs() > cut_m {
            continue;
        }
        let width_m = frame.cell_width_m(other_row);
        for other_col in 0..frame.n_cols as i64 {
            let dx = (other_col - col) as f64 * width_m;
            let people = population[other_row as usize * frame.n_cols + other_col as usize];
            if let (true, Some(people)) = (dx.abs() <= cut_m, people) {
                sum += people * (-(dx * dx + dy * dy) / (2.0 * sigma_m * sigma_m)).exp();
            }
        }
    }
    sum
}

/// Exact mid-rank percentiles of the known values.
pub fn exact_ranks(values: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|x| !is_unknown(*x)).collect();
    sorted.sort_by(f32::total_cmp);
    let n = sorted.len();
    let rank = |x: f32| {
        let below = sorted.partition_point(|y| *y < x);
        let equal = sorted.partition_point(|y| *y <= x) - below;
        if n == 1 { 100.0 } else { 100.0 * (below as f64 + (equal as f64 - 1.0) / 2.0) / (n as f64 - 1.0) }
    };
    values.iter().map(|&x| if is_unknown(x) { UNKNOWN } else { rank(x) as f32 }).collect()
}

/// Fails unless found and expected agree to `relative` of the largest expected value, and on what is unknown.
#[track_caller]
pub fn assert_plane(found: &[f32], expected: &[Option<f64>], n_cols: usize, relative: f64) {
    let largest = expected.iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
    let expected: Vec<f32> = expected.iter().map(|x| x.map_or(UNKNOWN, |x| x as f32)).collect();
    crate::common::assert_cells(found, &expected, n_cols, relative * largest, relative);
}

/// Fails unless two engines agree as stated: sums of exposure round a product and the sum it goes into once, a software
/// device twice, so exposures and what is made of them differ by a few roundings, and a few places of the rank change.
#[track_caller]
pub fn assert_agree(found: &MemorySink, expected: &MemorySink) {
    let n_cols = found.frame.n_cols;
    let exact = exact_ranks(&found.get(Plane::BenefitPerCost));
    let n_known = exact.iter().filter(|x| !is_unknown(**x)).count();
    for plane in ALL_PLANES {
        let (found, expected) = (found.get(plane), expected.get(plane));
        let largest = expected.iter().copied().fold(0.0, f32::max);
        match plane {
            Plane::Rank => {
                crate::common::assert_cells(&found, &exact, n_cols, 0.01, 0.0);
                let places = 3.0 * 100.0 / (n_known.max(2) - 1) as f64;
                crate::common::assert_cells(&found, &expected, n_cols, places.max(0.01), 0.0);
            }
            Plane::Class => {
                let n_other = found.iter().zip(&expected).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
                assert!(n_other <= 3, "{n_other} cells of another class");
            }
            _ => crate::common::assert_cells(&found, &expected, n_cols, 4e-6 * f64::from(largest), 4e-6),
        }
    }
}

/// Number of tiles, for tests that fail in one of them.
pub fn n_tiles(frame: &Frame, size: usize) -> usize {
    Tiling::new(frame, size).len()
}
