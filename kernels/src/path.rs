//! Which of the two paths, and how it is chosen.

use assay_lanes::Ifma;

/// Set to `1`, this environment variable makes [`Path::detect`] choose the portable path.
pub const PORTABLE_VARIABLE: &str = "ASSAY_PORTABLE";

/// How arithmetic is done. Both ways return the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// One element at a time, with the library's products.
    Portable,
    /// Eight elements at a time.
    Lanes(Ifma),
}

impl Path {
    /// Lanes if the processor has them and [`PORTABLE_VARIABLE`] does not forbid them.
    #[must_use]
    pub fn detect() -> Self {
        let forbidden = std::env::var_os(PORTABLE_VARIABLE).is_some_and(|value| value == "1");
        match Ifma::detect() {
            Some(ifma) if !forbidden => Self::Lanes(ifma),
            _ => Self::Portable,
        }
    }
}
