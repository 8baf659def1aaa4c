//! Inputs whose commitments are opened, and checked.

mod check;
mod open;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Consumer: write what shows others which images were committed to
    Open(open::Args),
    /// Check that images are those of a commitment
    Check(check::Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Open(args) => open::run(args, ctx).await,
            Self::Check(args) => check::run(args, ctx).await,
        }
    }
}
