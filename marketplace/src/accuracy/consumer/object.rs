//! What a consumer does about a posted result: challenge, or demand the proofs on chain.

use crate::accuracy::consumer::verify::posted;
use crate::engagement::moved::Moved;
use crate::engagement::{Desk, PayingDesk, Sent};
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::venue::require_state;
use assay_protocol::abi::IAccuracyMarket::{challengeCall, demandFullCall, reclaimBondCall};
use assay_protocol::abi::State;

/// Challenges each position once.
pub async fn challenge_positions(desk: &PayingDesk, id: B256, positions: &[u32]) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    require_state(id, &e, &[State::Claimed])?;
    let bitmap = posted(&desk.market, id, &e).await?;
    let bond = desk.market.bond(&e, desk.account.address());
    let (mut sent, mut paid) = (Vec::new(), 0);
    for position in positions {
        if !bitmap.is_set(*position as usize) {
            return Err(hinted(
                format!("position {position} is not claimed correct"),
                format!("claimed are {:?}", bitmap.positions().collect::<Vec<_>>()),
            ));
        }
        let call = challengeCall {
            id,
            bitmap: bitmap.bytes().to_vec().into(),
            position: *position,
        };
        let call = desk.paying(&call, bond);
        let step = format!("challenge-{}-{position}", desk.account.address());
        sent.push(once(desk, id, &step, &call).await?);
        paid += bond;
    }
    Moved::read(&desk.market, id, paid, positions.to_vec(), sent).await
}

/// Demands the proofs of k* positions, once.
pub async fn demand(desk: &PayingDesk, id: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    let fund = u128::from(desk.market.needed(e.mode, e.targetBps)) * (desk.market.params.claim.challengeBond / 2);
    let mut sent = Vec::new();
    if e.state != State::FullDemanded {
        require_state(id, &e, &[State::Claimed])?;
        let call = desk.paying(&demandFullCall { id, guard: e.guard }, fund);
        sent.push(once(desk, id, "demandFull", &call).await?);
    }
    Moved::read(&desk.market, id, fund, Vec::new(), sent).await
}

/// Takes back every bond of this account that is still open.
pub async fn reclaim_bonds(desk: &Desk, id: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    require_state(id, &e, &[State::Closed])?;
    let (mut sent, mut positions) = (Vec::new(), Vec::new());
    for (position, challenge) in desk.market.open_challenges(id).await? {
        if challenge.challenger == desk.account.address() {
            let call = desk.market.call(&reclaimBondCall { id, position });
            let step = format!("reclaim-{}-{position}", desk.account.address());
            sent.push(once(desk, id, &step, &call).await?);
            positions.push(position);
        }
    }
    Moved::read(&desk.market, id, 0, positions, sent).await
}

/// Sends a step of an engagement, once.
pub async fn once(desk: &Desk, id: B256, step: &str, call: &assay_chain::client::Call) -> eyre::Result<Sent> {
    let mut journal = desk.journal(id)?;
    let receipt = desk.account.send(&mut journal, step, call, &desk.report).await?;
    Ok(Sent::from(&receipt))
}
