//! Errors with what follows from them, whatever their words: their kind, and how to get further.

use alloy::transports::http::reqwest;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use assay_durable::lock::LockError;

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Arguments are well-formed one by one but not together.
    Usage,
    /// A proof does not verify, here or on chain; or an opening does not open what it is said to.
    Rejected,
    /// The node did not answer, and nothing is known for that reason.
    Unreachable,
    /// A reorganisation may still undo the state, or nobody knows whether it may; or what it builds on is in no block yet.
    Unsettled,
    /// Gas costs more now than it may. Later it may not.
    TooDear,
    /// Another transaction has the nonce of a journaled one and may yet lose it to a reorganisation.
    NonceTaken,
    /// Another process works on it.
    InUse,
    /// The time of what was asked for has not come.
    Early,
    /// It was only tried out, as far as that goes.
    DryRun,
    /// Somebody was asked and did not agree.
    Declined,
}

impl Kind {
    /// The kind of an error: the first cause in its chain that has one decides.
    pub fn of(report: &eyre::Report) -> Option<Self> {
        report.chain().find_map(|cause| {
            if let Some(error) = cause.downcast_ref::<Error>() {
                return error.kind;
            }
            if is_transport(cause) {
                return Some(Self::Unreachable);
            }
            matches!(cause.downcast_ref(), Some(LockError::InUse(_))).then_some(Self::InUse)
        })
    }

    /// Whether an error is of this kind.
    pub fn is_of(self, report: &eyre::Report) -> bool {
        Self::of(report) == Some(self)
    }
}

/// An error in words, with its kind and the line that says how to get further.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Option<Kind>,
    message: String,
    hint: Option<String>,
    #[source]
    cause: Option<eyre::Report>,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            message: message.into(),
            hint: None,
            cause: None,
        }
    }

    /// With what was behind it.
    pub fn because(self, cause: impl Into<eyre::Report>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// With the line that says how to get further.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// [`Kind::Usage`]: an error about arguments.
pub fn usage(message: impl Into<String>) -> eyre::Report {
    Error::new(Kind::Usage, message).into()
}

/// [`Kind::Rejected`]: a proof that does not verify, and why.
pub fn rejected(why: impl std::fmt::Display) -> eyre::Report {
    Error::new(Kind::Rejected, format!("proof rejected: {why}")).into()
}

/// [`Kind::Unreachable`]: no answer from a node.
pub fn unreachable(node: &impl std::fmt::Display) -> Error {
    Error::new(Kind::Unreachable, format!("no answer from the node at {node}"))
}

/// An error with the line that says how to get further.
pub fn hinted(message: impl Into<String>, hint: impl Into<String>) -> eyre::Report {
    let error = Error {
        kind: None,
        message: message.into(),
        hint: Some(hint.into()),
        cause: None,
    };
    error.into()
}

/// Like [`hinted`], for an error that has a cause, whose kind counts.
pub fn hinted_because(cause: eyre::Report, message: impl Into<String>, hint: impl Into<String>) -> eyre::Report {
    let error = Error {
        kind: None,
        message: message.into(),
        hint: Some(hint.into()),
        cause: Some(cause),
    };
    error.into()
}

/// Whether an error says nothing about what was to be done: the node was away, gas is too dear now, somebody else works on it,
/// or the chain is being rewritten or may yet be.
pub fn is_passing(report: &eyre::Report) -> bool {
    let is_final = |kind| matches!(kind, Kind::Usage | Kind::Rejected | Kind::DryRun | Kind::Declined);
    Kind::of(report).is_some_and(|kind| !is_final(kind))
}

/// The line that says how to get further, if an error has one.
pub fn hint_of(report: &eyre::Report) -> Option<&str> {
    report.chain().find_map(|cause| {
        let hint = cause.downcast_ref::<Error>().and_then(|error| error.hint.as_deref());
        hint.or_else(|| cause.downcast_ref::<LockError>()?.remedy())
    })
}

/// Whether the node failed to answer, for whatever reason: then nothing is known of what it was asked about.
pub fn is_of_node(report: &eyre::Report) -> bool {
    report.chain().any(|cause| cause.is::<TransportError>())
}

fn is_transport(cause: &(dyn std::error::Error + 'static)) -> bool {
    use alloy::contract::Error as ContractError;
    let direct = cause.downcast_ref::<RpcError<TransportErrorKind>>();
    let wrapped = cause.downcast_ref::<ContractError>().and_then(|error| match error {
        ContractError::TransportError(inner) => Some(inner),
        _ => None,
    });
    matches!(direct.or(wrapped), Some(RpcError::Transport(_)))
}

/// Whether a request found nobody who would answer it, or whoever took it went away; not whether waiting took too long.
pub fn is_unanswered(error: &TransportError) -> bool {
    let RpcError::Transport(TransportErrorKind::Custom(cause)) = error else {
        return false;
    };
    cause
        .downcast_ref::<reqwest::Error>()
        .is_some_and(|error| error.is_request() && !error.is_timeout())
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_durable::lock::Lock;
    use eyre::WrapErr;

    #[test]
    fn the_kind_is_found_through_added_context_and_never_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        let _held = Lock::take(&lock).unwrap();
        let errors = [
            (Kind::Usage, usage("--from and --keystore")),
            (Kind::Rejected, rejected("another image")),
            (Kind::Unreachable, unreachable(&"http://node:1").into()),
            (Kind::TooDear, Error::new(Kind::TooDear, "gas is too dear").into()),
            (Kind::InUse, Lock::take(&lock).unwrap_err().into()),
        ];
        for (kind, error) in errors {
            let words = format!("{error:#}");
            assert_eq!(
                is_passing(&error),
                !matches!(kind, Kind::Usage | Kind::Rejected),
                "{words}"
            );
            let within = Err::<(), _>(error).wrap_err("while probing").unwrap_err();
            assert_eq!(Kind::of(&within), Some(kind), "{words}");
            let behind = hinted_because(within, "not now", "wait");
            assert_eq!((Kind::of(&behind), hint_of(&behind)), (Some(kind), Some("wait")));
            assert_eq!(Kind::of(&eyre::eyre!(words.clone())), None);
            assert_eq!(Kind::of(&hinted(words, "wait")), None);
        }
    }

    #[test]
    fn the_outermost_kind_decides() {
        let lost = unreachable(&"http://node:1");
        let report: eyre::Report = Error::new(Kind::Rejected, "by the judge").because(lost).into();
        assert!(Kind::Rejected.is_of(&report));
    }
}
