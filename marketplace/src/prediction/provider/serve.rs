//! Judges an offer of a round, runs the model on its inputs, and locks with a root of the outputs that nobody has seen.

use crate::accuracy::provider::accept::check_model;
use crate::capacity;
use crate::delivery::{Delivery, INPUTS_FILE};
use crate::engagement::paths::fetched_files;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{PayingDesk, Sent, Site};
use crate::inputs::{max_file_bytes, require_root, Input, Inputs};
use crate::prediction::facts::{INPUTS, MASTER, OUTPUTS_ROOT, ROUND_OFFER};
use crate::prediction::held::{outputs_path, save};
use crate::prediction::words::privacy_words;
use crate::proving::promises::Promise;
use crate::proving::Prover;
use alloy::primitives::{Address, B256, U256};
use assay_chain::error::{hinted, usage};
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::copy_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IPredictionMarket::serveCall;
use assay_protocol::abi::{RoundState, RoundView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::prediction::outputs::Outputs;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::time::Instant;

/// Gas of one answer in a transaction of its own, with a proof of the real network, rounded up.
pub const MEASURED_ANSWER_GAS: u32 = 850_000;

/// What the provider takes on.
#[derive(Debug, Clone, Default)]
pub struct ServePolicy {
    /// Any if empty.
    pub consumers: Vec<Address>,
    /// Wei that the predictions must be worth.
    pub min_price: u128,
    /// Wei of the highest deposit.
    pub max_deposit: Option<u128>,
    /// Whether to serve though contests bring less than the gas of an answer.
    pub answers_at_a_loss: bool,
}

/// The result of serving.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Served {
    /// Of the round.
    pub id: B256,
    /// Consumer.
    pub mc: Address,
    /// K.
    pub predictions: u32,
    /// Commits to every output.
    pub outputs_root: B256,
    /// Absent if they were computed by an earlier command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_per_second: Option<f64>,
    /// Deposit and fee.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub escrow_wei: U256,
    /// Last second for what comes next.
    pub until: u64,
    /// Who reads the outputs.
    pub privacy: &'static str,
    /// The transaction that locked the round, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "served      round {} of consumer {}", self.id, self.mc)?;
        write!(f, "predicted   {} images", self.predictions)?;
        match self.images_per_second {
            Some(speed) => writeln!(f, ", {speed:.1} a second")?,
            None => writeln!(f)?,
        }
        writeln!(f, "escrowed    {}", ether(self.escrow_wei))?;
        match self.privacy {
            "PUBLIC" => write!(
                f,
                "next        by {}: assay predict publish {}",
                utc(self.until),
                self.id
            ),
            _ => write!(
                f,
                "next        hand the outputs over by {}: assay predict send {} --to DIR|URL",
                utc(self.until),
                self.id
            ),
        }
    }
}

/// Judges the offer and serves it, once.
///
/// # Errors
/// If it is not this provider's, is not what `policy` allows, its inputs are not all there, or the proofs that it may ask for cannot
/// be promised. Nothing is locked then, and nothing shown.
pub async fn serve(
    desk: &PayingDesk<Rounds>,
    id: B256,
    prover: &Prover,
    policy: &ServePolicy,
    inputs: &Delivery,
) -> eyre::Result<Served> {
    let honest = |index: usize, input: &Input| {
        prover
            .output_of(&input.image)
            .map_err(|error| error.wrap_err(format!("input {index} cannot be proven, so it is not predicted")))
    };
    serve_as(desk, id, prover, policy, inputs, honest).await
}

/// As [`serve`], with outputs that `predict` says. Whatever the registered model does not say cannot be proven: contested, it
/// costs the deposit.
///
/// # Errors
/// As there, and those of `predict`.
pub async fn serve_as(
    desk: &PayingDesk<Rounds>,
    id: B256,
    prover: &Prover,
    policy: &ServePolicy,
    inputs: &Delivery,
    predict: impl Fn(usize, &Input) -> eyre::Result<U256> + Sync,
) -> eyre::Result<Served> {
    let round = desk.market.newest(id).await?;
    require_party(&round, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let mut images_per_second = None;
    let receipt = match desk.account.resume(&mut journal, "serve", &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &round, &[RoundState::Offered])?;
            require_time(&desk.market, &round).await?;
            let model = desk.market.marketplace.model(round.modelId).await?;
            check_model(desk, round.modelId, &model.record)?;
            capacity::require_registered(prover, &desk.market.proof_terms(round.modelId).await?)?;
            judge(desk, policy, &round)?;
            desk.market.offered(id, &round, model.modelHash).await?;
            // A reorganised offer would have other inputs under this id.
            desk.market.require_settled(id, &round).await?;
            let held = receive(desk, id, &round, prover, inputs).await?;
            journal.set_fact(&INPUTS, &held.path().to_owned())?;
            let began = Instant::now();
            let bar = desk.report.bar("predicting", held.len() as u64);
            let values = held.each(|done| bar.set(done), &predict)?;
            drop(bar);
            images_per_second = Some(held.len() as f64 / began.elapsed().as_secs_f64().max(1e-6));
            let value = desk.market.stakes(&round).provider_entry().saturating_to();
            desk.account
                .require_funds(value, answer_cost(&desk.market, &round).await?)
                .await?;
            let reserved = capacity::reserve(desk, id, round.modelId, asked(&desk.market, &round), None).await?;
            let master = match journal.fact(&MASTER)? {
                Some(master) => master,
                None => {
                    let master = B256::new(rand::random());
                    journal.set_fact(&MASTER, &master)?;
                    master
                }
            };
            let outputs = Outputs::commit(Rounds::lanes(&round), &values, master)
                .ok_or_else(|| eyre::eyre!("an output does not fit the lane of its metric"))?;
            save(&outputs_path(desk, id), id, &outputs)?;
            journal.set_fact(&OUTPUTS_ROOT, &outputs.root())?;
            journal.set_fact(&ROUND_OFFER, &round.offerHash)?;
            let call = serveCall {
                id,
                guard: round.offerHash,
                outputsRoot: outputs.root(),
            };
            let call = desk.paying(&call, value);
            let before = journal.signed("serve");
            let sent = desk.account.send(&mut journal, "serve", &call, &desk.report).await;
            if let (Err(_), Some(reserved)) = (&sent, &reserved) {
                reserved.release_unless_signed(&journal, "serve", before)?;
            }
            sent?
        }
    };
    let after = desk.market.newest(id).await?;
    Ok(Served {
        id,
        mc: after.mc,
        predictions: after.predictions,
        outputs_root: after.outputsRoot,
        images_per_second,
        escrow_wei: desk.market.stakes(&after).provider_entry(),
        until: after.deadline,
        privacy: privacy_words(after.privacy),
        sent: Sent::from(&receipt),
    })
}

