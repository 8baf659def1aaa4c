//! When a provider that has seen the probe set should proceed.
//!
//! Two questions: is the risk of failing small enough for what there is to win (I2), and is there nothing to win for a
//! consumer that chose a set on which the provider passes the probe and fails the rest (I5)? The thresholds of the second
//! hold against the worst such set.

use super::belief::{Belief, Prior};
use crate::ids::needed_correct;

/// Prices in wei, sizes, and the target of an engagement in FULL mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stakes {
    /// E, per labelled input.
    pub example: u128,
    /// Z, per proof.
    pub proof: u128,
    /// P, per inference.
    pub inference: u128,
    /// ε, per side.
    pub fee: u128,
    /// N1.
    pub probe: u32,
    /// N2.
    pub proven: u32,
    /// Least accuracy of the proven set, hundredths of a percent.
    pub target_bps: u16,
}

impl Stakes {
    fn n(&self) -> u32 {
        self.probe + self.proven
    }

    /// D. Sums of this module are in floating point: they decide about a risk, they pay nothing.
    fn deposit(&self) -> f64 {
        2.0 * f64::from(self.n()) * self.example as f64
    }

    /// A.
    fn abort_payment(&self) -> f64 {
        f64::from(self.probe) * self.inference as f64
    }

    /// R.
    fn success_payment(&self) -> f64 {
        2.0 * self.work()
    }

    /// What probing and proving cost the provider: N1·P + N2·Z.
    fn work(&self) -> f64 {
        self.abort_payment() + f64::from(self.proven) * self.proof as f64
    }

    /// T, the correct answers that the proven set must show.
    pub fn needed(&self) -> u32 {
        needed_correct(self.target_bps, self.proven)
    }

    /// α*: proceed iff the probability of failing is at most this.
    pub fn max_failure(&self) -> f64 {
        self.work() / (self.success_payment() + self.deposit())
    }

    /// Largest target, hundredths of a percent, that this belief allows to take on: missed with a probability of at most
    /// [`Stakes::max_failure`], and `is_safe` for every lower one too. `None` if not even one right answer is.
    pub fn largest_target(&self, belief: Belief, is_safe: impl Fn(u16) -> bool) -> Option<u16> {
        let (n, limit) = (self.proven, self.max_failure());
        // What needs just this many right answers at most.
        let target = |needed: u32| (u64::from(needed) * 10_000 / u64::from(n)) as u16;
        let counts: Vec<u32> = (1..=n).collect();
        let allowed =
            counts.partition_point(|&k| belief.failure(k, n) <= limit && (target(k) == 0 || is_safe(target(k))));
        (1..=allowed as u32).rev().map(target).find(|&bps| bps > 0)
    }

    /// Success probability from which on tuning a test set against the provider earns the consumer something.
    pub fn profitable_evasion(&self) -> f64 {
        let (a, d, fee) = (self.abort_payment(), self.deposit(), self.fee as f64);
        (a + fee) / (a + d)
    }

    /// Largest success probability at which a consumer that tunes its set loses at least `factor` times what the
    /// provider does.
    pub fn griefing_evasion(&self, factor: f64) -> f64 {
        let (a, d, fee) = (self.abort_payment(), self.deposit(), self.fee as f64);
        (a + fee) / (a + d + factor * (d + self.work() + fee))
    }

    /// Smallest count of correct probes from which on proceeding leaves nothing to win for a consumer that tunes its
    /// set; `None` if not even a perfect probe does.
    pub fn unprofitable_threshold(&self) -> Option<u32> {
        let limit = self.profitable_evasion();
        self.threshold(|s| s < limit)
    }

    /// Smallest count of correct probes at which such a consumer loses `factor` times what the provider loses.
    pub fn griefing_threshold(&self, factor: f64) -> Option<u32> {
        let limit = self.griefing_evasion(factor);
        self.threshold(|s| s <= limit)
    }

    /// Whether to proceed after `correct` probes were.
    ///
    /// # Panics
    /// If more were correct than there are.
    pub fn decide(&self, correct: u32, prior: Prior, caution: Caution) -> Advice {
        let (failure, limit) = (
            Belief::new(prior, correct, self.probe).failure(self.needed(), self.proven),
            self.max_failure(),
        );
        if failure > limit {
            return Advice::TooRisky { failure, limit };
        }
        let threshold = match caution {
            Caution::Trust => Some(0),
            Caution::Unprofitable => self.unprofitable_threshold(),
            Caution::Griefing(factor) => self.griefing_threshold(factor),
        };
        match threshold {
            Some(threshold) if correct >= threshold => Advice::Proceed,
            threshold => Advice::MaybeTuned { threshold },
        }
    }

    fn threshold(&self, acceptable: impl Fn(f64) -> bool) -> Option<u32> {
        let evasion = Evasion::new(self.probe, self.proven, self.needed());
        // Asking for more can only help the provider.
        let counts: Vec<u32> = (0..=self.probe).collect();
        let c = counts.partition_point(|c| !acceptable(evasion.probability(*c)));
        counts.get(c).copied()
    }
}

/// What a provider assumes about the consumer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Caution {
    /// It drew its examples as they come.
    Trust,
    /// It tunes its set if that earns it something.
    Unprofitable,
    /// It tunes its set unless it loses this factor times what the provider loses.
    Griefing(f64),
}

