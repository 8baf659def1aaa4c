//! Registers a model and stakes on it.

use crate::engagement::facts::{MODEL, SECRET, VK_DIGEST, WEIGHTS_COMMIT};
use crate::engagement::{PayingDesk, Sent};
use crate::proving::{ModelFiles, Prover, WORDS_PER_HASH};
use crate::transport;
use crate::verifier::record::Determined;
use alloy::primitives::{keccak256, Address, B256, U256};
use alloy::providers::Provider;
use assay_chain::journal::Journal;
use assay_chain::revert;
use assay_chain::revert::ModelExists;
use assay_protocol::abi::IModelRegistry::registerCall;
use assay_protocol::abi::ModelRecord;
use assay_protocol::ids::{model_hash, model_id};
use assay_protocol::units::ether;
use serde::Serialize;

/// The result of a registration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// What offers name; depends on the provider's account.
    pub model_id: B256,
    /// Of the whole record.
    pub model_hash: B256,
    /// Commits to the weights under the secret.
    pub weights_commit: B256,
    /// Names the verifying key.
    pub vk_digest: B256,
    /// The contract that checks the model's proofs.
    pub verifier: Address,
    /// What the model's output is compared with labels by.
    pub metric: String,
    /// At stake now.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub stake_wei: u128,
    /// Absent if the model was registered before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let again = if self.sent.is_none() {
            " (registered before)"
        } else {
            ""
        };
        writeln!(f, "model       {}{again}", self.model_id)?;
        writeln!(f, "stake       {}", ether(U256::from(self.stake_wei)))?;
        writeln!(f, "metric      {}", self.metric)?;
        writeln!(f, "weights     {}", self.weights_commit)?;
        write!(f, "verifier    {}", self.verifier)
    }
}

/// Registers a model once per nonce. The caller has checked the verifier.
pub async fn register(
    desk: &PayingDesk,
    files: &ModelFiles,
    prover: &Prover,
    verifier: Address,
    uri: &str,
    nonce: u64,
) -> eyre::Result<Registered> {
    let determined = Determined::by_key(prover.verifier_key())?;
    let record = ModelRecord {
        mp: desk.account.address(),
        verifier,
        verifierCodehash: keccak256(desk.market.chain.provider.get_code_at(verifier).await?),
        vkDigest: determined.vk_digest,
        weightsCommit: prover.weights_commit()?,
        metric: determined.metric,
        classes: determined.classes,
        inputWords: determined.input_words,
        wordsPerHash: WORDS_PER_HASH,
        uri: uri.to_owned(),
    };
    determined.check(&record)?;
    let result = register_record(desk, &record, nonce).await?;
    let mut journal = Journal::open(&desk.home.model(&desk.market.chain, result.model_id))?;
    journal.set_fact(&MODEL, &files.model.canonicalize()?)?;
    journal.set_fact(&SECRET, &files.secret_path().canonicalize()?)?;
    Ok(result)
}

/// Registers any record, once per nonce.
pub async fn register_record(desk: &PayingDesk, record: &ModelRecord, nonce: u64) -> eyre::Result<Registered> {
    let hash = model_hash(record);
    let id = model_id(desk.market.chain.id, desk.market.registry, record.mp, hash, nonce);
    let stake_wei = desk.market.stake_required().await?;
    let mut journal = Journal::open(&desk.home.model(&desk.market.chain, id))?;
    journal.set_fact(&WEIGHTS_COMMIT, &record.weightsCommit)?;
    journal.set_fact(&VK_DIGEST, &record.vkDigest)?;
    let transport_key = transport::public_key(&desk.home.path().join("transport.key"))?;
    let call = registerCall {
        record: record.clone(),
        transportPubKey: transport_key,
        nonce,
    };
    let call = desk.paying_registry(&call, stake_wei);
    let sent = match desk.account.resume(&mut journal, "register", &desk.report).await? {
        Some(receipt) => Some(Sent::from(&receipt)),
        None => match desk.account.try_dry_run(&call).await? {
            Err(data) if revert::is::<ModelExists>(&data) => None,
            Err(data) => return Err(revert::explain(&data)),
            Ok(_) => Some(Sent::from(
                &desk.account.send(&mut journal, "register", &call, &desk.report).await?,
            )),
        },
    };
    Ok(Registered {
        model_id: id,
        model_hash: hash,
        weights_commit: record.weightsCommit.into(),
        vk_digest: record.vkDigest,
        verifier: record.verifier,
        metric: format!("{:?}", record.metric),
        stake_wei,
        sent,
    })
}
