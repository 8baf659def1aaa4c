//! How many examples a statement about an accuracy needs.

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
