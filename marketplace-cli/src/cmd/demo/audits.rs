//! Two audits of one corpus: an honest responder's, and one in which it hides a document that matches.

use crate::cmd::demo::ending::{Played, Story};
use crate::cmd::demo::ledger::{gas_table, money_table, require_refused, require_right, Attempt, Ledger, Party};
use crate::cmd::devnet;
use crate::context::Context;
use crate::reading::Kind;
use alloy::primitives::{Address, B256, I256, U256};
use alloy::providers::Provider;
use assay_chain::account::Account;
use assay_chain::audits::Audits;
use assay_chain::block::Which;
use assay_chain::client::Chain;
use assay_chain::devnet::{mine_after, Devnet, DevnetOptions};
use assay_chain::keys::devnet_key;
use assay_chain::repository::Repository;
use assay_chain::revert;
use assay_chain::terms::MarketTerms;
use assay_chain::venue::Venue;
use assay_economics::share::Share;
use assay_marketplace::audit::anybody::show::{show, Shown};
use assay_marketplace::audit::matches::{Matches, MATCHES_FILE};
use assay_marketplace::audit::predicate::requested;
use assay_marketplace::audit::published::{KeyUse, Published};
use assay_marketplace::audit::requester::moves::confirm;
use assay_marketplace::audit::requester::publish::publish;
use assay_marketplace::audit::requester::receive::receive;
use assay_marketplace::audit::requester::request::{request, Ask};
use assay_marketplace::audit::requester::reveal::reveal;
use assay_marketplace::audit::responder::accept::{accept, Accepted, Documents};
use assay_marketplace::audit::responder::answer::{answer, Fewer};
use assay_marketplace::audit::responder::hand_over::hand_over;
use assay_marketplace::audit::responder::policy::AcceptPolicy;
use assay_marketplace::audit::responder::prove::{prove, Owed};
use assay_marketplace::audit::responder::submit::{submit, with_proof};
use assay_marketplace::audit::responder::taken::{corpus, prover};
use assay_marketplace::corpus::attest::{attest, statement_of_text};
use assay_marketplace::corpus::commit::{beside, commit};
use assay_marketplace::delivery::Delivery;
use assay_marketplace::document::Document;
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::paths::proof_path;
use assay_marketplace::engagement::withdraw::withdraw;
use assay_marketplace::engagement::{Desk, PayingDesk, Sent, Site};
use assay_marketplace::home::Home;
use assay_marketplace::model::import::import_model;
use assay_marketplace::openings::model::{prepare, Claim};
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{bundle, save_arch, verifier_key, ModelFiles};
use assay_marketplace::testset::labelled_images;
use assay_marketplace::verifier::check::Trust;
use assay_marketplace::verifier::deploy::deploy_verifier;
use assay_protocol::abi::IOutputJudge::ProofRejected;
use assay_protocol::abi::IRetrievalMarket::submitProofsCall;
use assay_protocol::retrieval::sample::group;
use assay_protocol::testset::ImageSize;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::import::ImportOptions;
use assay_prover::model::OutputMode;
use rand::{rngs::StdRng, seq::SliceRandom, SeedableRng};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

const RESPONDER: &str = "responder";
const REQUESTER: &str = "requester";
const STRANGER: &str = "stranger";
/// Documents of the corpus, and how many of those without a match are sampled.
const DOCUMENTS: usize = 60;
const SAMPLES: u32 = 20;
const BOND: u128 = 50_000_000_000_000_000;
const PRICE: u128 = 10_000_000_000_000_000;
/// The predicate needs no finer one, and its circuit is eight times smaller than with the importer's.
const SHIFT: u32 = 13;
/// Gas of one attempt: far more than an honest proof takes.
const GAS: u64 = 5_000_000;

/// What the demo showed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    honest: Document<Shown>,
    hiding: Document<Shown>,
    /// Sevens of the corpus, as a person labelled them, and those of them that the predicate found.
    sevens: usize,
    found: usize,
    false_proofs: Vec<Attempt>,
    parties: Vec<Party>,
    steps: Ledger,
    seconds: f64,
}

