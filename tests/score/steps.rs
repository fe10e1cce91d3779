//! A frame walked by parts: every plane and number has the bits of one walk over the whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use clearway::error::Result;
use clearway::grid::{CellStore, Cells, Frame, MemoryCells, UNKNOWN, Window};
use clearway::progress::Silent;
use clearway::score::{
    Asked, Benefit, Engine, Gate, HazardDraw, Inputs, Native, Options, Plane, PlaneSink, PriorityBy, Recipe,
    Robustness, Step, StepCounts, Summary, Value, score_part,
};

use super::harness::{ALL_PLANES, Layers, MemorySink, on_each_engine, two_criteria};
use crate::common::{frame_lonlat, frame_utm};

const SAMPLED: [Plane; 3] = [Plane::Acceptability, Plane::RankMean, Plane::RankSd];

/// Counts as they go from process to process.
type Counted = BTreeMap<Step, Vec<u8>>;

/// One part: its kept planes, what it has counted, and what is known of all.
struct Part<'a> {
    planes: &'a mut MemorySink,
    counted: &'a mut Counted,
    known: &'a Counted,
}

impl PlaneSink for Part<'_> {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        self.planes.put(plane, window, values)
    }

    fn ask(&mut self, step: Step) -> Result<Asked> {
        assert_eq!(Step::of_name(&step.name()), Some(step));
        Ok(match self.known.get(&step) {
            Some(bytes) => Asked::Known(Box::new(StepCounts::from_bytes(bytes).expect("whole"))),
            None if self.counted.contains_key(&step) => Asked::Wait,
            None => Asked::Walk,
        })
    }

    fn counted(&mut self, step: Step, counts: StepCounts) -> Result<Option<StepCounts>> {
        self.counted.insert(step, counts.to_bytes());
        Ok(None)
    }
}

/// A plane that several calls share.
struct Held(Arc<MemoryCells>);

impl Cells for Held {
    fn frame(&self) -> &Frame {
        self.0.frame()
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        self.0.read(window, out)
    }
}

impl CellStore for Held {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        self.0.write(window, values)
    }
}

/// A layer of which only one part can be read.
struct Fenced<'a> {
    cells: &'a MemoryCells,
    part: Window,
}

impl Cells for Fenced<'_> {
    fn frame(&self) -> &Frame {
        self.cells.frame()
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        assert_eq!(window.intersection(&self.part), Some(window), "a layer is read in the part alone");
        self.cells.read(window, out)
    }
}

/// What a frame's parts come to, and how many rounds of them it took.
fn by_parts(
    layers: &Layers,
    engine: &mut dyn Engine,
    recipe: &Recipe,
    parts: &[Window],
    tile: usize,
) -> (Summary, MemorySink, usize) {
    let mut planes = MemorySink::new(&layers.frame);
    let mut counted = vec![Counted::new(); parts.len()];
    let kept: Mutex<HashMap<(usize, String), Arc<MemoryCells>>> = Mutex::default();
    let mut known = Counted::new();
    let mut walk = |number: usize, part: Window, counted: &mut Counted, known: &Counted| {
        let fenced = |cells| Fenced { cells, part };
        let (hazard, cost) = (fenced(&layers.hazard), fenced(&layers.cost));
        let criteria: Vec<Fenced<'_>> = layers.criteria.iter().map(fenced).collect();
        let inputs = Inputs {
            frame: &layers.frame,
            hazard: &hazard,
            population: &layers.population,
            cost: &cost,
            criteria: criteria.iter().map(|cells| cells as &dyn Cells).collect(),
        };
        let scratch = |name: &str| -> Result<Box<dyn CellStore>> {
            let mut kept = kept.lock().unwrap();
            let plane = kept.entry((number, name.to_owned()));
            let plane = plane.or_insert_with(|| Arc::new(MemoryCells::new(layers.frame.clone())));
            Ok(Box::new(Held(Arc::clone(plane))))
        };
        let options = Options { tile_size: Some(tile), part: Some(part), ..Options::default() };
        let mut sink = Part { planes: &mut planes, counted, known };
        score_part(engine, &inputs, recipe, options, &scratch, &mut sink, &Silent::default()).unwrap()
    };
    for round in 0.. {
        let nowhere = Window::new(0, 0, 0, 0);
        if let Some(summary) = walk(parts.len(), nowhere, &mut Counted::new(), &known) {
            return (summary, planes, round);
        }
        // In any order, and one of them twice.
        let order = (0..parts.len()).rev().chain([0]);
        for number in order {
            assert!(walk(number, parts[number], &mut counted[number], &known).is_none());
        }
        for step in counted[0].keys().filter(|step| !known.contains_key(step)).copied().collect::<Vec<_>>() {
            let mut of_parts = counted.iter().map(|counted| StepCounts::from_bytes(&counted[&step]).unwrap());
            let mut sum = of_parts.next().unwrap();
            of_parts.for_each(|counts| sum.add(&counts).unwrap());
            known.insert(step, sum.to_bytes());
        }
    }
    unreachable!("it ends when all is known")
}

