//! What the processor can do: bytes moved and operations made in a second, by all threads together.
//!
//! - Copy: one plane copied into another by blocks, each thread its own; bytes are those read and those written.
//! - Multiply and add: products and sums in registers, x = x · a + b over enough independent vectors to hide the
//!   latency of both, two operations an element and step; once each rounded by itself, as most stages have it, and once
//!   fused, as sums of exposure do.
//!
//! All run on all threads and through [`widest`] or [`by_sixteen`], as the stages do.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use crate::widest::{Sixteen, SixteenWork, Work, by_sixteen, widest};

/// Cells of a block of the copy, as the stages cut their planes.
const BLOCK_CELLS: usize = 16_384;

/// One measurement of the arithmetic takes about as long, s.
const LEAST_SECONDS: f64 = 4e-3;

/// The processor's limits, measured again at every call.
#[derive(Debug, Clone)]
pub struct Processor {
    from: Vec<f32>,
    to: Vec<f32>,
    /// How many elements at once are the fastest here: narrow processors have fewer registers.
    width: Width,
    /// Steps of one measurement.
    steps: u64,
}

#[derive(Debug, Clone, Copy)]
enum Width {
    Of64,
    Of96,
    Of128,
    Of256,
}

impl Processor {
    /// Planes of so many cells to copy.
    pub fn new(n_cells: usize) -> Self {
        let mut processor =
            Self { from: vec![1.0; n_cells], to: vec![0.0; n_cells], width: Width::Of128, steps: 1 << 10 };
        processor.copy_bytes_per_s();
        // The shortest of several: a thread that had to wait for its turn says nothing about the steps.
        let shortest = |processor: &Self| {
            (0..5).map(|_| processor.multiply_add(Width::Of128, false).1).fold(f64::INFINITY, f64::min)
        };
        while shortest(&processor) < LEAST_SECONDS {
            processor.steps *= 2;
        }
        let rate = |width| (0..5).map(|_| processor.multiply_add(width, false).0).fold(0.0, f64::max);
        let rates = [Width::Of64, Width::Of96, Width::Of128, Width::Of256].map(|width| (width, rate(width)));
        let best = rates.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        Self { width: best.map_or(Width::Of128, |(width, _)| width), ..processor }
    }

    /// Bytes copied and operations made in a second, each watched for about as long as given, s: a stage and its
    /// limit then suffer alike from whatever else the machine does.
    pub fn watch(&mut self, seconds: f64, is_fused: bool) -> [f64; 2] {
        let bytes = mean_over(seconds, || self.copy_bytes_per_s());
        [bytes, mean_over(seconds, || self.multiply_add(self.width, is_fused).0)]
    }

    /// Bytes read and written in a second.
    fn copy_bytes_per_s(&mut self) -> f64 {
        let began = Instant::now();
        let blocks = self.to.par_chunks_mut(BLOCK_CELLS).zip(self.from.par_chunks(BLOCK_CELLS));
        blocks.for_each(|(to, from)| to.copy_from_slice(from));
        let seconds = began.elapsed().as_secs_f64();
        black_box(&self.to);
        8.0 * self.from.len() as f64 / seconds
    }

    /// Operations a second, and the seconds that it took to see.
    fn multiply_add(&self, width: Width, is_fused: bool) -> (f64, f64) {
        let (n, run): (usize, fn(u64, bool)) = match width {
            Width::Of64 => (64, run::<4>),
            Width::Of96 => (96, run::<6>),
            Width::Of128 => (128, run::<8>),
            Width::Of256 => (256, run::<16>),
        };
        let began = Instant::now();
        rayon::broadcast(|_| run(self.steps, is_fused));
        let seconds = began.elapsed().as_secs_f64();
        let steps = self.steps as f64 * rayon::current_num_threads() as f64;
        (2.0 * n as f64 * steps / seconds, seconds)
    }
}

/// Harmonic mean of rates seen over at least so many seconds.
fn mean_over(seconds: f64, mut rate: impl FnMut() -> f64) -> f64 {
    let began = Instant::now();
    let (mut n, mut inverse) = (0.0, 0.0);
    loop {
        n += 1.0;
        inverse += 1.0 / rate();
        if began.elapsed().as_secs_f64() >= seconds {
            return n / inverse;
        }
    }
}

/// `M` times sixteen elements.
fn run<const M: usize>(steps: u64, is_fused: bool) {
    let mut sums = [[1.0; 16]; M];
    // Near the fixed point of x · a + b, so that no value grows, and hidden from the compiler.
    let (a, b) = black_box((0.999, 0.001));
    if is_fused {
        by_sixteen(Fused { sums: &mut sums, steps, a, b });
    } else {
        widest(Separate { sums: &mut sums, steps, a, b });
    }
    black_box(&sums);
}

struct Separate<'a, const M: usize> {
    sums: &'a mut [[f32; 16]; M],
    steps: u64,
    a: f32,
    b: f32,
}

impl<const M: usize> Work for Separate<'_, M> {
    #[inline(always)]
    fn run(self) {
        // A copy of its own stays in registers.
        let mut sums = *self.sums;
        for _ in 0..self.steps {
            for x in sums.as_flattened_mut() {
                *x = *x * self.a + self.b;
            }
        }
        *self.sums = sums;
    }
}

struct Fused<'a, const M: usize> {
    sums: &'a mut [[f32; 16]; M],
    steps: u64,
    a: f32,
    b: f32,
}

impl<const M: usize> SixteenWork for Fused<'_, M> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        let (a, b) = (V::all(self.a), V::all(self.b));
        let mut sums: [V; M] = std::array::from_fn(|i| V::of(&self.sums[i]));
        for _ in 0..self.steps {
            for x in &mut sums {
                *x = x.times_plus(a, b);
            }
        }
        sums.into_iter().zip(self.sums).for_each(|(x, to)| x.put(to));
    }
}
