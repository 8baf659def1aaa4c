//! Proves what was drawn and named.

use crate::args::corpus_place::CorpusPlaceArgs;
use crate::args::predicate::PredicateKeyArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use assay_chain::venue::Venue;
use assay_marketplace::audit::responder::prove::prove;
use assay_marketplace::audit::responder::submit::{submit, MAX_BATCH};
use assay_marketplace::audit::responder::taken::prover;
use assay_protocol::abi::AuditState;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay audit prove 0x3f… --keystore me.json\n\n\
    Makes the proofs that are not there yet, one at a time, and sends as many together as fit a transaction as soon as they are there.\n\
    What one run made, the next one finds.")]
pub struct Args {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    place: CorpusPlaceArgs,
    #[command(flatten)]
    predicate_keys: PredicateKeyArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let id = args.id.id;
    args.place.note(&desk, id).await?;
    let mut batches = Vec::new();
    if desk.market.newest(id).await?.state == AuditState::Sampled {
        let prover = prover(&desk, id, &args.predicate_keys.into())?;
        loop {
            // What is on chain is not lost, whatever happens to this process or to the time that is left.
            match prove(&desk, id, &prover, |made| made >= MAX_BATCH).await {
                Ok(made) => {
                    ctx.out.note(format_args!("{} proof(s) made", made.made.len()));
                    if !made.stopped {
                        break;
                    }
                    batches.extend(submit(&desk, id).await?.batches);
                }
                Err(error) => {
                    // What there is counts all the same.
                    if let Ok(sent) = submit(&desk, id).await {
                        ctx.out.note(format_args!(
                            "{} are still due after what was there was sent",
                            sent.unproven
                        ));
                    }
                    return Err(error);
                }
            }
        }
    }
    let mut result = submit(&desk, id).await?;
    result.batches.splice(..0, batches);
    ctx.out.result(&result, &result)
}