impl Story for Summary {
    fn check(&self) -> eyre::Result<()> {
        let verdict = self.honest.verdict.as_ref();
        eyre::ensure!(
            self.honest.outcome == "Complete" && verdict.is_some_and(|verdict| verdict.is_assured()),
            "the honest audit ended as {}, expected Complete with an assurance",
            self.honest.outcome
        );
        eyre::ensure!(
            self.hiding.outcome == "Violation",
            "the audit with a hidden document ended as {}, expected Violation",
            self.hiding.outcome
        );
        require_refused(&self.false_proofs)?;
        require_right(&self.parties)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.honest)?;
        writeln!(f, "{}\n", self.hiding)?;
        writeln!(f, "{}", money_table(&self.parties))?;
        writeln!(f, "{}", gas_table(&self.steps))?;
        for a in &self.false_proofs {
            let end = if a.refused { "refused on chain" } else { "ACCEPTED" };
            writeln!(f, "{}: {end}", a.what)?;
        }
        writeln!(
            f,
            "the predicate found {} of the {} documents that a person calls a seven: how good it is no audit shows",
            self.found, self.sevens
        )?;
        writeln!(f, "{:.0} s in all", self.seconds)
    }
}

/// Everybody at the retrieval market.
struct Stage {
    began: Instant,
    work: PathBuf,
    node: Devnet,
    book: PathBuf,
    chain: Chain,
    rs: PayingDesk<Audits>,
    rq: PayingDesk<Audits>,
    stranger: Desk<Audits>,
    starts: [U256; 3],
    ledger: Ledger,
    keys: KeyUse,
}

impl Stage {
    fn note(&self, line: impl fmt::Display) {
        self.rq.report.note(line);
    }
}

/// What an audit asks with.
struct Predicate {
    published: Published,
    arch: PathBuf,
    verifier: Address,
}

