//! What every view of a registered model says.

use alloy::primitives::{Address, B256};
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_protocol::abi::Reputation;
use serde::Serialize;

/// The record of a model, its stake, and what became of it in both markets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Of the model.
    pub id: B256,
    /// Provider.
    pub mp: Address,
    /// As the contract names it.
    pub status: String,
    /// Covers the record but for its uri.
    pub model_hash: B256,
    /// Commits to the weights, which stay secret unless their provider opens them.
    pub weights_commit: B256,
    /// Names the verifying key.
    pub vk_digest: B256,
    /// The contract that checks proofs, as registered.
    pub verifier_address: Address,
    /// Of that contract, as registered: the markets ask no other code.
    pub verifier_codehash: B256,
    /// What makes an answer right.
    pub metric: String,
    /// Of the output.
    pub classes: u32,
    /// Words of an input.
    pub input_words: u32,
    /// Of these, so many are hashed at a time.
    pub words_per_hash: u32,
    /// X25519 public key that consumers encrypt to.
    pub transport_pub_key: B256,
    /// The provider's words, which nobody checks.
    pub uri: String,
    /// Wei at stake.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub stake_wei: u128,
    /// Strikes that open engagements and rounds reserve of the stake.
    pub reserved: u32,
    /// Engagements and rounds that reserve some.
    pub open: u32,
    /// Burned so far, in both markets.
    pub strikes: u32,
    /// Unix seconds.
    pub registered_at: u64,
    /// While unbonding, the last second before the stake may be taken out, Unix seconds; else 0.
    pub unlock_at: u64,
    /// Unix seconds of the provider's first registration.
    pub provider_first_seen: u64,
    /// What became of what is closed.
    pub counters: Counters,
    /// Offers of engagements that were ever made: they cost nobody anything.
    pub engagement_offer_count: u64,
    /// Of them, those that the provider accepted; `null` if the market does not count these apart.
    pub engagement_count: Option<u64>,
    /// Offers of rounds that were ever made; `null` where there is no prediction market, as in the next.
    pub round_offer_count: Option<u64>,
    /// Of them, those that were served.
    pub round_count: Option<u64>,
}

/// Closed engagements and rounds by what the registry counted them as. Three groups that are never added up: accuracy proven,
/// accuracy without proof, rounds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Engagements that met their target, each example that counts proven.
    pub passed_proven: u32,
    /// Engagements whose claim nobody objected to.
    pub passed_optimistic: u32,
    /// Engagements in which the provider conceded.
    pub failed: u32,
    /// Engagements that the provider left before it proved.
    pub aborted: u32,
    /// Engagements whose transfer was not acknowledged.
    pub unacked: u32,
    /// Engagements that ended by the consumer's fault.
    pub mc_fault: u32,
    /// Engagements that ended by the provider's.
    pub mp_fault: u32,
    /// Engagements that the parties closed by agreement.
    pub settled: u32,
    /// Engagements and rounds that showed nothing.
    pub voided: u32,
    /// Rounds in which nothing was contested.
    pub round_clean: u32,
    /// Rounds in which all that was contested was proven.
    pub round_upheld: u32,
    /// Rounds in which something contested was not proven in time.
    pub round_fault: u32,
}

impl From<&Reputation> for Counters {
    fn from(r: &Reputation) -> Self {
        Self {
            passed_proven: r.passedProven,
            passed_optimistic: r.passedOptimistic,
            failed: r.failed,
            aborted: r.aborted,
            unacked: r.unacked,
            mc_fault: r.mcFault,
            mp_fault: r.mpFault,
            settled: r.settled,
            voided: r.voided,
            round_clean: r.roundClean,
            round_upheld: r.roundUpheld,
            round_fault: r.roundFault,
        }
    }
}

impl Fields {
    /// Reads a model; `rounds` is the marketplace's prediction market, if it has one.
    ///
    /// # Errors
    /// If there is no such model, or the node does not answer.
    pub(super) async fn read(market: &Market, rounds: Option<&Rounds>, id: B256) -> eyre::Result<Self> {
        let model = market.model(id).await?;
        let reputation = market.reputation(id).await?;
        let (round_offers, served) = match rounds {
            Some(rounds) => (
                Some(rounds.offer_count(id).await?),
                Some(rounds.served_count(id).await?),
            ),
            None => (None, None),
        };
        let record = model.record;
        Ok(Self {
            id,
            mp: record.mp,
            status: format!("{:?}", model.status),
            model_hash: model.modelHash,
            weights_commit: record.weightsCommit.into(),
            vk_digest: record.vkDigest,
            verifier_address: record.verifier,
            verifier_codehash: record.verifierCodehash,
            metric: format!("{:?}", record.metric),
            classes: record.classes,
            input_words: record.inputWords,
            words_per_hash: record.wordsPerHash,
            transport_pub_key: model.transportPubKey,
            uri: record.uri,
            stake_wei: model.stake,
            reserved: model.reserved,
            open: model.open,
            strikes: reputation.strikes,
            registered_at: model.registeredAt,
            unlock_at: model.unlockAt,
            provider_first_seen: reputation.providerFirstSeen,
            counters: Counters::from(&reputation),
            engagement_offer_count: market.offer_count(id).await?,
            engagement_count: market.locked_count(id).await?,
            round_offer_count: round_offers,
            round_count: served,
        })
    }
}
