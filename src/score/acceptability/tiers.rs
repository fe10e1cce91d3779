//! Keys of an ordered list's samples: the tier first, then q^s inside it, without what lies empty between the tiers.
//!
//! What ranks in sample s is `order` of a cell's tier, which no draw changes, and of q^s (`super::super::ordered`). Its
//! bits leave each tier room for 128 octaves of q, of which cells fill a dozen, so an even cut of them would spend most
//! of its bins on nothing. A key here orders cells just as `order` does, but a tier has room only as far as samples
//! reach, and a tier without cells has none:
//!
//! ```text
//! low = q's bits without the lowest B
//! key = offset + least − gap                  where low is that of 2^-64 or below: what `order` counts as nothing
//!       offset + clamp(low, least, most)      elsewhere
//! ```
//!
//! Cells of a tier that are worth nothing share a rank there, above all cells of later tiers. The gap, two octaves, keeps
//! them out of the bins of cells worth a little. How far samples reach follows from the counts of the recipe's own
//! priorities and from the weights as drawn: q^s / q lies between the least and the largest w_k^s / w_k, times what cost
//! adds. Twin: `shaders/sample.wgsl`, tier_of and tiered_key.

use super::super::levels::LOW_BITS;
use super::super::ordered::{LARGEST, SMALLEST, n_tiers, tier_bits};
use super::super::{PriorityBy, Recipe};
use super::bins::Cut;
use super::dense::LANES;
use super::draws::Draws;

/// Octaves between cells worth nothing and the least of the others.
const GAP_OCTAVES: u32 = 2;

/// A sample is followed up and down by at most so many octaves. Few weights are drawn next to nothing, but then as low as
/// [`super::draws`] lets them be, 40 octaves down.
const MOST_ABOVE: f64 = 24.0;
const MOST_BELOW: f64 = 44.0;

/// Where the keys of a vector's cells lie: `least`, `most` and `offset` of each.
pub type LanesOfKeys = [[u32; LANES]; 3];

/// Where a tier's keys lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TierKeys {
    /// The least `low` that is told apart.
    pub least: u32,
    /// The largest.
    pub most: u32,
    /// Added to a `low`.
    pub offset: u32,
}

impl TierKeys {
    /// As a shader reads them.
    pub fn words(self) -> [u32; 3] {
        [self.least, self.most, self.offset]
    }

    /// Those of one of a vector's cells.
    #[inline(always)]
    pub fn of_lane([least, most, offset]: &LanesOfKeys, lane: usize) -> Self {
        Self { least: least[lane], most: most[lane], offset: offset[lane] }
    }

    /// The key of the least `low`.
    pub fn start(self) -> u32 {
        self.offset.wrapping_add(self.least)
    }
}

/// How keys are made of tiers and q.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers {
    /// B: bits of q that `order` has no room for.
    pub n_bits: u32,
    /// By tier, from 1 on.
    keys: Vec<TierKeys>,
    n_keys: u32,
}

impl Tiers {
    /// Of a recipe whose own priorities were counted by bin ([`LOW_BITS`] of a key of `order` left out).
    pub fn new(recipe: &Recipe, draws: &Draws, bins: &[u64]) -> Self {
        let n = n_tiers(&recipe.thresholds);
        let n_bits = tier_bits(n as f32);
        let [nothing, all] = [SMALLEST, LARGEST].map(|q| q.to_bits() >> n_bits);
        let of_tier =
            |tier: usize| &bins[(n - tier) << (31 - n_bits - LOW_BITS)..][..1 << (31 - n_bits - LOW_BITS)];
        let spreads: Vec<_> =
            (1..=n).map(|tier| spread(of_tier(tier), (nothing >> LOW_BITS) as usize)).collect();
        let any = spreads.iter().flatten().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let reach = Reach::new(recipe, draws);
        let octaves = |octaves: f64| (octaves * f64::from(1u32 << (23 - n_bits))) as u32;
        let mut tiers = Self { n_bits, keys: vec![TierKeys::default(); n], n_keys: 0 };
        let gap = tiers.gap();
        // Keys rise from the last tier to the first.
        for tier in (1..=n).rev() {
            if of_tier(tier).iter().all(|count| *count == 0) {
                continue;
            }
            let (low, high) = match spreads[tier - 1] {
                // A weight that only samples have makes something of what the recipe counts as nothing.
                _ if reach.is_unbounded => any.unwrap_or((nothing, all)),
                Some(spread) => spread,
                None => (nothing, nothing),
            };
            let least = low.saturating_sub(octaves(reach.below)).clamp(nothing + 1, all);
            let most = high.saturating_add(octaves(reach.above)).clamp(least, all);
            let start = tiers.n_keys;
            tiers.keys[tier - 1] = TierKeys { least, most, offset: (start + gap).wrapping_sub(least) };
            tiers.n_keys = start + gap + (most - least) + 1;
        }
        tiers
    }

