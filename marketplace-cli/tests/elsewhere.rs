//! A chain that is no devnet: whatever makes a key there, or trusts one, refuses the development reference string.

use crate::snapshots;

use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::client::{Chain, DEVNET_CHAIN_ID};
use assay_chain::deploy::deploy;
use assay_chain::devnet::{Devnet, DevnetOptions};
use assay_chain::journal::Journal;
use assay_chain::keys::devnet_key;
use assay_chain::keys::KEY_VARIABLE;
use assay_chain::market::Market;
use assay_chain::retrieval_terms::RetrievalTerms;
use assay_chain::terms::{MarketTerms, RoundMarketTerms};
use assay_durable::report::Reporter;
use assay_marketplace::testset::save;
use assay_protocol::testset::{ImageSize, TestSet};
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use assay_prover::model::Model;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CHAIN_ID: u64 = DEVNET_CHAIN_ID + 1;
const SIZE: ImageSize = ImageSize { height: 8, width: 12 };
const REFUSED: &str = "the development reference string on chain 31338, which is no devnet";
const ID: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// The chain with the contracts on it, a model that is not registered, and a proof of nothing in particular.
struct Elsewhere {
    market: Market,
    node: Devnet,
    book: PathBuf,
    dir: TempDir,
}

impl Elsewhere {
    async fn new() -> Self {
        const DAY: u64 = 86_400;
        let dir = TempDir::new().unwrap();
        let options = DevnetOptions {
            chain_id: Some(CHAIN_ID),
            ..DevnetOptions::default()
        };
        let (node, _) = Devnet::start(&options).await.unwrap();
        let chain = Chain::connect(&node.url(), Some(1)).await.unwrap();
        assert!(chain.id == CHAIN_ID && !chain.is_devnet());
        let account = Account::new(chain.clone(), devnet_key(0, DEVNET_CHAIN_ID).unwrap());
        let devnet = MarketTerms::devnet();
        let terms = MarketTerms {
            accept_window: DAY,
            decide_window: DAY,
            prove_base: DAY,
            unbond_window: 30 * DAY,
            commit_window: DAY,
            ack_window: DAY,
            publish_window: DAY,
            key_window: DAY,
            challenge_window: DAY,
            respond_window: DAY,
            rounds: devnet.rounds.map(|rounds| RoundMarketTerms {
                accept_window: DAY,
                publish_window: DAY,
                contest_window: DAY,
                respond_window: DAY,
                ..rounds
            }),
            retrieval: devnet.retrieval.map(|audits| RetrievalTerms {
                accept_window: DAY,
                answer_base: DAY,
                reveal_window: DAY,
                prove_base: DAY,
                demand_window: DAY,
                deliver_base: DAY,
                ack_window: DAY,
                publish_base: DAY,
                evidence_window: DAY,
                ..audits
            }),
            ..MarketTerms::devnet()
        };
        let mut journal = Journal::open(&dir.path().join("journal.json")).unwrap();
        let deployment = deploy(&account, &terms, &mut journal, &Reporter::silent())
            .await
            .unwrap();
        let book = dir.path().join("deployment.json");
        deployment.save(&book).unwrap();

        let model = Model::random(tiny_network(10), 3).unwrap();
        let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 64).unwrap();
        model.save(&dir.path().join("tiny.assay")).unwrap();
        std::fs::write(dir.path().join("tiny.arch.json"), serde_json::to_vec(&frozen).unwrap()).unwrap();
        let image = image::RgbImage::from_pixel(SIZE.width, SIZE.height, image::Rgb([1, 2, 3]));
        image.save(dir.path().join("x.png")).unwrap();
        Self {
            market: Market::load(chain, deployment.market).await.unwrap(),
            node,
            book,
            dir,
        }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs the program without a node: exit code, result and what it said.
    fn off_chain(&self, args: &[&str]) -> (i32, Value, String) {
        let key = devnet_key(1, DEVNET_CHAIN_ID).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(args)
            .args(["--json", "--home", &self.path("home")])
            .env_remove("ETH_RPC_URL")
            .env(KEY_VARIABLE, hex::encode(key.to_bytes()))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let result = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        if !result.is_null() {
            snapshots::assert_shape(args, &result);
        }
        (output.status.code().unwrap(), result, said)
    }

    fn on_chain(&self, args: &[&str]) -> (i32, Value, String) {
        let (url, book) = (self.node.url(), self.book.to_str().unwrap());
        let node = ["--rpc-url", &url, "--deployment", book, "--confirmations", "1"];
        self.off_chain(&[args, &node].concat())
    }

    fn does(&self, args: &[&str]) -> Value {
        let (code, result, said) = self.on_chain(args);
        assert_eq!(code, 0, "{args:?}: {said}");
        result
    }

    fn refuses(&self, args: &[&str], why: &str) {
        let (code, result, said) = self.on_chain(args);
        assert!(
            code == 1 && result.is_null() && said.contains(why),
            "{args:?}: {code} {said}"
        );
    }

