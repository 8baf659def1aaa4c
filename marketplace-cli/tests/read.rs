//! What a third party reads: links to the page, and the page, its documents and a node from this program alone.

use crate::snapshots;
use crate::support;

use alloy::primitives::{Address, B256};
use assay_chain::corpora::Corpora;
use assay_chain::rounds::Rounds;
use assay_cli::reading::page;
use assay_marketplace::corpus::commit::commit;
use assay_marketplace::engagement::{Desk, PayingDesk, Site};
use assay_marketplace::inputs::{self, Salts};
use assay_marketplace::prediction::consumer::open::{open, Ask};
use assay_protocol::abi::Privacy;
use reqwest::header::{CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH};
use reqwest::StatusCode;
use serde_json::{json, Value};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};
use support::{World, SIZE};
use tempfile::NamedTempFile;

/// A reader with the program and a state directory of its own.
pub(crate) fn assay(w: &World, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(args).arg("--home").arg(w.dir.path().join("reader"));
    for unset in ["DISPLAY", "WAYLAND_DISPLAY", "ETH_RPC_URL", "ASSAY_HOME"] {
        command.env_remove(unset);
    }
    command
}

/// What it is told of the marketplace.
pub(crate) fn named(w: &World) -> [String; 4] {
    let market = w.market.address.to_string();
    ["--rpc-url".into(), w.node.url(), "--market".into(), market]
}

fn runs(w: &World, args: &[&str]) -> Output {
    assay(w, args).args(named(w)).output().unwrap()
}

fn says(w: &World, args: &[&str]) -> Value {
    let output = runs(w, &[args, &["--json"]].concat());
    assert!(output.status.success(), "{args:?}: {}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `assay serve --read`, until this is dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    log: NamedTempFile,
}

impl Serving {
    pub(crate) fn of(w: &World, more: &[&str]) -> Self {
        let args = [&["serve", "--read", "--listen", "127.0.0.1:0", "--json"], more].concat();
        let log = NamedTempFile::new().unwrap();
        let mut command = assay(w, &args);
        command.stdout(Stdio::piped()).stderr(log.reopen().unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut serving = Self {
            child,
            url: String::new(),
            client: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(60))
                .build()
                .unwrap(),
            log,
        };
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        snapshots::assert_shape(&["serve", "read"], &said);
        assert_eq!(said["page"], page::hash());
        said["url"].as_str().unwrap().clone_into(&mut serving.url);
        serving
    }

    /// What it told whoever runs it.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) async fn refuses(&self, path: &str, status: StatusCode, why: &str) {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let said: Value = answer.json().await.unwrap();
        assert!(said["error"].as_str().unwrap().contains(why), "{path}: {said}");
    }

    pub(crate) async fn calls(&self, calls: &Value) -> Value {
        let answer = self
            .client
            .post(format!("{}rpc", self.url))
            .json(calls)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn round(w: &World) -> (B256, Address) {
    let images: Vec<Vec<u8>> = (0..3).map(|i| vec![i; 8 * 8 * 3]).collect();
    let inputs = inputs::build(&images, SIZE, Salts::Secret, &w.dir.path().join("inputs")).unwrap();
    let site: Site = Site::clone(&w.mc);
    let rounds = Rounds::of(w.market.clone()).await.unwrap();
    let desk = PayingDesk::new(site.at(rounds), w.mc.account.clone()).await.unwrap();
    let ask = Ask {
        model_id: w.model_id,
        contest_cap: 1,
        deposit: None,
        price: 1000,
        privacy: Privacy::PRIVATE,
        expires_in: Some(1800),
    };
    (open(&desk, &inputs, ask).await.unwrap().id, desk.market.address)
}

async fn corpus(w: &World) -> (B256, Address) {
    let documents = w.dir.path().join("documents");
    fs::create_dir(&documents).unwrap();
    for shade in [1, 2] {
        let image = image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3]));
        image.save(documents.join(format!("{shade}.png"))).unwrap();
    }
    let corpora = Corpora::open(w.market.chain.clone(), None).await.unwrap();
    let site: Site = Site::clone(&w.other);
    let desk = Desk::new(site.at(corpora), w.other.account.clone());
    let id = commit(&desk, &documents, SIZE, &w.dir.path().join("corpus"), None, "").await;
    (id.unwrap().id, desk.market.address)
}

