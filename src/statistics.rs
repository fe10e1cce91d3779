//! Rank correlation and the area under the curve, with ties at their middle: what `check` and `batch` compare orders by.

/// Ranks from 1, ties at their middle.
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for run in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = first as f64 + (run.len() + 1) as f64 / 2.0;
        run.iter().for_each(|&i| ranks[i] = middle);
        first += run.len();
    }
    ranks
}

/// Pearson's correlation, `None` where either does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let covariance = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>()
    };
    let spread = (covariance(a, mean_a, a, mean_a) * covariance(b, mean_b, b, mean_b)).sqrt();
    (spread > 0.0).then(|| (covariance(a, mean_a, b, mean_b) / spread).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation, `None` where either does not vary.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    correlation(&mid_ranks(a), &mid_ranks(b))
}

/// How often one of `cases` lies above one of `others`, ties counted half: 0.5 is what chance gives.
pub fn auc(cases: &[f64], others: &[f64]) -> f64 {
    let ranks = mid_ranks(&[cases, others].concat());
    let n = cases.len() as f64;
    (ranks[..cases.len()].iter().sum::<f64>() - n * (n + 1.0) / 2.0) / (n * others.len() as f64)
}

/// Standard error of an area under the curve (Hanley & McNeil 1982, eq. 1 with their exponential form of Q1 and Q2).
pub fn auc_error(auc: f64, n_cases: usize, n_others: usize) -> f64 {
    let (n, m) = (n_cases as f64, n_others as f64);
    let square = auc * auc;
    let by_cases = auc / (2.0 - auc) - square;
    let by_others = 2.0 * square / (1.0 + auc) - square;
    ((auc - square + (n - 1.0) * by_cases + (m - 1.0) * by_others) / (n * m)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_correlation_and_auc_by_hand() {
        assert_eq!(mid_ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(spearman(&[1.0, 2.0, 9.0], &[1.0, 4.0, 5.0]), Some(1.0));
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 4.0, 5.0]), None);
        // Pairs (2, 1), (2, 3), (4, 1), (4, 3): three of four above.
        assert_eq!(auc(&[2.0, 4.0], &[1.0, 3.0]), 0.75);
        assert_eq!(auc(&[1.0], &[1.0, 1.0]), 0.5);
        // (0.1875 + (0.6 − 0.5625) + (0.642857 − 0.5625)) / 4.
        assert!((auc_error(0.75, 2, 2) - 0.305_357_f64.sqrt() / 2.0).abs() < 1e-6);
        assert_eq!(auc_error(1.0, 40, 900), 0.0);
    }
}
