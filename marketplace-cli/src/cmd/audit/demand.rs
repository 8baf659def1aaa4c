//! Demands documents.

use crate::args::documents::DocumentArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use assay_marketplace::audit::requester::demand::demand;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit demand 0x3f… --keystore me.json      all that are owed and not here\n  \
    assay audit demand 0x3f… --document 17 --keystore me.json\n\n\
    A demand brings the gas of its delivery and publication, which you get back if you acknowledge it; half of what a publication\n\
    used up is the responder's. If it does not deliver in time the audit ends as a Violation, and price and bond are yours."
)]
pub struct Args {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    documents: DocumentArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = demand(&desk, args.id.id, args.documents.named(), None).await?;
    ctx.out.result(&result, &result)
}