pub(super) async fn play(outer: &Context, work: &Path, seed: u64) -> eyre::Result<Played<Summary>> {
    let seven = Repository::find()?.root().join("models/seven");
    let mut s = set(outer, work).await?;

    s.note(format_args!(
        "2. the responder commits to {DOCUMENTS} scanned digits in a random order and publishes the leaves; a source attests them"
    ));
    let sevens = choose(&seven.join("heldout"), &work.join("archive"), seed)?;
    let corpora = outer.site_of(s.rs.market.corpora.clone());
    let registry = |desk: &Desk<Audits>| {
        let site = Site {
            home: desk.home.clone(),
            ..corpora.clone()
        };
        Desk::new(site, desk.account.clone())
    };
    let folder = work.join("archive");
    let size = ImageSize { height: 32, width: 32 };
    let committed = commit(&registry(&s.rs), &folder, size, &beside(&folder)?, None, "").await?;
    if let Some(sent) = &committed.sent {
        s.ledger.add("commit to a corpus", RESPONDER, sent);
    }
    let said = statement_of_text("The scans of our archive, all of them.")?;
    let attested = attest(&registry(&s.stranger), committed.id, None, said, "").await?;
    if let Some(sent) = &attested.sent {
        s.ledger.add("attest it", STRANGER, sent);
    }

    s.note("3. the requester imports a small network, is it a 7, deploys its verifier and publishes its weights");
    let predicate = predicate(&mut s, &seven).await?;

    s.note(format_args!(
        "4. an audit with a sample of {SAMPLES}: the responder makes key, commitment and verifier anew, runs the network on every \
         document, proves one, and locks its bond"
    ));
    let documents = Documents {
        corpus: beside(&folder)?,
        originals: None,
    };
    let honest = ask(&mut s, &predicate, committed.id, SAMPLES, &committed.leaves).await?;
    let accepted = take_on(&mut s, honest, &documents).await?;
    s.note(format_args!(
        "   {} of {DOCUMENTS} documents match, a proof takes {:.2} s",
        accepted.matches.len(),
        accepted.proof_seconds.unwrap_or_default()
    ));
    let found = accepted
        .matches
        .iter()
        .filter(|found| found.file.ends_with("_1.png"))
        .count();

    s.note("5. the answers are posted and sealed; then the requester shows its salt, and nobody could have known the sample");
    for sent in &answer(&s.rs, honest, Fewer::AreAnError).await?.sent {
        s.ledger.add("post the answers", RESPONDER, sent);
    }
    let revealed = reveal(&s.rq, honest, Vec::new()).await?;
    s.ledger.add("reveal the salt", REQUESTER, &revealed.sent);
    let network = prover(&s.rs, honest, &s.keys)?;
    let began = Instant::now();
    let made = prove(&s.rs, honest, &network, |_| false).await?.made.len();
    s.note(format_args!(
        "   {made} proofs in {:.1} s: no document of the sample matches",
        began.elapsed().as_secs_f64()
    ));
    for batch in &submit(&s.rs, honest).await?.batches {
        s.ledger.add(
            format!("prove {} documents", batch.indices.len()),
            RESPONDER,
            &batch.sent,
        );
    }

    s.note("6. the documents that match are handed over with their originals; the requester checks each and confirms");
    let exchange = Delivery::at(work.join("handed-over"), honest);
    hand_over(&s.rs, honest, &exchange).await?;
    receive(&s.rq, honest, Some(&exchange)).await?;
    if let Some(sent) = &confirm(&s.rq, honest, false).await?.sent {
        s.ledger.add("confirm", REQUESTER, sent);
    }

    s.note("7. an exhaustive audit of the same corpus, in which the responder hides one document that matches");
    let hiding = ask(&mut s, &predicate, committed.id, DOCUMENTS as u32, &committed.leaves).await?;
    take_on(&mut s, hiding, &documents).await?;
    let hidden = hide_one(&s.rs, hiding).await?;
    for sent in &answer(&s.rs, hiding, Fewer::AreAnError).await?.sent {
        s.ledger.add("post false answers", RESPONDER, sent);
    }
    let revealed = reveal(&s.rq, hiding, Vec::new()).await?;
    s.ledger.add("reveal the salt", REQUESTER, &revealed.sent);

    s.note("8. document by document is due; the hidden one has no proof, and that of another audit is refused");
    let attempt = attempt(&s.rs, honest, hiding, hidden).await?;
    s.note(format_args!("   {}: {}", attempt.what, attempt.answer));
    s.ledger
        .add(format!("{} (reverts)", attempt.what), RESPONDER, &attempt.sent);
    pass(&s.chain, &s.rq.market, hiding).await?;
    if let Some(sent) = &close(&s.stranger, hiding).await?.sent {
        s.ledger.add("close the audit", STRANGER, sent);
    }
    for (who, desk) in [(RESPONDER, &s.rs), (REQUESTER, &s.rq)] {
        for w in &withdraw(desk, desk.address()).await?.withdrawals {
            s.ledger.add("withdraw", who, &w.sent);
        }
    }
    let trust = Trust {
        arch: Some(predicate.arch),
        srs: SrsUse::dev(),
        trust_codehash: None,
    };
    let delta: Share = "5%".parse()?;
    let ids = vec![honest, hiding];
    let [honest, hiding] = [
        show(&s.stranger, honest, &trust, &delta, Which::Newest).await?,
        show(&s.stranger, hiding, &trust, &delta, Which::Newest).await?,
    ];
    let summary = Summary {
        parties: settle(&s).await?,
        honest,
        hiding,
        sevens,
        found,
        false_proofs: vec![attempt],
        steps: s.ledger,
        seconds: s.began.elapsed().as_secs_f64(),
    };
    let market = s.rq.market.address;
    Ok(Played {
        summary,
        chain_id: s.chain.id,
        node: s.node,
        book: s.book,
        trust,
        kind: Kind::Audit,
        ids,
        market,
        named: ("--retrieval", market),
    })
}

