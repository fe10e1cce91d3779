//! Prices to start the descent from: a few numbers a team type instead of one a grid time.
//!
//! Subgradient steps from prices of zero take thousands of rounds where the tasks are worth far more days than
//! the teams have. With y(t) = (x(t) − x(end)) / (x(0) − x(end)), falling from 1 to 0, prices of the form
//!
//! ```text
//! u_k(t) = a_k·y + b_k·y² + c_k
//! ```
//!
//! follow the true ones closely (they are convex in x, and zero at the horizon where work is worth nothing any
//! more). The bound is convex in every coefficient, so each is found by golden section, first one scale for all
//! types together, then type by type, as long as evaluations last.

use super::fluid::Fluid;
use super::prices::{Prices, evaluate};

/// Evaluations for one coefficient: the interval shrinks to 0.618^22 = 1/40,000 of its logarithm's width.
const EVALUATIONS: usize = 22;

/// Coefficients are looked for from this share of the largest sensible one.
const LEAST: f64 = 1e-5;

/// Most rounds over all coefficients.
const MOST_ROUNDS: usize = 4;

/// Good prices within so many evaluations of the bound, and how many are left.
pub(super) fn start(fluid: &Fluid, mut n_evaluations: usize) -> (Prices, usize) {
    let n_kinds = fluid.capacity.len();
    let mut search = Search {
        fluid,
        shapes: shapes(&fluid.x),
        most: largest_prices(fluid),
        load: vec![vec![0.0; fluid.x.len()]; n_kinds],
        coefficients: vec![[0.0; 3]; n_kinds],
        money: 0.0,
        value: f64::INFINITY,
    };
    search.value = search.bound();
    let mut afford = |n: usize| {
        let is_affordable = n_evaluations >= n;
        n_evaluations -= if is_affordable { n } else { 0 };
        is_affordable
    };
    // The price of a collected worth does not fall with time: the constant is the shape to begin with there.
    let is_timeless = fluid.pairs.iter().all(|pair| pair.slope.abs() <= 0.0);
    let first_shape = if is_timeless { 2 } else { 0 };
    if afford(EVALUATIONS) {
        let most = search.most.clone();
        search.improve(1.0, |search, scale| {
            for (coefficients, most) in search.coefficients.iter_mut().zip(&most) {
                coefficients[first_shape] = scale * most;
            }
        });
    }
    'rounds: for _ in 0..MOST_ROUNDS {
        let before = search.value;
        if fluid.budget.is_finite() && afford(EVALUATIONS) {
            let most = search.most.iter().copied().fold(0.0, f64::max);
            search.improve(most, |search, money| search.money = money);
        }
        for kind in 0..n_kinds {
            for shape in [first_shape, 1, 2 - first_shape] {
                if !afford(EVALUATIONS) {
                    break 'rounds;
                }
                let most = search.most[kind];
                search.improve(most, |search, c| search.coefficients[kind][shape] = c);
            }
        }
        if before - search.value <= 1e-4 * before.abs() {
            break;
        }
    }
    (search.prices(), n_evaluations)
}

struct Search<'a> {
    fluid: &'a Fluid,
    shapes: [Vec<f64>; 3],
    /// The largest sensible price of a day of each type.
    most: Vec<f64>,
    load: Vec<Vec<f64>>,
    coefficients: Vec<[f64; 3]>,
    money: f64,
    value: f64,
}

impl Search<'_> {
    fn prices(&self) -> Prices {
        let price = |c: &[f64; 3], at: usize| (0..3).map(|s| c[s] * self.shapes[s][at]).sum();
        let time = self
            .coefficients
            .iter()
            .zip(&self.fluid.capacity)
            .map(|(c, capacity)| {
                // Time without end is free.
                let at = |(at, days): (usize, &f64)| if days.is_finite() { price(c, at) } else { 0.0 };
                capacity.iter().enumerate().map(at).collect()
            })
            .collect();
        Prices { time, money: self.money, floors: vec![0.0; self.fluid.floors.len()] }
    }

    fn bound(&mut self) -> f64 {
        evaluate(self.fluid, &self.prices(), &mut self.load).value
    }

    /// Looks for a better number from `LEAST`·most to most by golden section on its logarithm; keeps the old
    /// one where none is better.
    fn improve(&mut self, most: f64, set: impl Fn(&mut Self, f64)) {
        let (coefficients, money) = (self.coefficients.clone(), self.money);
        let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (LEAST.ln(), 0.0);
        let try_at = |search: &mut Self, log: f64| {
            set(search, most * log.exp());
            search.bound()
        };
        let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
        let (mut at_a, mut at_b) = (try_at(self, a), try_at(self, b));
        for _ in 3..EVALUATIONS {
            if at_a <= at_b {
                (high, b, at_b) = (b, a, at_a);
                a = high - ratio * (high - low);
                at_a = try_at(self, a);
            } else {
                (low, a, at_a) = (a, b, at_b);
                b = low + ratio * (high - low);
                at_b = try_at(self, b);
            }
        }
        let best = if at_a <= at_b { a } else { b };
        let value = try_at(self, best);
        if value < self.value {
            self.value = value;
        } else {
            (self.coefficients, self.money) = (coefficients, money);
        }
    }
}

/// y, y² and 1 at the grid times.
fn shapes(x: &[f64]) -> [Vec<f64>; 3] {
    let (first, last) = (x[0], x[x.len() - 1]);
    let span = (first - last).max(f64::MIN_POSITIVE);
    let y: Vec<f64> = x.iter().map(|x| (x - last) / span).collect();
    [y.clone(), y.iter().map(|y| y * y).collect(), vec![1.0; x.len()]]
}

/// For each type the largest worth that a day of it could have: no price above it changes anything.
fn largest_prices(fluid: &Fluid) -> Vec<f64> {
    let (first, last) = (fluid.x[0], fluid.x[fluid.x.len() - 1]);
    let mut most = vec![0.0_f64; fluid.capacity.len()];
    for pair in &fluid.pairs {
        let gain = (pair.slope * first + pair.level).max(pair.slope * (first - last));
        let most = &mut most[pair.kind as usize];
        *most = most.max(gain / pair.days.max(1e-6));
    }
    most
}
