//! When a provider that has seen the probe set should proceed.
//!
//! Two questions: is the risk of failing small enough for what there is to win (I2), and is there nothing to win for a
//! consumer that chose a set on which the provider passes the probe and fails the rest (I5)? The thresholds of the second
//! hold against the worst such set.

use crate::ids::needed_correct;
use assay_economics::accuracy::{Opened, Terms};
use assay_economics::belief::{Belief, Prior};
use assay_economics::tuning::{griefing_threshold, unprofitable_threshold};

/// What is at stake in an engagement of FULL mode, and its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stakes {
    /// Prices and sizes.
    pub terms: Terms,
    /// Least accuracy of the proven set, hundredths of a percent.
    pub target_bps: u16,
}

impl Stakes {
    /// T, the correct answers that the proven set must show.
    pub fn needed(&self) -> u32 {
        needed_correct(self.target_bps, self.terms.proven)
    }

    /// α*: proceed iff the probability of failing is at most this.
    pub fn max_failure(&self) -> f64 {
        self.terms.max_failure(Opened::Probes)
    }

    /// Largest target, hundredths of a percent, that this belief allows to take on: missed with a probability of at most
    /// [`Stakes::max_failure`], and `is_safe` for every lower one too. `None` if not even one right answer is.
    pub fn largest_target(&self, belief: Belief, is_safe: impl Fn(u16) -> bool) -> Option<u16> {
        let (n, limit) = (self.terms.proven, self.max_failure());
        // What needs just this many right answers at most.
        let target = |needed: u32| (u64::from(needed) * 10_000 / u64::from(n)) as u16;
        let counts: Vec<u32> = (1..=n).collect();
        let allowed =
            counts.partition_point(|&k| belief.failure(k, n) <= limit && (target(k) == 0 || is_safe(target(k))));
        (1..=allowed as u32).rev().map(target).find(|&bps| bps > 0)
    }

    /// Whether to proceed after `correct` probes were.
    ///
    /// # Panics
    /// If more were correct than there are.
    pub fn decide(&self, correct: u32, prior: Prior, caution: Caution) -> Advice {
        let (failure, limit) = (
            Belief::new(prior, correct, self.terms.probe).failure(self.needed(), self.terms.proven),
            self.max_failure(),
        );
        if failure > limit {
            return Advice::TooRisky { failure, limit };
        }
        let threshold = match caution {
            Caution::Trust => Some(0),
            Caution::Unprofitable => unprofitable_threshold(&self.terms, self.needed()),
            Caution::Griefing(factor) => griefing_threshold(&self.terms, self.needed(), factor),
        };
        match threshold {
            Some(threshold) if correct >= threshold => Advice::Proceed,
            threshold => Advice::MaybeTuned { threshold },
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// E = 1, Z = 0.1, P = 0.001, 100 of 700 examples are probes; target 60 %.
    fn stakes(fee: f64) -> Stakes {
        Stakes {
            terms: Terms {
                example: 1.0,
                proof: 0.1,
                inference: 0.001,
                fee,
                probe: 100,
                proven: 600,
                fault_strikes: 10,
            },
            target_bps: 6000,
        }
    }

    #[test]
    fn a_provider_proceeds_only_if_risk_and_consumer_allow_it() {
        let s = stakes(0.1);
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
        let s = stakes(0.0);
        let belief = Belief::new(Prior::default(), 170, 200);
        let largest = s.largest_target(belief, |_| true).unwrap();
        let risk = |bps| belief.failure(needed_correct(bps, s.terms.proven), s.terms.proven);
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
        let terms = Terms {
            proven: 20_000,
            ..s.terms
        };
        let large = Stakes { terms, ..s };
        assert_eq!(large.largest_target(belief, |bps| bps > 0 && bps <= 100), Some(100));
        assert_eq!(large.largest_target(belief, |bps| bps > 10_000), None);
        let perfect = Belief::new(Prior::default(), 1_000_000, 1_000_000);
        assert_eq!(s.largest_target(perfect, |_| true), Some(10_000));
    }
}