async fn set(outer: &Context, work: &Path) -> eyre::Result<Stage> {
    let began = Instant::now();
    let role = |name: &str| -> eyre::Result<Context> {
        Ok(Context {
            home: Home::new(Some(work.join(name)))?,
            ..outer.clone()
        })
    };
    let (chain_side, rs_side, rq_side) = (role("chain")?, role(RESPONDER)?, role(REQUESTER)?);
    outer.out.note("1. a devnet with the contracts");
    let (node, deployment, book) = devnet::up(&chain_side, &DevnetOptions::default(), &MarketTerms::devnet()).await?;
    let chain = Chain::connect(&node.url(), None).await?;
    let retrieval = deployment
        .retrieval
        .ok_or_else(|| eyre::eyre!("the devnet has no retrieval market"))?;
    let market = Audits::open(chain.clone(), retrieval).await?;
    let account = |n: u32| -> eyre::Result<Account> { Ok(Account::new(chain.clone(), devnet_key(n, chain.id)?)) };
    let accounts = [account(1)?, account(2)?, account(3)?];
    let mut starts = [U256::ZERO; 3];
    for (start, account) in starts.iter_mut().zip(&accounts) {
        *start = chain.provider.get_balance(account.address()).await?;
    }
    let [rs, rq, stranger] = accounts;
    Ok(Stage {
        began,
        work: work.to_owned(),
        node,
        book,
        rs: PayingDesk::new(rs_side.site_of(market.clone()), rs).await?,
        rq: PayingDesk::new(rq_side.site_of(market.clone()), rq).await?,
        stranger: Desk::new(rq_side.site_of(market), stranger),
        chain,
        starts,
        ledger: Ledger::default(),
        keys: KeyUse {
            srs: SrsUse::dev(),
            memory: None,
        },
    })
}

