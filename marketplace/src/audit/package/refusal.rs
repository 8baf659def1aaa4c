//! How evidence is refused: by the first thing in it that is wrong.

use assay_chain::error::{Error, Kind};
use std::fmt::Display;

/// Evidence that shows something else than it is said to, and what of it.
pub(crate) fn refused(why: impl Display) -> eyre::Report {
    Error::new(Kind::Rejected, format!("evidence rejected: {why}")).into()
}

/// Refuses what does not hold.
///
/// # Errors
/// Of kind rejected, with `why`.
pub(crate) fn require<T: Display>(holds: bool, why: impl FnOnce() -> T) -> eyre::Result<()> {
    if holds {
        return Ok(());
    }
    Err(refused(why()))
}

/// Refuses two values that must be one.
///
/// # Errors
/// Of kind rejected, with both.
pub(crate) fn require_same<T: PartialEq + Display>(what: &str, stated: T, expected: T) -> eyre::Result<()> {
    require(stated == expected, || {
        format!("{what} is {stated}, it must be {expected}")
    })
}