    /// A ceremony of 2^power powers of which nobody knows the secret.
    fn ceremony(&self, name: &str, power: u32) -> String {
        let snarkjs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/snarkjs/build/cli.cjs");
        let run = |args: &[&str]| {
            let mut command = Command::new("node");
            command.arg(&snarkjs).arg("powersoftau").args(args);
            let output = command
                .current_dir(self.dir.path())
                .output()
                .expect("`node` is on the PATH");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "snarkjs powersoftau {args:?}: {said}");
        };
        run(&["new", "bn128", &power.to_string(), "fresh.ptau"]);
        let entropy = format!("-e={name}");
        run(&["contribute", "fresh.ptau", name, "--name=one", &entropy]);
        self.path(name)
    }
}

#[tokio::test]
async fn every_command_that_makes_a_key_refuses_the_development_string() {
    let w = Elsewhere::new().await;
    let (model, arch, exchange) = (&w.path("tiny.assay"), &w.path("tiny.arch.json"), &w.path("exchange"));
    std::fs::create_dir(exchange).unwrap();
    let (image, proof) = (&w.path("x.png"), &w.path("x.proof"));
    let prove = [
        "prove", "--model", model, "--arch", arch, "--image", image, "--out", proof,
    ];
    let verify = ["verify", proof, "--arch", arch];
    let setup = ["setup", arch];

    // What no chain depends on may have any string.
    for args in [&prove[..], &verify, &setup] {
        let (code, _, said) = w.off_chain(args);
        assert!(code == 0 && said.contains("unsafe"), "{args:?}: {said}");
    }
    let model_args = ["--model", model, "--arch", arch];
    let commands: [&[&str]; 12] = [
        &prove,
        &verify,
        &setup,
        &["mp", "deploy-verifier", arch],
        &[&["mp", "register"], &model_args[..]].concat(),
        &[&["mp", "prove", ID], &model_args[..]].concat(),
        &[&["mp", "probe", ID], &model_args[..]].concat(),
        &[&["mp", "watch", "--once", "--exchange", exchange], &model_args[..]].concat(),
        &[
            &["mp", "watch", "--accept", "--max-target", "90%", "--exchange", exchange],
            &model_args[..],
        ]
        .concat(),
        &["mc", "verify", ID, "--proofs", exchange, "--arch", arch],
        &["mc", "watch", "--once", "--exchange", exchange, "--arch", arch],
        &["mc", "watch", "--exchange", exchange, "--arch", arch],
    ];
    for args in commands {
        w.refuses(args, REFUSED);
    }
    // Who insists gets further.
    w.does(&[&setup[..], &["--allow-unsafe-srs"]].concat());
    let insisting = [
        "mc",
        "verify",
        ID,
        "--proofs",
        exchange,
        "--arch",
        arch,
        "--allow-unsafe-srs",
    ];
    w.refuses(&insisting, "unknown to this market");
}

#[tokio::test]
async fn a_code_hash_is_trusted_only_with_the_string_it_was_checked_under() {
    let w = Elsewhere::new().await;
    let (model, arch, set) = (&w.path("tiny.assay"), &w.path("tiny.arch.json"), &w.path("set"));
    let frozen: FrozenArchitecture = serde_json::from_slice(&std::fs::read(arch).unwrap()).unwrap();
    let string = &w.ceremony("right.ptau", frozen.layout.k);
    let other = &w.ceremony("other.ptau", 2);
    let verifier = w.does(&["mp", "deploy-verifier", arch, "--srs", string]);
    let registered = w.does(&["mp", "register", "--model", model, "--arch", arch, "--srs", string]);
    let model_id = registered["modelId"].as_str().unwrap();
    let images = (0..4).map(|i| (vec![i; 8 * 12 * 3], u32::from(i))).collect();
    let examples = TestSet::build(SIZE, images, |_| ()).unwrap();
    save(&examples, Path::new(set)).unwrap();

    let open = ["mc", "open", model_id, "--set", set, "--target-bps", "7500"];
    let hash = verifier["codehash"].as_str().unwrap();
    let trusting = [&open[..], &["--trust-codehash", hash]].concat();
    w.refuses(&trusting, REFUSED);
    w.refuses(&[&open[..], &["--arch", arch]].concat(), REFUSED);
    w.refuses(
        &[&trusting[..], &["--srs", other]].concat(),
        "does not hold the reference string of --srs",
    );
    w.refuses(
        &[&trusting[..], &["--allow-unsafe-srs"]].concat(),
        "does not hold the reference string of --srs",
    );
    let id: B256 = model_id.parse().unwrap();
    assert!(
        w.market.engagement_ids(id).await.unwrap().is_empty(),
        "nothing is escrowed"
    );

    w.does(&[&trusting[..], &["--srs", string]].concat());
    assert_eq!(w.market.engagement_ids(id).await.unwrap().len(), 1);
}
