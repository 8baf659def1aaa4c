//! Commits to proving.

use super::{advice, proceed_now, require_provider};
use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::engagement::Sent;
use alloy::primitives::B256;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp proceed 0x3f… --keystore me.json\n\n\
    From here on only enough proofs save the deposit. In FULL the consumer reveals the proven set next. After an encrypted\n\
    transfer the probe set has to be checked first, see assay mp probe; if that advises to abort, only --force proceeds.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// Proceed though too few of the open examples were right
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proceeded {
    id: B256,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<Sent>,
}

impl std::fmt::Display for Proceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is {}", self.id, self.state)
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = desk.market.engagement(args.id).await?;
    require_provider(&e, &desk.account)?;
    if args.force {
        advice::note(&mut desk.journal(args.id)?, e.guard, None)?;
    }
    let sent = proceed_now(&desk, args.id).await?;
    let after = desk.market.engagement(args.id).await?;
    let result = Proceeded {
        id: args.id,
        state: format!("{:?}", after.state),
        sent,
    };
    ctx.out.result(&result, &result)
}
