//! Both parties' vote for an agreed split.

use super::mc::result::Moved;
use crate::args::keys::KeyArgs;
use crate::context::Context;
use crate::engagement::{Desk, Sent};
use alloy::primitives::utils::parse_ether;
use alloy::primitives::{keccak256, B256, U256};
use assay_chain::error::UsageError;
use assay_chain::market::Market;
use assay_protocol::abi::{IAccuracyMarket::agreeCloseCall, Mode, State};
use assay_protocol::units::ether;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay agree-close 0x3f… --mc-ether 0.08 --keystore me.json\n\n\
    Votes to end the engagement with this split of both deposits: the rest of 2D is the provider's. It ends when both sides\n\
    have voted for the same. A vote is an offer: the other side may take it while the state lasts. It counts as settled,\n\
    never as a verdict."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// What the consumer gets of 2D
    #[arg(long, value_name = "ETHER")]
    mc_ether: String,
    #[command(flatten)]
    keys: KeyArgs,
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let escrow = escrow(&desk.market);
    let mc_amount = parse_ether(&args.mc_ether)
        .ok()
        .filter(|amount| *amount <= escrow)
        .ok_or_else(|| {
            UsageError(format!(
                "--mc-ether {} is no amount up to {}",
                args.mc_ether,
                ether(escrow)
            ))
        })?;
    let result = agree_close(&desk, args.id, mc_amount).await?;
    ctx.out.result(&result, &result)
}

/// What both deposits are together: what there is to split.
pub fn escrow(market: &Market) -> U256 {
    U256::from(2 * market.amounts(Mode::FULL).deposit)
}

/// Votes for a split in which the consumer gets `mc_amount` wei of both deposits; does nothing if the engagement is closed.
///
/// # Errors
/// If that is more than there is.
pub async fn agree_close(desk: &Desk, id: B256, mc_amount: U256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    let mut sent = Vec::new();
    if e.state != State::Closed {
        let escrow = escrow(&desk.market);
        let mp_amount = escrow
            .checked_sub(mc_amount)
            .ok_or_else(|| eyre::eyre!("both deposits are {} together", ether(escrow)))?;
        let call = desk.market.call(&agreeCloseCall {
            id,
            guard: e.guard,
            mcAmount: mc_amount,
            mpAmount: mp_amount,
        });
        let mut journal = desk.journal(id)?;
        // Another side, state or split is another vote.
        let step = format!(
            "agreeClose-{}-{}",
            desk.account.address(),
            hex::encode(&keccak256(&call.data)[..8])
        );
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
    Moved::read(&desk.market, id, 0, Vec::new(), sent).await
}
