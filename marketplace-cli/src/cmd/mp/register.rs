use crate::chain::account::Account;
use crate::chain::bindings::{IModelRegistry::registerCall, ModelRecord};
use crate::chain::deploy::Deployment;
use crate::chain::keys::KeyArgs;
use crate::chain::release::CheckedMarket;
use crate::chain::revert::{self, ModelExists};
use crate::chain::statement::{model_hash, model_id};
use crate::cmd::Sent;
use crate::context::Context;
use crate::exit::hinted;
use crate::home::Repository;
use crate::journal::Journal;
use crate::output::ether;
use crate::prover_api::{ModelArgs, Prover, WORDS_PER_HASH};
use crate::record::{Determined, METRIC};
use crate::transport;
use crate::verifier::VerifierCode;
use alloy::primitives::{keccak256, Address, B256, U256};
use alloy::providers::Provider;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mp register --model digits.assay --uri https://example.org/digits --keystore me.json\n\n\
    Stakes 1000 strikes. The secret file is made here if it is not there yet: without it the model cannot prove.\n\
    Registering the same model again finds it; another --nonce registers a copy with a stake of its own."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Verifier contract [default: the architecture's in the address book]
    #[arg(long, value_name = "ADDRESS")]
    verifier: Option<Address>,
    /// Where consumers find the architecture file and a description; not part of the model's identity
    #[arg(long, default_value = "", value_name = "URI")]
    uri: String,
    /// Tells copies of one model apart
    #[arg(long, default_value_t = 0)]
    nonce: u64,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of a registration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    pub model_id: B256,
    pub model_hash: B256,
    pub weights_commit: B256,
    pub vk_digest: B256,
    pub verifier: Address,
    #[serde(serialize_with = "crate::output::as_decimal")]
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
        writeln!(f, "weights     {}", self.weights_commit)?;
        write!(f, "verifier    {}", self.verifier)
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.checked_market_and_account(&args.keys).await?;
    // A model that was registered here before is found without another stake.
    let stake_wei = match ctx.home.models(&market.chain).exists() {
        true => 0,
        false => market.stake_required().await?,
    };
    account.require_funds(stake_wei, 0).await?;
    let prover = args.model.prover(&market.chain, true, &ctx.out)?;
    let verifier = match args.verifier {
        Some(address) => address,
        None => {
            let book = Deployment::load(&ctx.deployment_path(&market.chain), &market.chain)?;
            book.verifiers
                .get(&prover.arch_id())
                .map(|entry| entry.address)
                .ok_or_else(|| {
                    hinted(
                        "the address book has no verifier of this architecture",
                        "run: assay mp deploy-verifier ARCH, or use --verifier ADDRESS",
                    )
                })?
        }
    };
    VerifierCode::generate(prover.verifier_key(), &Repository::find()?, &ctx.out)?
        .check(&market.chain, verifier)
        .await?;
    let result = register(
        ctx,
        &market,
        &account,
        &args.model,
        &prover,
        verifier,
        &args.uri,
        args.nonce,
    )
    .await?;
    ctx.out.result(&result, &result)
}

/// Registers a model once per nonce. The caller has checked the verifier.
#[allow(clippy::too_many_arguments)] // each is one thing the record or the journal holds
pub async fn register(
    ctx: &Context,
    market: &CheckedMarket,
    account: &Account,
    files: &ModelArgs,
    prover: &Prover,
    verifier: Address,
    uri: &str,
    nonce: u64,
) -> eyre::Result<Registered> {
    let determined = Determined::by_key(prover.verifier_key());
    let record = ModelRecord {
        mp: account.address(),
        verifier,
        verifierCodehash: keccak256(market.chain.provider.get_code_at(verifier).await?),
        vkDigest: determined.vk_digest,
        weightsCommit: prover.weights_commit()?,
        metric: METRIC,
        classes: determined.classes,
        inputWords: determined.input_words,
        wordsPerHash: WORDS_PER_HASH,
        uri: uri.to_owned(),
    };
    determined.check(&record)?;
    let result = register_record(ctx, market, account, &record, nonce).await?;
    let mut journal = Journal::open(&ctx.home.model(&market.chain, result.model_id))?;
    journal.set_fact("model", &files.model.canonicalize()?)?;
    journal.set_fact("secret", &files.secret_path().canonicalize()?)?;
    Ok(result)
}

/// Registers any record, once per nonce.
pub async fn register_record(
    ctx: &Context,
    market: &CheckedMarket,
    account: &Account,
    record: &ModelRecord,
    nonce: u64,
) -> eyre::Result<Registered> {
    let hash = model_hash(record);
    let id = model_id(market.chain.id, market.registry, record.mp, hash, nonce);
    let stake_wei = market.stake_required().await?;
    let mut journal = Journal::open(&ctx.home.model(&market.chain, id))?;
    journal.set_fact("weightsCommit", &record.weightsCommit)?;
    journal.set_fact("vkDigest", &record.vkDigest)?;
    let transport_key = transport::public_key(&ctx.home.path().join("transport.key"))?;
    let call = registerCall {
        record: record.clone(),
        transportPubKey: transport_key,
        nonce,
    };
    let call = market.paying_registry(&call, stake_wei);
    let sent = match account.resume(&mut journal, "register", &ctx.out).await? {
        Some(receipt) => Some(Sent::from(&receipt)),
        None => match account.try_dry_run(&call).await? {
            Err(data) if revert::is::<ModelExists>(&data) => None,
            Err(data) => return Err(revert::explain(&data)),
            Ok(_) => Some(Sent::from(
                &account.send(&mut journal, "register", &call, &ctx.out).await?,
            )),
        },
    };
    Ok(Registered {
        model_id: id,
        model_hash: hash,
        weights_commit: record.weightsCommit.into(),
        vk_digest: record.vkDigest,
        verifier: record.verifier,
        stake_wei,
        sent,
    })
}
