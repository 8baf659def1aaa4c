//! Corpora of documents, what sources say of them, and the test of authenticity.

mod attest;
mod check;
mod commit;
mod open;
mod sample;
mod show;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Responder: commit to the documents of a folder
    Commit(commit::Args),
    /// Source: say something about a corpus, for good
    Attest(attest::Args),
    /// Source or court: draw documents at random
    Sample(sample::Args),
    /// Responder: open documents to their originals
    Open(open::Args),
    /// Compare opened documents with the chain
    Check(check::Args),
    /// What the chain says of a corpus
    Show(show::ShowArgs),
    /// The corpora of a responder
    List(show::ListArgs),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Commit(args) => commit::run(args, ctx).await,
            Self::Attest(args) => attest::run(args, ctx).await,
            Self::Sample(args) => sample::run(args, ctx).await,
            Self::Open(args) => open::run(args, ctx).await,
            Self::Check(args) => check::run(args, ctx).await,
            Self::Show(args) => show::show(args, ctx).await,
            Self::List(args) => show::list(args, ctx).await,
        }
    }
}
