//! What gas may cost, who cannot pay for it, and what is said of what was sent.

use crate::node_support;
use crate::snapshots;
use crate::support;

use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::Decodable2718;
use alloy::primitives::{TxHash, B256, U256};
use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::BoxFuture;
use assay_chain::account::Account;
use assay_chain::client::{Call, Chain};
use assay_chain::consent::{declined, Asked, Consent, Proposed, Tried};
use assay_chain::error::{hint_of, is_passing, Kind};
use assay_chain::fees::FeeLimits;
use assay_chain::journal::{Journal, Step};
use assay_chain::keys::KEY_VARIABLE;
use assay_chain::venue::Venue;
use assay_marketplace::accuracy::consumer::open::{open, Opened};
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::withdraw::withdraw;
use assay_marketplace::home::Home;
use assay_marketplace::inputs::{self, Salts};
use assay_marketplace::prediction::consumer::open::{self as rounds, Ask};
use assay_marketplace::testset;
use assay_protocol::abi::{IAccuracyMarket, Privacy, State};
use assay_protocol::testset::ImageSize;
use node_support::lying;
use serde_json::{json, Value};
use std::future::Future;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::World;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const GWEI: u128 = 1_000_000_000;
const ETHER: u128 = GWEI * GWEI;

/// A fee that nobody pays: 100,000 gwei.
const DEAR: u128 = 100_000 * GWEI;

const ALLOWED: FeeLimits = FeeLimits {
    max_fee: None,
    max_priority_fee: None,
    max_cost: Some(100 * ETHER),
};

/// Lets blocks take this fee from the newest one on.
async fn set_base_fee(w: &World, wei: u128) {
    w.rpc("anvil_setNextBlockBaseFeePerGas", vec![format!("{wei:#x}").into()])
        .await;
    w.mine().await;
}

/// The set of this seed, made once.
fn set_of(w: &World, seed: u8) -> PathBuf {
    let path = w.dir.path().join(format!("set-{seed}"));
    if !path.exists() {
        w.test_set(seed);
    }
    path
}

async fn open_as(w: &World, account: &Account, seed: u8) -> eyre::Result<Opened> {
    open(&w.as_of(&w.mc, account).await, &set_of(w, seed), w.ask()).await
}

/// The journal of the offer of a set.
fn offer_journal(w: &World, seed: u8) -> Journal {
    let root = testset::load(&set_of(w, seed)).unwrap().root().unwrap();
    Journal::open(&w.mc.home.offer(&w.market.chain, w.market.address, root)).unwrap()
}

async fn sent(w: &World, account: &Account) -> u64 {
    w.market.chain.provider_nonce(account.address()).await.unwrap()
}

fn refused<T: std::fmt::Debug>(result: eyre::Result<T>, said: &str) {
    let error = result.expect_err(said);
    assert!(Kind::TooDear.is_of(&error) && is_passing(&error), "{error:#}");
    let printed = format!("{error:#}");
    assert!(printed.contains(said), "{printed}");
}

#[tokio::test]
async fn a_node_that_lies_about_tips_gets_no_more_than_the_bound() {
    let w = World::new().await;
    let liar = lying(w.node.url(), |request| match request["method"].as_str() {
        // 50,000 gwei.
        Some("eth_feeHistory") => Some(json!({
            "oldestBlock": "0x1",
            "baseFeePerGas": ["0x3b9aca00", "0x3b9aca00"],
            "gasUsedRatio": [0.5],
            "reward": [["0x2d79883d2000"]],
        })),
        Some("eth_maxPriorityFeePerGas") => Some(json!("0x2d79883d2000")),
        _ => None,
    });
    let chain = Chain::connect(&liar.await, None).await.unwrap();
    let account = Account::new(chain, w.mc.account.key());
    let told = FeeLimits {
        max_priority_fee: Some(2 * GWEI),
        ..FeeLimits::default()
    };
    for (seed, limits, tip) in [(1, FeeLimits::default(), 5 * GWEI), (2, told, 2 * GWEI)] {
        let opened = open_as(&w, &account.clone().within(limits), seed).await.unwrap();
        assert_eq!(tip_of(&w, opened.sent.tx_hash).await, tip);
    }
}

/// Says no, and remembers to what.
#[derive(Debug, Default)]
struct No(Mutex<Vec<String>>);

impl Asked for No {
    fn ask<'a>(&'a self, proposed: &'a Proposed) -> BoxFuture<'a, eyre::Result<()>> {
        self.0.lock().unwrap().push(proposed.to_string());
        Box::pin(async { Err(declined("no")) })
    }
}

