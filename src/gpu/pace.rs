//! How much work one submit may hold: measured by the device's own timestamps, so that each stays short.
//!
//! A driver kills a submit that runs for seconds (Windows after two), and a desktop stands still as long as one
//! runs. Work is counted in multiplications with an addition, or visits to a cell, as the caller weighs them.

/// A submit should take this long at most, ns: half of what is promised, because the next may be slower.
const TARGET_NS: f64 = 50e6;

/// Work per ns taken for granted before anything is measured: what software does on two cores.
const AT_FIRST: f64 = 0.5;

/// One measurement may raise the speed by this factor at most: a small submit says little of a large one.
const MOST_RISE: f64 = 4.0;

/// The speed seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    work_per_ns: f64,
    longest_ns: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { work_per_ns: AT_FIRST, longest_ns: 0.0 }
    }
}

impl Pace {
    /// A device that does so much in the time one submit should take.
    pub(super) fn of(budget: u64) -> Self {
        Self { work_per_ns: budget as f64 / TARGET_NS, longest_ns: 0.0 }
    }

    /// Work that one submit may hold.
    pub(super) fn budget(&self) -> u64 {
        (self.work_per_ns * TARGET_NS) as u64
    }

    /// The longest submit measured, ns.
    pub(super) fn longest_ns(&self) -> f64 {
        self.longest_ns
    }

    /// A submit of so much work took so long.
    pub(super) fn learn(&mut self, work: u64, took_ns: f64) {
        self.longest_ns = self.longest_ns.max(took_ns);
        // Short ones are mostly overhead.
        if took_ns < 1e5 && work < self.budget() / 8 {
            return;
        }
        let seen = work as f64 / took_ns.max(1.0);
        self.work_per_ns = seen.min(self.work_per_ns * MOST_RISE).max(1e-3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_submit_halves_the_next_and_a_fast_one_raises_it_by_steps() {
        let mut pace = Pace::default();
        assert_eq!(pace.budget(), 25_000_000);
        // 100 ms for the budget: half of it next time.
        pace.learn(25_000_000, 100e6);
        assert_eq!(pace.budget(), 12_500_000);
        // A hundred times as fast: four times as much next time.
        pace.learn(12_500_000, 0.5e6);
        assert_eq!(pace.budget(), 50_000_000);
        // A tiny one says nothing.
        pace.learn(1000, 5e4);
        assert_eq!(pace.budget(), 50_000_000);
        assert_eq!(pace.longest_ns(), 100e6);
    }
}
