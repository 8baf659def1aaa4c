//! What every view of a verdict says.

use super::grades::Grades;
use alloy::primitives::{Address, B256};
use assay_protocol::abi::{State, Verdict};
use serde::Serialize;

/// In place of an assurance that the reader's grades do not allow.
pub(crate) const NOT_CHECKED: &str = "NOT CHECKED";

/// The fields of `verdict(id)` in JSON, and the state.
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
    /// With a proof, each.
    pub challenges_answered: u32,
    /// None until the engagement is closed.
    pub outcome: String,
    /// Unix seconds; 0 until then.
    pub closed_at: u64,
    /// Commits to the examples.
    pub test_root: B256,
    /// Seconds in which anybody could object to the claimed result.
    pub open_for: u64,
    /// The consumer accepted before that time was over, and nothing else speaks for the result.
    pub closed_early: bool,
}

impl Fields {
    pub(super) fn new(id: B256, state: State, v: &Verdict, grades: &Grades) -> Self {
        Self {
            id,
            state: format!("{state:?}"),
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
            challenges_answered: v.challengesAnswered,
            outcome: format!("{:?}", v.outcome),
            closed_at: v.closedAt,
            test_root: v.testRoot,
            open_for: v.openFor,
            closed_early: v.closedEarly,
        }
    }
}
