//! Closes a round whose window has passed, or of which nothing more can be contested.

use crate::engagement::{Desk, Ended};
use alloy::primitives::B256;
use assay_chain::client::Call;
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_protocol::abi::IPredictionMarket::{cancelCall, finalizeCall, timeoutCall};
use assay_protocol::abi::{Privacy, RoundState, RoundView};
use assay_protocol::units::utc;

/// Closes the round by the call that its state allows; does nothing if it is closed.
///
/// # Errors
/// If its time has not come.
pub async fn close(desk: &Desk<Rounds>, id: B256) -> eyre::Result<Ended> {
    let round = desk.market.newest(id).await?;
    if round.state == RoundState::Closed {
        return Ok(Ended::new(id, &round, None));
    }
    let now = desk.market.chain.now().await?;
    let (step, call) = due(&desk.market, id, &round, now)?;
    let mut journal = desk.journal(id)?;
    let receipt = desk.account.send(&mut journal, step, &call, &desk.report).await?;
    let after = desk.market.newest(id).await?;
    Ok(Ended::new(id, &after, Some(&receipt)))
}

/// The call that ends the round now.
fn due(market: &Rounds, id: B256, round: &RoundView, now: u64) -> eyre::Result<(&'static str, Call)> {
    let over = |deadline: u64| {
        if now > deadline {
            return Ok(());
        }
        Err(hinted(
            format!("the window of round {id} runs until {}", utc(deadline)),
            format!("try again in {} s", deadline - now + 1),
        ))
    };
    match round.state {
        RoundState::Offered => {
            over(round.deadline)?;
            Ok(("cancel", market.call(&cancelCall { id })))
        }
        RoundState::Rooted => {
            over(match round.privacy {
                Privacy::PUBLIC => round.deadline,
                _ => round.deadline + market.params.windows.publish,
            })?;
            Ok(("timeout-Rooted", market.call(&timeoutCall { id })))
        }
        _ if round.contested > round.proven => {
            over(round.answerBy)?;
            Ok(("timeout-Served", market.call(&timeoutCall { id })))
        }
        _ => {
            if round.contested < round.contestCap {
                over(round.deadline)?;
            }
            Ok(("finalize", market.call(&finalizeCall { id })))
        }
    }
}
