//! Attests a corpus.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::corpus::attest::{attest, statement_of, statement_of_text};
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("said").required(true).args(["statement", "text"]),
    after_help = "Examples:\n  \
    assay corpus attest 0x7c… --statement statement.pdf --keystore me.json\n  \
    assay corpus attest 0x7c… --text \"All scans that we made in 2024 are in it.\" --root 0x51… --keystore me.json\n\n\
    The chain gets the SHA-256 of the statement, as sha256sum prints it, and when you said it; the statement itself is yours to\n\
    keep, byte for byte, and to show. A source attests a corpus once and takes nothing back. Draw a sample first and have it\n\
    opened: assay corpus sample."
)]
pub struct Args {
    /// Corpus
    id: B256,
    /// File with what you state
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// What you state, as text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Root that the corpus must have, if the responder told you
    #[arg(long, value_name = "HASH")]
    root: Option<B256>,
    /// Where others read the statement; goes on chain
    #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
    uri: String,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let statement = match &args.statement {
        Some(path) => statement_of(path)?,
        None => statement_of_text(args.text.as_deref().unwrap_or_default())?,
    };
    let desk = ctx.corpora_desk(&args.keys).await?;
    let result = attest(&desk, args.id, args.root, statement, &args.uri).await?;
    ctx.out.result(&result, &result)
}
