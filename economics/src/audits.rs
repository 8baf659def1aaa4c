//! Audits of a corpus: what hiding documents is worth, and what answering costs (I9).
//!
//! How large a sample has to be and what it shows is [`hypergeometric`](crate::hypergeometric)'s.

use crate::error::Error;
use crate::hypergeometric::detection;
use crate::share::Share;

/// Least bond, in values of one hidden document, at which hiding up to `hidden` of `zeros` documents answered with no does not
/// pay when `samples` of those are proven: `max over m ≤ hidden of m/(1 − P0(z, m, n))`.
///
/// Each further document is likelier to be found in company, so that m/(1 − P0) grows with m and the largest m is the worst.
///
/// # Errors
/// Those of [`detection`]. Infinite if nothing is sampled.
pub fn hiding_factor(zeros: u64, hidden: u64, samples: u64) -> Result<f64, Error> {
    let found = detection(zeros, hidden, samples)?;
    Ok(if hidden == 0 { 0.0 } else { hidden as f64 / found })
}

/// Least price at which the responder does not lose by proving `samples` of its answers.
pub fn fair_price(samples: u64, cost_of_a_proof: f64) -> f64 {
    samples as f64 * cost_of_a_proof
}

/// How often, on average, a responder that is its own requester has to draw until a sample of `samples` misses a share of
/// `share`: `1/(1 − share)^n`. Audits of a corpus can be counted by anybody, abandoned ones too.
pub fn tries_to_dodge(share: &Share, samples: u64) -> f64 {
    (-(samples as f64) * (-share.value()).ln_1p()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hiding_more_is_the_worst_case() {
        let factors = [1, 2, 10, 50, 99, 100].map(|m| hiding_factor(9900, m, 299).unwrap());
        assert!(factors.is_sorted(), "{factors:?}");
        assert_eq!(hiding_factor(10, 0, 1).unwrap(), 0.0);
        assert_eq!(hiding_factor(10, 1, 0).unwrap(), f64::INFINITY);
        assert!(hiding_factor(10, 11, 1).is_err());
    }
}
