//! What `contracts/test/real/RealProof.t.sol` runs on: the generated verifier of the small network and real proofs of two
//! images, made for one engagement on chain 31337.
//!
//! Everything but the proofs follows from fixed seeds and is compared; the proofs contain fresh randomness of the proof
//! system and are judged by the contracts. `BLESS=1` writes the file anew: needed whenever circuit, generator or an
//! encoding changes.

use alloy::primitives::{address, keccak256, Address, B256, U256};
use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_marketplace::proving::{input_words, WORDS_PER_HASH};
use assay_marketplace::verifier::code::spec;
use assay_protocol::abi::{Metric, ModelRecord};
use assay_protocol::ids::{context, engagement_id, model_hash, model_id, test_leaf};
use assay_protocol::merkle::MerkleTree;
use assay_protocol::testset::input_commit;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::Model;
use assay_prover::proof::{prove, verify, weights_commit, Keys, ProofBundle, ProverInput};
use assay_prover::srs::Srs;
use assay_statement::field::Fr;
use assay_statement::input::InputSalt;
use assay_verifier_gen::evm::{Compiler, Evm};
use e2e::{root, small_architecture};
use halo2_proofs::halo2curves::ff::Field;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{json, Value};
use std::sync::Arc;

const FIXTURE: &str = "contracts/test/fixtures/real_proof.json";
const CONTRACT: &str = "SmallVerifier";
const CHAIN_ID: u64 = 31337;
const DEPLOYER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const PROVIDER: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
const EXAMPLES: u64 = 2;

#[test]
fn the_fixture_of_the_contracts_tests_is_what_prover_and_generator_make() {
    let path = root().join(FIXTURE);
    let made = fixture();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, format!("{made:#}\n")).unwrap();
        return;
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    let recorded = serde_json::from_str(&recorded).unwrap_or_default();
    let same = without_proofs(recorded) == without_proofs(made);
    assert!(same, "{FIXTURE} differs; if that is meant: BLESS=1 cargo test");
}

fn without_proofs(mut fixture: Value) -> Value {
    let items = fixture["items"].as_array_mut().into_iter().flatten();
    items.for_each(|item| item["proof"] = Value::Null);
    fixture
}

fn fixture() -> Value {
    let network = Network::new();
    let verifier = network.verifier();
    let [registry, market] = [2, 3].map(|nonce| DEPLOYER.create(nonce));
    let record = ModelRecord {
        mp: PROVIDER,
        verifier: verifier.address,
        verifierCodehash: verifier.code_hash,
        vkDigest: network.keys.vk_digest().into(),
        weightsCommit: network.weights_commit(),
        metric: Metric::TOP1,
        classes: network.model.architecture.classes() as u32,
        inputWords: input_words(network.model.architecture.image_len()),
        wordsPerHash: WORDS_PER_HASH,
        uri: String::new(),
    };
    let model = model_id(CHAIN_ID, registry, PROVIDER, model_hash(&record), 0);
    let engagement = engagement_id(CHAIN_ID, market, model, 0);

    let examples: Vec<Example> = (0..EXAMPLES).map(|i| network.example(i)).collect();
    let bundles: Vec<ProofBundle> = examples
        .iter()
        .zip(0..)
        .map(|(example, position)| network.prove(example, context(CHAIN_ID, market, engagement, position)))
        .collect();
    let leaves: Vec<B256> = examples
        .iter()
        .zip(&bundles)
        .zip(0..)
        .map(|((e, bundle), i)| test_leaf(i, e.commit, class(bundle), e.leaf_salt))
        .collect();
    let tree = MerkleTree::new(&leaves).unwrap();
    let items: Vec<Value> = examples
        .iter()
        .zip(&bundles)
        .enumerate()
        .map(|(i, (e, bundle))| {
            json!({
                "position": i,
                "inputCommit": word(e.commit),
                "label": class(bundle),
                "leafSalt": e.leaf_salt,
                "path": tree.path(i).unwrap(),
                "output": word(U256::from(class(bundle))),
                "proof": bytes(bundle.proof()),
            })
        })
        .collect();
    json!({
        "vkInitcode": bytes(&verifier.data_initcode),
        "verifierInitcode": bytes(&verifier.initcode),
        "verifierAddress": record.verifier.to_checksum(None),
        "verifierCodehash": record.verifierCodehash,
        "registryAddress": registry.to_checksum(None),
        "marketAddress": market.to_checksum(None),
        "vkDigest": record.vkDigest,
        "weightsCommit": word(record.weightsCommit),
        "metric": record.metric as u8,
        "classes": record.classes,
        "L": record.inputWords,
        "rho": record.wordsPerHash,
        "n1": 1,
        "n2": EXAMPLES - 1,
        "targetBps": 10_000,
        "modelId": model,
        "engagementId": engagement,
        "testRoot": tree.root(),
        "itemCount": items.len(),
        "items": items,
    })
}