#[tokio::test]
async fn who_says_no_is_asked_once_and_nothing_is_signed() {
    let w = World::new().await;
    let ids = [w.opened(1).await.id, w.opened(2).await.id];
    let before = sent(&w, &w.mc.account).await;
    let person = Arc::new(No::default());
    let mut account = w.mc.account.clone().asking(Consent::Asked(person.clone()));
    // On a devnet nobody is asked.
    account.chain.id += 1;

    let error = open_as(&w, &account, 3).await.unwrap_err();
    assert!(Kind::Declined.is_of(&error) && !is_passing(&error), "{error:#}");
    assert_eq!(offer_journal(&w, 3).step("open"), None);

    // It sends no money, but gas is dear.
    set_base_fee(&w, DEAR).await;
    let account = account.within(ALLOWED);
    let mut journal = Journal::open(&w.dir.path().join("cancelled.json")).unwrap();
    let cancel = |id| Call::new(w.market.address, &IAccuracyMarket::cancelCall { id });
    let calls = ids.map(|id| (format!("cancel {id}"), cancel(id))).to_vec();
    let ended = account.send_all(&mut journal, calls, &w.mc.report).await;
    assert!(
        ended.len() == 2
            && ended
                .iter()
                .flat_map(|ended| ended.as_ref().err())
                .all(|error| Kind::Declined.is_of(error))
    );
    assert_eq!(journal.steps().count(), 0);

    let asked = person.0.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].starts_with("open: sends ") && asked[0].contains("by 20"),
        "{asked:?}"
    );
    assert!(asked[1].starts_with(&format!("cancel {}: ", ids[0])), "{asked:?}");
    assert_eq!(sent(&w, &w.mc.account).await, before);
}

async fn tip_of(w: &World, hash: TxHash) -> u128 {
    let found = w.market.chain.provider.get_transaction_by_hash(hash).await.unwrap();
    found.unwrap().max_priority_fee_per_gas().unwrap()
}

#[tokio::test]
async fn gas_that_is_too_dear_is_refused_and_nothing_is_signed() {
    let w = World::new().await;
    let cancelled = w.opened(1).await.id;
    w.pass(1801).await;
    close(&w.other, cancelled).await.unwrap();
    let before = (sent(&w, &w.mc.account).await, w.balance(&w.mc).await);

    set_base_fee(&w, DEAR).await;
    refused(open_as(&w, &w.mc.account, 2).await, "gas would cost up to ");
    let without_money = withdraw(&w.mc, w.mc.address()).await;
    refused(without_money, " gas at 10000");
    let told = FeeLimits {
        max_fee: Some(50_000 * GWEI),
        ..ALLOWED
    };
    let bounded = w.mc.account.clone().within(told);
    refused(open_as(&w, &bounded, 2).await, "--max-fee is 50000 gwei");
    assert_eq!(offer_journal(&w, 2).step("open"), None);
    assert_eq!((sent(&w, &w.mc.account).await, w.balance(&w.mc).await), before);

    let allowed = w.mc.account.clone().within(ALLOWED);
    let opened = open_as(&w, &allowed, 2).await.unwrap();
    assert!(opened.sent.gas_wei > ETHER);
    assert_eq!(sent(&w, &w.mc.account).await, before.0 + 1);
}

/// Leaves an offer in its journal that the node has forgotten.
async fn interrupted(w: &World) -> Step {
    forgotten(w, open_as(w, &w.mc.account, 1)).await;
    offer_journal(w, 1).step("open").unwrap().clone()
}

/// Begins an offer of the consumer, whose transaction the node forgets.
async fn forgotten<T: std::fmt::Debug>(w: &World, offer: impl Future<Output = eyre::Result<T>>) {
    w.rpc("evm_setAutomine", vec![false.into()]).await;
    let before = sent(w, &w.mc.account).await;
    let pending = || w.market.chain.provider.get_transaction_count(w.mc.address()).pending();
    let begun = async {
        while pending().await.unwrap() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = begun => {}
        opened = offer => panic!("no block took it: {opened:?}"),
    }
    w.rpc("anvil_dropAllTransactions", vec![]).await;
    w.rpc("evm_setAutomine", vec![true.into()]).await;
}

/// Offers the set of an interrupted offer again.
async fn repeated(w: &World, limits: FeeLimits) -> eyre::Result<Opened> {
    open_as(w, &w.mc.account.clone().within(limits), 1).await
}

