//! The contracts that this program sends money to: the committed artefacts against a build, and rogue deployments on anvil.

use crate::node_support;
use crate::support;

use alloy::primitives::{address, keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::SolValue;
use assay_chain::address_book::Deployment;
use assay_chain::artefact::{creation_code, Release};
use assay_chain::audits::Audits;
use assay_chain::client::{Call, Chain};
use assay_chain::corpora::Corpora;
use assay_chain::devnet::DevnetOptions;
use assay_chain::error::{is_of_node, is_passing, Kind};
use assay_chain::market::Market;
use assay_chain::release::{DeploymentCheck, DeploymentGrade, Survey, Surveyed};
use assay_chain::repository::Repository;
use assay_chain::retrieval_terms::RetrievalTerms;
use assay_chain::rounds::Rounds;
use assay_chain::terms::MarketTerms;
use assay_cli::cmd::devnet::up;
use assay_cli::context::{Context, Globals};
use assay_protocol::abi::IMarketplaceFactory::{self, Creation};
use assay_protocol::abi::{Judges, MarketParams, RegistryParams};
use node_support::in_front_of;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Output};
use support::World;

/// Answers 1 whatever it is asked.
const YES: [u8; 10] = [0x60, 1, 0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3];

/// The deterministic deployment proxy.
const PROXY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// Places of one kind in an artifact, each group sorted.
fn groups(references: &Value) -> BTreeSet<Vec<u64>> {
    let groups = references.as_object().into_iter().flat_map(|groups| groups.values());
    let starts = |places: &Value| -> Vec<u64> {
        let places = places.as_array().unwrap().iter();
        let mut starts: Vec<u64> = places.map(|place| place["start"].as_u64().unwrap()).collect();
        starts.sort_unstable();
        starts
    };
    groups.map(starts).collect()
}

fn ours<'a>(groups: impl Iterator<Item = &'a Vec<usize>>) -> BTreeSet<Vec<u64>> {
    groups
        .map(|places| places.iter().map(|at| *at as u64).collect())
        .collect()
}

/// `scripts/release-artefacts` writes what this compares.
#[test]
fn the_committed_artefacts_are_those_of_the_build() {
    let release = Release::this();
    let names: Vec<&str> = release.contracts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AccuracyMarket",
            "AccuracyTerms",
            "AuditReader",
            "AuditTerms",
            "CorpusRegistry",
            "DocumentJudge",
            "ModelRegistry",
            "OutputJudge",
            "PoseidonT4",
            "PredictionMarket",
            "ProofJudge",
            "PublishedTransfers",
            "RetrievalMarket",
            "SharedKeyJudge",
            "TransferJudge"
        ]
    );
    for (name, artefact) in &release.contracts {
        let artifact = Repository::find().unwrap().artifact(name).unwrap();
        let built = &artifact["deployedBytecode"];
        assert_eq!(
            groups(&built["immutableReferences"]),
            ours(artefact.immutables.values()),
            "{name}: run scripts/release-artefacts"
        );
        let mut links = BTreeSet::new();
        for file in built["linkReferences"].as_object().into_iter().flat_map(|f| f.values()) {
            links.extend(groups(file));
        }
        assert_eq!(
            links,
            ours(artefact.libraries.values()),
            "{name}: run scripts/release-artefacts"
        );
        // Placeholders of libraries are no hexadecimal digits.
        let object = built["object"].as_str().unwrap().trim_start_matches("0x");
        let object: String = object
            .chars()
            .map(|c| if c.is_ascii_hexdigit() { c } else { '0' })
            .collect();
        let mut code = hex::decode(object).unwrap();
        assert!(artefact.is_code(&code), "{name}: run scripts/release-artefacts");
        code[0] ^= 1;
        assert!(!artefact.is_code(&code), "{name}");
        assert!(!artefact.is_code(&code[..100]), "{name}");
    }
    let created: Vec<&str> = release.creation.keys().map(String::as_str).collect();
    assert_eq!(
        created,
        [
            "AccuracyMarket",
            "CorpusRegistry",
            "MarketplaceFactory",
            "ModelRegistry",
            "PredictionMarket",
            "PublishedTransfers",
            "RetrievalMarket"
        ]
    );
    for (name, hash) in &release.creation {
        let code = creation_code(name, &[], &[]).unwrap();
        assert_eq!(keccak256(code), *hash, "{name}: run scripts/release-artefacts");
    }
}

