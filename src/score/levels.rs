//! Counts of keys, finer where more cells lie: bins, parts of full bins, parts of full parts, down to single keys.
//!
//! A key is the bits of a float ordered like the float. Its bin is key >> 15, 256 to an octave: so few that their counters
//! stay in the nearest cache. A bin that holds more than N / 16384 of the N scored cells is too full for the accuracy
//! of a rank; it is cut into 2^k parts of equal width, so many that each holds at most N / 20480 where cells lie
//! evenly. That is less than 40960 counters in all, however the cells lie. A part that still holds too much (ties, or values
//! all alike) is cut again, as finely as 2^20 counters allow, until single keys are counted, which is exact. The bin of 0
//! is not cut: what else it may hold is below 5e-41, and counts as 0.
//!
//! All counters have one number space, their *places*: bins first, then the parts of one level after the other. An entry
//! says in one word where the counters are that a bin or part was cut into ([`next_place`]), so that counting, looking up
//! and the shaders go from bin to part by the same two steps.

use super::program::Shared;

/// Low bits of a key that its bin leaves out.
pub const LOW_BITS: u32 = 15;

/// Marks an entry that points on; no rank, value or 0 has this bit.
pub const POINTS_ON: u32 = 0x8000_0000;

/// Places that counters of one thread have behind those that count, for cells that are not counted: several, since a
/// counter that is added to again at once waits for itself.
pub const SPARE: usize = 16;

/// Places that tables of bins and their parts have room for, and those of further levels: a length that the compiler knows
/// lets it look up many cells at once. What is never written costs no memory.
pub const FEW_PLACES: usize = 1 << 18;
/// See [`FEW_PLACES`].
pub const MOST_PLACES: usize = 1 << 22;

/// Levels of parts there can be.
pub const MOST_STEPS: usize = 4;

/// A bin or a part that holds more than this share of the scored cells is cut.
const TOO_FULL: u64 = 16_384;

/// A part of a bin is to hold at most this share: less, because cells do not lie evenly.
const WANTED: u64 = 20_480;

/// Counters of a level after that.
const MOST_COUNTS: usize = 1 << 20;

/// Where the low bits that parts leave out stand in an entry; below are its places.
const SHIFT_AT: u32 = 27;

/// Low bits of a key that the parts leave out which an entry points to.
#[inline(always)]
pub fn shift_of(entry: u32) -> u32 {
    (entry >> SHIFT_AT) & 15
}

/// The place of a key among the parts that an entry points to.
#[inline(always)]
pub fn next_place(entry: u32, key: u32) -> u32 {
    entry.wrapping_add(key >> shift_of(entry)) & ((1 << SHIFT_AT) - 1)
}

/// The entry for parts from a place on, of which the first begins with a key.
fn pointer(place: usize, first_key: u32, shift: u32) -> u32 {
    let from = (place as u32).wrapping_sub(first_key >> shift) & ((1 << SHIFT_AT) - 1);
    POINTS_ON | shift << SHIFT_AT | from
}

/// Counts by level, as far as they were needed.
#[derive(Debug, Clone)]
pub struct Levels {
    /// Cells in all.
    pub total: u64,
    n_bins: usize,
    /// The bin of 0.
    zero_bin: usize,
    /// Cells by place.
    counts: Vec<u64>,
    /// By place, where its parts are; 0 for what is not cut.
    index: Vec<u32>,
    /// The parts of the last level: not counted yet, unless there are none.
    parts: Vec<Parts>,
    /// Levels of parts, those included.
    n_steps: usize,
}

/// Parts of equal width that a bin or part was cut into.
#[derive(Debug, Clone)]
struct Parts {
    /// The first part's place.
    place: usize,
    /// Its first key.
    first_key: u32,
    /// Low bits of a key that a part leaves out.
    shift: u32,
    /// How many.
    n: usize,
}

/// A bin or part that is told apart no further.
#[derive(Debug, Clone, Copy)]
pub struct Leaf {
    /// Its place.
    pub place: usize,
    /// Its first key.
    pub first_key: u32,
    /// Cells of smaller keys.
    pub below: u64,
    /// Its cells.
    pub count: u64,
    /// Whether they all have one key, or count as if they had.
    pub is_single: bool,
}

/// What is counted next.
#[derive(Debug, Clone)]
pub struct Finer {
    /// By place, where its parts are, 0 for what is not cut; with room as for looking up.
    index: Shared<Vec<u32>>,
    n_places: usize,
    /// Levels of parts.
    pub n_steps: usize,
    /// How many counts there will be.
    pub n_counts: usize,
}

impl Finer {
    /// By place, where its parts are, 0 for what is not cut. Places beyond are those counted next.
    pub fn index(&self) -> &[u32] {
        &self.index[..self.n_places]
    }

    /// The same with room, so that its length is known: [`FEW_PLACES`] with one level of parts, else [`MOST_PLACES`].
    pub fn roomy_index(&self) -> &[u32] {
        &self.index
    }

    /// The index's number, for a device.
    pub fn id(&self) -> u64 {
        self.index.id()
    }

