//! How far a measured accuracy may be from the true one (Hoeffding: `exp(−2nε²) ≤ δ`).
//!
//! The paper's section 6.2 prints the exponent as `−2ε²/N`, which lets the error grow with the sample, and rounds one of the
//! three sizes of its Table 4 down. [`binomial`](crate::binomial) gives sharper bounds once the sample has been drawn.

use crate::binomial::Sides;
use crate::error::Error;
use crate::share::Share;

/// Samples such that a measured accuracy is within `margin` of the true one, except with probability δ:
/// `⌈ln(1/δ′)/(2ε²)⌉`.
///
/// ```
/// use assay_economics::{binomial::Sides, hoeffding::samples, share::Share};
/// let (margin, delta): (Share, Share) = ("2.5%".parse()?, "5%".parse()?);
/// assert_eq!(samples(&margin, &delta, Sides::One), 2397, "2396.59: the paper's 2,396 rounds down");
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
pub fn samples(margin: &Share, delta: &Share, sides: Sides) -> u64 {
    let margin = margin.value();
    (-sides.tail(delta).value().ln() / (2.0 * margin * margin)).ceil() as u64
}

/// Least accuracy that `successes` of `n` show: `k/n − √(ln(1/δ′)/(2n))`, at least 0.
///
/// # Errors
/// If nothing was drawn, or more succeeded than were drawn.
pub fn lower(successes: u64, n: u64, delta: &Share, sides: Sides) -> Result<f64, Error> {
    if n == 0 {
        return Err(Error::NoSamples);
    }
    if successes > n {
        let (part, what, whole) = (successes, "successes", n);
        return Err(Error::MoreThanAll { part, what, whole });
    }
    let n = n as f64;
    let margin = (-sides.tail(delta).value().ln() / (2.0 * n)).sqrt();
    Ok((successes as f64 / n - margin).max(0.0))
}
