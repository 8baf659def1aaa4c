//! Commits to proving.

use super::{advice, proceed_now, require_provider};
use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::engagement::{Desk, Sent};
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

/// The result of a commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proceeded {
    pub id: B256,
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Proceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is {}", self.id, self.state)
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = proceed_anyway(&desk, args.id, args.force).await?;
    ctx.out.result(&result, &result)
}

/// Commits to proving, once; `against_advice` forgets what was advised.
pub async fn proceed_anyway(desk: &Desk, id: B256, against_advice: bool) -> eyre::Result<Proceeded> {
    let e = desk.market.engagement(id).await?;
    require_provider(&e, &desk.account)?;
    if against_advice {
        advice::note(&mut desk.journal(id)?, e.guard, None)?;
    }
    let sent = proceed_now(desk, id).await?;
    let after = desk.market.engagement(id).await?;
    Ok(Proceeded {
        id,
        state: format!("{:?}", after.state),
        sent,
    })
}
