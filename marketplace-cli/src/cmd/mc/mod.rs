//! What a model consumer does.

mod cancel;
mod open;
mod result;
mod send;
mod test_set;
mod transfer;
mod watch;

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
    /// Put the ciphertext on chain, for a provider that does not acknowledge it
    Publish(transfer::PublishArgs),
    /// Tell the keys that are due
    Reveal(transfer::RevealArgs),
    /// Check the proofs behind a posted result
    Verify(result::VerifyArgs),
    /// Agree with a posted result
    Accept(result::AcceptArgs),
    /// Ask for the proof of claimed positions; anybody may
    Challenge(result::ChallengeArgs),
    /// Ask for as many proofs on chain as the target needs
    DemandFull(result::DemandArgs),
    /// Take back the bonds of challenges that were never answered
    Reclaim(result::ReclaimArgs),
    /// Look after all engagements until told to end
    Watch(Box<watch::Args>),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::TestSet(command) => command.run(ctx),
            Self::Open(args) => open::run(args, ctx).await,
            Self::Cancel(args) => cancel::run(args, ctx).await,
            Self::Send(args) => send::run(args, ctx).await,
            Self::Publish(args) => transfer::publish(args, ctx).await,
            Self::Reveal(args) => transfer::reveal_keys(args, ctx).await,
            Self::Verify(args) => result::verify_proofs(args, ctx).await,
            Self::Accept(args) => result::accept(args, ctx).await,
            Self::Challenge(args) => result::challenge(args, ctx).await,
            Self::DemandFull(args) => result::demand_full(args, ctx).await,
            Self::Reclaim(args) => result::reclaim(args, ctx).await,
            Self::Watch(args) => watch::run(*args, ctx).await,
        }
    }
}