/// What the program deploys is what forge compiles.
#[test]
fn the_committed_creation_code_is_that_of_the_build() {
    const UNLINKED: [(&str, Address); 1] = [("PoseidonT4", Address::ZERO)];
    const BY_PROGRAM: [&str; 5] = ["Cradle", "DocumentJudge", "OutputJudge", "ProofJudge", "SharedKeyJudge"];
    let release = Release::this();
    let created = release.creation.keys().map(String::as_str);
    for name in created.chain(BY_PROGRAM).chain(["PoseidonT4", "TransferJudge"]) {
        let artifact = Repository::find().unwrap().artifact(name).unwrap();
        // Placeholders of libraries, 20 bytes each, are no hexadecimal digits.
        let built = artifact["bytecode"]["object"].as_str().unwrap();
        let parts: Vec<&str> = built.trim_start_matches("0x").split("__$").collect();
        let linked: Vec<&str> = parts[1..]
            .iter()
            .map(|part| part.split_once("$__").unwrap().1)
            .collect();
        let zeros = "0".repeat(40);
        let linked = [&parts[..1], &linked].concat().join(&zeros);
        let code = creation_code(name, &UNLINKED, &[]).unwrap();
        assert_eq!(hex::encode(code), linked, "{name}: run scripts/release-artefacts");
    }
}

/// Every parameter has a value of its own, so that a name in the artefacts stands for the right immutable.
#[tokio::test]
async fn a_genuine_deployment_is_reproduced_whatever_its_parameters() {
    let dir = tempfile::tempdir().unwrap();
    let context = Context::new(Globals {
        home: Some(dir.path().to_owned()),
        ..Globals::default()
    })
    .unwrap();
    let devnet = MarketTerms::devnet();
    let terms = MarketTerms {
        price_inference: devnet.price_inference + 1,
        n1: 5,
        n2: 6,
        fault_strikes: 11,
        accept_window: 3601,
        decide_window: 3602,
        prove_base: 3603,
        prove_time_per_item: 604,
        unbond_window: 1_000_000,
        words_per_chunk: 12,
        commit_window: 3605,
        ack_window: 3606,
        publish_window: 3607,
        key_window: 3608,
        challenge_window: 3609,
        respond_window: 3610,
        answer_time: 611,
        challenge_bond: devnet.challenge_bond + 2,
        direct_max: 3,
        retrieval: Some(RetrievalTerms {
            words_per_chunk: 12,
            chunk_gas: 12_001,
            deliver_gas: 150_002,
            accept_window: 3701,
            answer_base: 3702,
            answer_time: 63,
            reveal_window: 3704,
            prove_base: 3705,
            prove_time: 126,
            demand_window: 3707,
            deliver_base: 3708,
            deliver_time: 9,
            ack_window: 3710,
            publish_base: 3711,
            publish_time: 12,
            evidence_window: 3713,
        }),
        ..devnet
    };
    let (node, book, _) = up(&context, &DevnetOptions::default(), &terms).await.unwrap();
    let chain = Chain::connect(&node.url(), None).await.unwrap();
    let market = Market::load(chain, book.market).await.unwrap();
    let survey = Survey::of(&market).await.unwrap();
    assert_eq!(survey.differences(), Vec::<String>::new());
    assert!(survey.is_reproduced());
    let contracts: Vec<&str> = survey.parts.iter().map(|part| part.contract.as_str()).collect();
    assert_eq!(
        contracts,
        [
            "ModelRegistry",
            "AccuracyMarket",
            "AccuracyTerms",
            "ProofJudge",
            "TransferJudge",
            "PoseidonT4",
            "PublishedTransfers",
            "PredictionMarket",
            "OutputJudge"
        ]
    );

    let audits = Audits::open(market.chain.clone(), book.retrieval.unwrap())
        .await
        .unwrap();
    assert_eq!(audits.survey().await.unwrap().differences(), Vec::<String>::new());

    // The comparison is made once for each home.
    let first = context.site_of(market.clone()).deployment_check().await.unwrap();
    let second = context.site_of(market.clone()).deployment_check().await.unwrap();
    assert_eq!((first.digest, second.digest), (Some(survey.digest()), None));
    assert_eq!(
        (first.grade, second.grade),
        (DeploymentGrade::Reproduced, DeploymentGrade::Reproduced)
    );
    // What is remembered is the code, not only the address.
    let path = context.home.checked_market(&market.chain, market.address);
    let text = std::fs::read_to_string(&path).unwrap();
    let codehash = survey.parts[1].codehash.to_string();
    std::fs::write(&path, text.replace(&codehash, &B256::ZERO.to_string())).unwrap();
    let third = DeploymentCheck::of(
        &market,
        &context.home.checked_market(&market.chain, market.address),
        None,
    )
    .await
    .unwrap();
    assert_eq!(third.digest, Some(survey.digest()));
}

