//! How large a grid is.

/// How many points and games.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A few seconds: for tests.
    Smoke,
    /// Some minutes.
    Full,
}

impl Size {
    /// Games of a case that has so many in full.
    pub(crate) fn games(self, full: u32) -> u32 {
        match self {
            Self::Smoke => full.min(4),
            Self::Full => full,
        }
    }

    /// Of a threshold.
    pub(crate) fn multiples(self) -> &'static [f64] {
        match self {
            Self::Smoke => &[0.5, 2.0],
            Self::Full => &[0.5, 0.9, 1.1, 2.0],
        }
    }
}
