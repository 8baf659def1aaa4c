//! What a dry run came to.

use crate::context::Context;
use assay_chain::consent::Proposed;
use assay_chain::error::Kind;
use serde::Serialize;
use std::fmt;

/// What a command would have sent next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    /// What it stopped before, in words; what comes after depends on it.
    stopped: String,
    /// Transactions that it was about to sign, each with its cost; several where they do not depend on each other.
    proposed: Vec<Proposed>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for proposed in &self.proposed {
            writeln!(f, "{proposed}")?;
        }
        write!(f, "{}; nothing was sent", self.stopped)
    }
}

/// What is left of how a command ended: where a dry run stops is its result.
///
/// # Errors
/// Any other error.
pub fn ended(ctx: &Context, done: eyre::Result<()>) -> eyre::Result<()> {
    let stopped = match done {
        Ok(()) if ctx.sending.is_dry => "dry run: nothing had to be signed".to_owned(),
        // Where it stopped is at the end of the chain.
        Err(error) if Kind::DryRun.is_of(&error) => error.root_cause().to_string(),
        done => return done,
    };
    let proposed = ctx.tried.proposed();
    let result = Tried { stopped, proposed };
    let mut out = ctx.out.clone();
    out.withhold(false);
    out.result(&result, &result)
}
