//! Withdraws an offer that nobody accepted.

use crate::args::keys::KeyArgs;
use crate::cmd::timeout::Ended;
use crate::context::Context;
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::market::require_state;
use assay_protocol::abi::{IAccuracyMarket::cancelCall, State};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mc cancel 0x3f… --keystore me.json\n\nDeposit and fee become credit; fetch them with assay withdraw."
)]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = cancel(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Cancels once; does nothing if the engagement is closed.
pub async fn cancel(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    let mut sent = None;
    if e.state != State::Closed {
        require_state(id, &e, &[State::Offered])?;
        let mut journal = desk.journal(id)?;
        let receipt = desk
            .account
            .send(
                &mut journal,
                "cancel",
                &desk.market.call(&cancelCall { id }),
                &desk.report,
            )
            .await?;
        sent = Some(Sent::from(&receipt));
    }
    Ok(Ended::new(id, desk.market.engagement(id).await?.outcome, sent))
}
