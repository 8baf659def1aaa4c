//! Checks the evidence of an audit, without a node.

use crate::args::economics::ConfidenceArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use assay_marketplace::audit::package::check::{check, Ask};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay audit check 0x3f.evidence --srs powersOfTau28_hez_final_20.ptau\n  \
    assay audit check 0x3f.evidence --json\n\n\
    Recomputes every hash, the sample, deadlines and payouts, follows each transaction, receipt and word of storage to the hash of\n\
    its block, compares the contracts with this release, and verifies every proof itself. Exit code 3 with the first thing that is\n\
    wrong. Prints what was asked, answered and shown, what it does not show, and what is left to trust: above all that the blocks\n\
    are of the chain, which any node tells by their hashes. The verifier contract is made anew and compared if ASSAY_REPO names\n\
    a checkout with this release's compiler, which is told by its hash; without, nothing rests on it but what the result says. On\n\
    documents that come with it the predicate is run, and compared with what was answered.")]
pub struct Args {
    /// Evidence, see assay audit export
    file: PathBuf,
    #[command(flatten)]
    confidence: ConfidenceArgs,
    #[command(flatten)]
    srs: SrsArgs,
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let ask = Ask {
        srs: args.srs.into(),
        delta: args.confidence.delta,
        trusted_deployment: ctx.globals.trust_deployment,
    };
    let result = check(&args.file, &ask, &ctx.out)?;
    ctx.out.result(&result, &result)
}
