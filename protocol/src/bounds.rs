//! What examples show about an accuracy, and how many a statement about it needs.

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

/// Samples such that a measured accuracy is within `margin` of the true one, on one side, except with probability
/// `delta` (Hoeffding: `exp(−2·n·margin²) ≤ delta`).
///
/// The paper's section 6.2 prints the exponent as `−2ε²/N` and rounds one of its three values down.
///
/// # Panics
/// Unless both are between 0 and 1.
pub fn hoeffding_samples(margin: f64, delta: f64) -> u64 {
    assert!(is_share(margin) && is_share(delta), "margin {margin}, delta {delta}");
    ((1.0 / delta).ln() / (2.0 * margin * margin)).ceil() as u64
}

/// Which side of an interval may be missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// All of `delta` on the side that matters: the rate is not above the bound.
    One,
    /// Half of it on either side, as in the paper's Table 3.
    Two,
}

/// Samples without a failure that exclude a failure rate above `rate`, except with probability `delta`
/// (Clopper–Pearson at zero failures: `(1 − rate)^n ≤ delta`).
///
/// # Panics
/// Unless both are between 0 and 1.
pub fn failure_free_samples(rate: f64, delta: f64, sides: Sides) -> u64 {
    assert!(is_share(rate) && is_share(delta), "rate {rate}, delta {delta}");
    (tail(delta, sides).ln() / (1.0 - rate).ln()).ceil() as u64
}

/// The failure rate that `n` samples without a failure exclude, except with probability `delta`.
///
/// # Panics
/// Unless `delta` is between 0 and 1.
pub fn failure_rate_bound(n: u64, delta: f64, sides: Sides) -> f64 {
    assert!(is_share(delta), "delta {delta}");
    1.0 - tail(delta, sides).powf(1.0 / n as f64)
}

fn tail(delta: f64, sides: Sides) -> f64 {
    match sides {
        Sides::One => delta,
        Sides::Two => delta / 2.0,
    }
}

fn is_share(x: f64) -> bool {
    x > 0.0 && x < 1.0
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

    #[test]
    fn hoeffding_sizes_are_pinned() {
        let sizes = [0.05, 0.025, 0.01].map(|margin| hoeffding_samples(margin, 0.05));
        assert_eq!(sizes, [600, 2397, 14979]);
    }

    #[test]
    fn clopper_pearson_sizes_are_pinned() {
        let sizes = |sides| [0.05, 0.025, 0.01].map(|rate| failure_free_samples(rate, 0.05, sides));
        assert_eq!(sizes(Sides::One), [59, 119, 299]);
        assert_eq!(sizes(Sides::Two), [72, 146, 368]);
        // The paper's second row holds for 2 %, not 2.5 %.
        assert_eq!(failure_free_samples(0.02, 0.05, Sides::Two), 183);
        assert_eq!(failure_free_samples(0.02, 0.05, Sides::One), 149);
    }

    #[test]
    fn each_size_is_the_smallest_that_excludes_its_rate() {
        for sides in [Sides::One, Sides::Two] {
            for rate in [0.2, 0.05, 0.025, 0.01, 0.001] {
                let n = failure_free_samples(rate, 0.05, sides);
                assert!(failure_rate_bound(n, 0.05, sides) <= rate);
                assert!(failure_rate_bound(n - 1, 0.05, sides) > rate);
            }
        }
        // 366, the paper's size for 1 %, just misses it.
        assert!(failure_rate_bound(366, 0.05, Sides::Two) > 0.01);
    }
}
