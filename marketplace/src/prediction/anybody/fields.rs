//! What every view of a round says.

use crate::prediction::words::privacy_words;
use alloy::primitives::{Address, B256, U256};
use assay_protocol::abi::RoundView;
use serde::Serialize;

/// The fields of `round(id)` in JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Of the round.
    pub id: B256,
    /// Whose predictions.
    pub model_id: B256,
    /// Consumer.
    pub mc: Address,
    /// Provider.
    pub mp: Address,
    /// As the contract names it.
    pub state: String,
    /// `None` until it is closed.
    pub outcome: String,
    /// Who reads the outputs.
    pub privacy: &'static str,
    /// What an output is.
    pub metric: String,
    /// K.
    pub predictions: u32,
    /// C: the most that may be contested.
    pub contest_cap: u32,
    /// k.
    pub contested: u32,
    /// Of those.
    pub proven: u32,
    /// Whether all outputs are on chain.
    pub published: bool,
    /// Commits to the inputs.
    pub input_root: B256,
    /// Commits to the outputs; zero before the round is served.
    pub outputs_root: B256,
    /// Covers all terms.
    pub offer_hash: B256,
    /// Wei of the consumer's deposit.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub consumer_deposit_wei: U256,
    /// Wei of the provider's.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub provider_deposit_wei: u128,
    /// Wei for the predictions.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_wei: u128,
    /// Wei of the bond that the consumer has back unless the provider has to publish in private.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub quiet_bond_wei: u128,
    /// Wei of it that the consumer lost, since the provider had to publish in private.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub quiet_taken_wei: u128,
    /// Wei of that for the provider; the rest is the treasury's.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub quiet_earned_wei: u128,
    /// Wei that contests brought for the gas of answers.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub contest_fees_wei: u128,
    /// Of what happened last: the next move names it.
    pub guard: B256,
    /// End of the window that runs, Unix seconds; 0 once closed.
    pub deadline: u64,
    /// Last second for answers; 0 before the first contest.
    pub answer_by: u64,
    /// Unix seconds; 0 until it is closed.
    pub closed_at: u64,
    /// The two parties are one account: what is proven to oneself says nothing to others.
    pub self_dealt: bool,
}

impl Fields {
    pub(super) fn new(id: B256, round: &RoundView) -> Self {
        Self {
            id,
            model_id: round.modelId,
            mc: round.mc,
            mp: round.mp,
            state: format!("{:?}", round.state),
            outcome: format!("{:?}", round.outcome),
            privacy: privacy_words(round.privacy),
            metric: format!("{:?}", round.metric),
            predictions: round.predictions,
            contest_cap: round.contestCap,
            contested: round.contested,
            proven: round.proven,
            published: round.published,
            input_root: round.inputRoot,
            outputs_root: round.outputsRoot,
            offer_hash: round.offerHash,
            consumer_deposit_wei: round.mcDeposit,
            provider_deposit_wei: round.mpDeposit,
            price_wei: round.price,
            quiet_bond_wei: round.quietBond.paid,
            quiet_taken_wei: round.quietBond.taken,
            quiet_earned_wei: round.quietBond.earned,
            contest_fees_wei: round.contestFees,
            guard: round.guard,
            deadline: round.deadline,
            answer_by: round.answerBy,
            closed_at: round.closedAt,
            self_dealt: round.mc == round.mp,
        }
    }
}
