//! What the tests of tasks share: planes from text, features from rings.

use clearway::grid::{Cells, Frame, MemoryCells};
use clearway::progress::Silent;
use clearway::tasks::{
    Finding, GrowOptions, Planes, PolygonFeature, TaskArea, TaskOptions, from_polygons, grow,
};
use geo::{Geometry, LineString, MultiPolygon, Polygon};
use serde_json::Map;

/// Five planes on one frame.
pub struct Region {
    pub hazard: MemoryCells,
    pub people: MemoryCells,
    pub benefit: MemoryCells,
    pub cost: MemoryCells,
    pub rank: MemoryCells,
}

impl Region {
    /// All planes from one function of (column, row) each.
    pub fn new(frame: &Frame, value: impl Fn(&str, usize, usize) -> f32) -> Self {
        let plane = |name: &str| {
            let n = frame.n_cells() as usize;
            let values = (0..n).map(|i| value(name, i % frame.n_cols, i / frame.n_cols)).collect();
            MemoryCells::from_values(frame.clone(), values)
        };
        Self {
            hazard: plane("hazard"),
            people: plane("people"),
            benefit: plane("benefit"),
            cost: plane("cost"),
            rank: plane("rank"),
        }
    }

    /// Ranks as given; hazard 0.5, 2 people, benefit 0.25 and US$ 200 everywhere.
    pub fn of_ranks(rank: MemoryCells) -> Self {
        let frame = rank.frame().clone();
        let flat =
            |value: f32| MemoryCells::from_values(frame.clone(), vec![value; frame.n_cells() as usize]);
        Self { hazard: flat(0.5), people: flat(2.0), benefit: flat(0.25), cost: flat(200.0), rank }
    }

    pub fn planes(&self) -> Planes<'_> {
        Planes {
            hazard: &self.hazard,
            people_at_risk: &self.people,
            benefit: &self.benefit,
            cost: &self.cost,
            rank: &self.rank,
            acceptability: None,
            difficulty: None,
            contributions: None,
        }
    }

    #[track_caller]
    pub fn tasks(&self, features: Vec<PolygonFeature>) -> (Vec<TaskArea>, Vec<Finding>) {
        from_polygons(features, &self.planes(), &TaskOptions::default(), &Silent::default()).unwrap()
    }

    #[track_caller]
    pub fn grown(&self, options: &GrowOptions) -> (Vec<TaskArea>, Vec<Finding>) {
        grow(&self.planes(), options, &TaskOptions::default(), &Silent::default()).unwrap()
    }
}

/// A ring written as "x y, x y, …", shifted to the corner of the test frames (500000, 5500000) with y upward from
/// 100 m below it: so a 10 x 10 grid of 10 m cells is 0..100 in both directions.
pub fn ring(text: &str) -> LineString<f64> {
    let points = text.split(',').map(|pair| {
        let mut numbers = pair.split_whitespace().map(|word| word.parse::<f64>().expect("a number"));
        (500_000.0 + numbers.next().expect("x"), 5_499_900.0 + numbers.next().expect("y"))
    });
    points.collect()
}

pub fn polygon(shell: &str, holes: &[&str]) -> Polygon<f64> {
    Polygon::new(ring(shell), holes.iter().map(|hole| ring(hole)).collect())
}

pub fn feature(id: &str, geometry: impl Into<Geometry<f64>>) -> PolygonFeature {
    PolygonFeature {
        id: id.to_owned(),
        imsma_id: None,
        place: format!("areas.geojson, feature {id}"),
        geometry: Some(geometry.into()),
        attributes: Map::new(),
    }
}

pub fn square(id: &str, x: f64, y: f64, side: f64) -> PolygonFeature {
    let (x2, y2) = (x + side, y + side);
    feature(id, polygon(&format!("{x} {y}, {x2} {y}, {x2} {y2}, {x} {y2}"), &[]))
}

#[track_caller]
pub fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}

/// The codes of findings, in order.
pub fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// A task about which nothing is known.
pub fn bare_task() -> TaskArea {
    TaskArea {
        task_id: String::new(),
        imsma_id: None,
        geometry: MultiPolygon::new(Vec::new()),
        rank: None,
        class: None,
        area_m2: 0.0,
        scored_share: 0.0,
        hazard_mean: None,
        people_at_risk: None,
        exposure_ha: None,
        benefit: None,
        cost_usd: None,
        benefit_per_kusd: None,
        difficulty: None,
        rank_mean: None,
        acceptability_mean: None,
        contributions: Vec::new(),
        lon: None,
        lat: None,
        nearest_settlement: None,
        district: None,
        attributes: Map::new(),
    }
}

/// A polygon's validity by geo's checks, with its errors when it has any.
#[track_caller]
pub fn assert_valid(ground: &MultiPolygon<f64>) {
    use geo::Validation;
    let errors: Vec<String> = ground.validation_errors().iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "invalid: {errors:?}");
}