/// 32 bytes, as forge reads numbers of any size.
fn word(number: U256) -> String {
    B256::from(number).to_string()
}

fn bytes(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn class(bundle: &ProofBundle) -> u32 {
    U256::from_be_bytes(bundle.statement().unwrap().output).to()
}

struct Verifier {
    data_initcode: Vec<u8>,
    /// With its constructor's argument.
    initcode: Vec<u8>,
    address: Address,
    code_hash: B256,
}

struct Example {
    image: Vec<u8>,
    salt: InputSalt,
    leaf_salt: B256,
    commit: U256,
}

/// The small network with keys, weight salts and blinders, all from fixed seeds: a secret for tests only.
struct Network {
    model: Model,
    keys: Keys,
    weight_salts: Vec<Vec<Fr>>,
}

impl Network {
    fn new() -> Self {
        let model = Model::random(small_architecture(), 11).unwrap();
        let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 64).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path());
        let srs = Arc::new(Srs::dev(frozen.layout.k, &cache, &Silent).unwrap());
        let keys = Keys::load_or_build(&frozen, srs, &cache, &Silent).unwrap();
        let mut rng = seeded("weight salts", 0);
        let weight_salts = (0..frozen.layout.weight_columns)
            .map(|_| (0..frozen.layout.salt_rows).map(|_| Fr::random(&mut rng)).collect())
            .collect();
        Self {
            model,
            keys,
            weight_salts,
        }
    }

    fn verifier(&self) -> Verifier {
        let generated = spec(self.keys.verifier(), CONTRACT, "cargo test")
            .unwrap()
            .generate()
            .unwrap();
        let compiled = Compiler::in_repo(&root())
            .unwrap()
            .compile(&generated.verifier_source, CONTRACT)
            .unwrap();
        let mut evm = Evm::new().sent_by(DEPLOYER.into_array());
        let (data, verifier) = evm.deploy_verifier(&generated, &compiled).unwrap();
        assert_eq!(Address::from(data.address), DEPLOYER.create(0));
        assert_eq!(Address::from(verifier.address), DEPLOYER.create(1));
        let mut initcode = compiled.initcode;
        initcode.extend(generated.constructor_args(data.address));
        Verifier {
            data_initcode: generated.vk_data_initcode(),
            initcode,
            address: verifier.address.into(),
            code_hash: verifier.code_hash.into(),
        }
    }

    fn weights_commit(&self) -> U256 {
        let commit = weights_commit(self.keys.verifier(), &self.model, &self.weight_salts, blinders()).unwrap();
        U256::from_be_bytes(commit)
    }

    fn example(&self, index: u64) -> Example {
        let mut rng = seeded("example", index);
        let mut image = vec![0; self.model.architecture.image_len()];
        let (mut salt, mut leaf_salt) = (InputSalt([0; 31]), B256::ZERO);
        rng.fill_bytes(&mut image);
        rng.fill_bytes(&mut salt.0);
        rng.fill_bytes(leaf_salt.as_mut_slice());
        Example {
            commit: input_commit(&image, &salt),
            image,
            salt,
            leaf_salt,
        }
    }

    fn prove(&self, example: &Example, ctx: U256) -> ProofBundle {
        let input = ProverInput {
            model: &self.model,
            weight_salts: &self.weight_salts,
            image: &example.image,
            salt: &example.salt,
            ctx: ctx.to_be_bytes(),
        };
        let bundle = prove(&self.keys, &input, blinders(), &Silent).unwrap();
        verify(self.keys.verifier(), &bundle).unwrap();
        assert_eq!(U256::from_be_bytes(bundle.weights_commit()), self.weights_commit());
        bundle
    }
}

/// The same in every proof: nothing is hidden here, and the weights' commitment has to repeat.
fn blinders() -> ChaCha20Rng {
    seeded("blinders", 0)
}

fn seeded(purpose: &str, number: u64) -> ChaCha20Rng {
    let seed = keccak256(format!("real proof fixture: {purpose} {number}"));
    ChaCha20Rng::from_seed(seed.0)
}
