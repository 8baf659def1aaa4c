//! Has outputs proven.

use crate::args::sending::SendArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_marketplace::prediction::consumer::check::check;
use assay_marketplace::prediction::consumer::contest::{contest, Choice};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict contest 0x3f… --index 3 --index 17 --keystore me.json\n  \
    assay predict contest 0x3f… --random 4 --keystore me.json\n  \
    assay predict contest 0x3f… --reference mine.assay --keystore me.json      what your own model says otherwise\n\n\
    Each contested prediction costs twice the price of a proof if it is proven, and the gas of its answer; if one is not\n\
    proven in time the provider's whole deposit is yours. What was drawn is kept: repeating the command draws no other set. The\n\
    outputs must have been checked here."
)]
pub struct Args {
    /// Round
    id: B256,
    /// Prediction to have proven, counted from 0
    #[arg(long = "index", value_name = "N")]
    indices: Vec<u32>,
    /// So many in all, drawn at random
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["indices", "reference"], value_parser = clap::value_parser!(u32).range(1..))]
    random: Option<u32>,
    /// Model file of your own: what it says otherwise, as far as the round allows
    #[arg(long, value_name = "FILE", conflicts_with = "indices")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    if args.indices.is_empty() && args.random.is_none() && args.reference.is_none() {
        return Err(usage(
            "say what to contest: --index N, --random COUNT or --reference FILE",
        ));
    }
    let desk = ctx.paying_rounds_desk(&args.keys).await?;
    let choice = match (args.random, &args.reference) {
        (Some(count), _) => Choice::Random(count),
        (None, Some(reference)) => {
            let checked = check(&desk, args.id, None, Some(reference), None).await?;
            let differing = checked.differing.unwrap_or_default();
            if differing.is_empty() {
                ctx.out.note("the reference model agrees on all of them");
            }
            Choice::Among(differing.into_iter().collect())
        }
        (None, None) => Choice::Indices(args.indices.into_iter().collect()),
    };
    let result = contest(&desk, args.id, &choice).await?;
    ctx.out.result(&result, &result)
}
