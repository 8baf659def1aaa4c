//! What a provider takes on: no more than its model's proofs and its measured speed can answer, over all engagements.

mod node_support;
mod support;

use alloy::primitives::B256;
use assay_chain::client::Chain;
use assay_chain::error::hint_of;
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::venue::{events, Venue};
use assay_durable::lock::Lock;
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::accuracy::provider::capacity::reserve;
use assay_marketplace::accuracy::provider::moves::ABORT;
use assay_marketplace::proving::promises::{note_speed, promises_path, Promise, Promises, Speed};
use assay_protocol::abi::IPredictionMarket::{self, openCall, RoundOffered};
use assay_protocol::abi::{IAccuracyMarket::cancelCall, Privacy, RoundTerms, State};
use assay_prover::secret::{self, ModelSecret};
use node_support::lying;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use support::World;

static ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

/// A secret of 25 proofs, of which each was measured to take `seconds`: four within 3600 + 4·600 s are what an engagement may
/// ask for.
fn secret(w: &World, seconds: u64) -> PathBuf {
    let path = w.dir.path().canonicalize().unwrap().join("model.secret");
    ModelSecret::create(&path, 1, 20, 6).unwrap();
    note_speed(&path, Duration::from_secs(seconds)).unwrap();
    let journal = w.mp.home.model(&w.market.chain, w.model_id);
    let mut journal = Journal::open(&journal).unwrap();
    journal
        .set_fact(&assay_marketplace::engagement::facts::SECRET, &path)
        .unwrap();
    path
}

fn promised(secret: &Path, market: &Market) -> Vec<B256> {
    let promises = Promises::open(secret).unwrap();
    promises.engagements(&market.chain.label(), market.address)
}

#[tokio::test]
async fn two_engagements_that_fit_alone_are_not_accepted_together_until_one_is_closed() {
    let w = World::new().await;
    let secret = secret(&w, 600);
    let (one, two) = (w.opened(1).await.id, w.opened(2).await.id);
    let take = |id| accept(&w.mp, id, &ANY, None);
    take(one).await.unwrap();
    let refused = take(two).await.unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains("a proof takes 600.0 s on this machine: the 8 proofs")
            && said.contains("within 6000 s take 4800 s, with a margin of 2 9600 s"),
        "{said}"
    );
    assert!(hint_of(&refused).unwrap().contains("wait until other"));
    assert_eq!(promised(&secret, &w.market), [one]);

    w.mp.play(one, &ABORT).await.unwrap();
    take(two).await.unwrap();
    assert_eq!(promised(&secret, &w.market), [two]);
}