#[tokio::test]
async fn a_replacement_keeps_to_the_limits() {
    let w = World::new().await;
    let before = sent(&w, &w.mc.account).await;
    let step = interrupted(&w).await;
    set_base_fee(&w, DEAR).await;
    refused(repeated(&w, FeeLimits::default()).await, "gas would cost up to ");
    assert_eq!(offer_journal(&w, 1).step("open"), Some(&step));
    assert_eq!(sent(&w, &w.mc.account).await, before);

    repeated(&w, ALLOWED).await.unwrap();
    assert_eq!(offer_journal(&w, 1).step("open").unwrap().replaced, [step.tx_hash]);
    assert_eq!(sent(&w, &w.mc.account).await, before + 1);
}

/// What a private round takes depends on the base fee of its block: what takes the place of a stuck offer brings as much as is due
/// by then.
#[tokio::test]
async fn the_replacement_of_an_offer_of_a_round_sends_what_is_due_now() {
    let w = World::new().await;
    let account = w.mc.account.clone().within(ALLOWED);
    let desk = w.in_rounds(&w.mc, &account).await;
    let size = ImageSize { height: 8, width: 8 };
    let images = [vec![1; 8 * 8 * 3], vec![2; 8 * 8 * 3]];
    let inputs = inputs::build(&images, size, Salts::Secret, &w.dir.path().join("round.inputs")).unwrap();
    let ask = Ask {
        model_id: w.model_id,
        contest_cap: 1,
        deposit: None,
        price: 0,
        privacy: Privacy::PRIVATE,
        expires_in: None,
    };
    forgotten(&w, rounds::open(&desk, &inputs, ask)).await;
    // To other terms nothing of it is sent again.
    let others = Ask {
        model_id: B256::repeat_byte(1),
        contest_cap: 2,
        deposit: Some(ETHER),
        price: 1,
        privacy: Privacy::PUBLIC,
        expires_in: None,
    };
    let changed = [
        Ask {
            model_id: others.model_id,
            ..ask
        },
        Ask {
            contest_cap: others.contest_cap,
            ..ask
        },
        Ask {
            deposit: others.deposit,
            ..ask
        },
        Ask {
            price: others.price,
            ..ask
        },
        Ask {
            privacy: others.privacy,
            ..ask
        },
    ];
    for other in changed {
        let refusal = rounds::open(&desk, &inputs, other).await.unwrap_err();
        assert!(refusal.to_string().contains("to other terms"), "{refusal:#}");
    }
    set_base_fee(&w, 1000 * GWEI).await;
    let offered = rounds::open(&desk, &inputs, ask).await.unwrap();
    let round = desk.market.newest(offered.id).await.unwrap();
    assert!(round.quietBond.paid > 100_000 * 900 * GWEI, "{}", round.quietBond.paid);
    // Once more it is found, and nothing is sent.
    let before = sent(&w, &desk.account).await;
    assert_eq!(rounds::open(&desk, &inputs, ask).await.unwrap().id, offered.id);
    assert_eq!(sent(&w, &desk.account).await, before);
    // Nobody can serve it any more: repeating it says so.
    w.pass(desk.market.params.windows.accept + 1).await;
    let lapsed = rounds::open(&desk, &inputs, ask).await.unwrap_err();
    assert!(lapsed.to_string().contains(" lapsed "), "{lapsed:#}");
    assert!(hint_of(&lapsed).unwrap().starts_with("assay predict cancel"));
}

#[tokio::test]
async fn what_was_signed_is_sent_again_where_its_replacement_is_too_dear() {
    let w = World::new().await;
    let step = interrupted(&w).await;
    let signed = TxEnvelope::decode_2718(&mut step.raw.as_ref()).unwrap();
    offer_journal(&w, 1).mark_stalled("open").unwrap();
    let limits = FeeLimits {
        max_fee: Some(signed.max_fee_per_gas()),
        ..FeeLimits::default()
    };
    assert_eq!(repeated(&w, limits).await.unwrap().sent.tx_hash, step.tx_hash);
}

/// A new account with this much.
async fn account_with(w: &World, wei: u128) -> Account {
    account_of(w, PrivateKeySigner::random(), wei).await
}

/// The account of a key, with this much.
async fn account_of(w: &World, key: PrivateKeySigner, wei: u128) -> Account {
    let account = Account::new(w.market.chain.clone(), key);
    let balance = json!([account.address(), format!("{wei:#x}")]);
    let Value::Array(params) = balance else { unreachable!() };
    w.rpc("anvil_setBalance", params).await;
    account
}

