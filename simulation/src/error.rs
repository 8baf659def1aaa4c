//! Why a simulation cannot run, or cannot be believed.

/// What went wrong; a run that ends with one of these says nothing about any strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum Error {
    #[error("cannot load the code of {contract}: {reason}")]
    Code { contract: &'static str, reason: String },
    #[error("the machine refuses a transaction: {reason}")]
    Transaction { reason: String },
    #[error("{call} of {from} is refused: {reason}")]
    Reverted {
        call: &'static str,
        from: &'static str,
        reason: String,
    },
    #[error("{call} answered something else than its type")]
    Answer { call: &'static str },
    #[error("{open} engagements, rounds, audits or demands are left open at the end of a run")]
    NotClosed { open: usize },
    #[error("{what}: {expected} wei expected, {got} found")]
    Unaccounted {
        what: &'static str,
        expected: String,
        got: String,
    },
    #[error("a formula of the conditions: {reason}")]
    Formula { reason: String },
    #[error("{what}")]
    Play { what: &'static str },
}
