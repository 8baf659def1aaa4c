//! A farm of provers: a queue on PostgreSQL, workers that take from it, and what a provider has them prove.

mod asking;
mod cancel;
mod collect;
mod copy;
mod prove_one;
mod retry;
mod status;
mod submit;
mod up;
mod worker;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the queue, or start a PostgreSQL of its own for this machine
    Up(up::Args),
    /// Have what an engagement, a round or an audit still needs proven
    Submit(submit::Args),
    /// Copy the files of a model for a machine of the farm
    Copy(copy::Args),
    /// Take tasks and prove them, each in a process of its own
    Worker(worker::Args),
    /// What waits, what is being made and by whom, what is there, what it cost
    Status(status::Args),
    /// Verify the proofs that are there, and keep them where they are sent from
    Collect(collect::Args),
    /// Queue again what was set aside or cancelled
    Retry(retry::Args),
    /// End what is not proven yet
    Cancel(cancel::Args),
    /// Prove the task that standard input names
    #[command(hide = true)]
    ProveOne(prove_one::Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Up(args) => up::run(args, ctx).await,
            Self::Submit(args) => submit::run(args, ctx).await,
            Self::Copy(args) => copy::run(args, ctx),
            Self::Worker(args) => worker::run(args, ctx).await,
            Self::Status(args) => status::run(args, ctx).await,
            Self::Collect(args) => collect::run(args, ctx).await,
            Self::Retry(args) => retry::run(args, ctx).await,
            Self::Cancel(args) => cancel::run(args, ctx).await,
            Self::ProveOne(args) => prove_one::run(args, ctx).await,
        }
    }
}
