//! What readers get as documents: at one block, as `DOCUMENTS.md` describes them, and errors where there is no such state. What
//! time closes in both markets, and what is asked of a deployment's parameters.

use crate::described;
use crate::node_support;
use crate::snapshots;
use crate::support;

use alloy::primitives::{keccak256, Address, B256, U256};
use assay_chain::account::Account;
use assay_chain::address_book::Deployment;
use assay_chain::audits::Audits;
use assay_chain::block::Which;
use assay_chain::client::{Call, Chain};
use assay_chain::corpora::Corpora;
use assay_chain::devnet::DevnetOptions;
use assay_chain::error::{hint_of, Kind};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_chain::terms::{MarketTerms, RoundMarketTerms};
use assay_chain::venue::Venue;
use assay_cli::cmd::devnet::up;
use assay_cli::context::{Context, Globals};
use assay_exchange::parties::Rights;
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::corpus::attest::attest;
use assay_marketplace::corpus::commit::commit;
use assay_marketplace::engagement::{Desk, PayingDesk, Site};
use assay_marketplace::inputs::{self, Salts};
use assay_marketplace::model::show::show;
use assay_marketplace::prediction::consumer::open::{open, Ask};
use assay_marketplace::serve::audits_on_chain;
use assay_protocol::abi::IPredictionMarket::serveCall;
use assay_protocol::abi::IRetrievalMarket::{
    acceptCall, declineCall, demandCall, postAnswersCall, requestCall, revealCall,
};
use assay_protocol::abi::{Point, Predicate, Privacy, RequestTerms};
use assay_protocol::prediction::amounts::{publication, QUIET_GAS};
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::statement::{audit_id, predicate_hash};
use assay_protocol::transfer::keys::mc_salt_hash;
use assay_protocol::transfer::secret::McSalt;
use described::{described, is_as_described, is_of_type, page, Described};
use node_support::in_front_of;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use support::{World, SIZE, UNTRUSTING};

const ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

fn assay(w: &World, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(args)
        .args(["--rpc-url", &w.node.url(), "--market", &w.market.address.to_string()])
        .arg("--home")
        .arg(w.dir.path().join("reader"))
        .env_remove("ASSAY_PRIVATE_KEY");
    command.output().expect("the program runs")
}

