//! What a sample drawn with replacement, or from far more than it takes, shows about a rate (Clopper–Pearson).
//!
//! The paper's section 5.4 prints the bound at zero failures as `exp((1 − δ)/N)`, which is always above 1; it is `1 − δ^(1/N)`.

use crate::error::Error;
use crate::share::Share;
use statrs::function::beta::beta_reg;

/// How often a bound that is stated may fail.
pub const STATED_DELTA: f64 = 0.05;

/// Most samples with failures among them for which bounds are computed: the continued fraction behind the incomplete beta
/// function ends after 140 terms, and the largest set of the market, 65,536, needs fewer.
pub const MAX_SAMPLES: u64 = 1 << 17;

/// Which side of an interval may be missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// All of δ on the side that matters: the rate is not above the bound.
    One,
    /// Half of it on either side, as in the paper's Table 3.
    Two,
}

impl Sides {
    /// δ′: what may be missed on one side.
    pub fn tail(self, delta: &Share) -> Share {
        match self {
            Self::One => delta.clone(),
            Self::Two => delta.half(),
        }
    }
}

/// Largest failure rate that `failures` of `n` do not exclude: `Beta⁻¹(1 − δ′; k + 1, n − k)`, 1 if all failed.
///
/// ```
/// use assay_economics::{binomial::{upper, Sides}, share::Share};
/// let delta: Share = "5%".parse()?;
/// assert!(upper(0, 59, &delta, Sides::One)? < 0.05 && upper(0, 58, &delta, Sides::One)? > 0.05);
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
///
/// # Errors
/// If nothing was drawn, more failed than were drawn, or some failed of more than [`MAX_SAMPLES`].
pub fn upper(failures: u64, n: u64, delta: &Share, sides: Sides) -> Result<f64, Error> {
    require_part(failures, "failures", n)?;
    let tail = sides.tail(delta).value();
    Ok(match failures {
        0 => -(tail.ln() / n as f64).exp_m1(),
        k if k == n => 1.0,
        k => quantile(1.0 - tail, (k + 1) as f64, (n - k) as f64),
    })
}

/// Smallest success rate that `successes` of `n` do not exclude: `Beta⁻¹(δ′; k, n − k + 1)`, 0 if none succeeded.
///
/// # Errors
/// Those of [`upper`].
pub fn lower(successes: u64, n: u64, delta: &Share, sides: Sides) -> Result<f64, Error> {
    require_part(successes, "successes", n)?;
    let tail = sides.tail(delta).value();
    Ok(match successes {
        0 => 0.0,
        k if k == n => (tail.ln() / n as f64).exp(),
        k => quantile(tail, k as f64, (n - k + 1) as f64),
    })
}

/// Least accuracy that a verdict states for `correct` of `n`, one-sided with 95 % confidence, rounded down to a multiple of
/// 10⁻⁶; 0 where the counts say nothing.
pub fn stated_lower(correct: u32, n: u32) -> f64 {
    let bound = match (u64::from(correct.min(n)), u64::from(n)) {
        (0, _) => 0.0,
        (k, n) if k == n => (STATED_DELTA.ln() / n as f64).exp(),
        (k, n) => quantile(STATED_DELTA, k as f64, (n - k + 1) as f64),
    };
    (bound * 1e6).floor() / 1e6
}

