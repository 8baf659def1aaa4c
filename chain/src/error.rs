//! Errors that say what kind they are, and how to get further.

use crate::node_url::NodeUrl;
use alloy::transports::http::reqwest;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use assay_durable::lock::LockError;

/// A proof that does not verify, here or on chain.
#[derive(Debug, thiserror::Error)]
#[error("proof rejected: {0}")]
pub struct ProofRejected(pub String);

/// Arguments that are well-formed one by one but not together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// No answer from the node.
#[derive(Debug, thiserror::Error)]
#[error("no answer from the node at {node}")]
pub struct ChainUnreachable {
    /// Shown without its secrets.
    pub node: NodeUrl,
}

/// A line that says how to get further, attached to an error and printed after it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Hinted {
    /// What happened, without the remedy.
    pub error: String,
    /// The remedy: an imperative, often with the command to type.
    pub hint: String,
    /// What was behind it, of which the kind counts.
    #[source]
    pub cause: Option<eyre::Report>,
}

/// An error with the line that says how to get further.
pub fn hinted(error: impl Into<String>, hint: impl Into<String>) -> eyre::Report {
    eyre::Report::new(Hinted {
        error: error.into(),
        hint: hint.into(),
        cause: None,
    })
}

/// Like [`hinted`], for an error that has a cause.
pub fn hinted_because(cause: eyre::Report, error: impl Into<String>, hint: impl Into<String>) -> eyre::Report {
    eyre::Report::new(Hinted {
        error: error.into(),
        hint: hint.into(),
        cause: Some(cause),
    })
}

/// The line that says how to get further, if an error has one.
pub fn hint_of(report: &eyre::Report) -> Option<&str> {
    report.chain().find_map(|cause| {
        let hinted = cause.downcast_ref::<Hinted>().map(|hinted| hinted.hint.as_str());
        hinted.or_else(|| cause.downcast_ref::<LockError>()?.remedy())
    })
}

/// Whether this is a node that did not answer.
pub fn is_no_answer(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<ChainUnreachable>() || is_transport(cause)
}

/// Whether the node did not answer, and nothing is known for that reason.
pub fn is_unreachable(report: &eyre::Report) -> bool {
    report.chain().any(is_no_answer)
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
