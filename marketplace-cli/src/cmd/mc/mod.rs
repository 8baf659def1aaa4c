//! What a model consumer does.

pub mod cancel;
pub mod open;
pub mod send;
pub mod test_set;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prepare the examples of an engagement
    #[command(subcommand)]
    TestSet(test_set::Command),
    /// Offer an engagement and escrow its money
    Open(open::Args),
    /// Withdraw an offer that nobody accepted
    Cancel(cancel::Args),
    /// Hand the test set over to the provider that accepted
    Send(send::Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::TestSet(command) => command.run(ctx),
            Self::Open(args) => open::run(args, ctx).await,
            Self::Cancel(args) => cancel::run(args, ctx).await,
            Self::Send(args) => send::run(args, ctx).await,
        }
    }
}
