//! Nodes that come late, go away, refuse, or know no finalized block.

use crate::node_support;

use alloy::eips::BlockId;
use alloy::providers::Provider;
use alloy::sol_types::SolEvent;
use assay_chain::client::{Chain, Settled};
use assay_chain::devnet::{Devnet, DevnetOptions};
use assay_chain::error::{is_passing, Kind};
use assay_chain::history::history;
use assay_protocol::abi::IAccuracyMarket::Offered;
use node_support::in_front_of;
use serde_json::{json, Value};
use std::future::ready;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ID: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
const MARKET: &str = "0x0000000000000000000000000000000000000001";

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn anvil(port: Option<u16>, chain_id: Option<u64>) -> Devnet {
    let options = DevnetOptions {
        port,
        chain_id,
        ..DevnetOptions::default()
    };
    Devnet::start(&options).await.unwrap().0
}

/// Asks a node for an engagement, with a key in the node's address.
fn show(port: u16) -> Output {
    let url = format!("http://127.0.0.1:{port}/?key=s3cr3t-key");
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(["verdict", "show", ID, "--market", MARKET, "--rpc-url", &url]);
    command.output().unwrap()
}

#[tokio::test]
async fn a_port_that_opens_late_is_waited_for() {
    let port = free_port();
    let command = tokio::task::spawn_blocking(move || show(port));
    tokio::time::sleep(Duration::from_millis(800)).await;
    let _node = anvil(Some(port), None).await;
    let output = command.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no such contract on this chain"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_port_that_never_opens_ends_with_code_4_and_its_name() {
    let (port, began) = (free_port(), Instant::now());
    let output = show(port);
    let waited = began.elapsed();
    assert_eq!(output.status.code(), Some(4));
    assert!((5..30).contains(&waited.as_secs()), "{waited:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&format!("no answer from the node at http://127.0.0.1:{port}\n")),
        "{said}"
    );
    assert!(!said.contains("s3cr3t"), "{said}");
}

#[tokio::test]
async fn a_request_waits_for_a_node_that_comes_back() {
    let port = free_port();
    let node = anvil(Some(port), None).await;
    let chain = Chain::connect(&node.url(), None).await.unwrap();
    drop(node);
    let request = tokio::spawn(async move { chain.now().await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let node = anvil(Some(port), None).await;
    request.await.unwrap().unwrap();

    let chain = Chain::connect(&node.url(), None).await.unwrap();
    drop(node);
    assert!(Kind::Unreachable.is_of(&chain.now().await.unwrap_err()));
}

/// A node in front of another one that refuses what `refusal` says, with that error.
async fn refusing(url: String, refusal: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) -> String {
    in_front_of(url, move |request| ready(refusal(&request))).await
}

/// A node in front of another one that answers so when it is asked for the finalized block.
async fn without_finality(url: &str, code: i64, message: &'static str) -> Chain {
    let refusal = move |request: &Value| {
        let is_asked = request["params"][0] == "finalized";
        is_asked.then(|| json!({ "code": code, "message": message }))
    };
    let url = refusing(url.to_owned(), refusal).await;
    Chain::connect(&url, None).await.unwrap()
}

fn block(number: &Value) -> u64 {
    u64::from_str_radix(number.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

#[tokio::test]
async fn logs_of_too_many_blocks_are_asked_for_in_pages_and_too_many_requests_repeated() {
    let node = anvil(None, None).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    let limited = refusing(node.url(), move |request| {
        let filter = &request["params"][0];
        let is_long =
            request["method"] == "eth_getLogs" && block(&filter["toBlock"]) - block(&filter["fromBlock"]) >= 30;
        is_long.then(|| {
            count.fetch_add(1, Ordering::Relaxed);
            json!({ "code": -32005, "message": "query returned more than 10000 results" })
        })
    });
    let chain = Chain::connect(&limited.await, None).await.unwrap();
    let _: Value = chain
        .provider
        .raw_request("anvil_mine".into(), json!(["0x64"]))
        .await
        .unwrap();
    let (market, id) = (MARKET.parse().unwrap(), ID.parse().unwrap());
    assert!(history(&chain, market, id, Offered::SIGNATURE_HASH)
        .await
        .unwrap()
        .is_empty());
    // 101, 50; 25 pass.
    assert_eq!(refused.load(Ordering::Relaxed), 2);

    let count = Arc::new(AtomicUsize::new(0));
    let busy = refusing(node.url(), move |request| {
        let is_early = request["method"] == "eth_getLogs" && count.fetch_add(1, Ordering::Relaxed) < 2;
        is_early.then(|| json!({ "code": -32005, "message": "project ID request rate exceeded" }))
    });
    let chain = Chain::connect(&busy.await, None).await.unwrap();
    let began = Instant::now();
    assert!(history(&chain, market, id, Offered::SIGNATURE_HASH)
        .await
        .unwrap()
        .is_empty());
    assert!(began.elapsed() >= Duration::from_secs(1), "two pauses");
}

#[tokio::test]
async fn secrets_wait_for_the_finalized_block_or_for_confirmations_where_there_is_none() {
    let node = anvil(None, Some(31338)).await;
    let url = node.url();
    let chain = Chain::connect(&url, None).await.unwrap();
    let mine = json!(["0x64"]);
    let _: Value = chain.provider.raw_request("anvil_mine".into(), mine).await.unwrap();
    let head = chain.provider.get_block_number().await.unwrap();
    let number = BlockId::number;

    let (block, settled) = chain.newest_settled().await.unwrap();
    assert_eq!(settled, Settled::Finalized);
    let finalized = chain.provider.get_block(BlockId::finalized()).await.unwrap().unwrap();
    assert_eq!(block, number(finalized.header.number));
    assert!(
        finalized.header.number < head - 12,
        "{} of {head}",
        finalized.header.number
    );
    assert_eq!(chain.newest_confirmed().await.unwrap(), number(head - 11));

    for (code, message) in [
        (-32000, "finalized block not found"),
        (-39001, "Unknown block"),
        (-32603, "Internal error"),
    ] {
        let error = without_finality(&url, code, message).await.newest_settled().await;
        let error = error.unwrap_err();
        assert!(Kind::Unsettled.is_of(&error) && is_passing(&error), "{error:#}");
        assert!(format!("{error:#}").contains(message), "{error:#}");
    }
    let old = without_finality(&url, -32602, "invalid block tag").await;
    assert_eq!(
        old.newest_settled().await.unwrap(),
        (number(head - 11), Settled::Deep(12))
    );
    // Who says how deep is taken at his word.
    let told = Chain::connect(&url, Some(3)).await.unwrap();
    assert_eq!(
        told.newest_settled().await.unwrap(),
        (number(head - 2), Settled::Deep(3))
    );
    let devnet = anvil(None, None).await;
    let chain = Chain::connect(&devnet.url(), None).await.unwrap();
    assert_eq!(chain.newest_settled().await.unwrap(), (number(0), Settled::Deep(1)));
}
