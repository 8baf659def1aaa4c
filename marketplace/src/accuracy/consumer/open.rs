//! Offers an engagement and escrows its money.

use crate::engagement::facts::{OFFER_HASH, TEST_SET};
use crate::engagement::secrets::{Secrets, TRANSFER_SECRETS};
use crate::engagement::{Desk, PayingDesk, Sent, Site};
use crate::proving::{input_words, WORDS_PER_HASH};
use crate::restored::require_known;
use crate::revealed::Revealed;
use crate::testset::StoredSet;
use alloy::primitives::{B256, U256};
use assay_chain::error::{hinted, usage, Error, Kind};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_protocol::abi::{Adjudication, IAccuracyMarket, Metric, Mode, ModelStatus, ModelView, OfferTerms};
use assay_protocol::target::percent;
use assay_protocol::testset::TestSet;
use assay_protocol::transfer::keys;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::Path;

/// The result of an offer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Of the engagement.
    pub id: B256,
    /// What is to be verified.
    pub model_id: B256,
    /// Commits to the examples.
    pub test_root: B256,
    /// Covers all terms and the market's parameters; the provider accepts by it.
    pub offer_hash: B256,
    /// Hundredths of a percent.
    pub target_bps: u16,
    /// Right answers that meet the target.
    pub needed: u32,
    /// Examples that count.
    pub counted: u32,
    /// Last second in which a provider may accept, Unix seconds.
    pub expiry: u64,
    /// Deposit and fee.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub escrow_wei: u128,
    /// The transaction that made the offer, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "engagement  {}", self.id)?;
        writeln!(
            f,
            "target      {}: {} of {}",
            percent(self.target_bps),
            self.needed,
            self.counted
        )?;
        writeln!(f, "escrowed    {}", ether(U256::from(self.escrow_wei)))?;
        writeln!(f, "expires     {}", utc(self.expiry))?;
        write!(
            f,
            "next        give the provider the set's leaves.json; when it has accepted: assay mc send {} --to DIR",
            self.id
        )
    }
}

/// What an offer asks for, besides the set.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// What is to be verified.
    pub model_id: B256,
    /// How the examples travel, and which of them count.
    pub mode: Mode,
    /// As the market demands if not given.
    pub adjudication: Option<Adjudication>,
    /// Hundredths of a percent.
    pub target_bps: u16,
    /// Seconds; no more than the market's accept window counts.
    pub expires_in: u64,
    /// Whether images may be in the set that were handed over before.
    pub allow_reuse: bool,
}

/// Asks whether the set is whole and fits market and model, and whether the account can pay for the offer, unless it was made before: what
/// follows may take minutes.
///
/// # Errors
/// With what the market takes.
pub async fn require_ready(desk: &Desk, dir: &Path, model: &ModelView) -> eyre::Result<()> {
    check_set(&desk.market, model, &crate::testset::load(dir)?)?;
    let test_root = StoredSet::open(dir)?.tree().root();
    if desk
        .home
        .offer(&desk.market.chain, desk.market.address, test_root)
        .exists()
    {
        return Ok(());
    }
    desk.account.require_funds(desk.market.entry_wei(), 0).await
}

/// DIRECT where the market forces it and where nothing else exists, else OPTIMISTIC.
fn default_adjudication(market: &Market, mode: Mode) -> Adjudication {
    if mode == Mode::CLEAR || market.proven_size(mode) <= market.params.claim.directMax {
        Adjudication::DIRECT
    } else {
        Adjudication::OPTIMISTIC
    }
}

/// Makes the offer once per test root. The caller has judged the model's verifier.
pub async fn open(desk: &PayingDesk, dir: &Path, ask: Ask) -> eyre::Result<Opened> {
    let set = crate::testset::load(dir)?;
    let test_root = set.root()?;
    let model = desk.market.model(ask.model_id).await?;
    check_set(&desk.market, &model, &set)?;

    let mut journal = Journal::open(&desk.home.offer(&desk.market.chain, desk.market.address, test_root))?;
    if let Some(receipt) = desk.account.resume(&mut journal, "open", &desk.report).await? {
        desk.report.note("this set was offered before; this is that offer");
        let (opened, terms) = finish(desk, dir, &journal, &receipt)?;
        require_same(&desk.market, &ask, &opened, &terms)?;
        return Ok(opened);
    }
    if !ask.allow_reuse {
        require_known(&desk.home, "no set passes as fresh without --allow-reuse")?;
        Revealed::load(&desk.home)?.refuse(&set)?;
    }
    let secrets = Secrets::of_offer(&mut journal, ask.mode)?;
    let terms = OfferTerms {
        modelId: ask.model_id,
        modelHash: model.modelHash,
        mode: ask.mode,
        adjudication: ask
            .adjudication
            .unwrap_or_else(|| default_adjudication(&desk.market, ask.mode)),
        testRoot: test_root,
        mcSaltHash: match (&secrets, ask.mode) {
            (Some(secrets), Mode::FULL) => keys::mc_salt_hash(&secrets.salt()),
            _ => B256::ZERO,
        },
        targetBps: ask.target_bps,
        expiry: desk.market.chain.now().await? + ask.expires_in.min(desk.market.params.windows.accept),
    };
    let call = desk.paying(&IAccuracyMarket::openCall { terms }, desk.market.entry_wei());
    let receipt = desk.account.send(&mut journal, "open", &call, &desk.report).await?;
    Ok(finish(desk, dir, &journal, &receipt)?.0)
}

