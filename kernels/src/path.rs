//! Which of the two paths, and how it is chosen.

use assay_lanes::Ifma;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set to `1`, this environment variable makes [`Path::detect`] choose the portable path.
pub const PORTABLE_VARIABLE: &str = "ASSAY_PORTABLE";

/// Set by [`Path::forbid_lanes`].
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// How arithmetic is done. Both ways return the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// One element at a time, with the library's products.
    Portable,
    /// Eight elements at a time.
    Lanes(Ifma),
}

impl Path {
    /// From here on [`Path::detect`] chooses the portable path in this process; what has chosen already stays as it is.
    pub fn forbid_lanes() {
        FORBIDDEN.store(true, Ordering::Relaxed);
    }

    /// Lanes if the processor has them, and neither [`PORTABLE_VARIABLE`] nor [`Path::forbid_lanes`] forbids them.
    #[must_use]
    pub fn detect() -> Self {
        let forbidden =
            FORBIDDEN.load(Ordering::Relaxed) || std::env::var_os(PORTABLE_VARIABLE).is_some_and(|value| value == "1");
        match Ifma::detect() {
            Some(ifma) if !forbidden => Self::Lanes(ifma),
            _ => Self::Portable,
        }
    }
}