/// Least `n` of which `failures` may fail and a rate of `share` is still excluded: `P[Binomial(n, share) ≤ failures] ≤ δ′`.
/// Without failures that is `⌈ln δ′/ln(1 − share)⌉`.
///
/// ```
/// use assay_economics::{binomial::{samples, Sides}, share::Share};
/// let (delta, share): (Share, Share) = ("5%".parse()?, "1%".parse()?);
/// assert_eq!(samples(&share, &delta, Sides::One, 0)?, 299);
/// assert_eq!(samples(&share, &delta, Sides::Two, 0)?, 368, "the paper's 366 just misses it");
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
///
/// # Errors
/// If some may fail and [`MAX_SAMPLES`] are not enough.
pub fn samples(share: &Share, delta: &Share, sides: Sides, failures: u64) -> Result<u64, Error> {
    let tail = sides.tail(delta);
    if failures == 0 {
        return Ok(failure_free(share, &tail));
    }
    let excludes = |n: u64| at_most(failures, n, share.value()) <= tail.value();
    let (mut low, mut high) = (failures, MAX_SAMPLES);
    if failures >= MAX_SAMPLES || !excludes(high) {
        return Err(Error::TooManySamples {
            n: failures.max(MAX_SAMPLES + 1),
            limit: MAX_SAMPLES,
        });
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if excludes(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}

/// Least `n` with `(1 − share)^n ≤ tail`.
fn failure_free(share: &Share, tail: &Share) -> u64 {
    let n = tail.value().ln() / (-share.value()).ln_1p();
    // Equality is possible where the denominator of tail is a power of n factors only; floating point does not see it.
    const MAX_TIE: f64 = 1100.0;
    let near = n.round();
    if n > MAX_TIE || near < 1.0 || (n - near).abs() > 1e-9 * n {
        return n.ceil().max(1.0) as u64;
    }
    let near = near as u32;
    let ((part, whole), (t, d)) = (share.parts(), tail.parts());
    let is_enough = (whole - part).pow(near) * d <= t * whole.pow(near);
    u64::from(near) + u64::from(!is_enough)
}

/// Upper end of what is believed about a failure rate after `failures` of `n`, if before it was Beta(`a`, `b`) (1, 1: any rate
/// is as likely as any other): missed with probability δ.
///
/// # Errors
/// Those of [`upper`]; here nothing drawn is no error.
pub fn believed_upper(failures: u64, n: u64, (a, b): (u32, u32), delta: &Share) -> Result<f64, Error> {
    if n > 0 {
        require_part(failures, "failures", n)?;
    }
    let (a, b) = (f64::from(a.max(1)), f64::from(b.max(1)));
    Ok(quantile(
        1.0 - delta.value(),
        a + failures as f64,
        b + n.saturating_sub(failures) as f64,
    ))
}

/// P[Binomial(n, p) ≤ k] for k < n.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    1.0 - beta_reg((k + 1) as f64, (n - k) as f64, p)
}

/// Where the distribution function of Beta(a, b) reaches `level`.
///
/// Halving, since `inv_beta_reg` does not end for Beta(1, 10⁷) and is wrong in the fourth digit for Beta(2, 10⁶).
fn quantile(level: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return low;
        }
        if beta_reg(a, b, middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
}

fn require_part(part: u64, what: &'static str, n: u64) -> Result<(), Error> {
    if n == 0 {
        return Err(Error::NoSamples);
    }
    if part > n {
        return Err(Error::MoreThanAll { part, what, whole: n });
    }
    if part > 0 && part < n && n > MAX_SAMPLES {
        return Err(Error::TooManySamples { n, limit: MAX_SAMPLES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    /// Summed from the largest term's logarithm: slow, and independent of the incomplete beta function.
    fn at_least_summed(k: u32, n: u32, p: f64) -> f64 {
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

    #[test]
    fn bounds_solve_the_equation_that_defines_them() {
        for (k, n) in [
            (1, 1),
            (3, 8),
            (300, 600),
            (5000, 10_000),
            (32_768, 65_536),
            (60_000, 65_536),
            (1, 65_536),
        ] {
            let p = lower(u64::from(k), u64::from(n), &share("5%"), Sides::One).unwrap();
            let tail = at_least_summed(k, n, p);
            assert!((tail - 0.05).abs() < 1e-7, "{k} of {n}: {tail}");
        }
    }

    #[test]
    fn verdicts_round_down_and_say_nothing_about_nothing() {
        assert_eq!(stated_lower(8, 10), 0.493098);
        assert_eq!(stated_lower(59, 59), 0.950492);
        assert_eq!(
            (stated_lower(0, 10), stated_lower(0, 0), stated_lower(1, 0)),
            (0.0, 0.0, 0.0)
        );
        assert_eq!(stated_lower(9, 8), stated_lower(8, 8));
        for (k, n) in [(1, 3), (360, 600), (600, 600)] {
            let exact = lower(k, n, &share("5%"), Sides::One).unwrap();
            let stated = stated_lower(k as u32, n as u32);
            assert!(stated <= exact && exact < stated + 1e-6);
        }
    }

    #[test]
    fn ties_are_exact() {
        assert_eq!(samples(&share("10%"), &share("81%"), Sides::One, 0).unwrap(), 2);
        assert_eq!(
            samples(&share("10%"), &share("80.999999999999%"), Sides::One, 0).unwrap(),
            3
        );
        assert_eq!(samples(&share("1/2"), &share("1/1024"), Sides::One, 0).unwrap(), 10);
        assert_eq!(samples(&share("1/3"), &share("16/81"), Sides::Two, 0).unwrap(), 6);
    }

    #[test]
    fn counts_that_do_not_go_together_are_named() {
        let delta = share("5%");
        assert_eq!(upper(0, 0, &delta, Sides::One), Err(Error::NoSamples));
        let more = Error::MoreThanAll {
            part: 3,
            what: "failures",
            whole: 2,
        };
        assert_eq!(upper(3, 2, &delta, Sides::One), Err(more));
        assert!(upper(1, MAX_SAMPLES + 1, &delta, Sides::One).is_err());
        assert!(upper(0, u64::from(u32::MAX), &delta, Sides::One).unwrap() < 1e-8);
        assert!(samples(&share("0.00001"), &delta, Sides::One, 1).is_err());
        assert!(samples(&share("1%"), &delta, Sides::One, u64::MAX).is_err());
    }
}
