//! Signers at a URL: what they sign is sent as it was asked for or not at all, and who they are is said without their secrets.

use crate::node_support::{answering, in_front_of, lying};
use crate::support::World;

use alloy::consensus::{SignableTransaction, Transaction, TxEip1559, TxEnvelope};
use alloy::eips::{Decodable2718, Encodable2718};
use alloy::primitives::{hex, Address, Bytes, Signature, TxKind, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::signers::SignerSync;
use assay_chain::account::Account;
use assay_chain::client::Call;
use assay_chain::error::{hint_of, Kind};
use assay_chain::journal::Journal;
use assay_chain::keys::{devnet_key, KEY_VARIABLE, SIGNER_VARIABLE};
use assay_chain::remote_signer::RemoteSigner;
use assay_chain::wallet::Wallet;
use assay_durable::report::Reporter;
use assay_exchange::auth::{recover, Stamp};
use assay_protocol::abi::ICredits::creditCall;
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(20);

async fn signer(url: &str, wanted: Option<Address>) -> eyre::Result<Wallet> {
    Ok(RemoteSigner::connect(url.parse()?, wanted, PATIENCE).await?.into())
}

/// The consumer, who has the key of one of anvil's accounts, at this signer.
async fn consumer(w: &World, url: &str) -> Account {
    let wallet = signer(url, Some(w.mc.address())).await.unwrap();
    Account::new(w.market.chain.clone(), wallet)
}

/// Calls the market and changes nothing.
fn call(w: &World) -> Call {
    Call::new(
        w.market.address,
        &creditCall {
            account: w.mc.address(),
        },
    )
}

/// What a signer is asked to sign.
fn asked(request: &Value) -> TxEip1559 {
    let wanted: TransactionRequest = serde_json::from_value(request["params"][0].clone()).unwrap();
    wanted.build_typed_tx().unwrap().eip1559().unwrap().clone()
}

/// A transaction as a signer answers it.
fn signed(tx: TxEip1559, key: &PrivateKeySigner) -> Value {
    let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
    encoded(tx, signature)
}

fn encoded(tx: TxEip1559, signature: Signature) -> Value {
    hex::encode_prefixed(TxEnvelope::from(tx.into_signed(signature)).encoded_2718()).into()
}

type Answer = Box<dyn Fn(TxEip1559) -> Value + Send + Sync>;

#[tokio::test]
async fn what_a_lying_signer_answers_is_refused_and_nothing_is_sent() {
    let w = World::new().await;
    let own = || devnet_key(2, 31337).unwrap();
    let changed = |change: fn(&mut TxEip1559)| -> Answer {
        Box::new(move |mut tx| {
            change(&mut tx);
            signed(tx, &own())
        })
    };
    let lies: Vec<(Answer, &str)> = vec![
        (changed(|tx| tx.to = TxKind::Call(Address::ZERO)), "to 0x0000"),
        (changed(|tx| tx.to = TxKind::Create), "to a new contract, not 0x"),
        (changed(|tx| tx.value = U256::from(1)), "value 1 wei, not 0 wei"),
        (changed(|tx| tx.nonce += 1), "nonce "),
        (changed(|tx| tx.chain_id = 1), "chain 1, not chain 31337"),
        (changed(|tx| tx.gas_limit += 1), "gas "),
        (changed(|tx| tx.max_fee_per_gas *= 2), "fees "),
        (changed(|tx| tx.max_priority_fee_per_gas += 1), "fees "),
        (changed(|tx| tx.input = Bytes::from_static(&[1])), "other call data"),
        (
            changed(|tx| {
                tx.access_list = serde_json::from_value(json!([{"address": Address::ZERO, "storageKeys": []}])).unwrap()
            }),
            "a transaction of another kind",
        ),
        (
            Box::new(|tx| signed(tx, &PrivateKeySigner::random())),
            "it is signed by 0x",
        ),
        (
            Box::new(|tx| encoded(tx, Signature::new(U256::from(1), U256::from(1), false))),
            "did not sign what it was asked to",
        ),
        (Box::new(|_| "0x1234".into()), "answers something else"),
        (Box::new(|_| Value::Null), "answers something else"),
        (Box::new(|_| json!({"raw": 7})), "answers something else"),
        (
            Box::new(move |tx| format!("{}00", signed(tx, &own()).as_str().unwrap()).into()),
            "answers something else",
        ),
    ];
    let chain = &w.market.chain;
    let before = chain.provider.get_transaction_count(w.mc.address()).await.unwrap();
    for (n, (lie, said)) in lies.into_iter().enumerate() {
        let answer = move |request: &Value| (request["method"] == "eth_signTransaction").then(|| lie(asked(request)));
        let account = consumer(&w, &lying(w.node.url(), answer).await).await;
        let mut journal = Journal::open(&w.dir.path().join(format!("lie-{n}"))).unwrap();
        let sent = account.send(&mut journal, "one", &call(&w), &Reporter::silent()).await;
        let error = sent.unwrap_err();
        assert!(error.to_string().contains(said), "{n}: {error:#}");
        assert!(hint_of(&error).is_some(), "{n}: {error:#}");
        assert_eq!(journal.step("one"), None, "{n}");
        let now = chain
            .provider
            .get_transaction_count(w.mc.address())
            .pending()
            .await
            .unwrap();
        assert_eq!(now, before, "{n}: something was sent");
    }
}

#[tokio::test]
async fn a_signer_that_refuses_hangs_or_is_away_says_so_and_nothing_is_journalled() {
    let w = World::new().await;
    let refusing = in_front_of(w.node.url(), |request| {
        let refused = request["method"] == "eth_signTransaction";
        ready(refused.then(|| json!({"code": -32000, "message": "Request\u{1b}[2J denied"})))
    });
    let hanging = in_front_of(w.node.url(), |request| async move {
        match request["method"] == "eth_signTransaction" {
            true => pending().await,
            false => None,
        }
    });
    let (refusing, hanging) = (refusing.await, hanging.await);
    for (url, kind, said) in [
        (
            &refusing,
            Kind::Declined,
            "does not sign the transaction: Request\\u{1b}[2J denied",
        ),
        (&hanging, Kind::Unreachable, "has not answered for 1 s"),
    ] {
        let (url, wanted) = (url.parse().unwrap(), Some(w.mc.address()));
        let wallet = RemoteSigner::connect(url, wanted, Duration::from_secs(1))
            .await
            .unwrap();
        let account = Account::new(w.market.chain.clone(), wallet);
        let mut journal = Journal::open(&w.dir.path().join(format!("{kind:?}"))).unwrap();
        let sent = account.send(&mut journal, "one", &call(&w), &Reporter::silent()).await;
        let error = sent.unwrap_err();
        assert!(kind.is_of(&error), "{error:#}");
        assert!(error.to_string().contains(said), "{error:#}");
        assert_eq!(journal.step("one"), None);
    }
}

#[tokio::test]
async fn a_node_with_keys_signs_calls_creations_and_requests_to_a_server() {
    let w = World::new().await;
    let account = consumer(&w, &w.node.url()).await;
    let mut journal = Journal::open(&w.dir.path().join("honest")).unwrap();
    let creation = Call::create(Bytes::from_static(&[0x5f, 0x5f, 0xf3]));
    for (step, call) in [("call", call(&w)), ("create", creation)] {
        let receipt = account
            .send(&mut journal, step, &call, &Reporter::silent())
            .await
            .unwrap();
        assert_eq!(receipt.from, w.mc.address());
        let sent = journal.step(step).unwrap();
        let tx = TxEnvelope::decode_2718(&mut sent.raw.as_ref()).unwrap();
        assert_eq!((tx.input(), tx.to()), (&call.data, call.to));
    }
    let headers = Stamp::new(b"body")
        .sign(&account.key(), Address::ZERO, "PUT", "/x?y=1")
        .await;
    let (_, signer) = recover(&headers.unwrap(), Address::ZERO, "PUT", "/x?y=1").unwrap();
    assert_eq!(signer, w.mc.address());
}

/// Clef has other names, and answers an object.
#[tokio::test]
async fn clef_is_spoken_to_where_the_names_of_nodes_are_unknown() {
    let w = World::new().await;
    let key = devnet_key(2, 31337).unwrap();
    let own = key.address();
    let heard = Arc::new(Mutex::new(BTreeSet::new()));
    let hears = heard.clone();
    let clef = answering("http://127.0.0.1:1".into(), move |request: Value| {
        let method = request["method"].as_str().unwrap().to_owned();
        let answer = match method.as_str() {
            "account_list" => ("result", json!([own])),
            "account_signTransaction" => ("result", json!({"raw": signed(asked(&request), &key), "tx": {}})),
            _ => (
                "error",
                json!({"code": -32601, "message": "the method does not exist/is not available"}),
            ),
        };
        hears.lock().unwrap().insert(method);
        ready(Some(answer))
    });
    let account = Account::new(w.market.chain.clone(), signer(&clef.await, None).await.unwrap());
    let mut journal = Journal::open(&w.dir.path().join("clef")).unwrap();
    account
        .send(&mut journal, "one", &call(&w), &Reporter::silent())
        .await
        .unwrap();
    let error = Stamp::new(b"")
        .sign(&account.key(), Address::ZERO, "GET", "/")
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("signs transactions only"), "{error}");
    let heard = heard.lock().unwrap();
    assert!(
        heard.contains("account_signTypedData") && !heard.contains("eth_signTransaction"),
        "{heard:?}"
    );
}