/// Uneven parts: across, down, and one of a single cell.
fn uneven(frame: &Frame) -> Vec<Window> {
    let (n_cols, n_rows) = (frame.n_cols, frame.n_rows);
    let (left, top) = (n_cols / 3, n_rows / 4 + 1);
    vec![
        Window::new(0, 0, left, top),
        Window::new(left as i64, 0, n_cols - left, top),
        Window::new(0, top as i64, n_cols - 1, 1),
        Window::new(n_cols as i64 - 1, top as i64, 1, 1),
        Window::new(0, top as i64 + 1, n_cols, n_rows - top - 1),
    ]
}

fn assert_same(layers: &Layers, engine: &mut dyn Engine, recipe: &Recipe, most_rounds: usize) {
    let (whole, sink) = layers.score_whole(engine, recipe);
    let (summary, parts, rounds) = by_parts(layers, engine, recipe, &uneven(&layers.frame), 7);
    assert_eq!(sink.bits(), parts.bits());
    if recipe.robustness.is_some() {
        let bits = |sink: &MemorySink, plane| -> Vec<u32> {
            sink.get(plane).into_iter().map(f32::to_bits).collect()
        };
        SAMPLED.iter().for_each(|plane| assert!(bits(&sink, *plane) == bits(&parts, *plane), "{plane:?}"));
    }
    let without_times = |mut summary: Summary| {
        // Quantile tables differ by their numbers alone, which are new in each process.
        summary.maxima.quantiles.clear();
        format!("{:?}", Summary { seconds: Vec::new(), tile_size: 0, ..summary })
    };
    assert_eq!(without_times(whole), without_times(summary));
    assert!(rounds <= most_rounds, "{rounds}");
    assert!(ALL_PLANES.iter().all(|plane| sink.get(*plane).iter().any(|x| x.to_bits() != UNKNOWN.to_bits())));
}

#[test]
fn parts_have_the_bits_of_the_whole() {
    let mut recipe = two_criteria(60.0);
    recipe.gates = vec![Gate { name: "slope".into(), layer: 0, above: Some(95.0), ..Gate::default() }];
    on_each_engine(|tested| {
        assert_same(&Layers::random(frame_utm(41, 37, 30.0), 3), tested.engine, &recipe, 5);
    });
    assert_same(&Layers::random(frame_lonlat(23, 50, 20.0, 50.0, 3e-4), 4), &mut Native::new(), &recipe, 5);
}

#[test]
fn quantiles_tiers_and_ties_need_further_rounds() {
    let layers = Layers::random(frame_utm(30, 44, 30.0), 5);
    let mut recipe = two_criteria(60.0);
    recipe.criteria.iter_mut().for_each(|criterion| criterion.value = Value::Quantile);
    assert_same(&layers, &mut Native::new(), &recipe, 8);
    let ordered = Recipe {
        benefit: Benefit::Ordered,
        thresholds: vec![Some(0.5), None],
        priority_by: PriorityBy::Benefit,
        ..recipe
    };
    on_each_engine(|tested| assert_same(&layers, tested.engine, &ordered, 8));
    let robustness = Robustness { n_samples: 12, cost_sigma: 0.3, ..Robustness::default() };
    let sampled = Recipe { priority_by: PriorityBy::BenefitPerCost, robustness: Some(robustness), ..ordered };
    // A survey, counts, recounts of full bins and moments come after.
    on_each_engine(|tested| assert_same(&layers, tested.engine, &sampled, 11));
}

#[test]
fn samples_of_all_groups_are_counted_in_the_same_round() {
    let layers = Layers::random(frame_utm(29, 26, 30.0), 6);
    let robustness = Robustness {
        n_samples: 300,
        hazard: HazardDraw::Sigma(0.5),
        cost_sigma: 0.3,
        correlated: 3,
        ..Robustness::default()
    };
    let recipe = Recipe { robustness: Some(robustness), ..two_criteria(60.0) };
    // Exposure, priority, up to two levels of ties, rank with counts, recounts, moments.
    assert_same(&layers, &mut Native::new(), &recipe, 7);
}

#[test]
fn counts_of_other_frames_are_refused() {
    let counts = |n_rows: usize| {
        let layers = Layers::random(frame_utm(8, n_rows, 30.0), 1);
        let (mut counted, known) = (Counted::new(), Counted::new());
        let mut planes = MemorySink::new(&layers.frame);
        let mut sink = Part { planes: &mut planes, counted: &mut counted, known: &known };
        let frame = layers.frame.clone();
        let scratch =
            |_: &str| -> Result<Box<dyn CellStore>> { Ok(Box::new(MemoryCells::new(frame.clone()))) };
        let (inputs, recipe) = (layers.inputs(), two_criteria(60.0));
        let options = Options::default();
        let engine = &mut Native::new();
        let done = score_part(engine, &inputs, &recipe, options, &scratch, &mut sink, &Silent::default());
        assert!(done.unwrap().is_none());
        StepCounts::from_bytes(&counted[&Step::Exposure]).unwrap()
    };
    let mut eight = counts(8);
    assert!(eight.clone().add(&eight.clone()).is_ok());
    let error = eight.add(&counts(9)).unwrap_err().to_string();
    assert!(error.contains("score.other_counts"), "{error}");
    let bytes = eight.to_bytes();
    assert!(StepCounts::from_bytes(&bytes[..bytes.len() - 8]).is_none());
    assert!(StepCounts::from_bytes(&bytes[..bytes.len() - 3]).is_none());
    assert!(StepCounts::from_bytes(&[]).is_none());
}
