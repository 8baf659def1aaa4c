//! What the chain says of a round, as one versioned document.

use crate::engagement::Site;
use crate::prediction::provider::serve::privacy_words;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use assay_chain::rounds::Rounds;
use assay_chain::venue::{Venue, View};
use assay_protocol::abi::RoundView;
use assay_protocol::units::{ether, utc};
use serde::Serialize;

/// Of the document: a field is added without a new one, none is changed or taken away.
const VERSION: u32 = 1;

/// A round as the chain has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Of this document.
    pub version: u32,
    /// `round`.
    pub kind: &'static str,
    /// EIP-155.
    pub chain_id: u64,
    /// The contract that says so.
    pub market: Address,
    /// Number of the block that it is read at.
    pub block: u64,
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
    /// Wei of it that the provider has for having had to publish in private.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub quiet_earned_wei: u128,
    /// Wei that contests brought for the gas of answers.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub contest_fees_wei: u128,
    /// End of the window that runs; 0 once closed.
    pub deadline: u64,
    /// Last second for answers; 0 before the first contest.
    pub answer_by: u64,
    /// Unix seconds; 0 until it is closed.
    pub closed_at: u64,
    /// The two parties are one account: what is proven to oneself says nothing to others.
    pub self_dealt: bool,
    #[serde(skip)]
    next: Option<String>,
}

/// A round as it was when `block` was the newest, or now.
///
/// # Errors
/// If there was none.
pub async fn show(site: &Site<Rounds>, id: B256, block: Option<u64>) -> eyre::Result<Shown> {
    let number = match block {
        Some(number) => number,
        None => site.market.chain.height().await?,
    };
    let round = site.market.at(id, BlockId::number(number)).await?;
    Ok(Shown::new(site, id, &round, number))
}

impl Shown {
    fn new(site: &Site<Rounds>, id: B256, round: &RoundView, block: u64) -> Self {
        Self {
            version: VERSION,
            kind: "round",
            chain_id: site.market.chain.id,
            market: site.market.address,
            block,
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
            quiet_earned_wei: round.quietBond.earned,
            contest_fees_wei: round.contestFees,
            deadline: round.deadline,
            answer_by: round.answerBy,
            closed_at: round.closedAt,
            self_dealt: round.mc == round.mp,
            next: round.next(id),
        }
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "round       {}", self.id)?;
        writeln!(f, "model       {}", self.model_id)?;
        writeln!(f, "consumer    {}", self.mc)?;
        writeln!(f, "provider    {}", self.mp)?;
        if self.self_dealt {
            writeln!(f, "            both are one account: this says nothing to others")?;
        }
        writeln!(f, "predictions {}, {}, {}", self.predictions, self.metric, self.privacy)?;
        writeln!(
            f,
            "contested   {} of at most {}, {} proven on chain",
            self.contested, self.contest_cap, self.proven
        )?;
        writeln!(
            f,
            "at stake    consumer {}, provider {}, price {}",
            ether(self.consumer_deposit_wei),
            ether(U256::from(self.provider_deposit_wei)),
            ether(U256::from(self.price_wei))
        )?;
        match self.state.as_str() {
            "Closed" => write!(f, "closed      {}: {}", utc(self.closed_at), self.outcome)?,
            _ if self.contested > self.proven => {
                write!(f, "{}      answers are due by {}", self.state, utc(self.answer_by))?;
            }
            _ => write!(f, "{}      until {}", self.state, utc(self.deadline))?,
        }
        match &self.next {
            Some(next) => write!(f, "\nnext        {next}"),
            None => Ok(()),
        }
    }
}
