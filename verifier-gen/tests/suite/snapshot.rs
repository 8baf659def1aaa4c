//! The emitted text, and what contracts weigh. `BLESS=1` rewrites the files compared here.

use std::{fmt::Write, path::PathBuf};

use crate::{
    circuit::Shape,
    harness::{deploy, prove, raw_calldata, weights_commit, words, OnChain, Word, WORDS},
};
use assay_verifier_gen::{calldata::encode_bound, Interface, VerifierSpec, MAX_CODE_LEN};
use halo2_proofs::halo2curves::ff::PrimeField;

/// The columns of the market's MobileNet circuit, at fewer rows.
const MODEL_SIZED: Shape = Shape {
    k: 7,
    bits: 24,
    phases: 2,
    challenges: 4,
    permuted: 5,
    instances: 3,
    constraints: 56,
    fixed: 13,
    ..Shape::PLAIN
};

const MODEL_GAS_LIMIT: u64 = 800_000;

/// Gas that is counted without a contract is right to so small a part.
const COUNTED_WITHIN: u64 = 400;

const ZERO_BYTE_GAS: u64 = 4;
const NONZERO_BYTE_GAS: u64 = 16;

fn compare_or_bless(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "tests/{name} differs; if that is meant: BLESS=1 cargo test. New text:\n{text}"
    );
}

#[test]
fn source_and_manifest_are_those_on_record() {
    let proven = prove(Shape {
        lookups: 1,
        permuted: 2,
        phases: 2,
        instances: 3,
        ..Shape::PLAIN
    });
    let interface = Interface::Bound {
        words: WORDS,
        leading_points: 2,
    };
    let generated = proven.spec(interface, "GoldenVerifier").generate().unwrap();
    compare_or_bless("golden/GoldenVerifier.sol", &generated.verifier_source);
    let manifest = serde_json::to_string_pretty(&generated.manifest).unwrap();
    compare_or_bless("golden/GoldenVerifier.json", &format!("{manifest}\n"));
    let again = proven.spec(interface, "GoldenVerifier").generate().unwrap();
    assert_eq!(
        again.verifier_source, generated.verifier_source,
        "generation is not deterministic"
    );
}

#[test]
fn memory_regions_do_not_overlap() {
    for shape in [
        Shape::PLAIN,
        MODEL_SIZED,
        Shape {
            instances: 45,
            instance_gate: true,
            ..Shape::PLAIN
        },
    ] {
        let proven = prove(shape);
        let manifest = proven.spec(Interface::Raw, "V").generate().unwrap().manifest;
        let mut end = 0;
        for region in &manifest.memory {
            assert_eq!(region.start, end, "{}", region.name);
            end = region.start + region.len;
        }
    }
}

#[test]
fn size_and_gas_are_those_on_record() {
    let shapes = [
        ("gates only", Shape::PLAIN),
        (
            "16 instances",
            Shape {
                instances: 16,
                permuted: 1,
                ..Shape::PLAIN
            },
        ),
        (
            "5 lookups",
            Shape {
                lookups: 5,
                permuted: 2,
                ..Shape::PLAIN
            },
        ),
        (
            "two phases",
            Shape {
                phases: 2,
                challenges: 2,
                permuted: 1,
                ..Shape::PLAIN
            },
        ),
    ];
    let mut table =
        String::from("circuit, verifier bytes, key data bytes, calldata bytes, deployment gas, call gas at most\n");
    for (name, shape) in shapes {
        let proven = prove(shape);
        let spec = proven.spec(Interface::Raw, "ToyVerifier");
        let calldata = raw_calldata(&words(&proven.instances), &proven.proof);
        row(&mut table, name, &spec, &mut deploy(&spec), &calldata);
    }

    let proven = prove(MODEL_SIZED);
    let leading_points = 10;
    let interface = Interface::Bound {
        words: WORDS,
        leading_points,
    };
    let spec = proven.spec(interface, "ModelVerifier");
    let mut chain = deploy(&spec);
    let mut digest = proven.pk.get_vk().transcript_repr().to_repr();
    digest.reverse();
    let [ctx, input, output]: [Word; 3] = words(&proven.instances).try_into().unwrap();
    let inst = [
        ctx,
        weights_commit(&proven.proof, leading_points).unwrap(),
        input,
        output,
    ];
    let gas = row(
        &mut table,
        "model sized",
        &spec,
        &mut chain,
        &encode_bound(&digest, &inst, &proven.proof),
    );
    assert!(
        chain.verifier.code_len <= MAX_CODE_LEN,
        "{} bytes",
        chain.verifier.code_len
    );
    assert!(gas <= MODEL_GAS_LIMIT, "{gas} gas");
    compare_or_bless("gas.snap", &table);
}

/// Appends a line. Proofs are random, and zero bytes of calldata are cheaper: gas is counted as if there were none. What is counted
/// without a contract is the same to the byte, and to a part of the gas.
fn row(table: &mut String, name: &str, spec: &VerifierSpec, chain: &mut OnChain, calldata: &[u8]) -> u64 {
    let outcome = chain.call(calldata);
    assert!(outcome.accepted(), "{name}: {outcome:?}");
    let (code, data) = (chain.verifier.code_len, chain.data.code_len);
    let deployment = chain.verifier.gas_used + chain.data.gas_used;
    let zeros = calldata.iter().filter(|byte| **byte == 0).count() as u64;
    let gas = outcome.gas_used + (NONZERO_BYTE_GAS - ZERO_BYTE_GAS) * zeros;
    let cost = spec.call_cost(spec.vk.get_domain().k()).unwrap();
    assert_eq!(cost.calldata_bytes, calldata.len());
    let counted = cost.gas.total();
    assert!(
        gas.abs_diff(counted) * COUNTED_WITHIN <= gas,
        "{name}: {gas} used, {counted} counted: {:?}",
        cost.gas
    );
    writeln!(table, "{name}, {code}, {data}, {}, {deployment}, {gas}", calldata.len()).unwrap();
    gas
}