fn says(w: &World, args: &[&str]) -> Value {
    let output = assay(w, &[args, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn fails(w: &World, args: &[&str]) -> String {
    let output = assay(w, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8(output.stderr).expect("text")
}

async fn height(w: &World) -> String {
    let block = w.rpc("eth_blockNumber", vec![]).await;
    let digits = block.as_str().unwrap().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap().to_string()
}

async fn at_rounds(w: &World, desk: &PayingDesk) -> PayingDesk<Rounds> {
    let rounds = Rounds::of(w.market.clone()).await.unwrap();
    let site: Site = Site::clone(desk);
    PayingDesk::new(site.at(rounds), desk.account.clone()).await.unwrap()
}

/// A private round of three predictions; each name is another one.
async fn opened_round(w: &World, name: &str) -> B256 {
    let images: Vec<Vec<u8>> = (0..3).map(|i| vec![i; 8 * 8 * 3]).collect();
    let inputs = inputs::build(&images, SIZE, Salts::Secret, &w.dir.path().join(name)).unwrap();
    let ask = Ask {
        model_id: w.model_id,
        contest_cap: 1,
        deposit: None,
        price: 1000,
        privacy: Privacy::PRIVATE,
        expires_in: Some(1800),
    };
    open(&at_rounds(w, &w.mc).await, &inputs, ask).await.unwrap().id
}

/// Commits to outputs that nobody knows.
async fn serve(w: &World, id: B256) {
    let mp = at_rounds(w, &w.mp).await;
    let round = mp.market.newest(id).await.unwrap();
    let call = serveCall {
        id,
        guard: round.offerHash,
        outputsRoot: B256::repeat_byte(9),
    };
    let call = mp.paying(&call, round.mpDeposit + mp.market.params.fee);
    let mut journal = Journal::open(&w.dir.path().join(format!("serve-{id}"))).unwrap();
    mp.account.send(&mut journal, "serve", &call, &mp.report).await.unwrap();
}

/// Of a responder that would like to be believed.
const URI: &str = "ipfs://x\nregistry    REPRODUCED\u{1b}[2K";

/// The other party's corpus of two documents, which its source has attested.
async fn attested_corpus(w: &World) -> (B256, Account) {
    let documents = w.dir.path().join("documents");
    std::fs::create_dir(&documents).unwrap();
    for shade in [1, 2] {
        let image = image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3]));
        image.save(documents.join(format!("{shade}.png"))).unwrap();
    }
    let site: Site = Site::clone(&w.other);
    let corpora = Corpora::open(w.market.chain.clone(), None).await.unwrap();
    let desk = Desk::new(site.at(corpora), w.other.account.clone());
    let dir = w.dir.path().join("corpus");
    let id = commit(&desk, &documents, SIZE, &dir, None, URI).await.unwrap().id;
    attest(&desk, id, None, B256::repeat_byte(4), "").await.unwrap();
    (id, desk.account.clone())
}

/// The retrieval market that the contracts came with.
async fn audits(w: &World) -> Audits {
    let chain = &w.market.chain;
    let book = w.dir.path().join("chain").join(chain.label()).join("deployment.json");
    let book = Deployment::load(&book, chain).unwrap();
    Audits::open(chain.clone(), book.retrieval.unwrap()).await.unwrap()
}

async fn at_audits(w: &World, desk: &PayingDesk) -> PayingDesk<Audits> {
    let site: Site = Site::clone(desk);
    PayingDesk::new(site.at(audits(w).await), desk.account.clone())
        .await
        .unwrap()
}

async fn sends(desk: &PayingDesk<Audits>, name: &str, call: &Call) {
    let mut journal = Journal::open(&desk.home.path().join(name)).unwrap();
    desk.account.send(&mut journal, name, call, &desk.report).await.unwrap();
}

/// Of every request here.
const SALT: B256 = B256::repeat_byte(2);

/// A request of one document, for 1000 wei, by a predicate of which nothing can be proven. Each account makes one.
async fn requested(w: &World, desk: &PayingDesk, corpus: B256) -> B256 {
    requested_under(w, desk, corpus, Address::ZERO).await
}

async fn requested_under(w: &World, desk: &PayingDesk, corpus: B256, authority: Address) -> B256 {
    let desk = at_audits(w, desk).await;
    let (market, verifier) = (&desk.market, w.market.registry);
    let predicate = Predicate {
        verifier,
        verifierCodehash: keccak256(market.chain.code(verifier).await.unwrap()),
        vkDigest: B256::repeat_byte(1),
        weightsCommit: U256::from(7),
    };
    let seq = market.request_count(corpus).await.unwrap();
    let terms = RequestTerms {
        corpusId: corpus,
        predicateHash: predicate_hash(&predicate),
        samples: 1,
        namedMax: 0,
        onesMax: 2,
        withholdMax: 0,
        saltHash: mc_salt_hash(&McSalt::new(SALT.0)),
        // The generator: whose key it is nobody asks here.
        requesterKey: Point {
            x: U256::from(1),
            y: U256::from(2),
        },
        authority,
        bond: 0,
        price: 1000,
        expiry: market.chain.now().await.unwrap() + 1800,
    };
    let call = requestCall {
        t: terms,
        predicate,
        uri: String::new(),
    };
    sends(&desk, "request", &desk.paying(&call, 1000)).await;
    let id = audit_id(market.chain.id, market.address, corpus, seq);
    assert!(market.find(id).await.unwrap().is_some());
    id
}

#[test]
fn a_document_that_the_page_does_not_describe_is_seen() {
    let mut all = Described::new();
    described(&page(), "assay.engagement", "", &mut all);
    assert_eq!(all["othersOfThisConsumer[].guard"], ("hash".into(), false));
    assert_eq!(all["deployment.digest"], ("hash".into(), true));
    assert_eq!(all["blockHash"], ("hash".into(), false));
    for (value, kind) in [
        (json!("0x12"), "hash"),
        (json!(17), "wei"),
        (json!("0x11"), "wei"),
        (json!("17"), "time"),
        (json!(-1), "count"),
        (Value::Null, "count"),
    ] {
        assert!(!is_of_type(&value, kind), "{value} is no {kind}");
    }
    assert!(is_of_type(&Value::Null, "count or null") && is_of_type(&json!("17"), "wei"));
}

#[tokio::test]
async fn every_document_is_as_the_page_describes_it() {
    let w = World::new().await;
    let model = w.model_id.to_string();
    let id = w.opened(1).await.id;
    let spam = w.opened(2).await.id.to_string();
    accept(&w.mp, id, &ANY, None).await.unwrap();
    let id = id.to_string();
    let round = opened_round(&w, "one").await;
    let offer = opened_round(&w, "two").await.to_string();
    serve(&w, round).await;
    let round = round.to_string();
    let (corpus, responder) = attested_corpus(&w).await;
    let (audit, refused) = (requested(&w, &w.mc, corpus).await, requested(&w, &w.mp, corpus).await);
    let rs = at_audits(&w, &w.other).await;
    let guard = async |id| rs.market.newest(id).await.unwrap().guard;
    let call = acceptCall {
        id: audit,
        guard: guard(audit).await,
    };
    sends(&rs, "accept", &rs.market.call(&call)).await;
    let call = declineCall {
        id: refused,
        guard: guard(refused).await,
        reason: "no".into(),
    };
    sends(&rs, "decline", &rs.market.call(&call)).await;
    let retrieval = rs.market.address.to_string();
    let (corpus, responder) = (corpus.to_string(), responder.address().to_string());
    let (audit, refused) = (audit.to_string(), refused.to_string());

    // Twice: what was compared once is not compared again.
    for _ in 0..2 {
        for args in [
            &["market", "show"][..],
            &["model", "list"],
            &["model", "show", &model],
            &["verdict", "list", &model],
            &["verdict", "list", &model, "--offers"],
            &["verdict", "show", &id],
            &["predict", "list", &model],
            &["predict", "list", &model, "--offers"],
            &["predict", "show", &round],
            &["corpus", "list", &responder],
            &["corpus", "show", &corpus],
            &["audit", "list", &corpus, "--retrieval", &retrieval],
            &["audit", "list", &corpus, "--retrieval", &retrieval, "--requests"],
            &["audit", "show", &audit, "--retrieval", &retrieval],
            &["audit", "show", &refused, "--retrieval", &retrieval],
        ] {
            let document = says(&w, args);
            is_as_described(&document);
            if ["corpus", "market", "model"].contains(&args[0]) {
                snapshots::assert_shape(args, &document);
            }
        }
    }

    // A third party reads the same.
    for (show, read) in [
        (&["verdict", "show", &id][..], &["read", "verdict", &id][..]),
        (&["predict", "show", &round], &["read", "round", &round]),
        (&["corpus", "show", &corpus], &["read", "corpus", &corpus]),
        (&["model", "show", &model], &["read", "model", &model]),
        (
            &["audit", "show", &audit, "--retrieval", &retrieval],
            &["read", "audit", &audit, "--retrieval", &retrieval],
        ),
    ] {
        assert_eq!(says(&w, read), says(&w, show));
    }

    let market = says(&w, &["market", "show"]);
    assert_eq!(market["deployment"]["grade"], "REPRODUCED");
    assert_eq!(market["registry"]["modelCount"], 1);
    assert_eq!(market["accuracy"]["windowsSeconds"]["decide"], 3600);
    assert_eq!(market["prediction"]["answerGas"], 1_000_000);
    let shown = says(&w, &["model", "show", &model]);
    let counts = [
        "engagementOfferCount",
        "engagementCount",
        "roundOfferCount",
        "roundCount",
    ];
    assert_eq!(
        counts.map(|name| shown[name].as_u64()),
        [Some(2), Some(1), Some(2), Some(1)]
    );
    assert_eq!(says(&w, &["model", "list"])["models"][0]["id"], model);

    let shown = says(&w, &["corpus", "show", &corpus]);
    assert_eq!(shown["deployment"]["grade"], "REPRODUCED");
    assert_eq!(
        (&shown["size"], &shown["attestations"][0]["own"]),
        (&2.into(), &true.into())
    );
    assert_eq!(shown["uri"], URI);
    let output = assay(&w, &["corpus", "show", &corpus]);
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(
        words.contains("\nuri         ipfs://x\\nregistry    REPRODUCED\\u{1b}[2K\n"),
        "{words}"
    );
    let said = fails(&w, &["corpus", "show", &corpus, "--block", "1"]);
    assert!(said.contains("there is no contract at"), "{said}");

    let shown = says(&w, &["audit", "show", &refused, "--retrieval", &retrieval]);
    assert_eq!(
        (&shown["outcome"], &shown["verdict"]["assurance"]),
        (&"Declined".into(), &"NONE".into())
    );
    assert_eq!(
        (&shown["verdict"]["hidden"], &shown["deployment"]["grade"]),
        (&Value::Null, &"REPRODUCED".into())
    );
    assert_eq!(
        (&shown["otherAudits"][0]["id"], &shown["attestations"][0]["own"]),
        (&audit.clone().into(), &true.into())
    );
    let listed = says(&w, &["audit", "list", &corpus, "--retrieval", &retrieval]);
    assert_eq!(
        (&listed["audits"][0]["id"], &listed["audits"][1]),
        (&audit.into(), &Value::Null)
    );

    // Offers are where they were asked for, and nowhere else.
    let listed = says(&w, &["verdict", "list", &model]);
    assert_eq!(
        (&listed["open"][0]["id"], &listed["open"][1]),
        (&id.into(), &Value::Null)
    );
    assert!(!listed.to_string().contains(&spam), "{listed}");
    let listed = says(&w, &["verdict", "list", &model, "--offers"]);
    assert_eq!(listed["offers"][0]["id"], spam);
    let listed = says(&w, &["predict", "list", &model]);
    assert!(!listed.to_string().contains(&offer), "{listed}");
}

#[tokio::test]
async fn a_document_shows_the_state_of_its_block() {
    let w = World::new().await;
    let model = w.model_id.to_string();
    let registered = height(&w).await;
    let id = w.opened(1).await.id;
    let offered = height(&w).await;
    accept(&w.mp, id, &ANY, None).await.unwrap();
    let locked = height(&w).await;
    let (id, round) = (id.to_string(), opened_round(&w, "one").await);
    let round_offered = height(&w).await;
    serve(&w, round).await;
    let round = round.to_string();

    let state = |command: &str, id: &str, block: &str| {
        let document = says(&w, &[command, "show", id, "--block", block]);
        assert_eq!(document["block"].to_string(), block);
        document["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("verdict", &id, &offered), "Offered");
    assert_ne!(state("verdict", &id, &locked), "Offered");
    assert_eq!(state("predict", &round, &round_offered), "Offered");
    let shown = says(&w, &["predict", "show", &round]);
    assert_eq!(shown["state"], "Rooted");
    let graded = |document: &Value| ["deployment", "verifier"].map(|of| document[of]["grade"].clone());
    assert_eq!(graded(&shown), ["REPRODUCED", "NOT CHECKED"]);
    // In private the provider may publish after the consumer's window.
    let publish = at_rounds(&w, &w.mc).await.market.params.windows.publish;
    assert_eq!(
        shown["timeoutAt"].as_u64().unwrap(),
        shown["deadline"].as_u64().unwrap() + publish
    );
    let reserved = |block: &str| says(&w, &["model", "show", &model, "--block", block])["open"].clone();
    assert_eq!((reserved(&registered), reserved(&locked)), (0.into(), 1.into()));
    let open = |block: &str| says(&w, &["verdict", "list", &model, "--block", block])["open"].clone();
    assert_eq!(open(&offered), json!([]));
    assert_eq!(open(&locked)[0]["id"], id);
    let rounds = |block: &str| says(&w, &["predict", "list", &model, "--block", block])["rounds"].clone();
    assert_eq!(rounds(&round_offered), json!([]));

    // A block has a hash too.
    let then = says(&w, &["verdict", "show", &id, "--block", &offered]);
    let hash = then["blockHash"].as_str().unwrap();
    assert_eq!(says(&w, &["verdict", "show", &id, "--block", hash]), then);

    let said = fails(&w, &["verdict", "show", &id, "--block", "1000000"]);
    assert!(
        said.contains("there is no block 1000000 yet") && said.contains("hint: "),
        "{said}"
    );
    let said = fails(&w, &["verdict", "show", &id, "--block", &registered]);
    assert!(
        said.contains(&format!("as of block {registered}")) && said.contains(&id),
        "{said}"
    );
    let said = fails(&w, &["market", "show", "--block", "0"]);
    assert!(
        said.contains("there is no contract at") && said.contains("a later block"),
        "{said}"
    );
    let said = fails(&w, &["model", "show", &id, "--block", &locked]);
    assert!(said.contains("as of block"), "{said}");

    // A block that a reorganisation took away.
    let before = w.rpc("evm_snapshot", vec![]).await;
    w.mine().await;
    let lost = says(&w, &["market", "show"])["blockHash"].as_str().unwrap().to_owned();
    w.rpc("evm_revert", vec![before]).await;
    w.pass(5).await;
    let said = fails(&w, &["market", "show", "--block", &lost]);
    assert!(
        said.contains("has no block") && said.contains("reorganisation"),
        "{said}"
    );
    let output = assay(&w, &["market", "show", "--block", "latest"]);
    assert_eq!(output.status.code(), Some(2));

    // What no reorganisation takes away any more.
    w.rpc("anvil_mine", vec!["0x80".into()]).await;
    let finalized = says(&w, &["market", "show", "--block", "finalized"]);
    let newest: u64 = height(&w).await.parse().unwrap();
    assert!(finalized["block"].as_u64().unwrap() < newest, "{newest}");
}

/// The site as a reader sees it through this node.
async fn reader(w: &World, url: &str) -> Site {
    let chain = Chain::connect(url, None).await.unwrap();
    let market = Market::load(chain, w.market.address).await.unwrap();
    let site: Site = Site::clone(&w.other);
    site.at(market)
}

#[tokio::test]
async fn all_of_a_document_is_read_at_the_block_that_it_names() {
    let w = World::new().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let node = in_front_of(w.node.url(), move |request| {
        seen.lock().unwrap().push(request);
        async { None }
    });
    let site = reader(&w, &node.await).await;
    asked.lock().unwrap().clear();
    let document = show(&site, w.model_id, &UNTRUSTING, Which::Newest).await.unwrap();
    let asked = asked.lock().unwrap();
    let reads: Vec<&Value> = asked
        .iter()
        .filter(|request| request["method"] != "eth_getBlockByNumber")
        .collect();
    assert!(reads.len() > 10, "{}", reads.len());
    for request in reads {
        let block = &request["params"][1]["blockHash"];
        assert_eq!(*block, document.block_hash.to_string(), "{request}");
    }
}

#[tokio::test]
async fn a_state_that_the_node_forgot_and_a_block_that_is_replaced_are_told_apart() {
    let w = World::new().await;
    let is_read = |request: &Value| request["params"][1]["blockHash"].is_string();
    let forgetful = in_front_of(w.node.url(), move |request| async move {
        is_read(&request).then(|| json!({ "code": -32000, "message": "missing trie node" }))
    });
    let site = reader(&w, &forgetful.await).await;
    let error = show(&site, w.model_id, &UNTRUSTING, Which::Newest).await.unwrap_err();
    assert!(error.to_string().contains("does not answer as of block"), "{error:#}");
    assert!(hint_of(&error).unwrap().contains("archive node"), "{error:#}");
    assert!(format!("{error:#}").contains("missing trie node"), "{error:#}");

    // Between the first question and the others the newest block is made anew.
    w.mine().await;
    let before = w.rpc("evm_snapshot", vec![]).await;
    w.mine().await;
    let (url, provider) = (w.node.url(), w.market.chain.provider.clone());
    let rewriting = in_front_of(url, move |request| {
        let (provider, before) = (provider.clone(), before.clone());
        async move {
            if is_read(&request) {
                use alloy::providers::Provider;
                let _: Result<Value, _> = provider.raw_request("evm_revert".into(), vec![before]).await;
                let _: Result<Value, _> = provider.raw_request("evm_increaseTime".into(), vec![7]).await;
                let _: Result<Value, _> = provider.raw_request("evm_mine".into(), Vec::<u64>::new()).await;
            }
            None
        }
    });
    let site = reader(&w, &rewriting.await).await;
    let error = show(&site, w.model_id, &UNTRUSTING, Which::Newest).await.unwrap_err();
    assert!(error.to_string().contains("was replaced by another one"), "{error:#}");
    assert!(Kind::Unsettled.is_of(&error), "{error:#}");
}

/// What waits for confirmations does so of whatever a node can tell, and of nothing else.
#[tokio::test]
async fn a_node_that_keeps_no_state_keeps_nobody_from_sending() {
    let w = World::new().await;
    w.mine().await;
    let id = opened_round(&w, "one").await;
    let is_of_a_number = |request: &Value| {
        let block = request["params"][1].as_str();
        request["method"] == "eth_call" && block.is_some_and(|block| block.starts_with("0x"))
    };
    let forgetful = in_front_of(w.node.url(), move |request| async move {
        is_of_a_number(&request).then(|| json!({ "code": -32000, "message": "missing trie node" }))
    });
    let connect = async |url: &str| {
        let chain = Chain::connect(url, Some(5)).await.unwrap();
        Rounds::of(Market::load(chain, w.market.address).await.unwrap())
            .await
            .unwrap()
    };
    let (knowing, forgetful) = (connect(&w.node.url()).await, connect(&forgetful.await).await);
    let round = knowing.newest(id).await.unwrap();
    let error = knowing.require_confirmed(id, &round).await.unwrap_err();
    assert!(Kind::Unsettled.is_of(&error), "{error:#}");
    assert_eq!(knowing.confirmed_contests(id, &round).await.unwrap(), Some([].into()));
    forgetful.require_confirmed(id, &round).await.unwrap();
    assert_eq!(forgetful.confirmed_contests(id, &round).await.unwrap(), None);
    for _ in 0..5 {
        w.mine().await;
    }
    knowing.require_confirmed(id, &round).await.unwrap();
    let mut moved = round.clone();
    moved.contested += 1;
    let error = knowing.require_confirmed(id, &moved).await.unwrap_err();
    assert!(Kind::Unsettled.is_of(&error), "{error:#}");
}

#[tokio::test]
async fn anybody_closes_what_is_overdue_in_either_market_by_one_command() {
    let w = World::new().await;
    let silent = w.opened(1).await.id;
    accept(&w.mp, silent, &ANY, None).await.unwrap();
    let (unserved, unpublished) = (opened_round(&w, "one").await, opened_round(&w, "two").await);
    serve(&w, unpublished).await;
    let close = |id: B256, more: &[&str]| {
        let id = id.to_string();
        assay(&w, &[&["timeout", "run", &id, "--devnet-account", "3"], more].concat())
    };
    for id in [silent, unserved, unpublished] {
        let output = close(id, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("runs until") && said.contains("try again in"), "{said}");
    }
    // The consumer's time to confirm, then the provider's to publish.
    w.pass(2 * 3600 + 1).await;
    for (id, kind, outcome) in [
        (silent, "engagement", "MpSilent"),
        (unserved, "round", "Cancelled"),
        (unpublished, "round", "Void"),
    ] {
        let output = close(id, &["--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        let closed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        assert_eq!((&closed["kind"], &closed["outcome"]), (&kind.into(), &outcome.into()));
        assert!(closed["sent"].is_object(), "{closed}");
        let text = String::from_utf8(close(id, &[]).stdout).unwrap();
        assert_eq!(text, format!("{kind} {id} is closed: {outcome}\n"));
    }
    let said = String::from_utf8(close(B256::repeat_byte(1), &[]).stderr).unwrap();
    assert!(said.contains("there is no engagement, no round and no audit"), "{said}");

    // What both markets and the registry owe comes by one command too.
    let fetched = assay(&w, &["withdraw", "--devnet-account", "2", "--json"]);
    let fetched: Value = serde_json::from_slice(&fetched.stdout).unwrap();
    let rounds = Rounds::of(w.market.clone()).await.unwrap();
    let contracts = fetched["withdrawals"].as_array().unwrap().iter();
    let contracts: Vec<String> = contracts
        .map(|w| w["contract"].as_str().unwrap().to_lowercase())
        .collect();
    let owing = [w.market.address, rounds.address].map(|address| address.to_string().to_lowercase());
    assert_eq!(contracts, owing);
}

#[tokio::test]
async fn an_audits_files_are_its_parties_and_its_authority_reads_them() {
    let w = World::new().await;
    let (corpus, responder) = attested_corpus(&w).await;
    let authority = Address::repeat_byte(6);
    let with = requested_under(&w, &w.mc, corpus, authority).await;
    let without = requested(&w, &w.mp, corpus).await;
    let table = audits_on_chain(&audits(&w).await, &[with, without]).await.unwrap();
    let expected = [
        (with, Rights::of([w.mc.address(), responder.address()], [authority])),
        (without, Rights::of([w.mp.address(), responder.address()], [])),
    ];
    assert_eq!(table, expected.into());
    assert!(audits_on_chain(&audits(&w).await, &[B256::ZERO]).await.is_err());
}

#[tokio::test]
async fn time_closes_audits_and_what_they_owe_is_withdrawn() {
    let w = World::new().await;
    let (corpus, _) = attested_corpus(&w).await;
    let (taken, left) = (requested(&w, &w.mc, corpus).await, requested(&w, &w.mp, corpus).await);
    let rs = at_audits(&w, &w.other).await;
    let guard = rs.market.newest(taken).await.unwrap().guard;
    let call = acceptCall { id: taken, guard };
    sends(&rs, "accept", &rs.market.call(&call)).await;
    let retrieval = rs.market.address.to_string();
    let close = |id: B256, more: &[&str]| {
        let id = id.to_string();
        let args = [
            "timeout",
            "run",
            &id,
            "--devnet-account",
            "3",
            "--retrieval",
            &retrieval,
        ];
        assay(&w, &[&args, more].concat())
    };
    for id in [taken, left] {
        let output = close(id, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("runs until") && said.contains("try again in"), "{said}");
    }
    w.pass(2 * 3600).await;
    for (id, outcome) in [(taken, "Timeout"), (left, "Cancelled")] {
        let output = close(id, &["--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        let closed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        assert_eq!(
            (&closed["kind"], &closed["outcome"]),
            (&"audit".into(), &outcome.into())
        );
        assert_eq!(closed["credited"]["consumerWei"], "1000");
        let text = String::from_utf8(close(id, &[]).stdout).unwrap();
        assert_eq!(text, format!("audit {id} is closed: {outcome}\n"));
    }
    let fetched = assay(
        &w,
        &["withdraw", "--devnet-account", "2", "--retrieval", &retrieval, "--json"],
    );
    let fetched: Value = serde_json::from_slice(&fetched.stdout).unwrap();
    assert_eq!(fetched["withdrawals"][0]["amountWei"], "1000", "{fetched}");
}

/// Both documents match, so that nothing is due; the one that is demanded never comes.
#[tokio::test]
async fn time_settles_a_demand_that_nobody_answers_and_ends_its_audit() {
    let w = World::new().await;
    let (corpus, _) = attested_corpus(&w).await;
    let id = requested(&w, &w.mc, corpus).await;
    let (rq, rs) = (at_audits(&w, &w.mc).await, at_audits(&w, &w.other).await);
    let guard = async || rs.market.newest(id).await.unwrap().guard;
    let accept = acceptCall {
        id,
        guard: guard().await,
    };
    sends(&rs, "accept", &rs.market.call(&accept)).await;
    let answers = Answers::of(2, [0, 1]).unwrap();
    let answer = postAnswersCall {
        id,
        guard: guard().await,
        pages: vec![answers.page(0).unwrap().bits],
        seal: true,
    };
    sends(&rs, "answer", &rs.market.call(&answer)).await;
    let reveal = revealCall {
        id,
        guard: guard().await,
        salt: SALT,
        named: Vec::new(),
        pages: Vec::new(),
    };
    sends(&rq, "reveal", &rq.market.call(&reveal)).await;
    let demand = demandCall {
        id,
        guard: guard().await,
        indices: vec![1],
        pages: answers.openings(&[1]).unwrap(),
    };
    const PAID: u128 = 1_000_000_000_000_000_000;
    sends(&rq, "demand", &rq.paying(&demand, PAID)).await;

    let (id, retrieval) = (id.to_string(), rq.market.address.to_string());
    let run = |args: &[&str]| says(&w, &[args, &["--retrieval", &retrieval]].concat());
    let shown = run(&["audit", "show", &id]);
    is_as_described(&shown);
    snapshots::assert_shape(&["audit", "show"], &shown);
    assert_eq!(
        (&shown["state"], &shown["demandList"][0]["state"]),
        (&"Delivering".into(), &"Demanded".into())
    );
    let early = [
        "timeout",
        "run",
        &id,
        "--devnet-account",
        "3",
        "--retrieval",
        &retrieval,
    ];
    let said = fails(&w, &early);
    assert!(
        said.contains("demand 0 of audit") && said.contains("runs until"),
        "{said}"
    );

    w.pass(3 * 3600).await;
    let closed = run(&["timeout", "run", &id, "--devnet-account", "3"]);
    assert_eq!(
        (&closed["kind"], &closed["outcome"]),
        (&"audit".into(), &"Violation".into())
    );
    let shown = run(&["audit", "show", &id]);
    assert_eq!(
        (&shown["openDemands"], &shown["demandList"][0]["state"]),
        (&0.into(), &"Settled".into())
    );
    assert_eq!(shown["verdict"]["assurance"], "NONE");
    // All of the demand's money and the price are the requester's: the responder did nothing for either.
    let fetched = run(&["withdraw", "--devnet-account", "2"]);
    assert_eq!(
        fetched["withdrawals"][0]["amountWei"],
        (PAID + 1000).to_string(),
        "{fetched}"
    );
}

#[tokio::test]
async fn the_conditions_of_rounds_are_those_of_the_deployed_market() {
    let dir = tempfile::tempdir().unwrap();
    let context = Context::new(Globals {
        home: Some(dir.path().to_owned()),
        ..Globals::default()
    })
    .unwrap();
    let devnet = MarketTerms::devnet();
    let terms = MarketTerms {
        respond_window: 7200,
        rounds: devnet.rounds.clone().map(|rounds| RoundMarketTerms {
            answer_gas: 700_000,
            fee: 3 * rounds.fee,
            ..rounds
        }),
        ..devnet
    };
    let (node, book, _) = up(&context, &DevnetOptions::default(), &terms).await.unwrap();
    let lines = |more: &[&str]| -> BTreeMap<String, Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(["policy", "check", "--gwei", "2", "--json", "--rpc-url", &node.url()]);
        command
            .arg("--market")
            .arg(book.market.to_string())
            .arg("--home")
            .arg(dir.path());
        let round = ["--outputs", "1024", "--cap", "59", "--provider-deposit", "0.5"];
        let output = command.args(round).args(more).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
        let lines = checked["conditions"].as_array().unwrap().iter();
        lines
            .map(|line| (line["name"].as_str().unwrap().to_owned(), line.clone()))
            .collect()
    };
    let found = lines(&["--promised", "113"]);
    // Of the accuracy market: its price of an example, its two sizes.
    assert_eq!(found["I0"]["verdict"], "holds");
    assert!(
        found["I0"]["sentence"].as_str().unwrap().contains("E 0.01"),
        "{}",
        found["I0"]
    );
    // Of the prediction market: gas of an answer, fee, window to respond, what the quiet bond counts.
    assert_eq!(
        (&found["I8c G"]["value"], &found["I8c G"]["verdict"]),
        (&700_000.0.into(), &"FAILS".into())
    );
    assert!(
        found["I11"]["sentence"].as_str().unwrap().contains("fee of 0.0003 ETH"),
        "{}",
        found["I11"]
    );
    assert_eq!(
        found["I13"]["verdict"], "FAILS",
        "112 fit half of an hour, the shorter window"
    );
    let chain = Chain::connect(&node.url(), None).await.unwrap();
    let rounds = Rounds::of(Market::load(chain, book.market).await.unwrap())
        .await
        .unwrap();
    assert_eq!(rounds.params.quiet, QUIET_GAS, "what is assumed without a market");
    let gwei = 1_000_000_000;
    let bond = rounds.quiet_bond(Privacy::PRIVATE, 1024, 2 * gwei).await.unwrap();
    let quiet = publication(&QUIET_GAS, 1024, bond, 2 * gwei);
    assert_eq!(quiet.taken, bond);
    let value = |name: &str| found[name]["value"].as_f64().unwrap();
    let near = |value: f64, wei: u128| assert!((value - wei as f64 / 1e18).abs() < 1e-12, "{value} {wei}");
    near(value("I10"), quiet.earned);
    let contests = 2 * 59 * rounds.params.priceProof;
    near(value("I11"), bond + contests + 500_000_000 * gwei);
    assert_eq!(found["I10"]["verdict"], "FAILS");

    // Options come before what is deployed.
    let found = lines(&[
        "--answer-gas",
        "1000000",
        "--round-fee",
        "0.5",
        "--quiet-gas",
        "2550000",
        "--promised",
        "38",
        "--respond-window",
        "7200",
    ]);
    for name in ["I8c G", "I10", "I13"] {
        assert_eq!(found[name]["verdict"], "holds", "{}", found[name]);
    }
    assert!(
        found["I11"]["sentence"].as_str().unwrap().contains("fee of 0.5 ETH"),
        "{}",
        found["I11"]
    );
}
