//! Claims a result, and hands its proofs over.

use crate::accuracy::provider::guard::accepted_guard;
use crate::accuracy::provider::held::held;
use crate::accuracy::provider::received::encrypted;
use crate::delivery::Delivery;
use crate::engagement::facts::PROOFS_DELIVERED;
use crate::engagement::paths::proof_path;
use crate::engagement::play::require_time;
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::venue::require_state;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IAccuracyMarket::postResultCall;
use assay_protocol::abi::State;
use assay_protocol::transfer::bitmap::ResultBitmap;
use assay_protocol::units::utc;
use assay_prover::proof::ProofBundle;
use eyre::WrapErr;
use serde::Serialize;
use std::time::Duration;

/// The result that was posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// Of the engagement.
    pub id: B256,
    /// keccak256 of the posted bitmap.
    pub result_hash: B256,
    /// Set bits of the bitmap.
    pub claimed: u32,
    /// Right answers that meet the target.
    pub needed: u32,
    /// The claimed ones, ascending, in the proven set.
    pub positions: Vec<usize>,
    /// Last second for challenges.
    pub challenges_until: u64,
    /// The transaction with the result, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Posted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "claimed  {} correct, {} needed", self.claimed, self.needed)?;
        write!(
            f,
            "next     challenges until {}: assay mp answer {}",
            utc(self.challenges_until),
            self.id
        )
    }
}

/// How long the proofs may take to be handed over in one go.
const HAND_OVER_TIME: Duration = Duration::from_secs(1800);

/// Posts the result once, and hands the proofs over each time.
pub async fn post(desk: &Desk, id: B256, to: Option<&Delivery>) -> eyre::Result<Posted> {
    let e = encrypted(desk, id).await?;
    let needed = desk.market.needed(e.mode, e.targetBps);
    let mut journal = desk.journal(id)?;
    let (receipt, bitmap) = match desk.account.resume(&mut journal, "post", &desk.report).await? {
        Some(receipt) => {
            let bytes = desk.market.posted_result(id).await?;
            (
                receipt,
                ResultBitmap::parse(desk.market.proven_size(e.mode) as usize, &bytes)?,
            )
        }
        None => {
            require_state(id, &e, &[State::Proving])?;
            require_time(&desk.market, &e).await?;
            let mut held = held(desk, &journal, id, &e, None).await?;
            let mut proven = Vec::new();
            for position in 0..held.len() {
                // Positions without a proof are not looked at.
                if let Ok(bundle) = ProofBundle::load(&proof_path(desk, id, position)) {
                    match held.counts_at(position) {
                        Ok(counts) if counts.stated_by(&bundle).is_some() => proven.push(position),
                        Ok(_) => {}
                        // The others can still be claimed.
                        Err(error) => desk
                            .report
                            .warn(format_args!("position {position} is not claimed: {error:#}")),
                    }
                }
            }
            let bitmap = ResultBitmap::of(held.len(), proven)?;
            if bitmap.correct() < needed {
                return Err(hinted(
                    format!("{} proofs are here, {needed} are needed", bitmap.correct()),
                    format!("run: assay mp prove {id}; if no more can be proven: assay mp concede {id}"),
                ));
            }
            let call = postResultCall {
                id,
                guard: accepted_guard(&journal, id, &e)?,
                bitmap: bitmap.bytes().to_vec().into(),
            };
            let receipt = desk
                .account
                .send(&mut journal, "post", &desk.market.call(&call), &desk.report)
                .await?;
            (receipt, bitmap)
        }
    };
    if let Some(to) = to {
        desk.account.require_real("the proofs are handed over")?;
        let all = async {
            for position in bitmap.positions() {
                to.put(BlobKind::Proofs, &proof_path(desk, id, position), &desk.report)
                    .await?;
            }
            eyre::Ok(())
        };
        // Challenges come meanwhile; repeated, it goes on where it was.
        let slow = || format!("{} takes the proofs too slowly", to.place());
        tokio::time::timeout(HAND_OVER_TIME, all).await.wrap_err_with(slow)??;
        journal.set_fact(&PROOFS_DELIVERED, &to.place().to_string())?;
    }
    Ok(Posted {
        id,
        result_hash: bitmap.hash(),
        claimed: bitmap.correct(),
        needed,
        positions: bitmap.positions().collect(),
        challenges_until: desk.market.engagement(id).await?.deadline,
        sent: Sent::from(&receipt),
    })
}
