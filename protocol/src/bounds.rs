//! One-sided confidence bounds on an accuracy.

/// Largest `a` such that seeing at least `correct` of `n` correct has probability at most `delta` when the accuracy is
/// `a`: with confidence `1 − delta` the accuracy on whatever the examples were drawn from is at least this
/// (Clopper–Pearson, one-sided). Rounded down to a multiple of 10⁻⁶.
pub fn lower_bound(correct: u32, n: u32, delta: f64) -> f64 {
    if correct == 0 || n == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if at_least(correct.min(n), n, middle) > delta {
            high = middle;
        } else {
            low = middle;
        }
    }
    (low * 1e6).floor() / 1e6
}

/// P[Binomial(n, p) ≥ k], summed from the largest term's logarithm so that n = 65,536 neither under- nor overflows.
fn at_least(k: u32, n: u32, p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let mut log_choose = (0..k).map(|i| (f64::from(n - i) / f64::from(i + 1)).ln()).sum::<f64>();
    let mut total = 0.0;
    for i in k..=n {
        total += (log_choose + f64::from(i) * p.ln() + f64::from(n - i) * (1.0 - p).ln()).exp();
        if i < n {
            log_choose += (f64::from(n - i) / f64::from(i + 1)).ln();
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_correct_gives_the_rule_of_delta_to_the_one_over_n() {
        for n in [1u32, 4, 59, 600] {
            let exact = 0.05f64.powf(1.0 / f64::from(n));
            assert!((lower_bound(n, n, 0.05) - exact).abs() < 2e-6);
        }
        // 59 without failure is the smallest sample that excludes a failure rate of 5 %.
        assert!(lower_bound(59, 59, 0.05) >= 0.95 && lower_bound(58, 58, 0.05) < 0.95);
    }

    #[test]
    fn known_value_and_extremes() {
        // Clopper–Pearson, 8 of 10: BetaInv(0.05; 8, 3).
        assert!((lower_bound(8, 10, 0.05) - 0.493099).abs() < 2e-6);
        assert_eq!(lower_bound(0, 10, 0.05), 0.0);
        assert!(lower_bound(60_000, 65_536, 0.05) > 0.91);
    }
}