/// What [`Stakes::decide`] advises, with the numbers that decided.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each variant names its fields")]
pub enum Advice {
    /// Neither risk nor tuning speaks against it.
    Proceed,
    /// Abort: the set fails with probability `failure`, more than the `limit` from which on aborting is worth more.
    TooRisky { failure: f64, limit: f64 },
    /// Abort: the set may have been tuned, as fewer than `threshold` probes were correct; `None`: no number of correct
    /// probes would rule it out.
    MaybeTuned { threshold: Option<u32> },
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

    const UNIT: u128 = 99_000_000;

    /// E = 1, Z = 0.1, P = 0.001, target 60 %.
    fn stakes(probe: u32, fee: u128) -> Stakes {
        Stakes {
            example: UNIT,
            proof: UNIT / 10,
            inference: UNIT / 1000,
            fee,
            probe,
            proven: 600,
            target_bps: 6000,
        }
    }

    #[test]
    fn the_largest_acceptable_risk_is_the_protocols() {
        assert!((stakes(100, 0).max_failure() - 0.0395).abs() < 5e-5);
    }

    /// The table of inequality I5: unprofitable, griefing factor 1, griefing factor 100.
    #[test]
    fn thresholds_are_those_of_the_protocol() {
        let p = UNIT / 1000;
        let rows = [
            (100, 100 * p / 99, [80, 81, 85]),
            (100, 100 * p, [79, 80, 84]),
            (300, 300 * p, [215, 217, 226]),
            (600, 600 * p, [415, 418, 433]),
            (100, 100 * (p + UNIT), [69, 70, 77]),
        ];
        for (probe, fee, expected) in rows {
            let s = stakes(probe, fee);
            let found = [
                s.unprofitable_threshold(),
                s.griefing_threshold(1.0),
                s.griefing_threshold(100.0),
            ];
            assert_eq!(found, expected.map(Some), "N1 = {probe}, fee {fee}");
        }
    }

    #[test]
    fn a_threshold_is_the_smallest_that_is_safe() {
        let s = stakes(100, 100 * UNIT / 1000);
        let c = s.unprofitable_threshold().unwrap();
        let evasion = Evasion::new(100, 600, s.needed());
        assert!(evasion.probability(c) < s.profitable_evasion());
        assert!(evasion.probability(c - 1) >= s.profitable_evasion());
    }

    #[test]
    fn a_provider_proceeds_only_if_risk_and_consumer_allow_it() {
        let s = stakes(100, 100 * UNIT / 1000);
        let decide = |correct, caution| s.decide(correct, Prior::default(), caution);
        assert!(matches!(
            decide(60, Caution::Trust),
            Advice::TooRisky { failure, limit } if failure > 0.4 && limit < 0.04
        ));
        assert_eq!(decide(78, Caution::Trust), Advice::Proceed);
        let tuned = Advice::MaybeTuned { threshold: Some(79) };
        assert_eq!(decide(78, Caution::Unprofitable), tuned);
        assert_eq!(decide(79, Caution::Unprofitable), Advice::Proceed);
        let tuned = Advice::MaybeTuned { threshold: Some(84) };
        assert_eq!(decide(83, Caution::Griefing(100.0)), tuned);
        assert_eq!(decide(84, Caution::Griefing(100.0)), Advice::Proceed);
        // A provider that knows better than the probe.
        let bad = Prior {
            correct: 600,
            wrong: 400,
        };
        assert!(matches!(s.decide(68, bad, Caution::Trust), Advice::TooRisky { .. }));
        assert_eq!(decide(72, Caution::Trust), Advice::Proceed);
    }

    #[test]
    fn the_largest_target_is_the_last_one_whose_risk_pays() {
        let s = stakes(100, 0);
        let belief = Belief::new(Prior::default(), 170, 200);
        let largest = s.largest_target(belief, |_| true).unwrap();
        let risk = |bps| belief.failure(needed_correct(bps, s.proven), s.proven);
        assert!(
            risk(largest) <= s.max_failure() && risk(largest + 1) > s.max_failure(),
            "{largest}"
        );
        assert!((7000..8500).contains(&largest), "{largest}");
        assert_eq!(s.largest_target(belief, |bps| bps <= 6000), Some(6000));
        assert_eq!(s.largest_target(belief, |_| false), None);
        // A model that is never right can promise nothing, one that always is, everything.
        assert_eq!(
            s.largest_target(Belief::new(Prior::default(), 0, 10_000), |_| true),
            None
        );
        // One right answer of more than 10,000 is no target.
        let large = Stakes { proven: 20_000, ..s };
        assert_eq!(large.largest_target(belief, |bps| bps > 0 && bps <= 100), Some(100));
        assert_eq!(large.largest_target(belief, |bps| bps > 10_000), None);
        let perfect = Belief::new(Prior::default(), 1_000_000, 1_000_000);
        assert_eq!(s.largest_target(perfect, |_| true), Some(10_000));
    }

    #[test]
    fn a_probe_of_one_is_never_safe() {
        assert_eq!(stakes(1, 0).unprofitable_threshold(), None);
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
