//! Judges an offer, promises its proofs, and escrows the provider's money.

use crate::accuracy::provider::received::read_leaves;
use crate::accuracy::provider::{advice, capacity};
use crate::delivery::{Delivery, LEAVES_FILE};
use crate::engagement::facts::{MODEL, OFFER_HASH, VK_DIGEST, WEIGHTS_COMMIT};
use crate::engagement::paths::fetched_files;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{PayingDesk, Sent, Site};
use crate::proofs::farm::{speed_of, Proofs};
use crate::proving::load_model;
use crate::proving::measured::Measured;
use crate::verifier::record::Determined;
use alloy::primitives::{Address, B256, U256};
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::revert::mode_words;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::write_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IAccuracyMarket::acceptCall;
use assay_protocol::abi::{EngagementView, Mode, ModelRecord, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::target::percent;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the provider takes on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Hundredths of a percent; offers that ask for more are refused.
    pub max_target_bps: u16,
    /// Any if empty.
    pub consumers: Vec<Address>,
    /// Whether to accept what the numbers speak against, see [`advice::against_accepting`].
    pub against_advice: bool,
}

/// The result of an acceptance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Of the engagement.
    pub id: B256,
    /// Of the terms as they were judged: the contract accepts no others.
    pub offer_hash: B256,
    /// Consumer.
    pub mc: Address,
    /// Hundredths of a percent.
    pub target_bps: u16,
    /// How the examples come.
    pub mode: &'static str,
    /// Proofs that meet the target.
    pub needed: u32,
    /// Time for all of them.
    pub prove_seconds: u64,
    /// Deposit and fee.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub escrow_wei: u128,
    /// End of the window that begins now.
    pub decide_until: u64,
    /// The transaction that accepted, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "accepted    {} of consumer {}", self.id, self.mc)?;
        writeln!(f, "escrowed    {}", ether(U256::from(self.escrow_wei)))?;
        writeln!(
            f,
            "needed      {} proofs in {} s, {} s each",
            self.needed,
            self.prove_seconds,
            self.prove_seconds / u64::from(self.needed.max(1))
        )?;
        match self.mode {
            "CLEAR" => write!(
                f,
                "next        receive the test set, then by {}: assay mp prove {}",
                utc(self.decide_until),
                self.id
            ),
            _ => write!(
                f,
                "next        the consumer commits to the transfer by {}, then: assay mp ack {}",
                utc(self.decide_until),
                self.id
            ),
        }
    }
}

/// Judges the offer and accepts it, once, if this machine can make its proofs in time.
pub async fn accept(desk: &PayingDesk, id: B256, policy: &Policy, leaves: Option<&Delivery>) -> eyre::Result<Accepted> {
    accept_with(desk, id, policy, leaves, None).await
}

/// Judges the offer and accepts it, once, if the farm can make its proofs in time, or this machine where there is none, or it does not
/// say how fast it is.
pub async fn accept_with(
    desk: &PayingDesk,
    id: B256,
    policy: &Policy,
    leaves: Option<&Delivery>,
    farm: Option<&dyn Proofs>,
) -> eyre::Result<Accepted> {
    let e = desk.market.engagement(id).await?;
    require_party(&e, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let receipt = match desk.account.resume(&mut journal, "accept", &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &e, &[State::Offered])?;
            require_time(&desk.market, &e).await?;
            let model = desk.market.model(e.modelId).await?;
            let file = check_model(desk, e.modelId, &model.record)?;
            judge(policy, &e)?;
            heed(desk, policy, &e, &file)?;
            match leaves {
                Some(from) => keep_leaves(desk, id, from, e.testRoot).await?,
                None if e.mode == Mode::CLEAR => {}
                None => {
                    return Err(hinted(
                        "an encrypted transfer can only be judged with the leaf hashes of the test set",
                        "get leaves.json from the consumer, see assay mc send, and give it with --leaves FILE|URL",
                    ))
                }
            }
            let salt_hash = match e.mode {
                Mode::FULL => desk.market.offered(id).await?.mcSaltHash,
                _ => B256::ZERO,
            };
            let expected = desk.market.expected_offer_hash(id, &e, model.modelHash, salt_hash);
            eyre::ensure!(
                expected == e.offerHash,
                "the offer on chain does not hash to its own terms: {} instead of {expected}",
                e.offerHash
            );
            let speed = match farm {
                Some(farm) => speed_of(farm, model.record.weightsCommit.into(), &desk.report).await,
                None => None,
            };
            let reserved = capacity::reserve(desk, id, &e, speed).await?;
            journal.set_fact(&OFFER_HASH, &e.offerHash)?;
            let call = desk.paying(&acceptCall { id, guard: e.offerHash }, desk.market.entry_wei());
            let before = journal.signed("accept");
            let sent = desk.account.send(&mut journal, "accept", &call, &desk.report).await;
            if let (Err(_), Some(reserved)) = (&sent, &reserved) {
                reserved.release_unless_signed(&journal, "accept", before)?;
            }
            sent?
        }
    };
    let after = desk.market.engagement(id).await?;
    Ok(Accepted {
        id,
        offer_hash: after.offerHash,
        mc: after.mc,
        target_bps: after.targetBps,
        needed: desk.market.needed(after.mode, after.targetBps),
        prove_seconds: desk.market.prove_seconds(after.mode),
        mode: mode_words(after.mode),
        escrow_wei: desk.market.entry_wei(),
        decide_until: after.deadline,
        sent: Sent::from(&receipt),
    })
}

