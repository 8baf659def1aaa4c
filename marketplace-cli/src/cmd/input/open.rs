//! Opens commitments to inputs.

use crate::args::consent::ConsentArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::inputs::Inputs;
use assay_marketplace::openings::input::{Prepared, Which};
use assay_marketplace::prediction::consumer::send::offered_inputs;
use assay_marketplace::revealed::Revealed;
use assay_marketplace::testset::StoredSet;
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("whose").required(true).multiple(true).args(["round", "inputs", "set"]),
    after_help = "Examples:\n  \
    assay input open --round 0x3f… --index 3 --out third.opening         inputs of a round that was offered from here\n  \
    assay input open --inputs round.inputs --all --out all.opening       without a node\n  \
    assay input open --set my-set --engagement 0x51… --index 0 --index 7 --out two.opening\n\n\
    The file holds image, salt and index of each, and the siblings up to the root that is on chain: whoever has it recomputes\n\
    all that (assay input check). The other inputs stay hidden behind salts of their own, and so do weights and activations in\n\
    all proofs. Of a test set it holds the label, too: while the engagement is open that tells the provider an answer.\n\
    Nothing is sent; whoever you give the file to can pass it on."
)]
pub struct Args {
    /// Round whose inputs these must be
    #[arg(long, value_name = "ID")]
    round: Option<B256>,
    /// File with the salted inputs [default: those of the round that was offered from here]
    #[arg(long, value_name = "FILE", conflicts_with = "set")]
    inputs: Option<PathBuf>,
    /// Test set, see assay mc test-set build
    #[arg(long, value_name = "DIR", conflicts_with = "round")]
    set: Option<PathBuf>,
    /// Engagement whose examples these must be
    #[arg(long, value_name = "ID", requires = "set", conflicts_with = "round")]
    engagement: Option<B256>,
    /// Which input, from 0; may be given several times
    #[arg(long = "index", value_name = "N", required_unless_present = "all")]
    indices: Vec<usize>,
    /// All of them
    #[arg(long, conflicts_with = "indices")]
    all: bool,
    /// Where the opening goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    consent: ConsentArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let which = match args.all {
        true => Which::All,
        false => Which::Indices(args.indices.into_iter().collect()),
    };
    let prepared = if let Some(set) = &args.set {
        let root = match args.engagement {
            Some(id) => Some(ctx.market().await?.engagement(id).await?.testRoot),
            None => None,
        };
        Prepared::of_set(&StoredSet::open(set)?, &which, root)?
    } else if let Some(id) = args.round {
        let site = ctx.rounds_site().await?;
        let round = site.market.newest(id).await?;
        let inputs = offered_inputs(&site.journal(id)?, args.inputs.as_deref())?;
        Prepared::of_inputs(&inputs, &which, Some(round.inputRoot), &ctx.out)?
    } else {
        let inputs = Inputs::open(&args.inputs.unwrap_or_default())?;
        Prepared::of_inputs(&inputs, &which, None, &ctx.out)?
    };
    let what = if args.set.is_some() {
        "image, salt and label"
    } else {
        "image and salt"
    };
    args.consent
        .require(
            &ctx.out,
            format_args!(
                "opening {} gives {what} away to whoever gets {}, for good",
                prepared.inputs(),
                args.out.display()
            ),
        )
        .await?;
    // Before anybody can have them: they are for no test set any more.
    Revealed::load(&ctx.home)?.add(prepared.fingerprints())?;
    let result = prepared.write(&args.out)?;
    ctx.out.result(&result, &result)
}
