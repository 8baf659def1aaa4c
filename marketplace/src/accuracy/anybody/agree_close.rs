//! Both parties' vote for an agreed split.

use crate::engagement::moved::Moved;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{keccak256, B256, U256};
use assay_chain::error::usage;
use assay_chain::market::Market;
use assay_protocol::abi::IAccuracyMarket::agreeCloseCall;
use assay_protocol::abi::{Mode, State};
use assay_protocol::units::ether;

/// What both deposits are together: what there is to split.
fn escrow(market: &Market) -> U256 {
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
        let mp_amount = escrow.checked_sub(mc_amount).ok_or_else(|| {
            usage(format!(
                "the consumer cannot get {}: both deposits are {} together",
                ether(mc_amount),
                ether(escrow)
            ))
        })?;
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
