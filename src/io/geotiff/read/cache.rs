//! Decoded blocks kept while they may be needed again: bounded, the longest unused ones leave first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use crate::error::Result;

/// Cells of a block, `None` for a sparse one.
pub(super) type Block = Option<Arc<Vec<f32>>>;

/// A place for a block; its lock is held while it is decoded, so that a second reader waits instead of
/// decoding it too.
type Slot = Arc<Mutex<Option<Block>>>;

/// The cache. Its own lock is held only to look a slot up.
#[derive(Debug)]
pub(super) struct BlockCache {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<usize, (Slot, u64)>,
    by_age: BTreeMap<u64, usize>,
    clock: u64,
}

impl BlockCache {
    /// A cache of so many blocks; with none nothing is kept.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// How many blocks it holds at most.
    pub(super) fn n_blocks(&self) -> usize {
        self.capacity
    }

    /// A block: the one kept, or else the one that `decode` gives.
    pub(super) fn get(&self, index: usize, decode: impl FnOnce() -> Result<Block>) -> Result<Block> {
        if self.capacity == 0 {
            return decode();
        }
        let slot = self.slot(index);
        let mut kept = slot.lock().expect("no decoder panicked");
        if let Some(block) = &*kept {
            return Ok(block.clone());
        }
        let block = decode()?;
        *kept = Some(block.clone());
        Ok(block)
    }

    fn slot(&self, index: usize) -> Slot {
        let mut state = self.state.lock().expect("no holder panicked");
        let State { slots, by_age, clock } = &mut *state;
        *clock += 1;
        let (slot, age) = slots.entry(index).or_insert_with(|| (Slot::default(), *clock));
        by_age.remove(age);
        *age = *clock;
        by_age.insert(*clock, index);
        let slot = Arc::clone(slot);
        while slots.len() > self.capacity {
            let (_, oldest) = by_age.pop_first().expect("every slot has an age");
            slots.remove(&oldest);
        }
        slot
    }
}
