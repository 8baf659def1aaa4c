//! Passes of a Fourier transform over `Fr`, eight columns or eight rows at a time.
//!
//! With `n = R·C` and input `a_(C·r + c)`, output `b_(q + R·s)`:
//!
//! `b_(q + R·s) = Σ_c ω_C^(c·s) · (ω_n^(c·q) · Σ_r a_(C·r + c)·ω_R^(r·q))`
//!
//! The inner sums are transforms of columns, the outer ones of rows. A pass does eight at once, in a buffer that fits the second level of
//! the cache. The factors `ω_n^(c·q)` are computed along: one product an element, and no table as long as the column. They can begin at any
//! number and be any geometric series in `q`: scalings by a constant and by powers of a constant cost nothing there.
//! With more than two factors of `n`, the middle passes do to each row what the first does to the whole.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `twiddles` | roots of unity by layers | nothing here |
//! | `transform` | one short transform of eight columns | `twiddles` |
//! | `passes` | first, middle and last pass | `transform`, `twiddles` |

mod passes;
#[cfg(target_arch = "x86_64")]
mod transform;
mod twiddles;

#[cfg(all(test, target_arch = "x86_64"))]
mod tests;

pub use passes::{first_pass, last_pass, middle_pass, Geometric, Spaced, Work};
pub use twiddles::{Factor, Twiddles, LONGEST_LOG};