#[tokio::test]
async fn an_id_leads_to_its_page_whatever_it_is_of() {
    let w = World::new().await;
    let engagement = w.opened(1).await.id;
    let ((round, rounds), (corpus, corpora)) = (round(&w).await, corpus(&w).await);
    let market = w.market.address;
    for (id, kind, market) in [
        (engagement, "verdict", market),
        (w.model_id, "model", market),
        (round, "round", rounds),
        (corpus, "corpus", corpora),
    ] {
        let args = ["verdict", "open", &id.to_string()];
        let opened = says(&w, &args);
        snapshots::assert_shape(&args, &opened);
        let link = format!("http://127.0.0.1:8701/#/{kind}/31337/{market}/{id}");
        assert_eq!((&opened["link"], &opened["kind"]), (&json!(link), &json!(kind)));
        let elsewhere = [&args[..], &["--page", "https://page.example/v/", "--block", "7"]].concat();
        let printed = runs(&w, &elsewhere);
        let link = format!("https://page.example/v/#/{kind}/31337/{market}/{id}@7\n");
        assert_eq!(String::from_utf8_lossy(&printed.stdout), link);
    }
    // The page's place is said by whoever reads, too.
    let read = runs(&w, &["read", "verdict", &engagement.to_string()]);
    let link = format!("http://127.0.0.1:8701/#/verdict/31337/{market}/{engagement}");
    assert!(String::from_utf8_lossy(&read.stdout).contains(&link), "{}", told(&read));

    let then = runs(&w, &["read", "verdict", &engagement.to_string(), "--block", "14"]);
    assert!(
        String::from_utf8_lossy(&then.stdout).contains(&format!("{link}@14\n")),
        "{}",
        told(&then)
    );

    let nothing = runs(&w, &["verdict", "open", &B256::repeat_byte(1).to_string()]);
    assert_eq!(nothing.status.code(), Some(1));
    for part in [
        "nothing has the id 0x0101",
        &format!("the accuracy market {market}"),
        "hint: it may be of other contracts",
    ] {
        assert!(told(&nothing).contains(part), "{}", told(&nothing));
    }
    let nowhere = runs(
        &w,
        &["verdict", "open", &engagement.to_string(), "--page", "page.example"],
    );
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(told(&nowhere).contains("it begins with https://"), "{}", told(&nowhere));
}

#[tokio::test]
async fn a_link_is_opened_on_a_desktop_and_printed_everywhere() {
    let w = World::new().await;
    let id = w.opened(1).await.id.to_string();
    let (path, seen) = (w.dir.path().join("bin"), w.dir.path().join("seen"));
    fs::create_dir(&path).unwrap();
    let browser = path.join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" >>'{}'\n", seen.display())).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let opens = |more: &[&str], display: Option<&str>| {
        let mut command = assay(&w, &[&["verdict", "open", &id], more].concat());
        command.args(named(&w)).env("PATH", &path);
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    for (more, display) in [(&[][..], None), (&["--print"], Some(":0")), (&["--json"], Some(":0"))] {
        assert!(opens(more, display).contains(&id));
        assert!(!seen.exists(), "{more:?}");
    }
    // Other tests of this process may hold the script while they begin programs of their own: then it is tried again.
    let mut printed = String::new();
    for _ in 0..50 {
        printed = opens(&[], Some(":0"));
        std::thread::sleep(std::time::Duration::from_millis(100));
        if fs::read_to_string(&seen).is_ok_and(|text| text.starts_with(&printed)) {
            break;
        }
    }
    assert!(fs::read_to_string(&seen).unwrap().starts_with(&printed));
    // A browser that does not start is nobody's error.
    fs::remove_file(&browser).unwrap();
    assert_eq!(opens(&[], Some(":0")), printed);
}

