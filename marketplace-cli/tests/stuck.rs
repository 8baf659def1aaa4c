//! Transactions that no block takes: what is signed after them does not wait behind them.

use crate::support;

use alloy::network::{Ethereum, EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use assay_chain::account::Account;
use assay_chain::client::{Call, Chain};
use assay_chain::error::Kind;
use assay_chain::fees::FeeLimits;
use assay_chain::journal::Journal;
use assay_chain::keys::devnet_key;
use assay_chain::market::Market;
use assay_marketplace::accuracy::consumer::open::open;
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::{Desk, Site};
use assay_marketplace::testset;
use assay_marketplace::watch::sweep::Sweep;
use assay_protocol::abi::IAccuracyMarket::{cancelCall, timeoutCall};
use axum::http::StatusCode;
use axum::Router;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;
use support::World;
use tokio::net::TcpListener;

const GWEI: u128 = 1_000_000_000;

/// A base fee that nothing signed before it allows, 100,000 gwei, and the limits within which it is paid.
const DEAR: &str = "0x5af3107a4000";
const ALLOWED: FeeLimits = FeeLimits {
    max_fee: None,
    max_priority_fee: None,
    max_cost: Some(100 * GWEI * GWEI),
};

fn journal(w: &World) -> Journal {
    Journal::open(&w.dir.path().join("stuck.json")).unwrap()
}

/// A call that nobody refuses: there is no contract.
fn free(w: &World, n: u8) -> Call {
    let id = B256::repeat_byte(n);
    Call::new(w.other.address(), &timeoutCall { id })
}

/// Leaves so many transactions of this account with the node, which mines nothing any more.
async fn waiting<T: Debug>(w: &World, account: &Account, count: u64, sending: impl Future<Output = T>) {
    w.rpc("evm_setAutomine", vec![false.into()]).await;
    let provider = &w.market.chain.provider;
    let all = sent(w, account).await + count;
    let begun = async {
        while provider
            .get_transaction_count(account.address())
            .pending()
            .await
            .unwrap()
            < all
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = begun => {}
        ended = sending => panic!("no block took them: {ended:?}"),
    }
}

/// Leaves so many transactions of this account with the node, for fees that no block takes.
async fn stuck<T: Debug>(w: &World, account: &Account, count: u64, sending: impl Future<Output = T>) {
    waiting(w, account, count, sending).await;
    w.rpc("anvil_setNextBlockBaseFeePerGas", vec![DEAR.into()]).await;
    w.mine().await;
    w.rpc("evm_setAutomine", vec![true.into()]).await;
}

async fn sent(w: &World, account: &Account) -> u64 {
    w.market.chain.provider_nonce(account.address()).await.unwrap()
}

fn is_mined(journal: &Journal, step: &str) -> bool {
    journal.step(step).is_some_and(|step| step.mined.is_some())
}

#[tokio::test]
async fn what_is_stuck_is_sent_again_before_anything_new_is_signed() {
    let w = World::new().await;
    let (account, mut journal) = (w.mc.account.clone(), journal(&w));
    let before = sent(&w, &account).await;
    let one = free(&w, 1);
    stuck(&w, &account, 1, account.send(&mut journal, "one", &one, &w.mc.report)).await;
    let refused = account.send(&mut journal, "two", &free(&w, 2), &w.mc.report).await;
    assert!(Kind::TooDear.is_of(&refused.unwrap_err()));
    assert_eq!(journal.step("two"), None, "it would wait behind the other");

    let account = account.within(ALLOWED);
    account
        .send(&mut journal, "two", &free(&w, 2), &w.mc.report)
        .await
        .unwrap();
    assert!(is_mined(&journal, "one") && is_mined(&journal, "two"));
    assert_eq!(journal.step("one").unwrap().replaced.len(), 1);
    assert_eq!(sent(&w, &account).await, before + 2);
}

#[tokio::test]
async fn what_was_signed_behind_another_is_freed_with_it() {
    let w = World::new().await;
    let (account, mut journal) = (w.mc.account.clone().within(ALLOWED), journal(&w));
    let before = sent(&w, &account).await;
    let both = vec![("one".into(), free(&w, 1)), ("two".into(), free(&w, 2))];
    stuck(&w, &account, 2, account.send_all(&mut journal, both, &w.mc.report)).await;
    account
        .send(&mut journal, "two", &free(&w, 2), &w.mc.report)
        .await
        .unwrap();
    assert_eq!(sent(&w, &account).await, before + 2);
}

/// What was due when it was signed may be too late now: its nonce is used up all the same.
#[tokio::test]
async fn what_is_refused_by_now_makes_room() {
    let w = World::new().await;
    let offer = w.opened(1).await.id;
    let (account, mut journal) = (w.mc.account.clone().within(ALLOWED), journal(&w));
    let before = sent(&w, &account).await;
    let cancel = Call::new(w.market.address, &cancelCall { id: offer });
    let both = vec![("cancel".into(), cancel), ("two".into(), free(&w, 2))];
    stuck(&w, &account, 2, account.send_all(&mut journal, both, &w.mc.report)).await;
    w.pass(1801).await;
    let other = w.as_of(&w.other, &w.other.account.clone().within(ALLOWED)).await;
    close(&other, offer).await.unwrap();

    account
        .send(&mut journal, "two", &free(&w, 2), &w.mc.report)
        .await
        .unwrap();
    account
        .send(&mut journal, "three", &free(&w, 3), &w.mc.report)
        .await
        .unwrap();
    assert!(is_mined(&journal, "two") && !is_mined(&journal, "cancel"));
    assert_eq!(sent(&w, &account).await, before + 3, "nothing in the place of one");
}

#[tokio::test]
async fn what_is_on_its_way_counts_until_it_is_mined() {
    let w = World::new().await;
    let set = w.test_set(1);
    let root = testset::load(&set).unwrap().root().unwrap();
    stuck(&w, &w.mc.account, 1, open(&w.mc, &set, w.ask())).await;
    let account = w.mc.account.clone().within(ALLOWED);
    let mut journal = Journal::open(&w.mc.home.offer(&w.market.chain, w.market.address, root)).unwrap();
    let wei = async |account: &Account, journal: &Journal| {
        let steps = journal.steps().map(|(_, step)| step);
        account.on_its_way(steps).await.unwrap()
    };
    assert_eq!(wei(&account, &journal).await, w.market.entry_wei());
    assert_eq!(wei(&w.other.account, &journal).await, 0, "another account's");
    account
        .finish_sent(&mut journal, |step| step == "open", &w.mc.report)
        .await
        .unwrap();
    assert!(is_mined(&journal, "open"));
    assert_eq!(wei(&account, &journal).await, 0);
}

/// The pending block holds it, and a second call like it would be refused there: it is as good as it was.
#[tokio::test]
async fn what_waits_with_the_node_is_not_refused_for_being_there() {
    let w = World::new().await;
    let offer = w.opened(1).await.id;
    let (account, mut journal) = (w.mc.account.clone().within(ALLOWED), journal(&w));
    let cancel = Call::new(w.market.address, &cancelCall { id: offer });
    waiting(
        &w,
        &account,
        1,
        account.send(&mut journal, "cancel", &cancel, &w.mc.report),
    )
    .await;
    journal.mark_stalled("cancel").unwrap();
    account.free(&mut journal, &w.mc.report).await.unwrap();
    let step = journal.step("cancel").unwrap();
    assert_eq!((step.replaced.len(), &step.void), (1, &None));

    // A block takes it after nobody believed in it any more: that is no reason to wait for anything.
    journal.mark_stalled("cancel").unwrap();
    w.rpc("evm_setAutomine", vec![true.into()]).await;
    w.mine().await;
    account.finish_sent(&mut journal, |_| true, &w.mc.report).await.unwrap();
    assert!(is_mined(&journal, "cancel"));
}

/// What another account of the same directory has sent is that account's to free.
#[tokio::test]
async fn what_another_account_sent_is_left_alone() {
    let w = World::new().await;
    let (theirs, ours) = (
        w.other.account.clone().within(ALLOWED),
        w.mc.account.clone().within(ALLOWED),
    );
    let mut journal = journal(&w);
    let one = free(&w, 1);
    stuck(&w, &theirs, 1, theirs.send(&mut journal, "one", &one, &w.mc.report)).await;
    journal.mark_stalled("one").unwrap();
    ours.send(&mut journal, "two", &free(&w, 2), &w.mc.report)
        .await
        .unwrap();
    let step = journal.step("one").unwrap();
    assert!(step.stalled && step.replaced.is_empty() && !is_mined(&journal, "one"));
}

/// What takes the place of a refused one is remembered: it is outbid where fees have outgrown it, too.
#[tokio::test]
async fn what_does_nothing_is_outbid_by_what_does_nothing() {
    let w = World::new().await;
    let offer = w.opened(1).await.id;
    let (account, mut journal) = (w.mc.account.clone().within(ALLOWED), journal(&w));
    let cancel = Call::new(w.market.address, &cancelCall { id: offer });
    stuck(
        &w,
        &account,
        1,
        account.send(&mut journal, "cancel", &cancel, &w.mc.report),
    )
    .await;
    w.pass(1801).await;
    let other = w.as_of(&w.other, &w.other.account.clone().within(ALLOWED)).await;
    close(&other, offer).await.unwrap();
    w.rpc("evm_setAutomine", vec![false.into()]).await;
    account.free(&mut journal, &w.mc.report).await.unwrap();
    let first = journal.step("cancel").unwrap().void.clone().unwrap();
    account.free(&mut journal, &w.mc.report).await.unwrap();
    assert_eq!(
        journal.step("cancel").unwrap().void.as_ref(),
        Some(&first),
        "it will do"
    );
    w.rpc("anvil_setNextBlockBaseFeePerGas", vec!["0x38d7ea4c68000".into()])
        .await;
    w.mine().await;
    account.free(&mut journal, &w.mc.report).await.unwrap();
    assert_ne!(journal.step("cancel").unwrap().void.as_ref(), Some(&first));
}

/// Withdrawals have a journal of their own, which nothing else that is signed looks at.
#[tokio::test]
async fn a_daemon_frees_what_is_stuck_in_any_journal_and_notes_what_is_over() {
    let w = World::new().await;
    let mc = w.as_of(&w.mc, &w.mc.account.clone().within(ALLOWED)).await;
    let (account, chain) = (&mc.account, &mc.market.chain);
    let path = mc.home.withdrawals(chain, account.address());
    let mut journal = Journal::open(&path).unwrap();
    let one = free(&w, 1);
    stuck(&w, account, 1, account.send(&mut journal, "one", &one, &mc.report)).await;
    let before = sent(&w, account).await;
    let (mut sweep, none) = (Sweep::default(), BTreeSet::new());
    let mut turn = async |but: &BTreeSet<_>| sweep.turn(&mc, but).await;
    // Whoever has it open looks after it.
    assert!(turn(&none).await.is_empty());
    drop(journal);
    assert!(turn(&[path.clone()].into()).await.is_empty());
    assert_eq!(sent(&w, account).await, before);
    assert!(turn(&none).await.is_empty());
    // The node answers before the block that takes it is made.
    for _ in 0..100 {
        if sent(&w, account).await > before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sent(&w, account).await, before + 1);
    let step = || Journal::peek_steps(&path).unwrap()["one"].clone();
    assert_eq!((step().replaced.len(), &step().mined), (1, &None));
    // It knows by the next turn, and pays no attention any more.
    assert!(turn(&none).await.is_empty());
    assert!(step().mined.is_some() && !account.awaits(&step()).unwrap());
    assert!(turn(&none).await.is_empty());
    assert_eq!(sweep.paid_wei(), step().mined.unwrap().gas_wei);
}

/// What the contract refuses may be what it takes once a block has what was signed before: nothing takes its place until then, whatever
/// journals both are in.
#[tokio::test]
async fn what_waits_behind_others_is_judged_after_them() {
    let w = World::new().await;
    let offer = w.opened(1).await.id;
    let mc = w.as_of(&w.mc, &w.mc.account.clone().within(ALLOWED)).await;
    let (account, chain) = (&mc.account, &mc.market.chain);
    // Read in the other order than they were signed.
    let paths = [
        mc.home.withdrawals(chain, account.address()),
        mc.home.offer(chain, mc.market.address, B256::ZERO),
    ];
    assert!(paths[1] < paths[0]);
    let [mut first, mut second] = paths.each_ref().map(|path| Journal::open(path).unwrap());
    let before = sent(&w, account).await;
    waiting(
        &w,
        account,
        1,
        account.send(&mut first, "one", &free(&w, 1), &mc.report),
    )
    .await;
    let cancel = Call::new(w.market.address, &cancelCall { id: offer });
    stuck(&w, account, 2, account.send(&mut second, "cancel", &cancel, &mc.report)).await;
    w.pass(1801).await;
    let other = w.as_of(&w.other, &w.other.account.clone().within(ALLOWED)).await;
    close(&other, offer).await.unwrap();

    let early = account.free(&mut second, &mc.report).await.unwrap_err();
    assert!(Kind::Unsettled.is_of(&early), "{early:#}");
    assert_eq!(second.step("cancel").unwrap().void, None);
    drop((first, second));
    let mut sweep = Sweep::default();
    // What waited has its turn once the other one is in a block.
    while sent(&w, account).await < before + 2 {
        let news = sweep.turn(&mc, &BTreeSet::new()).await;
        assert!(news.is_empty(), "{news:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A node behind a front that passes on nothing that is sent, say for its length.
async fn refusing_front(node: String) -> String {
    let client = reqwest::Client::new();
    let pass_on = async move |body: String| {
        if body.contains("eth_sendRawTransaction") {
            return (StatusCode::PAYLOAD_TOO_LARGE, String::new());
        }
        let asked = client.post(&node).header("content-type", "application/json").body(body);
        (StatusCode::OK, asked.send().await.unwrap().text().await.unwrap())
    };
    let pass_on = Arc::new(pass_on);
    let router = Router::new().fallback(move |body: String| {
        let pass_on = pass_on.clone();
        async move { pass_on(body).await }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

/// Of each journal it is said what keeps it, and none ends what others need.
#[tokio::test]
async fn a_journal_that_the_node_refuses_keeps_no_other_one_waiting() {
    let w = World::new().await;
    let chain = Chain::connect(&refusing_front(w.node.url()).await, None).await.unwrap();
    let behind = Market::load(chain.clone(), w.market.address).await.unwrap();
    let account = Account::new(chain, w.mc.account.key()).within(ALLOWED);
    let mc = Desk::new(Site::clone(&w.seeing(&w.mc, &behind)), account);
    let path = |n| mc.home.offer(&w.market.chain, w.market.address, B256::repeat_byte(n));
    for n in [1, 2] {
        let mut journal = Journal::open(&path(n)).unwrap();
        waiting(
            &w,
            &w.mc.account,
            u64::from(n),
            w.mc.account.send(&mut journal, "one", &free(&w, n), &w.mc.report),
        )
        .await;
        journal.mark_stalled("one").unwrap();
    }
    std::fs::write(path(3), b"no journal").unwrap();
    let mut sweep = Sweep::default();
    let news = sweep.turn(&mc, &BTreeSet::new()).await;
    let kinds: Vec<_> = news.iter().map(Kind::of).collect();
    assert_eq!(
        kinds,
        [None, Some(Kind::Unreachable), Some(Kind::Unreachable)],
        "{news:?}"
    );
    assert!(sweep.stuck().is_empty(), "none of it is for fees");
    assert!(sweep.turn(&mc, &BTreeSet::new()).await.is_empty(), "it is said once");
}

#[tokio::test]
async fn what_lost_its_nonce_is_not_waited_for() {
    let w = World::new().await;
    let (account, mut journal) = (w.mc.account.clone(), journal(&w));
    let one = free(&w, 1);
    waiting(&w, &account, 1, account.send(&mut journal, "one", &one, &w.mc.report)).await;
    drop(journal);
    let mut journal = self::journal(&w);
    // Somebody else has the key, and pays more.
    let taking = TransactionRequest::default()
        .with_to(w.other.address())
        .with_chain_id(w.market.chain.id)
        .with_nonce(journal.step("one").unwrap().nonce)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(1_000 * GWEI)
        .with_max_priority_fee_per_gas(100 * GWEI);
    let key = devnet_key(2, w.market.chain.id).unwrap();
    assert_eq!(key.address(), account.address());
    let wallet = EthereumWallet::from(key);
    let taking = NetworkTransactionBuilder::<Ethereum>::build(taking, &wallet)
        .await
        .unwrap();
    let take = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent = w.market.chain.provider.send_tx_envelope(taking).await.unwrap();
        w.rpc("evm_setAutomine", vec![true.into()]).await;
        w.mine().await;
        *sent.tx_hash()
    };
    let (ended, hash) = tokio::join!(account.send(&mut journal, "one", &one, &w.mc.report), take);
    let error = ended.unwrap_err();
    assert!(Kind::NonceTaken.is_of(&error), "{error:#}");
    assert_ne!(journal.step("one").unwrap().tx_hash, hash);
    account.free(&mut journal, &w.mc.report).await.unwrap();
    assert!(journal.step("one").unwrap().lost);
    // What is due all the same is signed anew.
    account.send(&mut journal, "one", &one, &w.mc.report).await.unwrap();
    assert!(is_mined(&journal, "one"));
}
