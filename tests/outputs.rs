//! What proofs reveal besides the class: a bit, five classes, every logit.

use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_marketplace::plan::verification;
use assay_marketplace::verifier::code::spec;
use assay_prover::circuit::{Cost, FrozenArchitecture};
use assay_prover::model::{Architecture, Model, OutputMode};
use assay_prover::proof::{prove, verify, Keys, ProofBundle, ProverInput, VerifyError};
use assay_prover::reference;
use assay_prover::srs::Srs;
use assay_statement::field::{to_be_bytes, Fr};
use assay_statement::input::InputSalt;
use assay_verifier_gen::calldata::encode_bound;
use assay_verifier_gen::evm::{Compiler, Evm, MAX_GAS};
use e2e::{assay, labelled_images, root, small_architecture_with, text, Devnet, Setting, Story, PROVIDER};
use halo2_proofs::halo2curves::ff::Field;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{json, Value};
use std::process::Command;
use std::sync::Arc;

const CONTRACT: &str = "OutputVerifier";

/// A small network of this output with its keys, an image, and a proof about it.
struct Proven {
    keys: Keys,
    outputs: Vec<u128>,
    bundle: ProofBundle,
}

fn proven(output: OutputMode, shift: u32) -> Proven {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let architecture = Architecture {
        shift,
        ..small_architecture_with(output)
    };
    let model = Model::random(architecture, 11).unwrap();
    let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 64).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path());
    let srs = Arc::new(Srs::dev(frozen.layout.k, &cache, &Silent).unwrap());
    let keys = Keys::load_or_build(&frozen, srs, &cache, &Silent).unwrap();
    let salts = |_| (0..frozen.layout.salt_rows).map(|_| Fr::random(&mut rng)).collect();
    let weight_salts: Vec<Vec<Fr>> = (0..frozen.layout.weight_columns).map(salts).collect();
    let mut image = vec![0; model.architecture.image_len()];
    rng.fill_bytes(&mut image);
    let trace = reference::run(&model.architecture, &model.fold().unwrap(), &image).unwrap();
    let input = ProverInput {
        model: &model,
        weight_salts: &weight_salts,
        image: &image,
        salt: &InputSalt([5; 31]),
        ctx: to_be_bytes(&Fr::from(42)),
    };
    let bundle = prove(&keys, &input, rng, &Silent).unwrap();
    verify(keys.verifier(), &bundle).unwrap();
    assert_eq!(bundle.proof().len(), Cost::of(keys.verifier().compiled()).proof_bytes);
    Proven {
        keys,
        outputs: trace.outputs(output),
        bundle,
    }
}

