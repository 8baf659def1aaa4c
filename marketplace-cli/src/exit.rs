//! Exit codes.

use assay_chain::error::{is_no_answer, ProofRejected, UsageError};
use std::process::ExitCode;

/// What the program ends with, for scripts: the numbers stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// Everything that no other code is for.
    Failed = 1,
    /// Arguments that are wrong, alone or together.
    Usage = 2,
    /// A proof is false, or about something else.
    ProofRejected = 3,
    /// The node does not answer; trying later may help.
    ChainUnreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// The code of an error: the first cause in its chain that asks for one decides.
    pub fn of(report: &eyre::Report) -> Self {
        for cause in report.chain() {
            if cause.is::<ProofRejected>() {
                return Self::ProofRejected;
            }
            if cause.is::<UsageError>() {
                return Self::Usage;
            }
            if is_no_answer(cause) {
                return Self::ChainUnreachable;
            }
        }
        Self::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::ChainUnreachable;
    use eyre::WrapErr;

    #[test]
    fn the_cause_decides_through_added_context() {
        let inner: eyre::Result<()> = Err(ProofRejected("bundle.json".into()).into());
        assert_eq!(
            Exit::of(&inner.wrap_err("while submitting").unwrap_err()),
            Exit::ProofRejected
        );
        let inner: eyre::Result<()> = Err(ChainUnreachable {
            node: "http://x".parse().unwrap(),
        }
        .into());
        assert_eq!(
            Exit::of(&inner.wrap_err("cannot read").unwrap_err()),
            Exit::ChainUnreachable
        );
        assert_eq!(Exit::of(&eyre::eyre!("anything else")), Exit::Failed);
    }
}