#[tokio::test]
async fn a_retrieval_market_is_reproduced_at_the_address_of_its_code_and_parameters_alone() {
    let w = World::new().await;
    let chain = &w.market.chain;
    let book = Deployment::load(
        &w.dir.path().join("chain").join(chain.label()).join("deployment.json"),
        chain,
    )
    .unwrap();
    let audits = Audits::open(chain.clone(), book.retrieval.unwrap()).await.unwrap();
    assert_eq!(audits.corpora.address, book.corpora.unwrap());
    let survey = audits.survey().await.unwrap();
    assert_eq!(survey.differences(), Vec::<String>::new());
    let contracts: Vec<&str> = survey.parts.iter().map(|part| part.contract.as_str()).collect();
    assert_eq!(
        contracts,
        [
            "RetrievalMarket",
            "AuditTerms",
            "AuditReader",
            "DocumentJudge",
            "SharedKeyJudge",
            "TransferJudge",
            "PoseidonT4",
            "PublishedTransfers",
            "CorpusRegistry"
        ]
    );

    // Other parameters are another market, which the proxy makes as genuine.
    let mut params = audits.params.clone();
    params.windows.reveal += 1;
    let code = creation_code("RetrievalMarket", &[], &params.abi_encode()).unwrap();
    let copy = w.create(code).await;
    let copied = Audits::open(chain.clone(), copy).await.unwrap();
    let differences = copied.survey().await.unwrap().differences();
    assert!(
        differences.len() == 1 && differences[0].contains(&format!("RetrievalMarket at {copy}: it is not the one at")),
        "{differences:?}"
    );

    // Another judge has other code, whoever created the market.
    let yes = w.deploy(&YES).await;
    params.contracts.documents = yes;
    let code = creation_code("RetrievalMarket", &[], &params.abi_encode()).unwrap();
    let rogue = Audits::open(chain.clone(), w.create(code).await).await.unwrap();
    let differences = rogue.survey().await.unwrap().differences();
    assert!(
        differences.contains(&format!("DocumentJudge at {yes}: it has other code")),
        "{differences:?}"
    );
}

/// The judges of a genuine deployment.
fn judges(w: &World) -> Judges {
    w.market.params.judges
}

/// What differs but for how registry and market were created.
async fn differs(market: &Market) -> Vec<String> {
    let mut differences = Survey::of(market).await.unwrap().differences();
    differences.retain(|difference| !difference.contains("was not created by this release's factory"));
    differences
}

/// A registry and a market of genuine code with other parameters, created by an account.
async fn rogue(
    w: &World,
    registry: impl Fn(&mut RegistryParams),
    market: impl Fn(&mut MarketParams),
) -> (Address, Market) {
    let code = |name: &str, arguments: Vec<u8>| creation_code(name, &[], &arguments).unwrap();
    let terms = MarketTerms::devnet();
    let nonce = w.market.chain.provider_nonce(w.other.address()).await.unwrap();
    let predicted = w.other.address().create(nonce + 1);
    let mut params = terms.registry_params(predicted, Address::ZERO);
    registry(&mut params);
    let registry = w.create(code("ModelRegistry", params.abi_encode())).await;
    let mut params = terms.market_params(registry, judges(w));
    market(&mut params);
    let address = w.create(code("AccuracyMarket", params.abi_encode())).await;
    assert_eq!(address, predicted);
    (address, Market::load(w.market.chain.clone(), address).await.unwrap())
}

