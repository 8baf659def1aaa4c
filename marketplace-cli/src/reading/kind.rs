//! What can be read by an id.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// What can be read by an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An engagement, and what it showed.
    Verdict,
    /// Predictions, of which some were contested.
    Round,
    /// Which documents of a corpus match.
    Audit,
    /// Documents that somebody committed to.
    Corpus,
    /// A registered network.
    Model,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Verdict, Self::Round, Self::Audit, Self::Corpus, Self::Model];

    /// As links, paths and commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Round => "round",
            Self::Audit => "audit",
            Self::Corpus => "corpus",
            Self::Model => "model",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            format!(
                "{text:?} is nothing to read: one of {}",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}