#[tokio::test]
async fn of_several_accounts_one_is_named() {
    let w = World::new().await;
    let url = w.node.url();
    let several = signer(&url, None).await.unwrap_err();
    assert!(Kind::Usage.is_of(&several), "{several:#}");
    assert!(several.to_string().contains(&w.mc.address().to_string()), "{several:#}");
    assert_eq!(hint_of(&several), Some("name one with --sender ADDRESS"));
    let unknown = signer(&url, Some(Address::ZERO)).await.unwrap_err().to_string();
    let (absent, there) = (Address::ZERO, w.mp.address());
    assert!(unknown.contains(&format!("has no account {absent}; it has ")) && unknown.contains(&there.to_string()));
    let result = |accounts: Value| lying(url.clone(), move |_| Some(accounts.clone()));
    let none = signer(&result(json!([])).await, None).await.unwrap_err().to_string();
    assert!(none.ends_with("has no accounts"), "{none}");
    let nonsense = signer(&result(json!({"a": 1})).await, None)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        nonsense.contains("answers something else when it is to tell its accounts"),
        "{nonsense}"
    );
    let only = signer(&result(json!([there])).await, None).await.unwrap();
    assert_eq!(only.account(), there);
}

/// The program's exit code, and all that it printed.
async fn ran(w: &World, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let market = w.market.address.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(args)
        .args(["--rpc-url", &w.node.url(), "--market", &market, "--home"])
        .arg(w.mc.home.path())
        .env_remove(KEY_VARIABLE)
        .env_remove(SIGNER_VARIABLE)
        .envs(variables.iter().copied());
    let output = command.output().await.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

#[tokio::test]
async fn a_command_is_signed_by_a_signer_that_an_option_the_environment_or_a_file_names() {
    let w = World::new().await;
    let (plain, sender) = (w.node.url(), w.mc.address().to_string());
    let secret = plain.replace("http://", "http://user:SECRET-KEY@");
    let cancelled = async |n: u8, args: &[&str], variables: &[(&str, &str)]| {
        let id = w.opened(n).await.id.to_string();
        let (code, printed) = ran(&w, &[&["mc", "cancel", &id], args].concat(), variables).await;
        assert_eq!(code, Some(0), "{printed}");
        assert!(!printed.contains("SECRET"), "{printed}");
        let shown = format!("cancel: the signer at {plain} is asked\n");
        assert!(printed.contains(&shown), "{printed}");
    };
    let typed = ["--signer-url", &plain, "--sender", &sender];
    // What is typed comes first: nothing answers where the environment says.
    cancelled(1, &typed, &[(SIGNER_VARIABLE, "http://127.0.0.1:1")]).await;
    cancelled(2, &["--sender", &sender], &[(SIGNER_VARIABLE, &secret)]).await;
    let file = w.mc.home.path().join("assay.toml");
    std::fs::write(&file, format!("signer-url = \"{secret}\"\nsender = \"{sender}\"\n")).unwrap();
    cancelled(3, &[], &[]).await;

    let (code, shown) = ran(&w, &["config", "show"], &[]).await;
    let row = |key: &str| {
        shown
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(code == Some(0) && !shown.contains("SECRET"), "{shown}");
    assert!(
        row("signer-url").contains(&plain) && row("signer-url").ends_with("assay.toml:1"),
        "{shown}"
    );
    let (_, shown) = ran(&w, &["config", "show"], &[(SIGNER_VARIABLE, &secret)]).await;
    assert!(
        shown.contains("environment ASSAY_SIGNER_URL") && !shown.contains("SECRET"),
        "{shown}"
    );
    let (_, health) = ran(&w, &["doctor"], &[]).await;
    assert!(health.contains(&format!("of {sender}")), "{health}");
}

/// Options, environment, exit code and words.
type Refused<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32, &'a str);

#[tokio::test]
async fn a_signer_that_may_not_be_asked_is_refused_without_its_secrets() {
    let w = World::new().await;
    let key = hex::encode([7; 32]);
    let away = "http://user:SECRET-KEY@127.0.0.1:1/SECRET-KEY";
    let cases: [Refused<'_>; 6] = [
        (
            &["--signer-url", away],
            &[],
            2,
            "set ASSAY_SIGNER_URL, or signer-url in assay.toml",
        ),
        (
            &["--signer-url", "http://signer.example"],
            &[],
            2,
            "the signer at http://signer.example would be asked in clear",
        ),
        (
            &[],
            &[(SIGNER_VARIABLE, away)],
            4,
            "no answer from the signer at http://127.0.0.1:1",
        ),
        (
            &[],
            &[(SIGNER_VARIABLE, "SECRET-KEY")],
            2,
            "ASSAY_SIGNER_URL names no signer",
        ),
        (
            &[],
            &[(SIGNER_VARIABLE, away), (KEY_VARIABLE, &key)],
            2,
            "are both set: unset one",
        ),
        (
            &["--password-env", "P"],
            &[(SIGNER_VARIABLE, away)],
            2,
            "a password is of a keystore",
        ),
    ];
    for (args, variables, expected, said) in cases {
        let (code, printed) = ran(&w, &[&["withdraw"], args].concat(), variables).await;
        assert_eq!(code, Some(expected), "{args:?}: {printed}");
        assert!(printed.contains(said), "{args:?}: {printed}");
        assert!(!printed.contains("SECRET") && !printed.contains(&key), "{printed}");
    }
}
