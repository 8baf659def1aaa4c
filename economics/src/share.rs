//! Probabilities and shares as they are written: `0.05` is one twentieth, not the binary fraction next to it.

use crate::error::Error;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use std::str::FromStr;

/// A number between 0 and 1, neither included, exact.
///
/// ```
/// use assay_economics::share::Share;
/// let written: Share = "5%".parse()?;
/// assert_eq!(written, "1/20".parse()?);
/// assert_eq!(written, Share::new(0.05)?);
/// assert!("0".parse::<Share>().is_err() && "100%".parse::<Share>().is_err());
/// # Ok::<(), assay_economics::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(BigRational);

/// Longest text of a share: more digits than any measurement has.
const MAX_TEXT: usize = 40;

impl Share {
    /// The shortest decimal number that is read as `value`.
    ///
    /// # Errors
    /// Unless `value` is between 0 and 1.
    pub fn new(value: f64) -> Result<Self, Error> {
        Self::read(&value.to_string())
    }

    /// The nearest number in floating point.
    pub fn value(&self) -> f64 {
        self.0.to_f64().unwrap_or(0.0)
    }

    /// Half of it.
    pub fn half(&self) -> Self {
        Self(&self.0 / BigInt::from(2))
    }

    /// Numerator and denominator.
    pub(crate) fn parts(&self) -> (&BigInt, &BigInt) {
        (self.0.numer(), self.0.denom())
    }

    /// ⌈share·whole⌉.
    pub fn ceil_of(&self, whole: u64) -> u64 {
        let part = (&self.0 * BigInt::from(whole)).ceil();
        part.to_integer().to_u64().unwrap_or(whole)
    }

    fn read(text: &str) -> Result<Self, Error> {
        let parsed = match (text.strip_suffix('%'), text.split_once('/')) {
            (Some(percent), _) => decimal(percent).map(|number| number / BigInt::from(100)),
            (None, Some((part, whole))) => match (decimal(part), decimal(whole)) {
                (Some(part), Some(whole)) if !whole.is_zero() => Some(part / whole),
                _ => None,
            },
            (None, None) => decimal(text),
        };
        match parsed {
            Some(number) if number > BigRational::zero() && number < BigRational::one() => Ok(Self(number)),
            _ => Err(Error::NotAShare { text: text.into() }),
        }
    }
}

impl FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_TEXT {
            return Err(Error::NotAShare {
                text: "a text of that length".into(),
            });
        }
        Self::read(text)
    }
}

/// A decimal number without sign and exponent.
fn decimal(text: &str) -> Option<BigRational> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = BigInt::parse_bytes(format!("{whole}{fraction}").as_bytes(), 10)?;
    let places = u32::try_from(fraction.len()).ok()?;
    Some(BigRational::new(digits, BigInt::from(10).pow(places)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_is_written() {
        let share = |text: &str| text.parse::<Share>();
        assert_eq!(share("0.05"), share("5%"));
        assert_eq!(share("2.5%"), share("1/40"));
        assert_eq!(share("0.07").unwrap().ceil_of(100), 7, "floating point says 8");
        for text in [
            "", "0", "1", "-0.1", "1.5", "5", ".5", "5.", "1e-3", "NaN", "%", "/", "1/0", "2/1", "0.0",
        ] {
            assert!(share(text).is_err(), "{text}");
        }
        assert!(share(&format!("0.{}1", "0".repeat(50))).is_err());
        assert!(Share::new(f64::NAN).is_err() && Share::new(f64::INFINITY).is_err());
        assert!(Share::new(5e-324).unwrap().value() > 0.0);
    }
}
