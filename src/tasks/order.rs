//! Rank and class of tasks by benefit per cost, or by mean benefit.

use super::TaskArea;

/// Gives every task with a known benefit and cost its rank and class.
///
/// A task that costs nothing and is worth something comes before all that cost something.
pub(super) fn rank_tasks(tasks: &mut [TaskArea], class_percents: &[f64], by_benefit: bool) {
    let mut known: Vec<(f64, usize)> = tasks
        .iter()
        .enumerate()
        .filter_map(|(i, task)| {
            let (benefit, cost) = (task.benefit?, task.cost_usd?);
            let per = if by_benefit { task.area_m2 * task.scored_share } else { cost };
            let ratio = if benefit == 0.0 { 0.0 } else { benefit / per };
            Some((ratio, i))
        })
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = known.len();
    let mut n_smaller = 0;
    for equal in known.chunk_by(|a, b| a.0 == b.0) {
        let rank = mid_rank(n_smaller, equal.len(), n);
        for &(_, i) in equal {
            tasks[i].rank = Some(rank);
            tasks[i].class = Some(class_of(rank, class_percents));
        }
        n_smaller += equal.len();
    }
}

/// domain.md §3.8: 100·(L + (T − 1)/2)/(N − 1); 100 when there is but one.
fn mid_rank(n_smaller: usize, n_equal: usize, n: usize) -> f64 {
    if n == 1 {
        return 100.0;
    }
    100.0 * (n_smaller as f64 + (n_equal as f64 - 1.0) / 2.0) / (n as f64 - 1.0)
}

/// 1 for the top `class_percents[0]` per cent of the ranking, and so on; the rest is the last class.
fn class_of(rank: f64, class_percents: &[f64]) -> u8 {
    let above = class_percents.iter().take_while(|percent| rank < 100.0 - **percent).count();
    u8::try_from(above + 1).unwrap_or(u8::MAX)
}