    /// Where a key is counted; `None` where it is not.
    pub fn place(&self, key: u32) -> Option<usize> {
        let mut place = (key >> LOW_BITS) as usize;
        while let Some(&entry) = self.index().get(place) {
            if entry == 0 {
                return None;
            }
            place = next_place(entry, key) as usize;
        }
        Some(place - self.n_places)
    }
}

impl Levels {
    /// Of counts of priorities, 0 the least of them.
    pub fn of_priorities(bins: Vec<u64>) -> Self {
        Self::new(bins, 0)
    }

    /// Of counts of values of either sign.
    pub fn of_values(bins: Vec<u64>) -> Self {
        let zero_bin = bins.len() / 2;
        Self::new(bins, zero_bin)
    }

    fn new(bins: Vec<u64>, zero_bin: usize) -> Self {
        let (total, n_bins) = (bins.iter().sum(), bins.len());
        let all = vec![Parts { place: 0, first_key: 0, shift: LOW_BITS, n: n_bins }];
        let (counts, index) = (Vec::new(), Vec::new());
        let mut levels = Self { total, n_bins, zero_bin, counts, index, parts: all, n_steps: 0 };
        levels.take(bins);
        levels
    }

    /// Cells by bin.
    pub fn bins(&self) -> &[u64] {
        &self.counts[..self.n_bins]
    }

    /// What must be counted next, if anything.
    pub fn finer(&self) -> Option<Finer> {
        let n_counts = self.parts.iter().map(|parts| parts.n).sum();
        let index = Shared::new(with_room(self.index.iter().copied(), self.n_steps));
        let n_places = self.index.len();
        (n_counts > 0).then_some(Finer { index, n_places, n_steps: self.n_steps, n_counts })
    }

    /// Takes what was to be counted next.
    pub fn take(&mut self, counts: Vec<u64>) {
        self.counts.extend(counts);
        self.index.resize(self.counts.len(), 0);
        let counted = std::mem::take(&mut self.parts);
        let is_too_full = |place: usize| {
            let count = self.counts[place];
            count >= 2 && count.saturating_mul(TOO_FULL) > self.total && place != self.zero_bin
        };
        // By place, first key, and bits of a key that it leaves out.
        let keys = counted.iter().filter(|parts| parts.shift > 0).flat_map(|parts| {
            let key = |i: usize| parts.first_key + ((i as u32) << parts.shift);
            (0..parts.n).map(move |i| (parts.place + i, key(i), parts.shift))
        });
        let full: Vec<(usize, u32, u32)> = keys.filter(|(place, ..)| is_too_full(*place)).collect();
        let evenly = (MOST_COUNTS / full.len().max(1)).max(2).ilog2();
        let mut next = self.counts.len();
        for (place, first_key, bits) in full {
            // At least 2, since more than a WANTED is too full.
            let wanted = self.counts[place].saturating_mul(WANTED).div_ceil(self.total);
            let n_bits = if self.n_steps == 0 { wanted.next_power_of_two().ilog2() } else { evenly };
            let shift = bits - n_bits.min(bits);
            let parts = Parts { place: next, first_key, shift, n: 1 << (bits - shift) };
            self.index[place] = pointer(next, first_key, shift);
            next += parts.n;
            self.parts.push(parts);
        }
        self.n_steps += usize::from(!self.parts.is_empty());
    }

    /// Entries by place that point on, 0 elsewhere, and how many steps lead from a bin to the last part.
    pub fn pointers(&self) -> (&[u32], usize) {
        (&self.index, self.n_steps)
    }

    /// Visits all that is told apart no further, in the order of its keys.
    pub fn leaves(&self, mut visit: impl FnMut(Leaf)) {
        let mut below = 0;
        for bin in 0..self.n_bins {
            self.leaves_of(bin, (bin as u32) << LOW_BITS, LOW_BITS, &mut below, &mut visit);
        }
    }

    fn leaves_of(
        &self,
        place: usize,
        first_key: u32,
        bits: u32,
        below: &mut u64,
        visit: &mut impl FnMut(Leaf),
    ) {
        let (entry, count) = (self.index[place], self.counts[place]);
        let first = next_place(entry, first_key) as usize;
        // What was not counted more finely is as good as not cut.
        if entry == 0 || first >= self.counts.len() {
            let is_single = bits == 0 || place == self.zero_bin;
            visit(Leaf { place, first_key, below: *below, count, is_single });
            *below += count;
            return;
        }
        let shift = shift_of(entry);
        for i in 0..1 << (bits - shift) {
            self.leaves_of(first + i, first_key + ((i as u32) << shift), shift, below, visit);
        }
    }
}

/// Entries with room behind them, so much that the length of such a table follows from the steps.
pub fn with_room<T: Clone + Default>(entries: impl ExactSizeIterator<Item = T>, n_steps: usize) -> Vec<T> {
    let mut roomy = vec![T::default(); if n_steps <= 1 { FEW_PLACES } else { MOST_PLACES }];
    roomy.iter_mut().zip(entries).for_each(|(to, entry)| *to = entry);
    roomy
}
