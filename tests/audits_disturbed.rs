//! Audits that are disturbed: by a node that lies and a chain that is rewritten, by what somebody does by hand in between, by
//! deliveries that are damaged, by a request that cannot be accepted.

use alloy::hex;
use alloy::primitives::U256;
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::IRetrievalMarket::{settleDemandCall, AnswersPosted};
use e2e::{deeds, text, Audited, Daemon};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOUR: u64 = 3600;
/// How long daemons may take, however often they are disturbed.
const PATIENCE: Duration = Duration::from_secs(600);
const REORGANISATIONS: u32 = 6;

/// What a daemon says, line by line.
fn heard(daemon: &mut Daemon) -> impl Iterator<Item = Value> + use<> {
    let stdout = daemon.process.stdout.take().unwrap();
    let lines = BufReader::new(stdout).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// What was wrong during an action of a pass.
fn wrong<'e>(events: &'e [Value], during: &str) -> Option<&'e str> {
    let wrong = events.iter().find(|event| event["fields"]["during"] == during);
    wrong.and_then(|event| event["fields"]["error"].as_str())
}

/// Hands requests on to the node, and its answers back; as long as it lies, posted answers are others than they are.
fn liar(node: &str, lies: Arc<AtomicBool>) -> String {
    let node = node.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (node, lies) = (node.clone(), lies.clone());
            // Whoever goes away in between is not answered.
            std::thread::spawn(move || answer(client, &node, &lies));
        }
    });
    url
}

fn answer(mut client: TcpStream, node: &str, lies: &AtomicBool) -> Option<()> {
    let mut node = TcpStream::connect(node).ok()?;
    let asked = body(&mut BufReader::new(client.try_clone().ok()?))?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\ncontent-length: {}",
        asked.len()
    );
    node.write_all(&[head.as_bytes(), b"\r\nconnection: close\r\n\r\n", &asked].concat())
        .ok()?;
    let mut told = body(&mut BufReader::new(node))?;
    if lies.load(Ordering::Relaxed) {
        let mut answer: Value = serde_json::from_slice(&told).ok()?;
        alter(&mut answer);
        told = serde_json::to_vec(&answer).ok()?;
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}",
        told.len()
    );
    client
        .write_all(&[head.as_bytes(), b"\r\nconnection: close\r\n\r\n", &told].concat())
        .ok()
}

/// The body of a request or an answer of known length.
fn body(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut line, mut length) = (String::new(), 0);
    while from.read_line(&mut line).ok()? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(body)
}

/// The first document is answered otherwise.
fn alter(answer: &mut Value) {
    let topic = AnswersPosted::SIGNATURE_HASH.to_string();
    for log in answer["result"].as_array_mut().into_iter().flatten() {
        if log["topics"][0] == topic.as_str() {
            let mut data: Vec<char> = log["data"].as_str().unwrap().chars().collect();
            let low = data.len() - 63;
            data[low] = char::from_digit(data[low].to_digit(16).unwrap() ^ 1, 16).unwrap();
            log["data"] = data.into_iter().collect::<String>().into();
        }
    }
}

/// A salt is shown for what the market has, whatever a node says of it, and once, however often the chain is rewritten.
#[test]
fn daemons_outlive_a_node_that_lies_and_reorganisations() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    let node = &story.devnet;
    node.rpc("anvil_mine", "[3]");
    node.rpc("evm_setIntervalMining", "[1]");
    let parties = [story.requester(), story.responder()];
    let before = parties.map(|party| party.nonce());
    let lies = Arc::new(AtomicBool::new(true));
    let (exchange, liar) = (story.exchange(), liar(&node.url, lies.clone()));
    let options = ["--every", "1", "--confirmations", "3"];
    let start = |party, url| Daemon::start(party, story.watch_at(url, party, text(&exchange), &options));
    let (mut requester, _responder) = (start("requester", &liar), start("responder", &node.url));
    let mut events = heard(&mut requester);
    let refused = events.find(|event| event["event"] == "error").unwrap();
    // Whoever cannot say what it does ends.
    std::thread::spawn(move || events.for_each(drop));
    assert_eq!(refused["fields"]["during"], "reveal");
    assert!(
        refused["fields"]["error"]
            .as_str()
            .unwrap()
            .contains("the node's events"),
        "{refused}"
    );
    assert_eq!(story.shown(&id)["state"], "Answered");
    assert!(story.journal("requester", &id).unwrap()["facts"]["saltShownFor"].is_null());
    lies.store(false, Ordering::Relaxed);

    let seed = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (began, mut rewritten) = (Instant::now(), 0);
    while !["requester", "responder"]
        .map(|party| story.has_settled(party, &id))
        .iter()
        .all(|done| *done)
    {
        assert!(began.elapsed() < PATIENCE, "not settled, seed {seed}");
        std::thread::sleep(rng.gen_range(Duration::from_millis(500)..Duration::from_secs(5)));
        if rewritten < REORGANISATIONS {
            node.rpc("anvil_reorg", &format!("[{}, []]", rng.gen_range(1..=2)));
            rewritten += 1;
        }
    }
    println!("{rewritten} reorganisations");
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["confirmed"]),
        (&"Complete".into(), &true.into()),
        "seed {seed}"
    );
    // reveal and confirm; accept, answer, prove and withdraw.
    let sent = [0, 1].map(|party| parties[party].nonce() - before[party]);
    assert_eq!(sent, [2, 4], "seed {seed}");
}