/// The file of a model. The record must be the one this program registered, and what the model's architecture determines: else it could not prove,
/// or proofs would not show what the record says.
pub fn check_model<V: Venue>(site: &Site<V>, model_id: B256, record: &ModelRecord) -> eyre::Result<PathBuf> {
    let unknown = || {
        hinted(
            format!("this program did not register model {model_id}, so it may not be able to prove with it"),
            "use the --home in which you registered, or register it again: assay mp register (costs nothing if it exists)",
        )
    };
    let journal = Journal::open(&site.home.model(site.market.chain(), model_id))?;
    let (weights, digest) = (journal.fact(&WEIGHTS_COMMIT)?, journal.fact(&VK_DIGEST)?);
    let (path, digest) = journal.fact(&MODEL)?.zip(digest).ok_or_else(unknown)?;
    if weights != Some(record.weightsCommit) {
        return Err(unknown());
    }
    let architecture = load_model(&path)?.architecture;
    Determined::by(&architecture, digest)?.check(record)?;
    Ok(path)
}

/// Refuses an offer that the numbers speak against, unless told to accept it all the same.
fn heed(site: &Site, policy: &Policy, e: &EngagementView, model: &Path) -> eyre::Result<()> {
    let measured = Measured::of(model)?;
    if measured.is_none() {
        site.report.note(format_args!(
            "how often this model is right was not measured here: assay model test {} --set DIR",
            model.display()
        ));
    }
    match advice::against_accepting(&site.market, e.mode, e.targetBps, measured.as_ref()) {
        Some(why) if policy.against_advice => {
            site.report.warn(why);
            Ok(())
        }
        Some(why) => Err(hinted(
            format!("this offer does not pay: {why}"),
            "leave it to its expiry, or accept it all the same with --force",
        )),
        None => Ok(()),
    }
}

fn judge(policy: &Policy, e: &EngagementView) -> eyre::Result<()> {
    if e.targetBps > policy.max_target_bps {
        return Err(usage(format!(
            "the offer asks for {}, the highest target to accept is {}",
            percent(e.targetBps),
            percent(policy.max_target_bps)
        )));
    }
    if !policy.consumers.is_empty() && !policy.consumers.contains(&e.mc) {
        return Err(usage(format!("the offer is of {}, which is none of --consumer", e.mc)));
    }
    Ok(())
}

/// Checks the leaf hashes and keeps them: evidence about bad data needs them.
async fn keep_leaves(site: &Site, id: B256, from: &Delivery, test_root: B256) -> eyre::Result<()> {
    // A leaf is 66 characters between quotes, whatever white space is around it.
    let limit = 80 * u64::from(site.market.examples()) + 1024;
    let mut refused = None;
    for path in from
        .get(BlobKind::Leaves, &fetched_files(site, id), limit, &site.report)
        .await?
    {
        match read_leaves(&path, &site.market, test_root) {
            Ok(leaves) => {
                let kept = site.files(id).join(LEAVES_FILE);
                return Ok(write_atomic(&kept, &serde_json::to_vec(&leaves)?, false)?);
            }
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(|| {
        hinted(
            format!("there are no leaf hashes of engagement {id} in {}", from.place()),
            "ask the consumer for them: assay mc send before the acceptance, or the set's leaves.json",
        )
    }))
}
