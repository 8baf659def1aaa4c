//! What readers cannot do to whoever serves them: make its node work, keep its connections, learn where its files are.

use crate::read::{named, Serving};
use crate::support;

use assay_cli::context::{Context, Globals};
use assay_cli::reading::{server, How};
use assay_exchange::listening::{Listen, Listening};
use assay_marketplace::verifier::check::Trust;
use reqwest::StatusCode;
use serde_json::{json, Value};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;
use support::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The page and the node of a world, served by this process.
async fn served(w: &World, limit: impl FnOnce(&mut Listen)) -> Listening {
    let globals = Globals {
        home: Some(w.dir.path().join("reader")),
        rpc_url: Some(w.node.url()),
        ..Globals::default()
    };
    let mut listen = Listen::new("127.0.0.1:0".parse().unwrap());
    limit(&mut listen);
    let (ctx, how) = (Context::new(globals).unwrap(), How::new(None, Trust::nobody()));
    let chain = Some(w.market.chain.clone());
    server::start(&listen, &ctx, how, chain).await.unwrap()
}

/// Sends these bytes and reads until the other side has closed the connection.
async fn exchanged(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is not taken is closed, maybe before this is sent.
    if stream.write_all(sent.as_bytes()).await.is_ok() {
        let _ = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8(answer).unwrap()
}

const PAGE: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn whoever_is_slow_with_a_request_is_not_waited_for() {
    let w = World::new().await;
    let serving = served(&w, |listen| listen.head_patience = Duration::from_millis(200)).await;
    let address = serving.address();
    for head in ["", "GET / HTTP/1.1\r\nhost: localhost\r\n"] {
        assert!(!exchanged(address, head).await.contains(" 200 "), "{head}");
    }
    let head = "POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
    let answer = exchanged(address, &format!("{head}[")).await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("took too long to arrive"),
        "{answer}"
    );
    assert!(exchanged(address, PAGE).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_host_has_its_part_of_the_connections() {
    let w = World::new().await;
    let serving = served(&w, |listen| listen.connections_of_one = 1).await;
    let address = serving.address();
    let silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(exchanged(address, PAGE).await, "");
    drop(silent);
    let mut answer = String::new();
    for _ in 0..100 {
        answer = exchanged(address, PAGE).await;
        if !answer.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn the_node_works_no_more_than_a_page_needs() {
    let w = World::new().await;
    let s = Serving::of(&w, &named(&w).each_ref().map(String::as_str));
    let call = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let refused = async |method: &str, params: Value, why: &str| {
        let said = s.calls(&call(method, params)).await;
        assert_eq!(said["error"]["code"], -32602, "{said}");
        assert!(said["error"]["message"].as_str().unwrap().contains(why), "{said}");
    };
    let of = |gas: &str| json!([{"to": w.market.address, "data": "0x", "gas": gas}, "latest"]);
    refused("eth_call", of("0x1000001"), "at most 16777216 gas").await;
    // Code that answers how much gas it has: GAS, and a word of memory to return. It has what it asks for, and else the most there is.
    let code = "0x5a5f5260205ff3";
    let gauge = alloy::primitives::Address::repeat_byte(0x6a);
    w.rpc("anvil_setCode", vec![json!(gauge), json!(code)]).await;
    for (asked, has) in [(Some("0x186a0"), 50_000..100_000), (None, 16_000_000..16_777_216)] {
        let mut called = json!({"to": gauge, "data": "0x"});
        if let Some(gas) = asked {
            called["gas"] = json!(gas);
        }
        let said = s.calls(&call("eth_call", json!([called, "latest"]))).await;
        let gas = said["result"].as_str().unwrap_or_else(|| panic!("{said}"));
        let gas = u64::from_str_radix(gas.trim_start_matches("0x"), 16).unwrap();
        assert!(has.contains(&gas), "{asked:?}: {gas}");
    }

    w.opened(1).await;
    let logs = |to: &str| json!([{"address": w.market.address, "fromBlock": "0x0", "toBlock": to}]);
    refused(
        "eth_getLogs",
        logs("0x186a0"),
        "at most 100000 blocks at one time, not of 100001",
    )
    .await;
    refused("eth_getLogs", logs("latest"), "as numbers").await;
    let said = s.calls(&call("eth_getLogs", logs("0x1869f"))).await;
    assert!(!said["result"].as_array().unwrap().is_empty(), "{said}");

    let long = format!("[{}1]", "0,".repeat(1 << 20));
    let post = s
        .client
        .post(format!("{}rpc", s.url))
        .header("content-type", "application/json");
    let answer = post.body(long).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn readers_never_hear_where_files_are() {
    let w = World::new().await;
    let [rpc, url, ..] = named(&w);
    let book = w.dir.path().join("secret-place/book.json");
    fs::create_dir(book.parent().unwrap()).unwrap();
    let chain = w.market.chain.id;
    fs::write(
        &book,
        json!({"chainId": chain, "registry": w.market.registry, "market": w.market.address}).to_string(),
    )
    .unwrap();
    let path = format!("api/model/{}", w.model_id);
    let hidden = async |s: &Serving| {
        let answer = s.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = answer.text().await.unwrap();
        assert!(text.contains("this server cannot use one of its own files"), "{text}");
        for part in [
            w.dir.path().to_str().unwrap(),
            "secret-place",
            "book.json",
            "own.arch.json",
        ] {
            assert!(!text.contains(part), "{text}");
        }
    };

    // A book that was there when it began, by a path from where it began.
    let from = std::env::current_dir().unwrap();
    let up = "../".repeat(from.components().count() - 1);
    let relative = format!("{up}{}", book.strip_prefix("/").unwrap().display());
    let s = Serving::of(&w, &[&rpc, &url, "--deployment", &relative]);
    assert_eq!(s.get(&path).send().await.unwrap().status(), StatusCode::OK);
    for content in [None, Some("{}"), Some("{\"chainId\": 1, \"registry\": \"0x\"}")] {
        match content {
            None => fs::remove_file(&book).unwrap(),
            Some(content) => fs::write(&book, content).unwrap(),
        }
        hidden(&s).await;
    }
    // Whoever runs it hears it.
    let said = s.said();
    assert!(
        said.contains("secret-place/book.json") && said.contains(&format!("model {}", w.model_id)),
        "{said}"
    );

    let market = w.market.address.to_string();
    let s = Serving::of(&w, &[&rpc, &url, "--market", &market, "--arch", "own.arch.json"]);
    hidden(&s).await;
    assert!(s.said().contains("own.arch.json"));
}
