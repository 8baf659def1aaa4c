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
    pub id: B256,
    pub state: String,
    pub model_id: B256,
    pub mp: Address,
    pub mc: Address,
    pub mode: String,
    pub adjudication: String,
    pub assurance: String,
    pub metric: String,
    pub target_bps: u16,
    pub n2: u32,
    pub claimed_correct: u32,
    pub result_hash: B256,
    pub proven_on_chain: u32,
    pub challenges_answered: u32,
    pub outcome: String,
    pub closed_at: u64,
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