/// Files go over the responder's server; what is withheld, named, overruled and demanded somebody says by hand.
#[test]
fn what_is_done_by_hand_and_what_daemons_do_over_a_server_go_together() {
    let story = Audited::new(3, 3);
    let (authority, operator) = (story.authority().address(), story.responder().address());
    let terms = ["--withhold-max", "2", "--named-max", "1", "--authority", &authority];
    let id = story.requested("2", &terms);
    let server = story.responder().serves_audit(&id);
    let at = ["--server-address", &operator];
    let rq = || story.once_over(&server.url, "requester", &at);
    let rs = || {
        let limits = ["--authority", &authority, "--withhold", "2"];
        story.once_over(&server.url, "responder", &[&limits[..], &at].concat())
    };
    assert_eq!(rq(), ["send"]);
    assert_eq!(rs(), ["accept"]);
    let accepted = story.accepted(&id, &["--authority", &authority, "--withhold", "2"]);
    let ones: Vec<String> = (0..3).map(|i| accepted["matches"][i]["index"].to_string()).collect();
    let zero = (0..6).map(|i| i.to_string()).find(|i| !ones.contains(i)).unwrap();
    let paper = story.devnet.path("paper.txt");
    fs::write(&paper, "correspondence with counsel").unwrap();
    story.rs(
        "withhold",
        &id,
        &["--log", text(&paper), "--document", &ones[0], "--document", &ones[1]],
    );
    assert_eq!(rs(), ["answer"]);
    assert_eq!(
        story.rq("reveal", &id, &["--name", &zero])["named"][0].to_string(),
        zero
    );
    assert_eq!(rs(), ["prove", "proven", "submitProofs", "send"]);
    assert_eq!(rq(), ["check"]);

    // Nobody overrules everything by leaving something out.
    let overrule = ["audit", "overrule", &id, "--ruling", text(&paper)];
    let (code, said) = story.authority().fails(&overrule);
    assert!(code == 2 && said.contains("--document N, or --all"), "{said}");
    let (_, said) = story
        .authority()
        .fails(&[&overrule[..], &["--document", &zero]].concat());
    assert!(said.contains("is not withheld"), "{said}");
    story
        .authority()
        .does(&[&overrule[..], &["--document", &ones[0]]].concat());
    for kept in [&ones[1], &zero] {
        let (_, said) = story.requester().fails(&["audit", "demand", &id, "--document", kept]);
        assert!(said.contains(&format!("document {kept} is not owed")), "{said}");
    }
    let demanded = story.rq("demand", &id, &["--document", &ones[0]]);
    assert_eq!(demanded["positions"][0].to_string(), ones[0]);
    let again = story.rq("demand", &id, &["--document", &ones[0]]);
    assert_eq!(again["sent"].as_array().unwrap().len(), 0, "{again}");
    assert_eq!(rs(), ["deliver", "send"]);
    assert_eq!(rq(), ["checkParcel", "acknowledge"]);
    story.devnet.pass(HOUR + 1);
    assert_eq!(rq(), ["settleDemand", "confirm", "settle"]);
    assert_eq!(rs(), ["settle"]);
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["proven"], &shown["verdict"]["keptBack"]),
        (&"Complete".into(), &3.into(), &1.into())
    );
}

