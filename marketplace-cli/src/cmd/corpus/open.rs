//! Opens documents to their originals.

use crate::args::consent::ConsentArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::corpus::opening::open::{open, require_same, Which};
use assay_marketplace::corpus::registry::directory;
use assay_marketplace::corpus::sample::Sample;
use assay_marketplace::corpus::stored::StoredCorpus;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay corpus open 0x7c… --sample drawn.sample --out drawn.opening\n  \
    assay corpus open 0x7c… --index 17 --index 40 --corpus archive.corpus --out two.opening\n\n\
    The file holds the originals byte for byte, their salts, and the siblings up to the root that is on chain: whoever has it\n\
    recomputes all that (assay corpus check). Names of files are not in it, and the other documents stay hidden. Nothing is sent;\n\
    whoever you give the file to can pass it on.")]
pub struct Args {
    /// Corpus
    id: B256,
    /// Which document, from 0; may be given several times
    #[arg(long = "index", value_name = "N", required_unless_present = "sample")]
    indices: Vec<u32>,
    /// Those that were drawn, see assay corpus sample
    #[arg(long, value_name = "FILE", conflicts_with = "indices")]
    sample: Option<PathBuf>,
    /// Directory of the corpus [default: where it was committed from here]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Folder of the originals [default: where they were when the corpus was made]
    #[arg(long, value_name = "DIR")]
    originals: Option<PathBuf>,
    /// Where the opening goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    consent: ConsentArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let which = match &args.sample {
        Some(path) => Which::Sampled(Sample::load(path)?),
        None => Which::Indices(args.indices.into_iter().collect()),
    };
    let site = ctx.corpora_site().await?;
    let corpus = site.market.corpus(args.id).await?;
    let indices = which.of(args.id, &corpus)?;
    let dir = directory(&site, args.id, args.corpus.as_deref())?;
    let stored = StoredCorpus::open(&dir)?.with_originals(args.originals);
    require_same(args.id, &corpus, &stored)?;
    args.consent
        .require(
            &ctx.out,
            format_args!(
                "opening {} documents of corpus {} gives their originals away to whoever gets {}, for good",
                indices.len(),
                args.id,
                args.out.display()
            ),
        )
        .await?;
    let result = open(args.id, &stored, indices, &args.out, &ctx.out)?;
    ctx.out.result(&result, &result)
}
