//! What a probe tells about the proven set, if the consumer drew its examples as they come.

/// Examples that the provider has tried before; a provider that knows nothing has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prior {
    /// Count of examples.
    pub correct: u32,
    /// Count of examples.
    pub wrong: u32,
}

/// What was seen: every accuracy is as likely as any other before the first example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belief {
    correct: u32,
    wrong: u32,
}

impl Belief {
    /// After `correct` of `probes` probes were.
    ///
    /// # Panics
    /// If more were correct than there were.
    pub fn new(prior: Prior, correct: u32, probes: u32) -> Self {
        assert!(correct <= probes, "{correct} of {probes} probes correct");
        Self {
            correct: prior.correct + correct,
            wrong: prior.wrong + probes - correct,
        }
    }

    /// α: probability that fewer than `needed` of `n` further examples are correct.
    ///
    /// Exact, a beta-binomial tail: with a correct and b wrong seen, j correct ones follow with probability
    /// `C(a + j, j)·C(b + n − j, n − j) / C(a + b + 1 + n, n)`.
    pub fn failure(&self, needed: u32, n: u32) -> f64 {
        let (a, b) = (u64::from(self.correct), u64::from(self.wrong));
        let n = u64::from(n);
        // The logarithm of the probability of j, from that of j − 1.
        let step = |j: u64| ((a + j) as f64 / j as f64).ln() - ((b + n - j + 1) as f64 / (n - j + 1) as f64).ln();
        let none: f64 = (1..=n).map(|k| ((b + k) as f64 / (a + b + 1 + k) as f64).ln()).sum();
        let mut ln = none;
        let mut total = 0.0;
        for j in 0..u64::from(needed).min(n + 1) {
            if j > 0 {
                ln += step(j);
            }
            total += ln.exp();
        }
        f64::min(total, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belief(correct: u32, probes: u32) -> Belief {
        Belief::new(Prior::default(), correct, probes)
    }

    #[test]
    fn knowing_nothing_every_count_is_as_likely() {
        for needed in 0..=11 {
            let alpha = belief(0, 0).failure(needed, 10);
            assert!((alpha - f64::from(needed) / 11.0).abs() < 1e-12, "{needed}: {alpha}");
        }
    }

    /// Laplace's rule: after 2 of 3, the next one is correct with 3/5.
    #[test]
    fn one_more_example_by_hand() {
        assert!((belief(2, 3).failure(1, 1) - 2.0 / 5.0).abs() < 1e-12);
        // Two more: both wrong with 2/5·3/6.
        assert!((belief(2, 3).failure(1, 2) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_better_probe_lowers_the_risk_and_a_higher_target_raises_it() {
        let risks: Vec<_> = (0..=100).map(|c| belief(c, 100).failure(360, 600)).collect();
        assert!(risks.windows(2).all(|w| w[1] <= w[0] + 1e-12));
        assert!(risks[0] > 0.999 && risks[100] < 1e-9, "{} {}", risks[0], risks[100]);
        let risks: Vec<_> = (0..=600).map(|t| belief(70, 100).failure(t, 600)).collect();
        assert!(risks.windows(2).all(|w| w[1] >= w[0]));
        assert!(risks[0] == 0.0 && risks[600] > 0.999);
    }

    #[test]
    fn much_experience_is_a_known_accuracy() {
        let prior = Prior {
            correct: 700_000_000,
            wrong: 300_000_000,
        };
        // P[Binomial(10, 0.7) < 6]
        let binomial = 0.150_268_332_6;
        assert!((Belief::new(prior, 0, 0).failure(6, 10) - binomial).abs() < 1e-6);
    }

    #[test]
    fn the_largest_sets_neither_overflow_nor_lose_mass() {
        let certain = belief(1000, 2048).failure(63_489, 63_488);
        assert!((certain - 1.0).abs() < 1e-8, "{certain}");
    }
}
