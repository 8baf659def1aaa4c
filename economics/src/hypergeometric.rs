//! What a sample without replacement shows about a corpus of known size, in exact rationals: at a tie floating point decides
//! by its last bit, and a bound that holds by that bit does not hold.
//!
//! `P0(M, m, n) = C(M − m, n)/C(M, n)`: of M documents m are bad, and none of n drawn is.

use crate::error::Error;
use crate::share::Share;
use num_bigint::{BigInt, BigUint};
use num_rational::Ratio;
use num_traits::{One, ToPrimitive, Zero};

/// Most documents of a corpus, as the contract has it.
pub const MAX_CORPUS: u64 = 1 << 20;

/// `P0` as numerator and denominator, not reduced; at most `of` are bad, and at most `of` drawn.
///
/// `C(M − m, n)/C(M, n) = C(M − n, m)/C(M, m)`: the product over the smaller of both has fewer factors.
fn none(of: u64, bad: u64, drawn: u64) -> (BigUint, BigUint) {
    let (fewer, more) = (bad.min(drawn), bad.max(drawn));
    if fewer + more > of {
        return (BigUint::zero(), BigUint::one());
    }
    let falling = |from: u64| (0..fewer).map(|i| from - i).product::<BigUint>();
    (falling(of - more), falling(of))
}

/// Whether none of the bad ones is drawn with a probability above δ.
fn is_missed(of: u64, bad: u64, drawn: u64, delta: &Share) -> bool {
    let (none, all) = none(of, bad, drawn);
    let (part, whole) = delta.parts();
    BigInt::from(none) * whole > part * BigInt::from(all)
}

fn require_counts(of: u64, bad: u64, drawn: u64) -> Result<(), Error> {
    if of == 0 || of > MAX_CORPUS {
        return Err(Error::CorpusSize { of, limit: MAX_CORPUS });
    }
    for (part, what) in [(bad, "bad documents"), (drawn, "draws")] {
        if part > of {
            return Err(Error::MoreThanAll { part, what, whole: of });
        }
    }
    Ok(())
}

/// Probability that `drawn` of `of` documents, `bad` of which are bad, show at least one of those: `1 − P0`.
///
/// ```
/// use assay_economics::hypergeometric::detection;
/// assert!((detection(4096, 205, 59)? - 0.952715).abs() < 1e-6);
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
///
/// # Errors
/// If the corpus is empty or larger than [`MAX_CORPUS`], or there is more of anything than documents.
pub fn detection(of: u64, bad: u64, drawn: u64) -> Result<f64, Error> {
    require_counts(of, bad, drawn)?;
    let (none, all) = none(of, bad, drawn);
    let seen = &all - none;
    Ok(Ratio::new_raw(BigInt::from(seen), BigInt::from(all))
        .to_f64()
        .unwrap_or(1.0))
}

/// Probability that none of the bad documents is drawn.
///
/// # Errors
/// Those of [`detection`].
pub fn none_drawn(of: u64, bad: u64, drawn: u64) -> Result<f64, Error> {
    require_counts(of, bad, drawn)?;
    let (none, all) = none(of, bad, drawn);
    Ok(Ratio::new_raw(BigInt::from(none), BigInt::from(all))
        .to_f64()
        .unwrap_or(0.0))
}

/// Least sample that shows one of `⌈share·of⌉` bad documents except with probability δ.
///
/// ```
/// use assay_economics::{hypergeometric::samples, share::Share};
/// let (share, delta): (Share, Share) = ("1%".parse()?, "5%".parse()?);
/// assert_eq!(samples(1000, &share, &delta)?, 258, "of very many it would be 299");
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
///
/// # Errors
/// If the corpus is empty or larger than [`MAX_CORPUS`].
pub fn samples(of: u64, share: &Share, delta: &Share) -> Result<u64, Error> {
    require_counts(of, 0, 0)?;
    let bad = share.ceil_of(of);
    // All but the bad ones and one more never miss.
    Ok(1 + last(of - bad, |n| is_missed(of, bad, n, delta)))
}

/// h: most bad documents that `drawn` without a bad one among them do not exclude, the largest m with `P0(M, m, n) > δ`.
///
/// ```
/// use assay_economics::{hypergeometric::bound, share::Share};
/// let delta: Share = "5%".parse()?;
/// assert_eq!(bound(9900, 299, &delta)?, 97);
/// assert_eq!(bound(100, 95, &delta)?, 0, "one bad document is missed with 1/20 exactly, which is not more");
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
///
/// # Errors
/// If the corpus is empty or larger than [`MAX_CORPUS`], or more are drawn than there are.
pub fn bound(of: u64, drawn: u64, delta: &Share) -> Result<u64, Error> {
    require_counts(of, 0, drawn)?;
    Ok(last(of - drawn, |bad| is_missed(of, bad, drawn, delta)))
}

/// Least share of the relevant documents that were found, if at most `hidden` were not: `positives/(positives + hidden)`.
pub fn recall(positives: u64, hidden: u64) -> f64 {
    match positives + hidden {
        0 => 1.0,
        all => positives as f64 / all as f64,
    }
}

/// Largest number up to `most` that `holds`; 0 does, and no number after one that does not. Small numbers are tried first:
/// they are cheap.
fn last(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut step) = (0, 1);
    let mut high = loop {
        let next = low + step;
        if next > most {
            break most + 1;
        }
        if !holds(next) {
            break next;
        }
        (low, step) = (next, 2 * step);
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_products_are_the_same_probability() {
        for (of, bad, drawn) in [(10, 3, 4), (10, 4, 3), (100, 1, 95), (20, 20, 1), (5, 0, 5), (1, 1, 1)] {
            let choose = |n: u64, k: u64| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
            let direct = if bad + drawn > of {
                0.0
            } else {
                choose(of - bad, drawn) / choose(of, drawn)
            };
            let exact = none_drawn(of, bad, drawn).unwrap();
            assert!((exact - direct).abs() < 1e-12, "{of} {bad} {drawn}: {exact} {direct}");
            let seen = detection(of, bad, drawn).unwrap();
            assert!((seen + exact - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn every_small_case_against_its_definition() {
        let delta: Share = "5%".parse().unwrap();
        for of in 1..=40 {
            for drawn in 0..=of {
                let h = (0..=of).filter(|m| is_missed(of, *m, drawn, &delta)).max().unwrap();
                assert_eq!(bound(of, drawn, &delta).unwrap(), h, "{of} {drawn}");
            }
            for text in ["1%", "10%", "1/3", "99%"] {
                let share: Share = text.parse().unwrap();
                let bad = share.ceil_of(of);
                let n = (0..=of).find(|n| !is_missed(of, bad, *n, &delta)).unwrap();
                assert_eq!(samples(of, &share, &delta).unwrap(), n, "{of} {text}");
            }
        }
    }

    #[test]
    fn counts_that_do_not_go_together_are_named() {
        let delta: Share = "5%".parse().unwrap();
        assert_eq!(
            bound(0, 0, &delta),
            Err(Error::CorpusSize {
                of: 0,
                limit: MAX_CORPUS
            })
        );
        assert!(bound(MAX_CORPUS + 1, 1, &delta).is_err() && bound(10, 11, &delta).is_err());
        assert!(detection(10, 11, 1).is_err() && none_drawn(10, 1, 11).is_err());
    }
}