#[test]
fn demands_have_a_limit_and_one_that_fails_keeps_no_other_waiting() {
    let story = Audited::new(3, 2);
    let id = story.requested("2", &[]);
    let handed = story.handed(&id);
    while !handed.join("documents.opening").is_file() {
        story.once("requester", &[]);
        story.once("responder", &[]);
    }
    // The documents get lost on their way, and the requester has neither the word nor the gas to demand them.
    fs::remove_file(handed.join("documents.opening")).unwrap();
    story.devnet.pass(HOUR / 2);
    let dear = story.pass("requester", &["--max-demand", "0.000000001"]);
    let said = wrong(&dear, "demand").unwrap();
    assert!(said.contains("--max-demand leaves 0.000000001 ETH"), "{said}");
    let set_balance = |wei: &str| {
        let params = format!("[\"{}\", \"{wei}\"]", story.requester().address());
        story.devnet.rpc("anvil_setBalance", &params);
    };
    set_balance("0x2386f26fc1000");
    story.devnet.rpc("anvil_setNextBlockBaseFeePerGas", "[\"0x3b9aca00\"]");
    story.devnet.rpc("evm_mine", "[]");
    let poor = story.pass("requester", &[]);
    let said = wrong(&poor, "demand").unwrap();
    assert!(said.contains("for gas"), "{said}");
    assert_eq!(story.shown(&id)["demands"], 0);
    set_balance("0xde0b6b3a7640000");

    let of: Vec<u64> = story.journal("responder", &id).map(|_| owed(&story, &id)).unwrap();
    for document in &of {
        story.rq("demand", &id, &["--document", &document.to_string()]);
    }
    assert_eq!(story.once("responder", &[]), ["deliver"]);
    let parcel = handed.join("demand-00000.parcel");
    let good = fs::read(&parcel).unwrap();
    fs::write(&parcel, &good[..good.len() - 32]).unwrap();
    let events = story.pass("requester", &[]);
    assert!(wrong(&events, "checkParcel").is_some(), "{events:?}");
    assert_eq!(deeds(&events), ["checkParcel", "acknowledge"]);
    assert_eq!(story.shown(&id)["demandList"][1]["state"], "Acked");
    fs::write(&parcel, &good).unwrap();
    assert_eq!(story.once("requester", &[]), ["checkParcel", "acknowledge"]);
    story.devnet.pass(HOUR + 1);
    // Both together; what is settled is of no use in the journal.
    assert_eq!(story.once("requester", &[]), ["settleDemand", "confirm", "settle"]);
    assert_eq!(story.once("responder", &[]), ["settle"]);
    let journal = story.journal("requester", &id).unwrap();
    let steps: Vec<&String> = journal["steps"].as_object().unwrap().keys().collect();
    assert!(steps.iter().all(|step| !step.starts_with("settle")), "{steps:?}");
    assert_eq!(story.shown(&id)["outcome"], "Complete");
}