#[tokio::test]
async fn the_page_its_documents_and_a_node_come_from_the_program_alone() {
    let w = World::new().await;
    let id = w.opened(1).await.id.to_string();
    let s = Serving::of(&w, &named(&w).each_ref().map(String::as_str));

    let html = s.get("").send().await.unwrap();
    assert_eq!(html.headers()["content-security-policy"], "frame-ancestors 'none'");
    assert_eq!(html.text().await.unwrap(), page::with_node("rpc"));
    for file in page::FILES.iter().filter(|file| file.path != "index.html") {
        let answer = s.get(file.path).send().await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], file.media);
        assert_eq!(answer.text().await.unwrap(), file.text);
    }

    // The document, at a block that its tag names.
    let path = format!("api/verdict/{id}");
    // Contracts that were compared once are not compared again, which the document says: another one, of the same block.
    let first = s.get(&path).send().await.unwrap();
    let first = first.headers()[ETAG].to_str().unwrap().to_owned();
    let answer = s.get(&path).header(IF_NONE_MATCH, &first).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
    let text = answer.text().await.unwrap();
    let read = runs(&w, &["read", "verdict", &id, "--json"]);
    assert_eq!(text, String::from_utf8_lossy(&read.stdout).trim_end());
    let document: Value = serde_json::from_str(&text).unwrap();
    let block = document["blockHash"].as_str().unwrap();
    assert!(
        tag.starts_with(&format!("\"{block}-")) && first.starts_with(&format!("\"{block}-")),
        "{tag}"
    );
    let again = s.get(&path).header(IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let block = document["block"].as_u64().unwrap();
    w.mine().await;
    let later = s.get(&path).header(IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(later.status(), StatusCode::OK);
    assert_eq!(later.json::<Value>().await.unwrap()["block"], block + 1);
    let then = s.get(&format!("{path}?block={block}")).send().await.unwrap();
    assert_eq!(then.json::<Value>().await.unwrap(), document);

    let unknown = format!("api/verdict/{}", B256::repeat_byte(1));
    for (path, status, why) in [
        ("api/verdict/0x12", 400, "the id is none"),
        (&unknown, 404, "is unknown to this market"),
        (&format!("{path}?block=x"), 400, "the block is none"),
        (&format!("{path}?block={}", block + 100), 404, "there is no block"),
        (&format!("{path}?blok=1"), 400, "no parameter \"blok\""),
        ("api/verdikt/0x12", 404, "\"verdikt\" is nothing to read"),
        (&format!("api/audit/{id}"), 404, "no retrieval market is named"),
        ("etc/passwd", 404, "nothing at this path"),
    ] {
        s.refuses(path, StatusCode::from_u16(status).unwrap(), why).await;
    }

    // The node answers what the page asks, and nothing that costs or changes anything.
    let call = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let asked = json!([
        call("eth_chainId", json!([])),
        call("evm_mine", json!([])),
        call("eth_call", json!([]))
    ]);
    let said = s.calls(&asked).await;
    assert_eq!(said[0], json!({"jsonrpc": "2.0", "id": 7, "result": "0x7a69"}));
    assert_eq!((&said[1]["id"], &said[1]["error"]["code"]), (&json!(7), &json!(-32601)));
    assert!(said[2]["error"]["message"].is_string(), "{said}");
    assert_eq!(w.rpc("eth_blockNumber", vec![]).await, format!("{:#x}", block + 1));
    let reverted = json!([{"to": w.market.address, "data": "0x12345678"}, "latest"]);
    assert_eq!(s.calls(&call("eth_call", reverted)).await["error"]["code"], 3);
    // Neither state that somebody makes up, nor the logs of everybody.
    let nobody = Address::repeat_byte(0x77);
    let made_up = json!([{"to": nobody, "data": "0x"}, "latest", {nobody.to_string(): {"code": "0x60015f5260205ff3"}}]);
    assert_eq!(s.calls(&call("eth_call", made_up)).await["result"], "0x");
    let all = json!([{"fromBlock": "0x0", "toBlock": "latest"}]);
    assert_eq!(s.calls(&call("eth_getLogs", all)).await["error"]["code"], -32602);
    let many = Value::Array(vec![call("eth_chainId", json!([])); 51]);
    let post = |media: &str, body: String| {
        let request = s.client.post(format!("{}rpc", s.url)).header(CONTENT_TYPE, media);
        request.body(body).send()
    };
    assert_eq!(post("application/json", many.to_string()).await.unwrap().status(), 413);
    assert_eq!(post("application/json", "[".into()).await.unwrap().status(), 400);
    // What a page of another origin sends without asking first.
    assert_eq!(post("text/plain", asked.to_string()).await.unwrap().status(), 415);
    // A name that somebody else lets mean this machine.
    let rebound = s.get("").header(HOST, "rebound.example:8701").send().await.unwrap();
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_page_without_a_node_asks_its_reader_for_one() {
    let w = World::new().await;
    let s = Serving::of(&w, &[]);
    let html = s.get("index.html").send().await.unwrap().text().await.unwrap();
    assert!(html.contains("<html lang=\"en\">"), "{html}");
    let path = format!("api/model/{}", w.model_id);
    s.refuses(&path, StatusCode::SERVICE_UNAVAILABLE, "no node is named")
        .await;

    for (args, code, why) in [
        (
            &["--listen", "0.0.0.0:8701"][..],
            2,
            "no loopback address: it is served with TLS or not at all",
        ),
        (
            &["--operator", "0x0000000000000000000000000000000000000001"],
            2,
            "cannot be used with",
        ),
        (&["--rpc-url", "http://127.0.0.1:1"], 4, "no answer from the node"),
    ] {
        let refused = assay(&w, &[&["serve", "--read"], args].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(code), "{args:?}");
        assert!(told(&refused).contains(why), "{}", told(&refused));
    }
}

#[tokio::test]
async fn files_need_no_trust() {
    let w = World::new().await;
    let operator = Address::ZERO.to_string();
    let id = B256::ZERO.to_string();
    let args = [
        "serve",
        "--operator",
        &operator,
        "--engagement",
        &id,
        "--trust-codehash",
        &id,
    ];
    let refused = assay(&w, &args).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        told(&refused).contains("add --read, or leave them out"),
        "{}",
        told(&refused)
    );
}