/// Copies some of the images into the archive; how many of them show a seven.
fn choose(from: &Path, to: &Path, seed: u64) -> eyre::Result<usize> {
    let mut images = labelled_images(from)?;
    images.shuffle(&mut StdRng::seed_from_u64(seed));
    // A match in six, else a small archive may have none.
    let (matching, others): (Vec<_>, Vec<_>) = images.into_iter().partition(|(_, label)| *label == 1);
    std::fs::create_dir(to)?;
    let ones = DOCUMENTS / 6;
    for (path, _) in matching.iter().take(ones).chain(others.iter().take(DOCUMENTS - ones)) {
        std::fs::copy(path, to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(matching.len().min(ones))
}

/// Imported, its verifier deployed, its weights opened.
async fn predicate(s: &mut Stage, seven: &Path) -> eyre::Result<Predicate> {
    let out = &s.rq.report.clone();
    let (model, arch) = (s.work.join("seven.assay"), s.work.join("seven.arch.json"));
    let options = ImportOptions {
        shift: SHIFT,
        output: OutputMode::Bit,
        ..ImportOptions::default()
    };
    let onnx = seven.join("is_seven_32.onnx");
    let (network, _) = import_model(&onnx, Some(&seven.join("calibration")), &options, &model, out)?;
    let frozen = FrozenArchitecture::plan(network.architecture)?;
    save_arch(&arch, &frozen)?;
    let string = s.keys.srs.load(&s.chain, frozen.layout.k, out)?;
    let key = verifier_key(&frozen, string, out)?;
    let verifier = deploy_verifier(&s.rq.home, &s.rq.account, &key, Some(s.book.as_path()), out).await?;
    for (name, sent) in ["deploy key data", "deploy verifier"].iter().zip(&verifier.sent) {
        s.ledger.add(*name, REQUESTER, sent);
    }
    let files = ModelFiles {
        model,
        arch: Some(arch.clone()),
        secret: None,
        srs: s.keys.srs.clone(),
        memory: None,
    };
    let opening = s.work.join("seven.opening");
    let named = s.chain.clone();
    prepare(&files, &Claim::Predicate, async || Ok(Some(named)), out)
        .await?
        .write(&opening)?;
    Ok(Predicate {
        published: Published::load(&opening)?,
        arch,
        verifier: verifier.entry.address,
    })
}

/// Requests an audit and hands the predicate over.
async fn ask(s: &mut Stage, predicate: &Predicate, corpus_id: B256, samples: u32, leaves: &Path) -> eyre::Result<B256> {
    let ask = Ask {
        corpus_id,
        verifier: predicate.verifier,
        samples,
        named_max: 0,
        ones_max: None,
        withhold_max: 0,
        authority: Address::ZERO,
        bond: BOND,
        price: PRICE,
        expires_in: None,
        uri: String::new(),
    };
    let requested = request(&s.rq, &ask, &predicate.published, &s.keys, leaves).await?;
    s.ledger.add("request an audit", REQUESTER, &requested.sent);
    let place = Delivery::at(s.work.join("predicate"), requested.id);
    publish(&s.rq, requested.id, &place).await?;
    Ok(requested.id)
}

async fn take_on(s: &mut Stage, id: B256, documents: &Documents) -> eyre::Result<Accepted> {
    let policy = AcceptPolicy {
        requesters: vec![s.rq.address()],
        most_bond: BOND,
        most_matches: DOCUMENTS as u32 / 4,
        ..AcceptPolicy::default()
    };
    let from = Delivery::at(s.work.join("predicate"), id);
    let accepted = accept(&s.rs, id, documents, &from, &s.keys, &policy, None).await?;
    s.ledger.add("accept", RESPONDER, &accepted.sent);
    Ok(accepted)
}

/// Makes the first match no match, in the answers that this responder found.
async fn hide_one(desk: &Desk<Audits>, id: B256) -> eyre::Result<u32> {
    let path = desk.files(id).join(MATCHES_FILE);
    let request = desk.market.newest(id).await?.requestHash;
    let mut matches = Matches::load(&path, request)?;
    let hidden = matches.matching.pop_first();
    matches.save(&path)?;
    hidden.ok_or_else(|| eyre::eyre!("no document matches: another --seed shows more"))
}

/// The proof of a document of one audit, sent for the hidden one in another.
async fn attempt(desk: &Desk<Audits>, from: B256, id: B256, hidden: u32) -> eyre::Result<Attempt> {
    let audit = desk.market.newest(id).await?;
    let owed = Owed::read(desk, id, &audit).await?;
    let due = owed.due.iter().find(|due| due.index == hidden).copied();
    let due = due.ok_or_else(|| eyre::eyre!("the hidden document is not due"))?;
    let corpus = corpus(&desk.journal(id)?, id)?;
    let stolen = (0..corpus.len()).map(|index| proof_path(desk, from, index));
    let stolen = stolen.into_iter().find(|path| path.is_file());
    let stolen = bundle::load(&stolen.ok_or_else(|| eyre::eyre!("no proof was made"))?)?;
    let document = with_proof(&corpus, hidden, stolen.proof().to_vec().into())?;
    let call = desk.market.call(&submitProofsCall {
        id,
        predicate: requested(&desk.market, id, &audit).await?.predicate,
        groups: vec![group(&owed.answers, due, document)],
    });
    let simulated = desk.account.try_dry_run(&call).await?;
    let receipt = desk.account.send_regardless(&call, GAS).await?;
    let after = desk.market.newest(id).await?.counts.proven;
    let (rejected, answer) = match &simulated {
        Ok(_) => (false, "the call succeeds".to_owned()),
        Err(data) => (revert::is::<ProofRejected>(data), revert::explain(data).to_string()),
    };
    Ok(Attempt {
        what: "a proof of another audit",
        refused: rejected && !receipt.status() && after == audit.counts.proven,
        answer,
        sent: Sent::from(&receipt),
    })
}

/// Lets the time for proofs pass.
async fn pass(chain: &Chain, market: &Audits, id: B256) -> eyre::Result<()> {
    let seconds = market.newest(id).await?.deadline.saturating_sub(chain.now().await?) + 1;
    mine_after(chain, seconds).await
}

/// Every balance against what the protocol says: the price of the honest audit, and the bond of the other one.
async fn settle(s: &Stage) -> eyre::Result<Vec<Party>> {
    let wei = |amount: u128| I256::from_raw(U256::from(amount));
    let won = wei(PRICE) - wei(BOND);
    let [rs, rq, stranger] = s.starts;
    // The contract began empty.
    let sides = [
        (RESPONDER, s.rs.address(), rs, won),
        (REQUESTER, s.rq.address(), rq, -won),
        (STRANGER, s.stranger.address(), stranger, I256::ZERO),
        ("market", s.rs.market.address, U256::ZERO, I256::ZERO),
    ];
    let mut parties = Vec::new();
    for (name, address, start, expected) in sides {
        parties.push(s.ledger.settle(&s.chain, name, address, start, expected).await?);
    }
    Ok(parties)
}
