//! Counting cells by place: what `histogram`, `spread` and their refinements share.
//!
//! A counter that is added to again at once waits for itself, and the place of most cells of a map (ground worth
//! nothing, cells outside) is that of their neighbours. So the place that a sample finds most often is counted by
//! comparing, which wide registers can do, and only the others are counted one by one.
//!
//! Counts of refined bins are many and shared by all threads: 8 bytes for each of 2048 places in at most 16384
//! bins, 256 MiB. A thread gathers places by stripes of the counts, 0.5 MiB in all, and adds a full stripe's under
//! that stripe's lock: the memory does not grow with the threads, nothing waits on a shared counter, and one
//! stripe's pages are few.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::widest::{widest, work};

/// Cells whose places are found together.
pub const BATCH: usize = 1024;

/// The place of a cell that does not count.
pub const NOWHERE: u32 = 1 << 31;

/// Cells of a batch between two of the sample.
const SAMPLED_EVERY: usize = 61;

/// Parts of the refined counts, each with a lock.
const N_STRIPES: usize = 64;

/// Places gathered for a stripe.
const STRIPE_CELLS: usize = 2048;

/// Adds a batch's cells to the counts of their places.
pub fn count_places(places: &[u32], counts: &mut [u32]) {
    let mut others = [0; BATCH];
    let (common, n, others) = split(places, &mut others);
    if common != NOWHERE {
        counts[common as usize] += n;
    }
    for &place in others {
        counts[place as usize] += 1;
    }
}

/// The place that a sample finds most often, how many cells have it, and the places of all others that count.
fn split<'o>(places: &[u32], others: &'o mut [u32; BATCH]) -> (u32, u32, &'o [u32]) {
    let common = majority(places);
    let mut n_common = 0;
    widest(CountEqual { places, place: common, n: &mut n_common });
    let mut n = 0;
    if n_common as usize != places.len() {
        for &place in places {
            others[n % BATCH] = place;
            n += usize::from((place != common) & (place != NOWHERE));
        }
    }
    (common, n_common, &others[..n])
}

/// What more than half of a sample are, if anything is (Boyer and Moore, 1981).
fn majority(places: &[u32]) -> u32 {
    let mut candidate = (NOWHERE, 0);
    for &place in places.iter().step_by(SAMPLED_EVERY) {
        candidate = match candidate {
            (_, 0) => (place, 1),
            (held, n) if held == place => (held, n + 1),
            (held, n) => (held, n - 1),
        };
    }
    candidate.0
}

work!(CountEqual = count_equal(places: &'a [u32], place: u32, n: &'a mut u32));

#[inline(always)]
fn count_equal(places: &[u32], place: u32, n: &mut u32) {
    // A plain loop: an adapter's own would be compiled without the wide registers.
    for &other in places {
        *n += u32::from(other == place);
    }
}

/// One lock for each stripe of refined counts.
#[derive(Debug)]
pub struct Locks([Mutex<()>; N_STRIPES]);

impl Default for Locks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

/// Refined counts that threads add to, each by way of a [`Pending`].
#[derive(Debug, Clone, Copy)]
pub struct Refined<'a> {
    /// By refined bin and low bits.
    pub counts: &'a [AtomicU64],
    /// Held while a stripe is added to.
    pub locks: &'a Locks,
}

impl Refined<'_> {
    /// A place's stripe is what is left of it to the right of so many bits.
    fn shift(&self) -> u32 {
        self.counts.len().next_power_of_two().trailing_zeros().saturating_sub(N_STRIPES.trailing_zeros())
    }

    /// Adds `n` cells at each of a stripe's places.
    fn add(&self, stripe: usize, places: &[u32], n: u64) {
        let _held = self.locks.0[stripe].lock().unwrap_or_else(PoisonError::into_inner);
        for &place in places {
            // Nobody else adds to this stripe now: no need for one indivisible step.
            let count = &self.counts[place as usize];
            count.store(count.load(Ordering::Relaxed) + n, Ordering::Relaxed);
        }
    }
}

/// Cells that a thread has seen and not yet added.
#[derive(Debug)]
pub struct Pending {
    /// By stripe.
    places: Vec<u32>,
    n: [usize; N_STRIPES],
    /// The place most often seen last, and how often.
    common: (u32, u64),
}

impl Default for Pending {
    fn default() -> Self {
        Self { places: Vec::new(), n: [0; N_STRIPES], common: (NOWHERE, 0) }
    }
}

impl Pending {
    /// Takes in a batch's cells.
    pub fn add(&mut self, places: &[u32], to: Refined<'_>) {
        let mut others = [0; BATCH];
        let (common, n, others) = split(places, &mut others);
        if common != self.common.0 && common != NOWHERE {
            self.add_common(to);
            self.common.0 = common;
        }
        if common != NOWHERE {
            self.common.1 += u64::from(n);
        }
        self.places.resize(N_STRIPES * STRIPE_CELLS, 0);
        let shift = to.shift();
        for &place in others {
            let stripe = (place >> shift) as usize;
            let (first, n) = (stripe * STRIPE_CELLS, &mut self.n[stripe]);
            self.places[first + *n] = place;
            *n += 1;
            if *n == STRIPE_CELLS {
                to.add(stripe, &self.places[first..first + STRIPE_CELLS], 1);
                *n = 0;
            }
        }
    }

    /// Adds what is left.
    pub fn finish(&mut self, to: Refined<'_>) {
        self.add_common(to);
        for (stripe, n) in self.n.iter_mut().enumerate().filter(|(_, n)| **n > 0) {
            let first = stripe * STRIPE_CELLS;
            to.add(stripe, &self.places[first..first + *n], 1);
            *n = 0;
        }
    }

    fn add_common(&mut self, to: Refined<'_>) {
        let (place, n) = self.common;
        if n > 0 {
            to.add((place >> to.shift()) as usize, &[place], n);
        }
        self.common.1 = 0;
    }
}
