//! Checks opened documents.

use crate::args::economics::ConfidenceArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::corpus::opening::check::{check, Ask};
use assay_marketplace::corpus::sample::Sample;
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("of").required(true).args(["sample", "corpus_id"]),
    after_help = "Examples:\n  \
    assay corpus check drawn.opening --sample drawn.sample --originals my-archive\n  \
    assay corpus check two.opening --corpus-id 0x7c… --extract opened\n\n\
    Recomputes hash and rendering of each original, its commitment and leaf, and the root from them, and compares that with the\n\
    chain: nothing in the file is believed. Exit code 3 if something differs, with the document and what of it. With your own\n\
    --sample all that was drawn must be opened, and the result says what that shows about the whole corpus (exact, one-sided).\n\
    With --originals every original must be one of your own files, byte for byte."
)]
pub struct Args {
    /// Opening, see assay corpus open
    path: PathBuf,
    /// What you have drawn, see assay corpus sample: not a file that came with the opening
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Corpus that the documents must be of, without a sample
    #[arg(long, value_name = "ID")]
    corpus_id: Option<B256>,
    /// Folder of your own, and those in it, where every original must be
    #[arg(long, value_name = "DIR")]
    originals: Option<PathBuf>,
    /// New directory that the originals are copied to, named by their index
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
    #[command(flatten)]
    confidence: ConfidenceArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let sample = match &args.sample {
        Some(path) => Some(Sample::load(path)?),
        None => None,
    };
    let of_sample = sample.as_ref().map(|sample| sample.corpus_id);
    let ask = Ask {
        id: of_sample.or(args.corpus_id).unwrap_or_default(),
        sample,
        delta: args.confidence.delta,
        originals: args.originals,
        extract: args.extract,
    };
    let site = ctx.corpora_site().await?;
    let result = check(&site, &args.path, &ask).await?;
    ctx.out.result(&result, &result)
}
