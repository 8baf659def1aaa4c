use super::attack::{attempt, with_flipped_bit, with_proof_of};
use super::ledger::{Ledger, Summary};
use crate::chain::bindings::{ICredits, Mode};
use crate::chain::client::{Account, Chain};
use crate::chain::deploy::MarketTerms;
use crate::chain::devnet::DevnetOptions;
use crate::chain::keys::devnet_key;
use crate::chain::market::Market;
use crate::cmd::mc::open::{open, Ask};
use crate::cmd::mc::{send::send, test_set};
use crate::cmd::mp::accept::{accept, Policy};
use crate::cmd::mp::deploy_verifier::deploy_verifier;
use crate::cmd::mp::handover::Handover;
use crate::cmd::mp::register::register;
use crate::cmd::mp::submit::{item, submit};
use crate::cmd::mp::{proceed_now, prove};
use crate::cmd::verdict::Shown;
use crate::cmd::withdraw::{withdraw, Withdrawn};
use crate::cmd::{devnet, model};
use crate::context::Context;
use crate::delivery::Delivery;
use crate::home::{Home, Repository};
use crate::prover_api::{save_arch, ModelArgs, SrsChoice};
use crate::testset::{labelled_images, ImageSize};
use crate::verifier_check::TrustArgs;
use alloy::primitives::{I256, U256};
use alloy::providers::Provider;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::proof::ProofBundle;
use rand::{rngs::StdRng, seq::SliceRandom, SeedableRng};
use std::path::{Path, PathBuf};
use std::time::Instant;

const PROVIDER: &str = "provider";
const CONSUMER: &str = "consumer";
const STRANGER: &str = "stranger";
/// Three of four.
const TARGET_BPS: u16 = 7500;

