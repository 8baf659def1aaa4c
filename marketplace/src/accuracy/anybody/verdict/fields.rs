//! What every view of a verdict says.

use crate::verifier::grades::Grades;
use alloy::primitives::{Address, B256};
use assay_chain::market::{all_answers, Market};
use assay_chain::venue::Venue;
use assay_protocol::abi::{EngagementView, Verdict};
use serde::Serialize;

/// In place of an assurance that the reader's grades do not allow.
pub(crate) const NOT_CHECKED: &str = "NOT CHECKED";

/// The fields of `verdict(id)` in JSON, the state, and what is at stake.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Of the engagement.
    pub id: B256,
    /// As the contract names it.
    pub state: String,
    /// Whose engagements they are.
    pub model_id: B256,
    /// Provider.
    pub mp: Address,
    /// Consumer.
    pub mc: Address,
    /// CLEAR, FULL or SIMPLE.
    pub mode: String,
    /// DIRECT or OPTIMISTIC.
    pub adjudication: String,
    /// PROVEN, OPTIMISTIC or NONE; NOT CHECKED where the reader does not know the contracts that say so.
    pub assurance: String,
    /// As the model is registered.
    pub metric: String,
    /// Hundredths of a percent.
    pub target_bps: u16,
    /// Examples that count: N2 in FULL, else N.
    pub n2: u32,
    /// Set bits of the posted result; in DIRECT the same as `proven_on_chain`.
    pub claimed_correct: u32,
    /// keccak256 of the posted bitmap; zero if none was posted.
    pub result_hash: B256,
    /// Positions.
    pub proven_on_chain: u32,
    /// The fewest that meet the target.
    pub needed_correct: u32,
    /// Without an answer.
    pub open_challenges: u32,
    /// With a proof, each.
    pub challenges_answered: u32,
    /// None until the engagement is closed.
    pub outcome: String,
    /// Unix seconds; 0 until then.
    pub closed_at: u64,
    /// Commits to the examples.
    pub test_root: B256,
    /// Covers all terms.
    pub offer_hash: B256,
    /// Commits to the ciphertext of the examples; zero before it is committed to.
    pub ct_root: B256,
    /// Decides which examples the probe set has; zero before it is known.
    pub seed: B256,
    /// Of what happened last: the next move names it.
    pub guard: B256,
    /// End of the window that runs, Unix seconds; 0 once closed.
    pub deadline: u64,
    /// Wei of the consumer's deposit.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub consumer_deposit_wei: u128,
    /// Wei of the provider's, from the moment the offer is accepted.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub provider_deposit_wei: u128,
    /// Seconds in which anybody could object to the claimed result.
    pub open_for: u64,
    /// The consumer accepted before that time was over, and nothing else speaks for the result.
    pub closed_early: bool,
    /// The two parties are one account: what is proven to oneself says nothing to others.
    pub self_dealt: bool,
}

impl Fields {
    pub(super) fn new(market: &Market, id: B256, e: &EngagementView, v: &Verdict, grades: &Grades) -> Self {
        let deposit = market.amounts(e.mode).deposit;
        Self {
            id,
            state: format!("{:?}", e.state),
            model_id: v.modelId,
            mp: v.mp,
            mc: v.mc,
            mode: format!("{:?}", v.mode),
            adjudication: format!("{:?}", v.adjudication),
            assurance: if grades.allow(v.assurance) {
                format!("{:?}", v.assurance)
            } else {
                NOT_CHECKED.into()
            },
            metric: format!("{:?}", v.metric),
            target_bps: v.targetBps,
            n2: v.n2,
            claimed_correct: v.claimedCorrect,
            result_hash: v.resultHash,
            proven_on_chain: v.provenOnChain,
            needed_correct: market.needed(v.mode, v.targetBps),
            open_challenges: e.openChallenges,
            challenges_answered: v.challengesAnswered,
            outcome: format!("{:?}", v.outcome),
            closed_at: v.closedAt,
            test_root: v.testRoot,
            offer_hash: e.offerHash,
            ct_root: e.ctRoot,
            seed: e.seed,
            guard: e.guard,
            deadline: e.deadline,
            consumer_deposit_wei: deposit,
            provider_deposit_wei: deposit,
            open_for: v.openFor,
            closed_early: v.closedEarly,
            self_dealt: v.mc == v.mp,
        }
    }
}

/// Engagements as their market has them, those side by side that are many.
pub(super) async fn ask(market: &Market, ids: &[B256]) -> eyre::Result<Vec<(EngagementView, Verdict)>> {
    let asked = ids
        .iter()
        .map(|id| async move { Ok((market.newest(*id).await?, market.verdict(*id).await?)) });
    all_answers(asked).await
}
