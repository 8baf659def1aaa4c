//! Draws documents of a corpus.

use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::corpus::sample::sample;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay corpus sample 0x7c… --count 59 --out drawn.sample\n  \
    assay corpus sample 0x7c… --count 59 --seed 0x1d… --out drawn.sample      a seed that both sides agreed on\n\n\
    The seed comes from the operating system's randomness, so that the responder cannot have known what would be drawn when it\n\
    committed. With --seed the sample is as random as that: take a number that nobody knew before, such as a later block's hash.\n\
    How many are enough: assay policy size.")]
pub struct Args {
    /// Corpus
    id: B256,
    /// Documents to draw
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Decides which are drawn [default: random]
    #[arg(long, value_name = "HASH")]
    seed: Option<B256>,
    /// Where the sample goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.corpora_site().await?;
    let result = sample(&site, args.id, args.count, args.seed, &args.out).await?;
    ctx.out.result(&result, &result)
}