/// Plays all parties on a fresh devnet; `work` receives the files of each in a directory of its own.
pub(super) async fn run(outer: &Context, work: &Path, examples: u32, seed: u64) -> eyre::Result<Summary> {
    let began = Instant::now();
    let out = &outer.out;
    let digits = Repository::find()?.root().join("models/digits");
    let role = |name: &str| -> eyre::Result<Context> {
        Ok(Context {
            home: Home::new(Some(work.join(name)))?,
            ..outer.clone()
        })
    };
    let (chain_side, mp_side, mc_side) = (role("chain")?, role(PROVIDER)?, role(CONSUMER)?);
    let mut ledger = Ledger::default();

    out.note("1. a devnet with the contracts");
    let terms = MarketTerms {
        n2: examples - 1,
        ..MarketTerms::devnet()
    };
    let (node, deployment, book) = devnet::up(&chain_side, &DevnetOptions::default(), &terms).await?;
    let chain = Chain::connect(&node.url(), None).await?;
    let market = Market::load(chain.clone(), deployment.market).await?;
    let account = |n: u32| -> eyre::Result<Account> { Ok(Account::new(chain.clone(), devnet_key(n, chain.id)?)) };
    let (mp, mc, stranger) = (account(1)?, account(2)?, account(3)?);
    let balance = |who: &Account| {
        let (provider, address) = (chain.provider.clone(), who.address());
        async move { provider.get_balance(address).await }
    };
    let starts = [balance(&mp).await?, balance(&mc).await?, balance(&stranger).await?];

    out.note("2. the provider imports the trained network, plans its circuit and makes keys");
    let files = ModelArgs {
        model: work.join("digits.assay"),
        arch: Some(work.join("digits.arch.json")),
        secret: None,
        srs: SrsChoice::Dev,
    };
    let onnx = digits.join("mobilenet_v2_035_96.onnx");
    let (network, report) = model::import_model(&onnx, &digits.join("calibration"), &files.model, out)?;
    let arch_path = files.arch.clone().unwrap_or_default();
    save_arch(&arch_path, &FrozenArchitecture::plan(network.architecture)?)?;
    let prover = files.prover(true, out)?;

    out.note("3. the provider deploys the generated verifier and registers the model with its stake");
    let verifier = deploy_verifier(&mp_side, &mp, prover.verifier_key(), &book).await?;
    for (name, sent) in ["deploy key data", "deploy verifier"].iter().zip(&verifier.sent) {
        ledger.add(*name, PROVIDER, sent);
    }
    let model = register(
        &mp_side,
        &market,
        &mp,
        &files,
        &prover,
        verifier.entry.address,
        "models/digits",
        0,
    )
    .await?;
    if let Some(sent) = &model.sent {
        ledger.add("register", PROVIDER, sent);
    }

    out.note(format_args!(
        "4. the consumer checks the verifier, salts {examples} real digits and opens an engagement"
    ));
    let trust = TrustArgs {
        arch: Some(arch_path),
        srs: SrsChoice::Dev,
        allow_unsafe_srs: false,
        trust_codehash: None,
    };
    trust
        .check(&mc_side, &market, &market.model(model.model_id).await?)
        .await?;
    let images = choose(&digits.join("heldout"), examples as usize, seed)?;
    let shape = prover.frozen.architecture.input;
    let size = ImageSize {
        height: shape.h as u32,
        width: shape.w as u32,
    };
    let set = work.join(CONSUMER).join("test-set");
    test_set::build(&mc_side, &images, size, &set)?;
    let ask = Ask {
        model_id: model.model_id,
        mode: Mode::CLEAR,
        adjudication: None,
        target_bps: TARGET_BPS,
        expires_in: 1800,
        allow_reuse: false,
    };
    let opened = open(&mc_side, &market, &mc, &set, ask).await?;
    let id = opened.id;
    ledger.add("open", CONSUMER, &opened.sent);

    out.note("5. the provider accepts; the consumer hands the examples over");
    let policy = Policy {
        max_target_bps: 9000,
        consumers: vec![mc.address()],
    };
    let accepted = accept(&mp_side, &market, &mp, id, &policy, Some(&Delivery::at(&set, id))).await?;
    ledger.add("accept", PROVIDER, &accepted.sent);
    let handed_over = work.join("handed-over");
    send(&mc_side, &market, id, None, &handed_over).await?;

    out.note("6. the provider checks the examples and proves each one its model gets right");
    let proven = prove::prove(&mp_side, &market, &mp, id, Some(&handed_over), &prover, false).await?;

    out.note("7. a stranger sends false proofs");
    if let Some(sent) = proceed_now(&mp_side, &market, &mp, id).await? {
        ledger.add("proceed", PROVIDER, &sent);
    }
    let e = market.engagement(id).await?;
    let handover = Handover::receive(&market, id, &e, &handed_over, out).await?;
    let first_two = proven
        .proofs
        .iter()
        .take(2)
        .map(|p| item(&handover, p.position, &ProofBundle::load(&p.file)?));
    let first_two = first_two.collect::<eyre::Result<Vec<_>>>()?;
    let [one, other] = first_two.as_slice() else {
        eyre::bail!(
            "the demo needs two proofs, the model got {} examples right",
            proven.proofs.len()
        );
    };
    let false_proofs = vec![
        attempt(
            "a proof with one flipped bit",
            &market,
            &stranger,
            id,
            with_flipped_bit(one),
        )
        .await?,
        attempt(
            "a proof for another image",
            &market,
            &stranger,
            id,
            with_proof_of(other, one),
        )
        .await?,
    ];
    for a in &false_proofs {
        out.note(format_args!("   {}: {}", a.what, a.answer));
        ledger.add(format!("{} (reverts)", a.what), STRANGER, &a.sent);
    }

    out.note("8. the provider submits; the escrow settles; both withdraw");
    let submitted = submit(&mp_side, &market, &mp, id, None).await?;
    for batch in &submitted.batches {
        ledger.add(
            format!("submit {} proof(s)", batch.positions.len()),
            PROVIDER,
            &batch.sent,
        );
    }
    let withdrawals = [
        (PROVIDER, withdraw(&mp_side, &market, &mp, mp.address()).await?),
        (CONSUMER, withdraw(&mc_side, &market, &mc, mc.address()).await?),
    ];
    for (who, w) in &withdrawals {
        add_withdrawals(&mut ledger, who, w);
    }

    out.note("9. a third party reads the verdict");
    let reader = Market::load(Chain::connect(&node.url(), None).await?, deployment.market).await?;
    let verdict = Shown::read(&reader, id).await?;

    let wei = |amount: u128| I256::from_raw(U256::from(amount));
    let (stake, fee, payment) = (
        wei(model.stake_wei),
        wei(market.params.fee),
        wei(market.amounts(Mode::CLEAR).successPayment),
    );
    let [mp_start, mc_start, stranger_start] = starts;
    let zero = I256::ZERO;
    let mut parties = vec![
        ledger
            .settle(&chain, PROVIDER, mp.address(), mp_start, payment - fee - stake)
            .await?,
        ledger
            .settle(&chain, CONSUMER, mc.address(), mc_start, zero - payment - fee)
            .await?,
        ledger
            .settle(&chain, STRANGER, stranger.address(), stranger_start, zero)
            .await?,
    ];
    // The contracts began empty.
    parties.push(
        ledger
            .settle(&chain, "market", market.address, U256::ZERO, fee + fee)
            .await?,
    );
    parties.push(
        ledger
            .settle(&chain, "registry", market.registry, U256::ZERO, stake)
            .await?,
    );
    let treasury = chain
        .view(ICredits::new(market.address, &chain.provider).credit(market.params.treasury))
        .await?;
    eyre::ensure!(
        I256::from_raw(treasury) == fee + fee,
        "the treasury is owed {treasury} wei, not two fees"
    );

    Ok(Summary {
        verdict,
        parties,
        steps: ledger,
        proofs: proven.proofs,
        false_proofs,
        calibration_agreement: format!("{} of {}", report.same_top1, report.calibration_images),
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn add_withdrawals(ledger: &mut Ledger, who: &'static str, withdrawn: &Withdrawn) {
    for w in &withdrawn.withdrawals {
        ledger.add("withdraw", who, &w.sent);
    }
}

/// The same images for the same seed.
fn choose(dir: &Path, count: usize, seed: u64) -> eyre::Result<Vec<(PathBuf, u32)>> {
    let mut images = labelled_images(dir)?;
    eyre::ensure!(
        count <= images.len(),
        "{} holds {} images, not {count}",
        dir.display(),
        images.len()
    );
    images.shuffle(&mut StdRng::seed_from_u64(seed));
    images.truncate(count);
    Ok(images)
}