#[tokio::test]
async fn an_account_that_cannot_pay_is_told_so_in_ether_before_anything_is_sent() {
    let w = World::new().await;
    let entry = w.market.entry_wei();
    let poor = account_with(&w, ETHER / 100).await;
    let error = open_as(&w, &poor, 1).await.unwrap_err().to_string();
    let said = format!("{} has 0.01 ETH, this step sends 0.081 ETH and gas", poor.address());
    assert_eq!(error, said);

    let without_gas = account_with(&w, entry + 1).await;
    let error = open_as(&w, &without_gas, 2).await.unwrap_err().to_string();
    assert!(
        error.contains("has 0.081000000000000001 ETH, this step sends 0.081 ETH and up to 0.00"),
        "{error}"
    );
    assert!(error.ends_with(" ETH for gas"), "{error}");
    for seed in [1, 2] {
        assert_eq!(offer_journal(&w, seed).step("open"), None);
    }
}

/// The program, as a party at the market.
fn assay(w: &World, home: &Home, args: &[&str]) -> Command {
    let market = w.market.address.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(args)
        .args(["--rpc-url", &w.node.url(), "--market", &market, "--home"])
        .arg(home.path())
        .env_remove(KEY_VARIABLE)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// What the program says, and its result.
async fn ran(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stderr), text(&output.stdout))
}

/// The files that keys are made from are not even there.
#[tokio::test]
async fn an_account_that_cannot_pay_is_told_so_before_keys_are_made() {
    let w = World::new().await;
    let set = w.test_set(1);
    let (set, terms) = (set.to_str().unwrap(), w.dir.path().join("terms.json"));
    let devnet = assay_chain::terms::MarketTerms::devnet();
    std::fs::write(&terms, serde_json::to_vec(&devnet).unwrap()).unwrap();
    let id = w.model_id.to_string();
    let commands: [(&[&str], &str); 4] = [
        (&["deploy", "--terms", terms.to_str().unwrap()], "this step takes gas"),
        (&["mp", "deploy-verifier", "missing.json"], "this step takes gas"),
        (
            &["mp", "register", "--model", "missing"],
            "this step sends 10 ETH and gas",
        ),
        (
            &[
                "mc",
                "open",
                &id,
                "--set",
                set,
                "--target",
                "75%",
                "--arch",
                "missing.json",
            ],
            "this step sends 0.081 ETH and gas",
        ),
    ];
    let key = PrivateKeySigner::random();
    let account = account_of(&w, key.clone(), 0).await;
    for (args, said) in commands {
        let mut command = assay(&w, &w.mc.home, args);
        command.env(KEY_VARIABLE, hex::encode(key.to_bytes()));
        let (code, printed, _) = ran(command).await;
        assert_eq!(code, Some(1), "{args:?}: {printed}");
        let broke = format!("error: {} has 0 ETH, {said}\n", account.address());
        assert!(printed.contains(&broke), "{args:?}: {printed}");
        assert!(
            printed.contains("hint: send ether to the account"),
            "{args:?}: {printed}"
        );
    }
}

#[tokio::test]
async fn what_was_sent_is_told_once_with_its_block_and_gas() {
    let w = World::new().await;
    let id = w.opened(1).await.id.to_string();
    let cancel = |options: &[&str]| {
        let args = ["mc", "cancel", &id, "--devnet-account", "2"];
        ran(assay(&w, &w.mc.home, &[&args[..], options].concat()))
    };
    let (code, said, result) = cancel(&["--json"]).await;
    assert_eq!(code, Some(0), "{said}");
    let result: Value = serde_json::from_str(&result).unwrap();
    snapshots::assert_shape(&["mc", "cancel"], &result);
    let sent = &result["sent"];
    let (hash, block) = (sent["txHash"].as_str().unwrap(), sent["block"].as_u64().unwrap());
    let gas = assay_protocol::units::grouped(sent["gasUsed"].as_u64().unwrap());
    let wei: U256 = sent["gasWei"].as_str().unwrap().parse().unwrap();
    let line = format!(
        "cancel: {hash} in block {block}, {gas} gas, {}\n",
        assay_protocol::units::about_ether(wei)
    );
    assert!(gas.contains(',') && said.contains(&line), "{said}");
    assert!(
        !said.contains("waiting"),
        "one confirmation is not worth a line: {said}"
    );

    let (_, said, _) = cancel(&[]).await;
    assert!(!said.contains(" gas"), "nothing was sent: {said}");
}