fn word(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

/// The bundle with other instances.
fn with_instances(bundle: &ProofBundle, instances: Vec<[u8; 32]>) -> ProofBundle {
    let (arch, digest) = (*bundle.arch_id(), *bundle.vk_digest());
    ProofBundle::new(arch, digest, bundle.weight_points(), instances, bundle.proof().to_vec()).unwrap()
}

#[test]
fn five_classes_and_a_bit_are_verified_here_and_by_the_generated_contract() {
    for (output, shift, lies) in [
        // Another class, an order that is not ascending, one class fewer.
        (
            OutputMode::Top5,
            10,
            (|word| [word + 1, word.rotate_left(16), word >> 16]) as fn(u128) -> [u128; 3],
        ),
        (OutputMode::Bit, 10, |bit| [1 - bit, 2, 3]),
        // Remainders of two limbs: columns of phase 1 and a helper more.
        (OutputMode::Top1, 18, |class| [class + 1, class + 2, 10]),
    ] {
        let Proven { keys, outputs, bundle } = proven(output, shift);
        let statement = bundle.statement().unwrap();
        assert_eq!(statement.output, word(outputs[0]), "{output}");

        let generated = spec(keys.verifier(), CONTRACT, "cargo test")
            .unwrap()
            .generate()
            .unwrap();
        let compiler = Compiler::in_repo(&root()).unwrap();
        let compiled = compiler.compile(&generated.verifier_source, CONTRACT).unwrap();
        let mut evm = Evm::new();
        let (_, contract) = evm.deploy_verifier(&generated, &compiled).unwrap();
        let mut call = |output: [u8; 32]| {
            let mut words = statement.call_words();
            words[3] = output;
            let calldata = encode_bound(bundle.vk_digest(), &words, bundle.proof());
            evm.call(&contract, &calldata, MAX_GAS).unwrap()
        };
        let outcome = call(statement.output);
        assert!(outcome.accepted(), "{output}: {outcome:?}");
        let calldata = encode_bound(bundle.vk_digest(), &statement.call_words(), bundle.proof());
        let counted = verification::of(&keys.verifier().compiled().frozen).unwrap().unwrap();
        assert_eq!(counted.calldata_bytes, calldata.len());
        let saved = 12 * calldata.iter().filter(|byte| **byte == 0).count() as u64;
        let (at_most, gas) = (outcome.gas_used + saved, counted.gas.total());
        assert!(
            at_most.abs_diff(gas) < gas / 400,
            "{output}: {at_most} used, {gas} counted"
        );
        for lie in lies(outputs[0]) {
            assert_ne!(lie, outputs[0]);
            let outcome = call(word(lie));
            assert!(outcome.rejected(), "{output} {lie}: {outcome:?}");
            let mut instances = bundle.instances().to_vec();
            instances[2] = word(lie);
            let false_bundle = with_instances(&bundle, instances);
            assert!(matches!(
                verify(keys.verifier(), &false_bundle),
                Err(VerifyError::False)
            ));
        }
    }
}

#[test]
fn logits_are_one_instance_a_class_and_no_more_or_fewer() {
    let Proven { keys, outputs, bundle } = proven(OutputMode::Logits, 10);
    let logits: Vec<[u8; 32]> = outputs.iter().map(|logit| word(*logit)).collect();
    assert_eq!(bundle.instances()[2..], logits);
    assert_eq!((logits.len(), bundle.statement()), (10, None));
    let again = ProofBundle::from_bytes(&bundle.to_bytes()).unwrap();
    verify(keys.verifier(), &again).unwrap();

    let changed = |change: fn(&mut Vec<[u8; 32]>)| {
        let mut instances = bundle.instances().to_vec();
        change(&mut instances);
        verify(keys.verifier(), &with_instances(&bundle, instances)).unwrap_err()
    };
    for change in [
        (|i| i.truncate(11)) as fn(&mut Vec<[u8; 32]>),
        // The verifier of the proof system takes missing instances for zeros.
        |i| i.push([0; 32]),
        |i| i.truncate(3),
        Vec::clear,
    ] {
        assert!(matches!(changed(change), VerifyError::Instances { expected: 12, .. }));
    }
    assert!(matches!(changed(|i| i.swap(3, 4)), VerifyError::False));
    assert!(matches!(changed(|i| i[11][31] ^= 1), VerifyError::False));
}

#[test]
fn no_contract_is_made_for_logits_and_no_model_registered_but_proofs_serve_off_chain() {
    let devnet = Devnet::up();
    let (model, arch) = devnet.small_model(OutputMode::Logits);
    let party = devnet.party("provider", PROVIDER);
    for command in [
        &["mp", "deploy-verifier", text(&arch)][..],
        &["mp", "register", "--model", text(&model), "--arch", text(&arch)],
    ] {
        let (_, said) = party.fails(command);
        assert!(
            said.contains("its logits") && said.contains("import the network with --metric top1, top5 or bin"),
            "{said}"
        );
    }
    let images = labelled_images(&Model::load(&model).unwrap(), &devnet.path("images"), 1, 1, 1);
    let proof = devnet.path("one.proof");
    let files = ["--model", text(&model), "--arch", text(&arch)];
    let made = ["prove", "--image", text(&images[0]), "--out", text(&proof)];
    let proven = party.reads(&[&made[..], &files].concat());
    let verified = party.reads(&["verify", text(&proof), "--arch", text(&arch)]);
    assert_eq!(proven["output"], "logits");
    assert_eq!(
        (&proven["logits"], &proven["class"]),
        (&verified["logits"], &Value::Null)
    );
    assert_eq!(proven["logits"].as_array().map(Vec::len), Some(10));
}

#[test]
fn five_classes_are_claimed_checked_and_proven_with_labels_that_are_not_the_class() {
    let story = Story::of(Setting::with_output(OutputMode::Top5), 4, &["--mode", "full"]).claimed();
    let arch = text(&story.setting.arch).to_owned();
    let verified = story.mc_reads("verify", &["--proofs", text(&story.proofs), "--arch", &arch]);
    assert_eq!(verified["proven"].as_array().map(Vec::len), Some(3), "{verified}");
    story.mc("challenge", &["--position", "1"]);
    assert_eq!(story.mp("answer", &[])["provenOnChain"], 1);
    let verdict = story.verdict();
    assert_eq!(
        (verdict["metric"].as_str(), verdict["verifier"]["grade"].as_str()),
        (Some("TOP5"), Some("REPRODUCED"))
    );

    // One of these proofs, off the market.
    let proof = story.proofs.join("00001.proof");
    let claimed = |class: &str| {
        let output = Command::new(assay())
            .current_dir(root())
            .args([
                "verify",
                text(&proof),
                "--arch",
                &arch,
                "--class",
                class,
                "--json",
                "--home",
            ])
            .arg(story.setting.shared("reader"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code(),
            serde_json::from_slice::<Value>(&output.stdout).ok(),
            said,
        )
    };
    let bundle = ProofBundle::load(&proof).unwrap();
    let word = bundle.instances()[2];
    let classes: Vec<u8> = (0..5).map(|place| word[31 - 2 * place]).collect();
    assert!(classes.is_sorted_by(|a, b| a < b), "{classes:?}");
    for class in 0..10 {
        let (code, result, said) = claimed(&class.to_string());
        if classes.contains(&class) {
            let result = result.unwrap();
            assert_eq!(
                (&result["output"], &result["classes"]),
                (&json!("top5"), &json!(classes))
            );
        } else {
            assert!(code == Some(3) && said.contains("the class"), "{said}");
        }
    }
}

/// What is said to a consumer whose set has one image with this label.
fn offer_with_label(setting: &Setting, label: &str) -> String {
    let (images, set) = (setting.shared("other-images"), setting.shared("other"));
    let mut files = labelled_images(&Model::load(&setting.model).unwrap(), &images, 77, 4, 4);
    let other = images.join(format!("0000_{label}.png"));
    std::fs::rename(&files[0], &other).unwrap();
    files[0] = other;
    let build = [
        "mc",
        "test-set",
        "build",
        "--size",
        "8",
        "--out",
        text(&set),
        "--images",
    ];
    let files: Vec<&str> = files.iter().map(|file| text(file)).collect();
    setting.consumer().reads(&[&build[..], &files].concat());
    let open = [
        "mc",
        "open",
        &setting.model_id,
        "--set",
        text(&set),
        "--target-bps",
        "7500",
    ];
    let arch = ["--arch", text(&setting.arch)];
    setting.consumer().fails(&[&open[..], &arch].concat()).1
}

#[test]
fn a_bit_is_measured_and_proven_in_an_engagement() {
    let setting = Setting::with_output(OutputMode::Bit);
    let id = setting.open("set", 3, 7_500);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let (someone, model) = (setting.provider(), text(&setting.model));
    let measured = someone.reads(&["model", "test", model, "--set", text(&set)]);
    assert_eq!((&measured["correct"], &measured["metric"]), (&json!(3), &json!("BIN")));
    assert_eq!(someone.reads(&["plan", model])["output"], "bit");
    let refused = offer_with_label(&setting, "7");
    assert!(
        refused.contains("label 7: the model answers a bit, so labels are 0 or 1"),
        "{refused}"
    );
    assert_eq!(setting.prove(&id, &set)["correct"], 3);
    let submitted = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(
        (submitted["provenOnChain"].as_u64(), submitted["outcome"].as_str()),
        (Some(3), Some("Passed"))
    );
    let verdict = setting.verdict(&id);
    assert_eq!(
        (verdict["assurance"].as_str(), verdict["metric"].as_str()),
        (Some("PROVEN"), Some("BIN"))
    );
}