/// What a round asks for at worst: all that may be contested, in the shortest window in which all of it may be due.
fn asked(market: &Rounds, round: &RoundView) -> Promise {
    Promise {
        proofs: round.contestCap.into(),
        window_seconds: market.answer_window(round.contestCap),
        chain: market.chain.label(),
        market: market.address,
    }
}

/// What publishing and every answer may cost, wei: whoever locks all it has cannot answer.
async fn answer_cost(market: &Rounds, round: &RoundView) -> eyre::Result<u128> {
    let base_fee = market.chain.base_fee().await?;
    Ok(kept_for_answers(market.publish_gas(round), round.contestCap, base_fee))
}

/// At several times the base fee of now, since the last answer may be days away.
fn kept_for_answers(publish_gas: u128, contest_cap: u32, base_fee: u128) -> u128 {
    const RISE: u128 = 4;
    let answers = u128::from(contest_cap) * u128::from(MEASURED_ANSWER_GAS);
    (publish_gas + answers) * RISE * base_fee
}

fn judge(desk: &Site<Rounds>, policy: &ServePolicy, round: &RoundView) -> eyre::Result<()> {
    if !policy.consumers.is_empty() && !policy.consumers.contains(&round.mc) {
        return Err(usage(format!(
            "the offer is of {}, which is none of --consumer",
            round.mc
        )));
    }
    if round.price < policy.min_price {
        return Err(usage(format!(
            "the offer pays {} for {} predictions, the least to serve for is {}",
            ether(U256::from(round.price)),
            round.predictions,
            ether(U256::from(policy.min_price))
        )));
    }
    if policy.max_deposit.is_some_and(|most| round.mpDeposit > most) {
        return Err(usage(format!(
            "the offer asks for a deposit of {}, more than --max-deposit",
            ether(U256::from(round.mpDeposit))
        )));
    }
    let gas = desk.market.params.answerGas;
    if gas < MEASURED_ANSWER_GAS && !policy.answers_at_a_loss {
        return Err(hinted(
            format!(
                "a contest in this market brings {gas} gas for an answer that takes about {MEASURED_ANSWER_GAS}: whoever \
                 contests makes the provider lose the difference"
            ),
            "serve all the same with --force",
        ));
    }
    Ok(())
}

/// The inputs in this program's own directory, compared with the root of the offer.
async fn receive(
    site: &Site<Rounds>,
    id: B256,
    round: &RoundView,
    prover: &Prover,
    from: &Delivery,
) -> eyre::Result<Inputs> {
    let kept = site.files(id).join(INPUTS_FILE);
    if kept.is_file() {
        match check(site, &kept, round, prover) {
            Ok(inputs) => return Ok(inputs),
            Err(error) => site.report.warn(format_args!("{error:#}; receiving them again")),
        }
    }
    let mut refused = None;
    let limit = max_file_bytes(prover.image_len(), round.predictions);
    let found = from
        .get(BlobKind::Inputs, &fetched_files(site, id), limit, &site.report)
        .await?;
    for file in found {
        // Shorter and longer ones are none; and what is checked is the copy, which nobody else can write.
        let checked = Inputs::open(&file).and_then(|_| {
            copy_atomic(&file, &kept, true)?;
            check(site, &kept, round, prover)
        });
        match checked {
            Ok(inputs) => return Ok(inputs),
            Err(error) => {
                std::fs::remove_file(&kept).ok();
                refused = Some(error.wrap_err(format!("{} is of no use", file.display())));
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        hinted(
            format!("there are no inputs of round {id} in {}", from.place()),
            "ask the consumer for them: assay predict send",
        )
    }))
}

fn check(site: &Site<Rounds>, file: &std::path::Path, round: &RoundView, prover: &Prover) -> eyre::Result<Inputs> {
    let inputs = Inputs::open(file)?;
    eyre::ensure!(
        inputs.len() == round.predictions as usize && inputs.image_len() == prover.image_len(),
        "{} holds {} inputs of {} bytes, the round has {} and the model reads {}",
        file.display(),
        inputs.len(),
        inputs.image_len(),
        round.predictions,
        prover.image_len()
    );
    let bar = site.report.bar("checking input commitments", inputs.len() as u64);
    let commits = inputs.commits(|done| bar.set(done))?;
    require_root(&commits, round.inputRoot, file)?;
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_of_every_answer_is_kept_at_four_times_the_base_fee() {
        let answers = 3 * u128::from(MEASURED_ANSWER_GAS);
        assert_eq!(kept_for_answers(100_000, 3, 7), (100_000 + answers) * 28);
    }
}