/// A node that never answers would keep every other process from promising anything.
#[tokio::test]
async fn no_node_is_asked_while_others_wait_to_promise() {
    let w = World::new().await;
    secret(&w, 60);
    let (one, two) = (w.opened(1).await.id, w.opened(2).await.id);
    accept(&w.mp, one, &ANY, None).await.unwrap();
    let (lock, asked) = (w.mp.home.promising(), Arc::new(AtomicBool::new(false)));
    let noted = asked.clone();
    let node = lying(w.node.url(), move |_| {
        noted.fetch_or(Lock::is_held(&lock), Ordering::Relaxed);
        None
    });
    let chain = Chain::connect(&node.await, None).await.unwrap();
    let market = Market::load(chain, w.market.address).await.unwrap();
    let e = market.engagement(two).await.unwrap();
    reserve(&w.seeing(&w.mp, &market), two, &e, None)
        .await
        .unwrap()
        .unwrap();
    assert!(!asked.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_promise_without_an_acceptance_is_repeated_or_ends_with_the_offer() {
    let w = World::new().await;
    let secret = secret(&w, 600);
    let m = &w.market;
    let take = |id| accept(&w.mp, id, &ANY, None);
    let mp = &w.mp;
    let promise = |id| async move {
        let e = m.engagement(id).await.unwrap();
        // As a command that dies here leaves it.
        reserve(mp, id, &e, None).await.unwrap().unwrap();
    };
    let (one, two) = (w.opened(1).await.id, w.opened(2).await.id);
    promise(one).await;
    assert!(take(two).await.is_err(), "what is promised is promised");
    take(one).await.unwrap();
    w.mp.play(one, &ABORT).await.unwrap();

    promise(two).await;
    let mut journal = Journal::open(&w.dir.path().join("cancel.json")).unwrap();
    let call = m.call(&cancelCall { id: two });
    w.mc.account
        .send(&mut journal, "cancel", &call, &w.mc.report)
        .await
        .unwrap();
    drop(journal);
    let three = w.opened(3).await.id;
    take(three).await.unwrap();
    assert_eq!(promised(&secret, m), [three]);
    w.mp.play(three, &ABORT).await.unwrap();

    // Nobody closes an offer that has expired.
    let four = w.opened(4).await.id;
    promise(four).await;
    w.pass(1801).await;
    let five = w.opened(5).await.id;
    take(five).await.unwrap();
    assert_eq!(promised(&secret, m), [five]);
}

#[tokio::test]
async fn what_a_closed_round_was_promised_is_free_for_engagements() {
    let w = World::new().await;
    let secret = secret(&w, 600);
    let desk = w.in_rounds(&w.mc, &w.mc.account).await;
    let rounds = &desk.market;
    let terms = RoundTerms {
        modelId: w.model_id,
        modelHash: w.market.model(w.model_id).await.unwrap().modelHash,
        inputRoot: B256::repeat_byte(1),
        predictions: 4,
        contestCap: 4,
        mpDeposit: 8 * rounds.params.priceProof,
        price: 0,
        privacy: Privacy::PUBLIC,
        expiry: w.market.chain.now().await.unwrap() + 60,
    };
    let open = desk.paying(&openCall { terms }, 8 * rounds.params.priceProof + rounds.params.fee);
    let mut journal = Journal::open(&w.dir.path().join("round.json")).unwrap();
    let receipt = w.mc.account.send(&mut journal, "open", &open, &w.mc.report);
    let opened = events::<RoundOffered>(&receipt.await.unwrap()).next().unwrap();
    let promise = Promise {
        proofs: 4,
        window_seconds: 6000,
        chain: rounds.chain.label(),
        market: rounds.address,
    };
    let speed = Speed::Measured(Duration::from_secs(600));
    Promises::open(&secret)
        .unwrap()
        .promise(opened.id, promise, speed)
        .unwrap();
    let id = w.opened(1).await.id;
    assert!(
        accept(&w.mp, id, &ANY, None).await.is_err(),
        "what is promised is promised"
    );

    let cancel = rounds.call(&IPredictionMarket::cancelCall { id: opened.id });
    let sent = w.mc.account.send(&mut journal, "cancel", &cancel, &w.mc.report);
    sent.await.unwrap();
    accept(&w.mp, id, &ANY, None).await.unwrap();
    let left = Promises::open(&secret).unwrap();
    assert!(left.get(opened.id).is_none() && left.get(id).is_some());
}

#[tokio::test]
async fn an_acceptance_without_its_confirmations_keeps_its_promise_after_the_offer_would_have_expired() {
    let w = World::new().await;
    let secret = secret(&w, 600);
    let mut patient = Market::clone(&w.market);
    patient.chain.confirmations = 3;
    let (one, two) = (w.opened(1).await.id, w.opened(2).await.id);
    let other = w.market.engagement(two).await.unwrap();
    w.mine().await;
    w.pass(1700).await;
    accept(&w.mp, one, &ANY, None).await.unwrap();
    w.pass(200).await;
    assert_eq!(patient.confirmed(one).await.unwrap().state, State::Offered);
    assert!(reserve(&w.seeing(&w.mp, &patient), two, &other, None).await.is_err());
    assert_eq!(promised(&secret, &w.market), [one]);
}

#[tokio::test]
async fn an_offer_that_could_not_be_accepted_is_promised_nothing() {
    let w = World::new().await;
    let secret = secret(&w, 600);
    let id = w.opened(1).await.id;
    let poor = vec![w.mp.address().to_string().into(), "0x0".into()];
    w.rpc("anvil_setBalance", poor).await;
    assert!(accept(&w.mp, id, &ANY, None).await.is_err());
    assert!(promised(&secret, &w.market).is_empty());
}

#[tokio::test]
async fn no_more_proofs_are_promised_than_the_secret_carries() {
    let w = World::new().await;
    let secret = secret(&w, 1);
    secret::advance_counter(&secret, 25 - 7).unwrap();
    let (one, two) = (w.opened(1).await.id, w.opened(2).await.id);
    accept(&w.mp, one, &ANY, None).await.unwrap();
    let refused = accept(&w.mp, two, &ANY, None).await.unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains("carries 7 more proofs, 4 are promised to other engagements"),
        "{said}"
    );

    // A file that cannot be read promises nothing to anybody.
    std::fs::write(promises_path(&secret), "{").unwrap();
    let damaged = accept(&w.mp, two, &ANY, None).await.unwrap_err();
    assert!(
        damaged.to_string().contains("model.secret.promises is damaged"),
        "{damaged}"
    );
}