#[tokio::test]
async fn waiting_for_confirmations_is_told_once_where_no_bar_shows_it() {
    let w = World::new().await;
    let id = w.opened(1).await.id;
    let text = id.to_string();
    let args = ["mc", "cancel", &text, "--devnet-account", "2", "--confirmations", "3"];
    let mut command = assay(&w, &w.mc.home, &args);
    let mut program = command.kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let patience = Duration::from_secs(120);
    while let Some(line) = tokio::time::timeout(patience, lines.next_line())
        .await
        .expect("it says what it waits for")
        .unwrap()
    {
        let is_waiting = line.contains("waiting");
        said.push(line);
        if is_waiting {
            assert_eq!(w.market.engagement(id).await.unwrap().state, State::Closed);
            w.mine().await;
            w.mine().await;
        }
    }
    assert!(program.wait().await.unwrap().success(), "{said:?}");
    let [cost, waiting, done] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert!(
        cost.starts_with("cancel: ") && cost.contains(" gas cost about "),
        "{cost}"
    );
    let hash = waiting.strip_prefix("cancel: waiting for 3 confirmations of ").unwrap();
    assert!(done.starts_with(&format!("cancel: {hash} in block ")), "{done}");
}

#[tokio::test]
async fn a_dry_run_tells_what_it_would_send_and_the_command_goes_on_from_it() {
    let w = World::new().await;
    let (opened, model) = (w.opened(1).await, w.model_id.to_string());
    let (id, key) = (opened.id.to_string(), w.dir.path().join("transport.key"));
    let counted = [sent(&w, &w.mc.account).await, sent(&w, &w.mp.account).await];

    let args = ["mc", "cancel", &id, "--devnet-account", "2", "--dry-run", "--json"];
    let (code, said, result) = ran(assay(&w, &w.mc.home, &args)).await;
    assert_eq!(code, Some(0), "{said}");
    let result: Value = serde_json::from_str(&result).unwrap();
    snapshots::assert_shape(&["dry-run"], &result);
    assert_eq!(result["stopped"], "dry run: stopped before cancel");
    let [proposed] = result["proposed"].as_array().unwrap().as_slice() else {
        panic!("{result}")
    };
    let cost = &proposed["cost"];
    let fee: u128 = cost["feeWei"].as_str().unwrap().parse().unwrap();
    let most: u128 = cost["mostFeeWei"].as_str().unwrap().parse().unwrap();
    assert!(
        cost["gas"].as_u64().unwrap() > 21_000 && fee > 0 && most > fee,
        "{cost}"
    );
    assert_eq!(proposed["to"].as_str().unwrap().parse(), Ok(w.market.address));

    // The key that it makes is kept, and is the one that is sent after.
    let file = key.to_str().unwrap();
    let args = ["mp", "transport-key", &model, "--file", file, "--devnet-account", "1"];
    let dry = [&args[..], &["--dry-run"]].concat();
    let (code, said, result) = ran(assay(&w, &w.mp.home, &dry)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        result.contains(" gas cost about ") && result.ends_with("; nothing was sent\n"),
        "{result}"
    );
    assert_eq!([sent(&w, &w.mc.account).await, sent(&w, &w.mp.account).await], counted);
    assert_eq!(w.market.engagement(opened.id).await.unwrap().state, State::Offered);
    let made = std::fs::read(&key).unwrap();
    let (code, said, _) = ran(assay(&w, &w.mp.home, &args)).await;
    assert_eq!((code, std::fs::read(&key).unwrap()), (Some(0), made), "{said}");

    // Now nothing has to be signed, and nothing is told as if it had been done.
    let (code, said, result) = ran(assay(&w, &w.mp.home, &dry)).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(result, "dry run: nothing had to be signed; nothing was sent\n");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_again_and_waits_for_nothing() {
    let w = World::new().await;
    let step = interrupted(&w).await;
    let before = sent(&w, &w.mc.account).await;
    let tried = Tried::default();
    let account = w.mc.account.clone().asking(Consent::Dry(tried.clone()));
    let error = open_as(&w, &account, 1).await.unwrap_err();
    assert!(Kind::DryRun.is_of(&error), "{error:#}");
    assert!(error.to_string().contains("sending open again"), "{error:#}");
    assert_eq!(offer_journal(&w, 1).step("open"), Some(&step));
    assert_eq!(sent(&w, &w.mc.account).await, before);
    assert!(tried.proposed().is_empty());

    let opened = repeated(&w, FeeLimits::default()).await.unwrap();
    assert_eq!(open_as(&w, &account, 1).await.unwrap().id, opened.id);
    let mut account = account;
    account.chain.confirmations = 100;
    let error = open_as(&w, &account, 1).await.unwrap_err();
    assert!(
        error.to_string().contains("waiting for the confirmations of open"),
        "{error:#}"
    );
}

#[tokio::test]
async fn status_tells_whose_move_it_is_and_goes_on_past_a_damaged_record() {
    let w = World::new().await;
    let opened = w.opened(1).await;
    let chain = &w.market.chain;
    let other = B256::repeat_byte(7);
    let damaged = w.mc.home.of_id(chain, "engagements", other).join("journal.json");
    std::fs::create_dir_all(damaged.parent().unwrap()).unwrap();
    std::fs::write(&damaged, b"{").unwrap();

    let (code, said, result) = ran(assay(&w, &w.mc.home, &["status", "--json"])).await;
    assert_eq!(code, Some(0), "{said}");
    let result: Value = serde_json::from_str(&result).unwrap();
    snapshots::assert_shape(&["status"], &result);
    let [offer, bad] = result["open"].as_array().unwrap().as_slice() else {
        panic!("{result}")
    };
    assert_eq!(offer["id"].as_str().unwrap().parse(), Ok(opened.id));
    assert_eq!(
        (&offer["role"], &offer["state"]),
        (&json!("consumer"), &json!("Offered"))
    );
    assert_eq!((&offer["mover"], &offer["isMine"]), (&json!("provider"), &json!(false)));
    assert_eq!(offer["until"], opened.expiry);
    assert_eq!(offer["moverAddress"].as_str().unwrap().parse(), Ok(w.mp.address()));
    assert_eq!(result["unfinished"], 0);
    assert!(offer["silence"].as_str().unwrap().ends_with("(Cancelled)"), "{offer}");
    assert_eq!(
        (&offer["outcome"], &offer["closes"]),
        (&json!("Cancelled"), &offer["until"])
    );
    assert_eq!((&offer["isClosable"], &offer["command"]), (&json!(false), &Value::Null));
    assert_eq!(bad["id"].as_str().unwrap().parse(), Ok(other));
    assert!(bad["error"].as_str().unwrap().contains("is damaged"), "{bad}");

    let (_, _, csv) = ran(assay(&w, &w.mc.home, &["status", "--csv"])).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "kind,id,role,state,move,until,if nobody moves");
    assert!(
        lines[1].starts_with(&format!("engagement,{},consumer,Offered,", opened.id)),
        "{csv}"
    );
    let (code, said, _) = ran(assay(&w, &w.mc.home, &["status", "--csv", "--json"])).await;
    assert_eq!(code, Some(2), "{said}");

    let (_, _, listed) = ran(assay(&w, &w.mc.home, &["verdict", "list", "--offers", "--json"])).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["models"][0]["offers"][0]["id"], offer["id"]);
    let provider = w.other.address().to_string();
    let args = ["verdict", "list", "--provider", &provider, "--json"];
    let (_, _, none) = ran(assay(&w, &w.mc.home, &args)).await;
    assert_eq!(none.trim(), "{\"models\":[]}");

    // Nobody took it: from here on it is nobody's move, and its consumer's to take back.
    w.pass(opened.expiry - chain.now().await.unwrap() + 1).await;
    let (_, _, result) = ran(assay(&w, &w.mc.home, &["status", "--json"])).await;
    let result: Value = serde_json::from_str(&result).unwrap();
    let expired = &result["open"][0];
    assert_eq!(
        (&expired["mover"], &expired["isMine"], &expired["isClosable"]),
        (&Value::Null, &json!(true), &json!(true)),
        "{expired}"
    );
    assert_eq!(expired["command"], json!(format!("assay mc cancel {}", opened.id)));

    let args = [
        "status",
        "--home",
        w.mc.home.path().to_str().unwrap(),
        "--rpc-url",
        "http://127.0.0.1:1",
    ];
    let mut dead = Command::new(env!("CARGO_BIN_EXE_assay"));
    dead.args(args).args(["--market", &w.market.address.to_string()]);
    let (code, said, _) = ran(dead).await;
    assert_eq!(code, Some(4), "{said}");
}
