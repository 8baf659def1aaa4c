//! Nodes that come late, go away, or know no finalized block.

use alloy::eips::BlockId;
use alloy::providers::Provider;
use assay_cli::chain::client::{Chain, Settled};
use assay_cli::chain::devnet::{Devnet, DevnetOptions};
use assay_cli::exit::Exit;
use assay_cli::home::Repository;
use axum::body::Bytes;
use serde_json::{json, Value};
use std::net::TcpListener;
use std::process::{Command, Output};
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
    Devnet::start(&Repository::find().unwrap(), &options).await.unwrap().0
}

/// Asks a node for an engagement, with a key in the node's address.
fn show(port: u16) -> Output {
    let url = format!("http://127.0.0.1:{port}/s3cr3t-key");
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
    assert_eq!(Exit::of(&chain.now().await.unwrap_err()), Exit::ChainUnreachable);
}

/// A node in front of another one that has never heard of finality.
async fn without_finality(url: String) -> String {
    let forward = move |body: Bytes| {
        let url = url.clone();
        async move {
            let request: Value = serde_json::from_slice(&body).unwrap();
            if request["params"][0] == "finalized" {
                let error = json!({ "code": -32602, "message": "invalid block tag" });
                return json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }).to_string();
            }
            let request = reqwest::Client::new()
                .post(url)
                .header("content-type", "application/json");
            request.body(body).send().await.unwrap().text().await.unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/", axum::routing::post(forward));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
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

    let old = Chain::connect(&without_finality(url.clone()).await, None)
        .await
        .unwrap();
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
