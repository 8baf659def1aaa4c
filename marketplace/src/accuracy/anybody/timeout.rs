//! Closes an engagement whose window has passed.

use crate::engagement::ended::Ended;
use crate::engagement::Desk;
use alloy::primitives::{Address, B256};
use assay_chain::client::Call;
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_protocol::abi::IAccuracyMarket::{finalizeCall, timeoutCall, timeoutChallengeCall};
use assay_protocol::abi::{EngagementView, State};
use assay_protocol::units::utc;

/// Closes an engagement whose window has passed, or finalises an unchallenged result; does nothing if it is closed.
pub async fn timeout(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, &e, None));
    }
    let (step, call) = due(&desk.market, id, &e, desk.account.address()).await?;
    let mut journal = desk.journal(id)?;
    let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
    let after = desk.market.engagement(id).await?;
    Ok(Ended::new(id, &after, Some(&receipt)))
}

/// The call by which `caller` ends the engagement now. Of several overdue challenges its own comes first: who made it has a part
/// of what is burned.
async fn due(market: &Market, id: B256, e: &EngagementView, caller: Address) -> eyre::Result<(String, Call)> {
    let now = market.chain.now().await?;
    let open = match e.state {
        State::Claimed | State::FullDemanded => market.open_challenges(id).await?,
        _ => Vec::new(),
    };
    let first = open.iter().min_by_key(|(_, challenge)| {
        let is_over = now > challenge.deadline;
        (!(is_over && challenge.challenger == caller), challenge.deadline)
    });
    match first {
        None if e.state == State::Claimed => {
            require_over(id, e.deadline, now)?;
            Ok(("finalize".into(), market.call(&finalizeCall { id })))
        }
        None => {
            require_over(id, e.deadline, now)?;
            // A state is entered once: another state is another step.
            Ok((format!("timeout-{:?}", e.state), market.call(&timeoutCall { id })))
        }
        // Its deadline is before that of a demand.
        Some((position, challenge)) => {
            require_over(id, challenge.deadline, now)?;
            let call = timeoutChallengeCall {
                id,
                position: *position,
            };
            Ok((format!("timeoutChallenge-{position}"), market.call(&call)))
        }
    }
}

fn require_over(id: B256, deadline: u64, now: u64) -> eyre::Result<()> {
    if now > deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window of engagement {id} runs until {}", utc(deadline)),
        format!("try again in {} s", deadline - now + 1),
    ))
}
