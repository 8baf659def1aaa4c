//! I5: consumers that choose a test set on which the provider passes the probe and fails the rest.

use crate::accuracy::Terms;

/// Smallest count of correct probes from which on going on leaves nothing to win for a consumer that tunes its set; `None` if
/// not even a perfect probe does. `needed` of the proven set have to be correct, at least one.
pub fn unprofitable_threshold(terms: &Terms, needed: u32) -> Option<u32> {
    let limit = terms.profitable_tuning();
    threshold(terms, needed, |s| s < limit)
}

/// Smallest count of correct probes at which such a consumer loses `factor` times what the provider loses.
pub fn griefing_threshold(terms: &Terms, needed: u32, factor: f64) -> Option<u32> {
    let limit = terms.griefing_tuning(factor);
    threshold(terms, needed, |s| s <= limit)
}

fn threshold(terms: &Terms, needed: u32, acceptable: impl Fn(f64) -> bool) -> Option<u32> {
    let evasion = Evasion::new(terms.probe, terms.proven, needed);
    // Asking for more can only help the provider.
    let counts: Vec<u32> = (0..=terms.probe).collect();
    let c = counts.partition_point(|c| !acceptable(evasion.probability(*c)));
    counts.get(c).copied()
}

/// Chances of a consumer that chooses how many of the N examples the model gets right.
#[derive(Debug, Clone)]
pub struct Evasion {
    n1: u32,
    n2: u32,
    needed: u32,
    /// ln k! for k up to N.
    ln_factorial: Vec<f64>,
}

impl Evasion {
    /// # Panics
    /// Unless `needed` is 1 to `n2`.
    pub fn new(n1: u32, n2: u32, needed: u32) -> Self {
        assert!((1..=n2).contains(&needed), "{needed} of {n2} needed");
        let mut ln_factorial = vec![0.0; (n1 + n2) as usize + 1];
        for k in 1..ln_factorial.len() {
            ln_factorial[k] = ln_factorial[k - 1] + (k as f64).ln();
        }
        Self {
            n1,
            n2,
            needed,
            ln_factorial,
        }
    }

    /// s(c): the largest probability, over all sets, that at least `c` probes are correct and fewer than needed of the
    /// proven set are.
    ///
    /// With M correct examples in all, of which k fall into the probe set, that is `k ≥ c` and `M − k < needed`. Below
    /// `M = needed + c − 1` the first condition alone binds and gets likelier with M; above it the second does and gets
    /// less likely. So that M is the worst.
    pub fn probability(&self, c: u32) -> f64 {
        if c > self.n1 {
            return 0.0;
        }
        if c == 0 {
            // Nothing is asked of the probe: a set on which the model is always wrong.
            return 1.0;
        }
        self.with_correct(self.needed + c - 1, c)
    }

    /// Probability of passing the probe at `c` and failing afterwards when `m` of all examples are correct.
    fn with_correct(&self, m: u32, c: u32) -> f64 {
        let from = c.max((m + 1).saturating_sub(self.needed));
        let tail: f64 = (from..=self.n1.min(m)).map(|k| self.drawn(m, k)).sum();
        tail.min(1.0)
    }

    /// P[Hypergeometric(N, m, N1) = k].
    fn drawn(&self, m: u32, k: u32) -> f64 {
        let n = self.n1 + self.n2;
        if k > m || k > self.n1 || self.n1 - k > n - m {
            return 0.0;
        }
        (self.ln_choose(m, k) + self.ln_choose(n - m, self.n1 - k) - self.ln_choose(n, self.n1)).exp()
    }

    fn ln_choose(&self, n: u32, k: u32) -> f64 {
        let ln = |k: u32| self.ln_factorial[k as usize];
        ln(n) - ln(k) - ln(n - k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E = 1, Z = 0.1, P = 0.001.
    fn terms(probe: u32, fee: f64) -> Terms {
        Terms {
            example: 1.0,
            proof: 0.1,
            inference: 0.001,
            fee,
            probe,
            proven: 600,
            fault_strikes: 10,
        }
    }

    /// Of 600, for a target of 60 %.
    const NEEDED: u32 = 360;

    /// The table of inequality I5: unprofitable, griefing factor 1, griefing factor 100.
    #[test]
    fn thresholds_are_those_of_the_protocol() {
        let rows = [
            (100, 0.1 / 99.0, [80, 81, 85]),
            (100, 0.1, [79, 80, 84]),
            (300, 0.3, [215, 217, 226]),
            (600, 0.6, [415, 418, 433]),
            (100, 100.1, [69, 70, 77]),
        ];
        for (probe, fee, expected) in rows {
            let t = terms(probe, fee);
            let found = [
                unprofitable_threshold(&t, NEEDED),
                griefing_threshold(&t, NEEDED, 1.0),
                griefing_threshold(&t, NEEDED, 100.0),
            ];
            assert_eq!(found, expected.map(Some), "N1 = {probe}, fee {fee}");
        }
    }

    #[test]
    fn a_threshold_is_the_smallest_that_is_safe() {
        let t = terms(100, 0.1);
        let c = unprofitable_threshold(&t, NEEDED).unwrap();
        let evasion = Evasion::new(100, 600, NEEDED);
        assert!(evasion.probability(c) < t.profitable_tuning());
        assert!(evasion.probability(c - 1) >= t.profitable_tuning());
    }

    #[test]
    fn a_probe_of_one_is_never_safe() {
        assert_eq!(unprofitable_threshold(&terms(1, 0.0), NEEDED), None);
    }

    #[test]
    fn the_worst_set_is_the_worst_of_all() {
        for (n1, n2, needed) in [(1, 1, 1), (5, 7, 4), (8, 3, 3), (6, 20, 13)] {
            let evasion = Evasion::new(n1, n2, needed);
            for c in 0..=n1 {
                let worst = (0..=n1 + n2).map(|m| evasion.with_correct(m, c)).fold(0.0, f64::max);
                assert!((evasion.probability(c) - worst).abs() < 1e-12, "{n1} {n2} {needed} {c}");
            }
        }
    }

    #[test]
    fn probabilities_sum_to_one_even_for_the_largest_set() {
        let evasion = Evasion::new(2048, 63_488, 40_000);
        for m in [0, 1, 40_000, 65_536] {
            let total: f64 = (0..=2048).map(|k| evasion.drawn(m, k)).sum();
            assert!((total - 1.0).abs() < 1e-8, "{m}: {total}");
        }
    }

    /// 3 of 7 correct, 3 probes: P[all three are] = 1/C(7,3).
    #[test]
    fn a_small_case_by_hand() {
        let evasion = Evasion::new(3, 4, 1);
        assert!((evasion.probability(3) - 1.0 / 35.0).abs() < 1e-12);
    }
}
