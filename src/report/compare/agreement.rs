//! How far two orders agree: Spearman's ρ and Kendall's τ-b, both with ties.
//!
//! Example: of 1 2 3 4 and 1 3 2 4, ρ = 1 − 6·(0 + 1 + 1 + 0) / (4·15) = 0.8 and τ = (5 − 1) / 6 = 0.667.

use crate::statistics;

/// The two ranks of one thing.
type Pair = (f64, f64);

/// Spearman's correlation: Pearson's of the mid-ranks; `None` below two pairs or where one side is all the same.
pub fn spearman(pairs: &[Pair]) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    statistics::spearman(&x, &y)
}

/// Kendall's τ-b by merge sort (Knight 1966): (concordant − discordant) / √((n₀ − n₁)(n₀ − n₂)), n₀ pairs in all, n₁ and
/// n₂ those tied on either side.
pub fn kendall(pairs: &[Pair]) -> Option<f64> {
    let mut pairs = pairs.to_vec();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let n_pairs = |n: usize| (n * n.saturating_sub(1) / 2) as f64;
    let tied = |same: &dyn Fn(&Pair, &Pair) -> bool, pairs: &[Pair]| -> f64 {
        pairs.chunk_by(|a, b| same(a, b)).map(|run| n_pairs(run.len())).sum()
    };
    let all = n_pairs(pairs.len());
    let tied_x = tied(&|a, b| a.0.total_cmp(&b.0).is_eq(), &pairs);
    let tied_both = tied(&|a, b| a.0.total_cmp(&b.0).is_eq() && a.1.total_cmp(&b.1).is_eq(), &pairs);
    let mut y: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let discordant = inversions(&mut y) as f64;
    let sorted: Vec<Pair> = y.iter().map(|y| (0.0, *y)).collect();
    let tied_y = tied(&|a, b| a.1.total_cmp(&b.1).is_eq(), &sorted);
    let concordant = all - tied_x - tied_y + tied_both - discordant;
    let scale = ((all - tied_x) * (all - tied_y)).sqrt();
    (scale > 0.0).then(|| (concordant - discordant) / scale)
}

/// Sorts, and counts the pairs that stood the wrong way round.
fn inversions(values: &mut [f64]) -> u64 {
    if values.len() < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if right[j].total_cmp(&left[i]).is_lt() {
            count += (left.len() - i) as u64;
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    values.copy_from_slice(&merged);
    count
}
