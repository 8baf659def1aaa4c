//! Audits of corpora.

mod show;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What the chain says of an audit, and what it shows
    Show(show::ShowArgs),
    /// The audits of a corpus
    List(show::ListArgs),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Show(args) => show::show(args, ctx).await,
            Self::List(args) => show::list(args, ctx).await,
        }
    }
}
