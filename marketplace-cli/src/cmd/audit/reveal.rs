//! Shows the salt.

use crate::cmd::audit::end::FirmArgs;
use crate::context::Context;
use assay_marketplace::audit::requester::reveal::reveal;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay audit reveal 0x3f… --keystore me.json\n  \
    assay audit reveal 0x3f… --name 17 --name 204 --keystore me.json\n\n\
    Goes only when the answers cannot be taken back any more: whoever knows the salt can choose answers that its sample misses.\n\
    If the chain has other answers after the salt was shown, it is never shown again, and the audit ends without assurance.")]
pub struct Args {
    #[command(flatten)]
    id: FirmArgs,
    /// Document answered with no match that is to be proven besides the sample; again for another one
    #[arg(long = "name", value_name = "N")]
    named: Vec<u32>,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = reveal(&desk, args.id.id, args.named).await?;
    ctx.out.result(&result, &result)
}