    /// The cut that spans all keys.
    pub fn cut(&self) -> Cut {
        Cut::spanning(0, self.n_keys.saturating_sub(1))
    }

    /// Where the keys of a tier lie, as the plane of tiers has it.
    pub fn of(&self, tier: f32) -> TierKeys {
        self.keys[(tier as usize).clamp(1, self.keys.len()) - 1]
    }

    /// What a shader reads of them, by tier.
    pub fn words(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().flat_map(|keys| keys.words())
    }

    /// The key of a cell with this q in a sample.
    #[inline(always)]
    pub fn key(&self, q: f32, TierKeys { least, most, offset }: TierKeys) -> u32 {
        let low = q.to_bits() >> self.n_bits;
        let held = low.max(least).min(most);
        let is_nothing = low <= SMALLEST.to_bits() >> self.n_bits;
        offset.wrapping_add(if is_nothing { least.wrapping_sub(self.gap()) } else { held })
    }

    #[inline(always)]
    fn gap(&self) -> u32 {
        GAP_OCTAVES << (23 - self.n_bits)
    }
}

/// How far samples reach beyond the recipe's own priorities, in octaves.
struct Reach {
    below: f64,
    above: f64,
    /// Whether a criterion has weight in samples alone.
    is_unbounded: bool,
}

impl Reach {
    fn new(recipe: &Recipe, draws: &Draws) -> Self {
        let nominal = recipe.weights();
        let samples = 0..draws.n_samples();
        let ratios = samples.flat_map(|s| draws.weights(s).iter().zip(&nominal).map(|(w, n)| w / n));
        let ratios = ratios.filter(|ratio| *ratio > 0.0);
        let (least, largest) =
            ratios.fold((1.0, 1.0), |(least, most): (f64, f64), x| (least.min(x), most.max(x)));
        let cost = match recipe.priority_by {
            PriorityBy::BenefitPerCost => {
                let most = draws.normals().last().copied().unwrap_or(0.0);
                draws.robustness().cost_sigma * most * std::f64::consts::LOG2_E
            }
            PriorityBy::Benefit => 0.0,
        };
        // Where weights stay as they are, q^s differs by its rounding alone.
        let rounding = 0.01;
        let is_unbounded = largest.is_infinite();
        let below = if is_unbounded { MOST_BELOW } else { (cost - least.log2()).min(MOST_BELOW) };
        let above = (cost + largest.log2()).min(MOST_ABOVE);
        Self { below: below + rounding, above: above + rounding, is_unbounded }
    }
}

/// Least and largest key of the bins above that of nothing in which nearly all priorities lie: all but one in 10,000 at
/// the lower end; `None` where none lies there.
pub fn spread(bins: &[u64], nothing: usize) -> Option<(u32, u32)> {
    let above = || bins.iter().enumerate().skip(nothing + 1).filter(|(_, count)| **count > 0);
    let total: u64 = above().map(|(_, count)| count).sum();
    let mut below = 0;
    let (low, _) = above().find(|(_, count)| {
        below += **count;
        below.saturating_mul(10_000) >= total
    })?;
    let (high, _) = above().next_back()?;
    Some(((low as u32) << LOW_BITS, ((high as u32 + 1) << LOW_BITS) - 1))
}