/// What another process has signed may be mined at any time.
#[test]
fn demands_that_no_block_has_taken_yet_count_against_the_limit() {
    let mut story = Audited::new(3, 2);
    let first = story.proven("2", &[]);
    let (archive, corpus) = (story.devnet.path("archive"), story.devnet.path("second.corpus"));
    let commit = [
        "corpus",
        "commit",
        text(&archive),
        "--size",
        "8",
        "--corpus",
        text(&corpus),
    ];
    let second = story.responder().does(&commit);
    story.corpus_id = second["id"].as_str().unwrap().to_owned();
    story.leaves = second["leaves"].as_str().unwrap().into();
    let ids = [first, story.proven("2", &[])];
    story.devnet.pass(HOUR / 2);
    let demands = |id: &str| {
        let journal = story.journal("requester", id).unwrap();
        let steps = journal["steps"].as_object().unwrap().clone().into_iter();
        let demands = steps.filter(|(step, _)| step.starts_with("demand-"));
        demands.map(|(_, step)| step["tx_hash"].clone()).collect::<Vec<_>>()
    };
    story.devnet.rpc("evm_setAutomine", "[false]");
    let demand = ["audit", "demand", &ids[0]];
    let mut waits = story.requester().signing_at(&story.devnet.url, &demand);
    let mut waits = waits.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let signed = loop {
        match demands(&ids[0]).pop() {
            Some(hash) => break hash,
            None => assert!(waits.try_wait().unwrap().is_none(), "it waits for a block"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // Of the second demand of that size this pays for a part, not for one document.
    let mut brings = String::from("null");
    while brings == "null" {
        brings = story.devnet.rpc("eth_getTransactionByHash", &format!("[{signed}]"));
    }
    let brings: Value = serde_json::from_str(&brings).unwrap();
    let value = brings["value"].as_str().unwrap().trim_start_matches("0x");
    let wei = u128::from_str_radix(value, 16).unwrap() / 5 * 6;
    let most = format!("{}.{:018}", wei / 10u128.pow(18), wei % 10u128.pow(18));
    let limit = ["--max-demand", &*most];
    story.pass("requester", &limit);
    assert!(demands(&ids[1]).is_empty(), "both would bring more than {most}");

    // It is sent again before anything else is demanded, and is no other demand.
    waits.kill().unwrap();
    waits.wait().unwrap();
    story.devnet.rpc("anvil_dropAllTransactions", "[]");
    story.devnet.rpc("evm_setAutomine", "[true]");
    let count = || ids.each_ref().map(|id| story.shown(id)["demands"].clone());
    story.pass("requester", &limit);
    assert_eq!(count(), [1, 0], "whichever has the purse first");
    let said = story.pass("requester", &limit);
    assert!(
        wrong(&said, "demand").unwrap().contains("--max-demand leaves"),
        "{said:?}"
    );
    assert_eq!(story.once("requester", &[]), ["demand"]);
    assert_eq!(count(), [1, 1]);
}

/// Whoever has fetched its money looks no more: a settlement that is taken back would leave its part with the market.
#[test]
fn money_is_fetched_once_the_last_demand_is_settled_for_good() {
    let story = Audited::new(2, 2);
    let id = story.proven("2", &[]);
    for document in owed(&story, &id) {
        story.rq("demand", &id, &["--document", &document.to_string()]);
    }
    // Nothing is delivered.
    story.devnet.pass(2 * HOUR);
    let book = fs::read(&story.devnet.deployment).unwrap();
    let market = serde_json::from_slice::<Value>(&book).unwrap()["retrieval"].clone();
    let settle = |m: u64| {
        let call = settleDemandCall {
            id: id.parse().unwrap(),
            m: U256::from(m),
        };
        let data = hex::encode_prefixed(call.abi_encode());
        let from = story.outsider().address();
        let params = serde_json::json!([{ "from": from, "to": market, "data": data }]);
        story.devnet.rpc("eth_sendTransaction", &params.to_string());
    };
    settle(0);
    story.devnet.rpc("anvil_mine", "[\"0x5\"]");
    settle(1);
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["openDemands"]),
        (&"Violation".into(), &0.into())
    );
    assert!(story.once("requester", &["--confirmations", "5"]).is_empty());
    assert!(!story.has_settled("requester", &id));
    assert_eq!(story.once("requester", &[]), ["settle"]);
}

/// Documents that the responder answered with a match.
fn owed(story: &Audited, id: &str) -> Vec<u64> {
    let file = story.file("responder", id, "matches.json").unwrap();
    let matches: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let matching = matches["matching"].as_array().unwrap();
    matching.iter().map(|index| index.as_u64().unwrap()).collect()
}

/// To judge a request costs a run over all documents and a proof: whoever asks for it twice in vain is left alone.
#[test]
fn a_request_that_could_not_be_accepted_twice_is_left_alone() {
    let story = Audited::new(3, 1);
    let predicate = fs::read(&story.predicate).unwrap();
    let hand = |id: &str, bytes: &[u8]| {
        fs::create_dir_all(story.handed(id)).unwrap();
        fs::write(story.handed(id).join("predicate.opening"), bytes).unwrap();
    };
    let id = story.requested("2", &[]);
    hand(&id, b"nothing");
    let mut daemon = story.watches("responder", text(&story.exchange()));
    let mut events = heard(&mut daemon);
    let mut fails = || {
        let failed = events.find(|event| event["event"] == "error").unwrap();
        assert_eq!(
            (&failed["audit"], &failed["fields"]["during"]),
            (&id.clone().into(), &"accept".into())
        );
    };
    fails();
    hand(&id, &predicate[..predicate.len() - 1]);
    fails();
    // Too late: nothing that is handed over now is looked at, but another request is.
    hand(&id, &predicate);
    let other = story.outsider().does(&story.asks("2", &[]));
    let other = other["id"].as_str().unwrap();
    hand(other, &predicate);
    let accepted = events.find(|event| event["event"] == "accept").unwrap();
    assert_eq!(accepted["audit"], other);
    std::thread::sleep(Duration::from_secs(32));
    assert_eq!(story.shown(&id)["state"], "Requested");
    drop(daemon);
    // Whoever starts it again has it looked at anew.
    assert_eq!(story.once("responder", &["--max-open", "2"]), ["accept", "answer"]);
    assert_eq!(story.shown(&id)["state"], "Answered");
}
