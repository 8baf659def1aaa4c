//! Answers the open challenges.

use crate::accuracy::provider::held::{held, Held};
use crate::accuracy::provider::received::encrypted;
use crate::engagement::paths::proof_path;
use crate::engagement::{Desk, Sent, Site};
use alloy::primitives::B256;
use assay_chain::error::{hinted, Kind};
use assay_chain::venue::require_state;
use assay_protocol::abi::IAccuracyMarket::answerCall;
use assay_protocol::abi::{ProofItem, State};
use assay_prover::proof::ProofBundle;
use serde::Serialize;

/// Answers that wait for a block together.
const IN_FLIGHT: usize = 8;

/// What was answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    /// Of the engagement.
    pub id: B256,
    /// Empty if no challenge was open.
    pub answered: Vec<Answer>,
    /// Positions, these and earlier ones.
    pub proven_on_chain: u32,
}

/// A challenge that is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// In the proven set.
    pub position: u32,
    /// The transaction with the proof.
    pub sent: Sent,
}

impl std::fmt::Display for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.answered.is_empty() {
            return write!(f, "engagement {} has no open challenge", self.id);
        }
        for a in &self.answered {
            writeln!(f, "position {}: {} gas", a.position, a.sent.gas_used)?;
        }
        write!(f, "{} proven on chain", self.proven_on_chain)
    }
}

/// Answers every open challenge whose proof is here, a few at a time.
pub async fn answer(desk: &Desk, id: B256) -> eyre::Result<Answers> {
    let e = encrypted(desk, id).await?;
    require_state(id, &e, &[State::Claimed, State::FullDemanded])?;
    let mut open = desk.market.open_challenges(id).await?;
    open.sort_by_key(|(position, challenge)| (challenge.deadline, *position));
    let mut journal = desk.journal(id)?;
    let mut held = held(desk, &journal, id, &e, None).await?;
    let (mut answered, mut missing, mut failed) = (Vec::new(), None, None);
    for batch in open.chunks(IN_FLIGHT) {
        let mut calls = Vec::new();
        for (position, _) in batch {
            match proven_item(desk, &mut held, *position) {
                Ok(item) => calls.push((*position, desk.market.call(&answerCall { id, item }))),
                Err(error) => missing = Some(error),
            }
        }
        let positions: Vec<u32> = calls.iter().map(|(position, _)| *position).collect();
        let steps = calls.into_iter().map(|(p, call)| (format!("answer-{p}"), call));
        let ended = desk.account.send_all(&mut journal, steps.collect(), &desk.report).await;
        for (position, ended) in positions.into_iter().zip(ended) {
            match ended {
                Ok(receipt) => answered.push(Answer {
                    position,
                    sent: Sent::from(&receipt),
                }),
                Err(error) if Kind::Declined.is_of(&error) => return Err(error),
                // Somebody who saw the proof was faster.
                Err(_) if desk.market.challenge_at(id, position).await?.deadline == 0 => {}
                Err(error) => failed = Some(error),
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(error) = missing {
        return Err(error);
    }
    Ok(Answers {
        id,
        answered,
        proven_on_chain: desk.market.engagement(id).await?.provenOnChain,
    })
}

/// What answers a challenge of this position. Neither image nor other positions are read for it.
fn proven_item(site: &Site, held: &mut Held, position: u32) -> eyre::Result<ProofItem> {
    let id = held.engagement.id;
    let missing = |why: String| {
        hinted(
            format!("the proof of position {position} is missing: {why}"),
            format!("run: assay mp prove {id}"),
        )
    };
    let path = proof_path(site, id, position as usize);
    let bundle = ProofBundle::load(&path).map_err(|error| missing(error.to_string()))?;
    let item = held.item(position as usize, &bundle)?;
    item.ok_or_else(|| missing(format!("{} is about something else", path.display())))
}