/// A set is offered once: fails if it was for something else than what is asked now.
fn require_same(market: &Market, ask: &Ask, opened: &Opened, terms: &OfferTerms) -> eyre::Result<()> {
    let adjudication = ask
        .adjudication
        .unwrap_or_else(|| default_adjudication(market, ask.mode));
    let asked = (ask.model_id, ask.mode, adjudication, ask.target_bps);
    if asked == (terms.modelId, terms.mode, terms.adjudication, terms.targetBps) {
        return Ok(());
    }
    Err(hinted(
        format!(
            "this set was offered before, to other terms: engagement {}, model {}, {:?}, {:?}, target {}",
            opened.id,
            terms.modelId,
            terms.mode,
            terms.adjudication,
            percent(terms.targetBps)
        ),
        "go on with that engagement, or build the set again: new salts make another root",
    ))
}

/// What the offer of this receipt is, and its terms.
fn finish(
    site: &Site,
    dir: &Path,
    offer: &Journal,
    receipt: &alloy::rpc::types::TransactionReceipt,
) -> eyre::Result<(Opened, OfferTerms)> {
    let logs = receipt.logs().iter().filter(|log| log.address() == site.market.address);
    let event = logs
        .filter_map(|log| log.log_decode::<IAccuracyMarket::Offered>().ok())
        .next();
    let event = event
        .ok_or_else(|| eyre::eyre!("transaction {} has no Offered event", receipt.transaction_hash))?
        .inner
        .data;
    let mut journal = site.journal(event.id)?;
    journal.set_fact(&TEST_SET, &dir.canonicalize()?)?;
    journal.set_fact(&OFFER_HASH, &event.offerHash)?;
    if let Some(secrets) = offer.fact(&TRANSFER_SECRETS)? {
        journal.set_fact(&TRANSFER_SECRETS, &secrets)?;
    }
    let opened = Opened {
        id: event.id,
        model_id: event.modelId,
        test_root: event.terms.testRoot,
        offer_hash: event.offerHash,
        target_bps: event.terms.targetBps,
        needed: site.market.needed(event.terms.mode, event.terms.targetBps),
        counted: site.market.proven_size(event.terms.mode),
        expiry: event.terms.expiry,
        escrow_wei: site.market.entry_wei(),
        sent: Sent::from(receipt),
    };
    Ok((opened, event.terms))
}

/// That a set has another size than the market's, and what the market takes instead.
fn does_not_fit(market: &Market, n: usize) -> eyre::Report {
    let (params, expected) = (&market.params, market.examples());
    let [entry, inference, proof] =
        [market.entry_wei(), params.prices.inference, params.prices.proof].map(|wei| ether(U256::from(wei)));
    let why = format!(
        "the set has {n} examples, this market takes exactly {expected}: {} to probe and {} to prove in FULL, all of them in other \
         modes; {inference} an inference, {proof} a proof, {entry} to open",
        params.n1, params.n2
    );
    let hint = format!(
        "build a set of {expected}: assay mc test-set build; a market of another size is another contract: assay market show --market \
         ADDRESS tells its size and prices"
    );
    Error::new(Kind::Usage, why).hint(hint).into()
}

/// Whether the set can be an engagement's on this market with this model.
fn check_set(market: &Market, model: &ModelView, set: &TestSet) -> eyre::Result<()> {
    let (n, expected) = (set.examples.len(), market.examples());
    if n != expected as usize {
        return Err(does_not_fit(market, n));
    }
    if model.status != ModelStatus::Active {
        return Err(hinted(
            format!("the model is {:?}, not Active", model.status),
            "it accepts no engagement now",
        ));
    }
    let record = &model.record;
    let words = set
        .examples
        .iter()
        .map(|e| input_words(e.image.len()))
        .max()
        .unwrap_or(0);
    eyre::ensure!(
        (words, WORDS_PER_HASH) == (record.inputWords, record.wordsPerHash),
        "the model takes inputs of {} words, {} per hash; this set's have {words}, {WORDS_PER_HASH} per hash",
        record.inputWords,
        record.wordsPerHash
    );
    if let Some(e) = set.examples.iter().find(|e| e.label >= record.classes) {
        return Err(usage(match record.metric {
            Metric::BIN => format!("label {}: the model answers a bit, so labels are 0 or 1", e.label),
            _ => format!("label {} is none of the model's {} classes", e.label, record.classes),
        }));
    }
    Ok(())
}
