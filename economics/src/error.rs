//! What an answer cannot be computed from.

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant names its fields")]
pub enum Error {
    /// A share is a number between 0 and 1, neither included.
    #[error("{text} is not between 0 and 1: write 0.05, 5% or 1/20")]
    NotAShare { text: String },
    /// A sample has at least one draw.
    #[error("a sample of nothing shows nothing")]
    NoSamples,
    /// More of something than there is.
    #[error("{part} {what} of {whole}")]
    MoreThanAll { part: u64, what: &'static str, whole: u64 },
    /// Beyond this the incomplete beta function is not exact enough.
    #[error("{n} samples with failures are more than the {limit} that the bound is exact for")]
    TooManySamples { n: u64, limit: u64 },
    /// A corpus has 1 to 2^20 documents.
    #[error("a corpus of {of} documents: 1 to {limit} can be committed to")]
    CorpusSize { of: u64, limit: u64 },
}