fn assay(w: &World, market: Address, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(args)
        .args(["--rpc-url", &w.node.url(), "--market", &market.to_string(), "--home"])
        .arg(w.dir.path().join("reader"))
        .env_remove("ASSAY_PRIVATE_KEY");
    command.output().expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The hint of a refusal.
fn digest(said: &str) -> B256 {
    let (_, digest) = said.split_once("--trust-deployment ").expect("a hint");
    digest.split_whitespace().next().unwrap().parse().unwrap()
}

const ID: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// Every command that sends money.
fn paying_commands(w: &World) -> Vec<Vec<String>> {
    let exchange = w.dir.path().to_str().unwrap();
    let commands: [&[&str]; 8] = [
        &["mp", "register", "--model", "none.assay"],
        &["mp", "topup", ID],
        &["mp", "accept", ID],
        &["mp", "watch", "--model", "none.assay", "--exchange", exchange, "--once"],
        &[
            "mc",
            "open",
            ID,
            "--set",
            "none",
            "--target-bps",
            "9000",
            "--trust-codehash",
            ID,
        ],
        &["mc", "challenge", ID, "--position", "0"],
        &["mc", "demand-full", ID],
        &["mc", "watch", "--exchange", exchange, "--once"],
    ];
    let signed = |args: &[&str]| {
        let args = args.iter().chain(&["--devnet-account", "1"]);
        args.map(|arg| (*arg).to_owned()).collect()
    };
    commands.into_iter().map(signed).collect()
}

async fn refuses_money(w: &World, market: Address, why: &str) -> B256 {
    let mut digests = BTreeSet::new();
    for command in paying_commands(w) {
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = assay(w, market, &args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(
            said.contains("are not those of this release") && said.contains(why),
            "{args:?}: {said}"
        );
        digests.insert(digest(&said));
    }
    let [digest] = Vec::from_iter(digests)[..] else {
        panic!("one deployment has one digest")
    };
    digest
}

#[tokio::test]
async fn no_command_pays_into_a_market_whose_proof_judge_accepts_everything() {
    let w = World::new().await;
    let yes = w.deploy(&YES).await;
    let (market, _) = rogue(&w, |_| (), |p| p.judges.proofs = yes).await;
    let before = w.balance(&w.mp).await;
    let digest = refuses_money(&w, market, &format!("ProofJudge at {yes}: it has other code")).await;
    assert_eq!(w.balance(&w.mp).await, before);

    // The word of the user is for these contracts and no others.
    let topup = |trusted: B256| {
        let trusted = trusted.to_string();
        let output = assay(
            &w,
            market,
            &[
                "mp",
                "topup",
                ID,
                "--devnet-account",
                "1",
                "--trust-deployment",
                &trusted,
            ],
        );
        stderr(&output)
    };
    assert!(topup(ID.parse().unwrap()).contains("are not those of this release"));
    let trusted = topup(digest);
    assert!(!trusted.contains("are not those of this release"), "{trusted}");
    // That word is not remembered.
    assert!(stderr(&assay(&w, market, &["mp", "topup", ID, "--devnet-account", "1"])).contains("not those"));
}

#[tokio::test]
async fn no_command_pays_into_a_market_whose_transfer_judge_convicts_everybody() {
    let w = World::new().await;
    let yes = w.deploy(&YES).await;
    let (market, _) = rogue(&w, |_| (), |p| p.judges.transfers = yes).await;
    refuses_money(&w, market, &format!("TransferJudge at {yes}: it has other code")).await;
}

#[tokio::test]
async fn no_command_pays_into_a_registry_that_lets_an_account_burn_stakes() {
    let w = World::new().await;
    let account = w.mc.address();
    let (market, _) = rogue(&w, |p| p.prediction = account, |_| ()).await;
    refuses_money(&w, market, &format!("PredictionMarket at {account}: there is no code")).await;
}

#[tokio::test]
async fn each_part_of_a_deployment_is_compared() {
    let w = World::new().await;
    let yes = w.deploy(&YES).await;
    let (_, market) = rogue(&w, |_| (), |p| p.judges.publication = yes).await;
    let differences = differs(&market).await;
    assert_eq!(differences, [format!("PublishedTransfers at {yes}: it has other code")]);

    // Genuine code linked with another library.
    let linked = creation_code("TransferJudge", &[("PoseidonT4", yes)], &[]).unwrap();
    let judge = w.create(linked).await;
    let (_, market) = rogue(&w, |_| (), |p| p.judges.transfers = judge).await;
    let differences = differs(&market).await;
    assert_eq!(differences, [format!("PoseidonT4 at {yes}: it has other code")]);

    // One word of a genuine contract changed: an immutable at one of its places.
    let genuine = &w.market;
    let registry = code_of(&w, genuine.registry).await;
    let places = &Release::this().contracts["ModelRegistry"].immutables["STAKE"];
    let mut patched = registry.to_vec();
    patched[places[places.len() - 1] + 31] ^= 1;
    set_code(&w, genuine.registry, patched.into()).await;
    let differences = differs(genuine).await;
    let [difference] = differences.as_slice() else {
        panic!("{differences:?}")
    };
    assert!(
        difference.contains("ModelRegistry") && difference.contains("STAKE is"),
        "{difference}"
    );
    // A delegation to the genuine code is other code.
    let delegation = [&[0xef, 0x01, 0x00], &judges(&w).proofs[..]].concat();
    set_code(&w, genuine.registry, registry).await;
    set_code(&w, judges(&w).proofs, delegation.into()).await;
    let differences = differs(genuine).await;
    assert_eq!(
        differences,
        [format!("ProofJudge at {}: it has other code", judges(&w).proofs)]
    );
}

/// Its storage says which ciphertexts are on chain; another copy's can have been invented.
#[tokio::test]
async fn another_copy_of_the_published_transfers_is_not_this_releases() {
    let w = World::new().await;
    let code = creation_code("PublishedTransfers", &[], &[]).unwrap();
    let copy = w.create(code).await;
    assert_eq!(code_of(&w, copy).await, code_of(&w, judges(&w).publication).await);
    let (_, market) = rogue(&w, |_| (), |p| p.judges.publication = copy).await;
    let differences = differs(&market).await;
    assert!(
        differences.len() == 1
            && differences[0].contains(&format!("PublishedTransfers at {copy}: it is not the one at")),
        "{differences:?}"
    );
}

/// What stands in another copy can have been invented: a corpus that nobody committed, an attestation of nobody.
#[tokio::test]
async fn another_copy_of_the_registry_of_corpora_is_not_this_releases() {
    let w = World::new().await;
    let code = creation_code("CorpusRegistry", &[], &[]).unwrap();
    let copy = w.create(code).await;
    assert_eq!(code_of(&w, copy).await, code_of(&w, Corpora::place()).await);
    let graded = async |address| {
        let corpora = Corpora::open(w.market.chain.clone(), address).await.unwrap();
        DeploymentCheck::of_corpora(&corpora, None).await.unwrap()
    };
    let genuine = graded(None).await;
    assert_eq!(
        (genuine.grade, genuine.differences),
        (DeploymentGrade::Reproduced, Vec::new())
    );
    let copied = graded(Some(copy)).await;
    assert_eq!(copied.grade, DeploymentGrade::Unknown);
    assert!(
        copied.differences[0].contains(&format!("CorpusRegistry at {copy}: it is not the one at")),
        "{copied:?}"
    );
    set_code(&w, copy, YES.into()).await;
    assert!(graded(Some(copy)).await.differences[0].contains("it has other code"));
}

#[tokio::test]
async fn genuine_code_that_no_genuine_factory_created_is_not_this_releases() {
    let w = World::new().await;
    let (address, market) = rogue(&w, |_| (), |_| ()).await;
    let survey = Survey::of(&market).await.unwrap();
    let why = "it was not created by this release's factory";
    assert_eq!(
        survey.differences(),
        [
            format!("ModelRegistry at {}: {why}", market.registry),
            format!("AccuracyMarket at {address}: {why}")
        ]
    );
    refuses_money(&w, address, why).await;
}

/// A market whose creation code is not the compiler's: it writes a word of storage, say a credit, and returns the genuine code.
#[tokio::test]
async fn genuine_code_behind_invented_storage_is_not_this_releases() {
    let w = World::new().await;
    let (genuine, chain) = (&w.market, &w.market.chain);
    let code = |name: &str| creation_code(name, &[], &[]).unwrap();
    let factory = PROXY.create2(B256::ZERO, keccak256(code("MarketplaceFactory")));
    let salt = B256::repeat_byte(1);
    let cradle = factory.create2(
        keccak256((w.other.address(), salt).abi_encode()),
        keccak256(code("Cradle")),
    );
    let (registry, market) = (cradle.create(1), cradle.create(2));
    let terms = MarketTerms::devnet();
    let call = |second| IMarketplaceFactory::createCall {
        salt,
        first: Creation {
            code: code("ModelRegistry"),
            arguments: terms.registry_params(market, Address::ZERO).abi_encode().into(),
        },
        second,
        third: Creation {
            code: Bytes::new(),
            arguments: Bytes::new(),
        },
    };
    let honest = Creation {
        code: code("AccuracyMarket"),
        arguments: terms.market_params(registry, judges(&w)).abi_encode().into(),
    };
    let create = |second| async {
        let call = Call::new(factory, &call(second));
        w.other
            .account
            .send_regardless(&call, 15_000_000)
            .await
            .unwrap()
            .status()
    };
    let before: Value = w.rpc("evm_snapshot", vec![]).await;
    assert!(create(honest).await);
    let address = Market::load(chain.clone(), market).await.unwrap();
    assert_eq!(Survey::of(&address).await.unwrap().differences(), Vec::<String>::new());
    let terms_at = market.create(1);
    let (runtime, terms_code) = (code_of(&w, market).await, code_of(&w, terms_at).await);
    let _: Value = w.rpc("evm_revert", vec![before]).await;

    set_code(&w, terms_at, terms_code).await;
    // SSTORE(0, 1); CODECOPY and RETURN of everything after these 19 bytes.
    let length = u16::try_from(runtime.len()).unwrap().to_be_bytes();
    let mut invented = vec![0x60, 1, 0x5f, 0x55, 0x61, length[0], length[1], 0x60, 19, 0x5f, 0x39];
    invented.extend([0x61, length[0], length[1], 0x5f, 0xf3, 0, 0, 0]);
    assert_eq!(invented.len(), 19);
    invented.extend(&runtime);
    assert!(
        create(Creation {
            code: invented.into(),
            arguments: Bytes::new(),
        })
        .await
    );
    assert_eq!(code_of(&w, market).await, runtime);
    let word = chain.provider.get_storage_at(market, U256::ZERO).await.unwrap();
    assert_eq!(word, U256::from(1));
    let market = Market::load(chain.clone(), market).await.unwrap();
    assert_eq!(
        Survey::of(&market).await.unwrap().differences(),
        [format!(
            "AccuracyMarket at {}: it was created from other code",
            market.address
        )]
    );
    assert!(Survey::of(genuine).await.unwrap().is_reproduced());

    // Without the proxy nothing shows which factory this is.
    set_code(&w, PROXY, Bytes::from(vec![0])).await;
    let differences = Survey::of(genuine).await.unwrap().differences();
    assert!(
        differences.len() == 4 && differences[0].contains("is no deployment proxy"),
        "{differences:?}"
    );
}

async fn code_of(w: &World, address: Address) -> Bytes {
    w.market.chain.provider.get_code_at(address).await.unwrap()
}

async fn set_code(w: &World, address: Address, code: Bytes) {
    w.rpc(
        "anvil_setCode",
        vec![address.to_string().into(), code.to_string().into()],
    )
    .await;
    w.mine().await;
}

/// A node's failure says nothing about the prediction market: that there is none is for the registry to say.
#[tokio::test]
async fn a_node_that_fails_is_no_marketplace_without_a_prediction_market() {
    let w = World::new().await;
    let rounds = Rounds::of(w.market.clone()).await.unwrap();
    let asks_rounds = format!("{:?}", rounds.address);
    let failing = in_front_of(w.node.url(), move |request| {
        let is_asked = request["params"][0]["to"].as_str() == Some(&asks_rounds);
        async move { is_asked.then(|| serde_json::json!({ "code": -32603, "message": "internal error" })) }
    });
    let chain = Chain::connect(&failing.await, None).await.unwrap();
    let market = Market::load(chain, w.market.address).await.unwrap();
    let error = Survey::of(&market).await.unwrap_err();
    assert!(
        is_of_node(&error) && format!("{error:#}").contains("internal error"),
        "{error:#}"
    );
    assert!(Rounds::if_any(&market).await.is_err());

    // A contract's answer is one: an account that the registry names is no market, as its code tells.
    let (_, other) = rogue(&w, |p| p.prediction = w.mc.address(), |_| ()).await;
    assert!(Rounds::if_any(&other).await.unwrap().is_none());
    assert!(!Survey::of(&other).await.unwrap().is_reproduced());

    // A node that went away is unreachable, which passes.
    let World { node, market, .. } = w;
    drop(node);
    let error = Rounds::if_any(&market).await.unwrap_err();
    assert!(Kind::Unreachable.is_of(&error) && is_passing(&error), "{error:#}");
}
