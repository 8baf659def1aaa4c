//! Rounds of contested predictions.

mod answer;
mod check;
mod contest;
mod end;
mod open;
mod publish;
mod send;
mod serve;
mod show;
mod watch;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Consumer: offer a round, and escrow deposit and price
    Open(open::Args),
    /// Consumer: hand the inputs over; provider: hand the outputs of a private round over
    Send(send::Args),
    /// Consumer: withdraw an offer that nobody served
    Cancel(end::IdArgs),
    /// Provider: run the model, commit to its outputs, escrow the deposit
    Serve(Box<serve::Args>),
    /// Provider: put the outputs on chain
    Publish(publish::Args),
    /// Consumer: receive the outputs and compare them with what the provider committed to
    Check(check::Args),
    /// Consumer: have some of the outputs proven
    Contest(contest::Args),
    /// Provider: make the proofs of contested outputs and send them
    Answer(answer::Args),
    /// Consumer: agree to the outputs, which closes the round
    Confirm(end::IdArgs),
    /// Close a round whose time has passed; anybody may
    Finalize(end::IdArgs),
    /// Look after all rounds until told to end
    #[command(subcommand)]
    Watch(watch::Command),
    /// What the chain says of a round
    Show(show::ShowArgs),
    /// The rounds of a model
    List(show::ListArgs),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Open(args) => open::run(args, ctx).await,
            Self::Send(args) => send::run(args, ctx).await,
            Self::Cancel(args) => end::cancel(args, ctx).await,
            Self::Serve(args) => serve::run(*args, ctx).await,
            Self::Publish(args) => publish::run(args, ctx).await,
            Self::Check(args) => check::run(args, ctx).await,
            Self::Contest(args) => contest::run(args, ctx).await,
            Self::Answer(args) => answer::run(args, ctx).await,
            Self::Confirm(args) => end::confirm(args, ctx).await,
            Self::Finalize(args) => end::finalize(args, ctx).await,
            Self::Watch(command) => command.run(ctx).await,
            Self::Show(args) => show::show(args, ctx).await,
            Self::List(args) => show::list(args, ctx).await,
        }
    }
}
