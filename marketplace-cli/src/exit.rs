//! Exit codes.

use assay_chain::error::Kind;
use std::process::ExitCode;

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Its arguments do not go together.
    Usage = 2,
    /// A proof does not verify, or an opening opens something else.
    ProofRejected = 3,
    /// The node does not answer.
    ChainUnreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// The code of an error, by its kind.
    pub fn of(report: &eyre::Report) -> Self {
        match Kind::of(report) {
            Some(Kind::Usage) => Self::Usage,
            Some(Kind::Rejected) => Self::ProofRejected,
            Some(Kind::Unreachable) => Self::ChainUnreachable,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::{rejected, unreachable, usage};
    use eyre::WrapErr;

    #[test]
    fn the_cause_decides_through_added_context() {
        let codes = [
            (usage("--from"), Exit::Usage),
            (rejected("bundle.json"), Exit::ProofRejected),
            (unreachable(&"http://x").into(), Exit::ChainUnreachable),
            (eyre::eyre!("anything else"), Exit::Failed),
        ];
        for (error, code) in codes {
            let error = Err::<(), _>(error).wrap_err("while submitting").unwrap_err();
            assert_eq!(Exit::of(&error), code, "{error:#}");
        }
    }
}
