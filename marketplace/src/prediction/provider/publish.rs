//! Shows the outputs: to the consumer alone, or on chain.

use crate::delivery::Delivery;
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Moved, Sent};
use crate::prediction::delivered::Delivered;
use crate::prediction::facts::OUTPUTS_DELIVERED;
use crate::prediction::held::{load_committed, outputs_path};
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IPredictionMarket::publishCall;
use assay_protocol::abi::{Privacy, RoundState};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::utc;

/// Hands the outputs of a private round over, once `serve` is settled.
///
/// # Errors
/// If the round is not private and waiting for them, or could still be taken back: outputs that were read cannot be.
pub async fn send_outputs(desk: &Desk<Rounds>, id: B256, to: &Delivery) -> eyre::Result<Delivered> {
    let round = desk.market.newest(id).await?;
    require_party(&round, &desk.account, Party::Provider)?;
    require_state(id, &round, &[RoundState::Rooted, RoundState::Served])?;
    if round.privacy == Privacy::PUBLIC {
        return Err(hinted(
            "the outputs of a public round go on chain",
            format!("run: assay predict publish {id}"),
        ));
    }
    desk.market.require_settled(id, &round).await?;
    let file = outputs_path(desk, id);
    load_committed(&file, id, &round)?;
    to.put(BlobKind::Outputs, &file, &desk.report).await?;
    let mut journal = desk.journal(id)?;
    journal.set_fact(&OUTPUTS_DELIVERED, &to.place().to_string())?;
    Ok(Delivered::new(id, "outputs", to, &round))
}

/// Puts the outputs on chain, once: in public before the window ends, in private when the consumer was silent until it did.
///
/// # Errors
/// Outside its time, or if the round could still be taken back.
pub async fn publish(desk: &Desk<Rounds>, id: B256) -> eyre::Result<Moved> {
    let round = desk.market.newest(id).await?;
    let mut sent = Vec::new();
    if round.state != RoundState::Served || !round.published {
        require_party(&round, &desk.account, Party::Provider)?;
        require_state(id, &round, &[RoundState::Rooted])?;
        let now = desk.market.chain.now().await?;
        let (opens, ends) = match round.privacy {
            Privacy::PUBLIC => (0, round.deadline),
            _ => (round.deadline + 1, round.deadline + desk.market.params.windows.publish),
        };
        if now > ends {
            return Err(hinted(
                format!("the time for publication ended {}", utc(ends)),
                format!("close the round: assay predict finalize {id}"),
            ));
        }
        if now < opens {
            return Err(hinted(
                format!(
                    "the consumer has until {} to look at the outputs that you handed over",
                    utc(round.deadline)
                ),
                format!("hand them over with assay predict send {id}; publish when it was silent until then"),
            ));
        }
        desk.market.require_settled(id, &round).await?;
        let outputs = load_committed(&outputs_path(desk, id), id, &round)?;
        let call = publishCall {
            id,
            guard: round.outputsRoot,
            master: outputs.master(),
            words: outputs.words().to_vec(),
        };
        let call = desk.market.call(&call);
        let mut journal = desk.journal(id)?;
        let receipt = desk.account.send(&mut journal, "publish", &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
    Moved::read(&desk.market, id, 0, Vec::new(), sent).await
}
