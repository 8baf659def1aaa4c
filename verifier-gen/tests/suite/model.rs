//! The market's entry: `verify(bytes32,uint256[4],bytes)`.

use crate::{
    circuit::Shape,
    harness::{
        compiler, deploy, deploy_compiled, generate_and_compile, prove, reason, weights_commit, words, OnChain, Proven,
        Word, CALLDATA, DIGEST, KEY_DATA, PAIRING, POINT, SCALAR, WEIGHTS, WORDS,
    },
    mutation::{add_be, modulus_be, mutations, small_word, ProofShape},
};
use std::sync::LazyLock;

use assay_verifier_gen::{
    calldata::{encode_bound, encode_raw, proof_offset, selector},
    evm::{CallOutcome, Compiled, Evm, EvmError, MAX_GAS},
    CallWords, GenerateError, Generated, Interface,
};
use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};

const WEIGHT_POINTS: usize = 2;
const INTERFACE: Interface = Interface::Bound {
    words: WORDS,
    leading_points: WEIGHT_POINTS,
};
const SHAPE: Shape = Shape {
    phases: 2,
    challenges: 2,
    permuted: 1,
    instances: 3,
    ..Shape::PLAIN
};

/// Proven and compiled once; every test has a chain of its own.
static SHARED: LazyLock<(Proven, Generated, Compiled)> = LazyLock::new(|| {
    let proven = prove(SHAPE);
    let (generated, compiled) = generate_and_compile(&proven.spec(INTERFACE, "ToyModelVerifier"));
    (proven, generated, compiled)
});

/// An honest call and its parts.
struct Market {
    proven: &'static Proven,
    chain: OnChain,
    digest: Word,
    inst: [Word; 4],
}

impl Market {
    fn new() -> Self {
        let (proven, generated, compiled) = &*SHARED;
        let chain = deploy_compiled(generated.clone(), compiled);
        let mut digest = proven.pk.get_vk().transcript_repr().to_repr();
        digest.reverse();
        let [ctx, input, output]: [Word; 3] = words(&proven.instances).try_into().unwrap();
        let inst = [
            ctx,
            weights_commit(&proven.proof, WEIGHT_POINTS).unwrap(),
            input,
            output,
        ];
        Self {
            proven,
            chain,
            digest,
            inst,
        }
    }

    fn honest(&self) -> Vec<u8> {
        encode_bound(&self.digest, &self.inst, &self.proven.proof)
    }

    fn with_proof(&mut self, proof: &[u8]) -> CallOutcome {
        let calldata = encode_bound(&self.digest, &self.inst, proof);
        self.chain.call(&calldata)
    }

    fn with_inst(&mut self, inst: [Word; 4]) -> CallOutcome {
        let calldata = encode_bound(&self.digest, &inst, &self.proven.proof);
        self.chain.call(&calldata)
    }
}

#[test]
fn honest_call_returns_true() {
    let mut market = Market::new();
    let calldata = market.honest();
    let manifest = &market.chain.generated.manifest;
    assert_eq!(manifest.calldata_len, calldata.len());
    assert_eq!(manifest.vk_digest, format!("0x{}", hex::encode(market.digest)));
    let outcome = market.chain.call(&calldata);
    assert!(outcome.accepted(), "{outcome:?}");
}

/// The market's way of calling: a high-level call from Solidity, with arguments from calldata and from memory.
const CALLER: &str = "
pragma solidity ^0.8.24;
interface IZkVerifier {
    function verify(bytes32 vkDigest, uint256[4] calldata inst, bytes calldata proof) external view returns (bool);
}
contract Caller {
    function run(IZkVerifier at, bytes32 vkDigest, uint256[4] calldata inst, bytes calldata proof)
        external view returns (bool)
    {
        uint256[4] memory inMemory = inst;
        bytes memory proofInMemory = proof;
        return at.verify(vkDigest, inst, proof) && at.verify(vkDigest, inMemory, proofInMemory);
    }
}";

#[test]
fn solidity_caller_is_understood() {
    let mut market = Market::new();
    let compiled = compiler().compile(CALLER, "Caller").unwrap();
    let caller = market.chain.evm.deploy(&compiled.initcode).unwrap();
    let mut calldata = selector("run(address,bytes32,uint256[4],bytes)").to_vec();
    calldata.extend_from_slice(&[0; 12]);
    calldata.extend_from_slice(&market.chain.verifier.address);
    // The rest is as for `verify`, with the proof one word further on.
    calldata.extend_from_slice(&market.honest()[4..]);
    calldata[4 + 32 + 32 + 4 * 32 + 31] += 32;
    let outcome = market.chain.evm.call(&caller, &calldata, MAX_GAS).unwrap();
    assert!(outcome.accepted(), "{outcome:?}");
    *calldata.last_mut().unwrap() ^= 1;
    let outcome = market.chain.evm.call(&caller, &calldata, MAX_GAS).unwrap();
    assert_eq!(reason(&outcome), POINT);
}

#[test]
fn call_for_another_verifying_key_is_rejected() {
    let mut market = Market::new();
    for byte in 0..32 {
        let mut digest = market.digest;
        digest[byte] ^= 1;
        let calldata = encode_bound(&digest, &market.inst, &market.proven.proof);
        assert_eq!(reason(&market.chain.call(&calldata)), DIGEST);
    }
}

#[test]
fn statement_about_other_weights_is_rejected() {
    let mut market = Market::new();
    for byte in 0..32 {
        let mut inst = market.inst;
        inst[1][byte] ^= 1;
        assert_eq!(reason(&market.with_inst(inst)), WEIGHTS);
    }
    // The hash is shortened to 248 bits: neither the whole hash nor another length of it will do.
    for points in [0, 1, 3] {
        let mut inst = market.inst;
        inst[1] = weights_commit(&market.proven.proof, points).unwrap();
        assert_eq!(reason(&market.with_inst(inst)), WEIGHTS);
    }
}

#[test]
fn weight_commitments_hashed_are_those_verified() {
    let mut market = Market::new();
    // Another first commitment, with the weights commitment to match: only the proof is wrong then.
    let mut proof = market.proven.proof.clone();
    proof[..64].copy_from_slice(&[small_word(1), small_word(2)].concat());
    let mut inst = market.inst;
    inst[1] = weights_commit(&proof, WEIGHT_POINTS).unwrap();
    let calldata = encode_bound(&market.digest, &inst, &proof);
    assert_eq!(reason(&market.chain.call(&calldata)), PAIRING);
    // A third commitment is not bound to the weights.
    let mut proof = market.proven.proof.clone();
    proof[128..192].copy_from_slice(&[small_word(1), small_word(2)].concat());
    assert_eq!(reason(&market.with_proof(&proof)), PAIRING);
}

#[test]
fn other_instances_are_rejected() {
    let mut market = Market::new();
    for word in [0, 2, 3] {
        for byte in [1, 15, 31] {
            let mut inst = market.inst;
            inst[word][byte] ^= 1;
            assert_eq!(reason(&market.with_inst(inst)), PAIRING, "word {word}");
        }
        let mut inst = market.inst;
        inst[word] = add_be(&inst[word], &modulus_be(Fr::MODULUS));
        assert_eq!(reason(&market.with_inst(inst)), SCALAR, "word {word}");
    }
    for (a, b) in [(0, 2), (0, 3), (2, 3)] {
        let mut inst = market.inst;
        inst.swap(a, b);
        assert_eq!(reason(&market.with_inst(inst)), PAIRING);
    }
}

#[test]
fn every_changed_proof_is_rejected_for_the_reason_given() {
    let mut market = Market::new();
    let manifest = market.chain.generated.manifest.clone();
    let shape = ProofShape {
        points: manifest.proof_points,
        scalars: manifest.proof_scalars,
    };
    let honest = market.proven.proof.clone();
    for mutation in mutations(&[], &honest, shape) {
        let outcome = market.with_proof(&mutation.proof);
        assert!(outcome.rejected(), "{}", mutation.what);
        // What touches a weight commitment is caught by its hash; make it match, to see the reason behind.
        let mut inst = market.inst;
        let outcome = match weights_commit(&mutation.proof, WEIGHT_POINTS) {
            Some(commit) => {
                inst[1] = commit;
                let calldata = encode_bound(&market.digest, &inst, &mutation.proof);
                market.chain.call(&calldata)
            }
            None => outcome,
        };
        assert_eq!(
            reason(&outcome),
            shape.reason(&[], &mutation.proof),
            "{}: {outcome:?}",
            mutation.what
        );
    }
}

#[test]
fn calldata_with_another_layout_is_rejected() {
    let mut market = Market::new();
    let honest = market.honest();
    let offset_word = 4 + 32 + 4 * 32;

    let mut longer = honest.clone();
    longer.push(0);
    assert_eq!(reason(&market.chain.call(&longer)), CALLDATA);
    longer.resize(honest.len() + 32, 0);
    assert_eq!(reason(&market.chain.call(&longer)), CALLDATA);
    assert!(market.chain.call(&honest[..honest.len() - 1]).rejected());
    assert!(market.chain.call(&honest[..honest.len() - 32]).rejected());

    // The same bytes, one word further on, with the offset to match: valid for the ABI, but not canonical.
    let mut shifted = honest.clone();
    shifted[offset_word + 31] += 32;
    shifted.splice(offset_word + 32..offset_word + 32, [0; 32]);
    assert_eq!(reason(&market.chain.call(&shifted)), CALLDATA);
    // An overlapping offset, with the right total length.
    let mut overlapping = honest.clone();
    overlapping[offset_word + 31] -= 32;
    assert!(market.chain.call(&overlapping).rejected());

    for byte in offset_word..proof_offset(4) {
        let mut changed = honest.clone();
        changed[byte] ^= 1;
        assert!(market.chain.call(&changed).rejected(), "byte {byte}");
    }
    for selector_byte in 0..4 {
        let mut changed = honest.clone();
        changed[selector_byte] ^= 1;
        assert!(market.chain.call(&changed).rejected());
    }
    assert!(market.chain.call(&[]).rejected());
    assert!(market
        .chain
        .call(&encode_raw(&market.proven.instances, &market.proven.proof))
        .rejected());
}

#[test]
fn starved_call_reverts_and_never_answers() {
    let mut market = Market::new();
    let honest = market.honest();
    let needed = market.chain.call(&honest).gas_used;
    // EIP-7623 sets a floor on the limit of a transaction.
    let nonzero = honest.iter().filter(|byte| **byte != 0).count() as u64;
    let floor = 21_000 + 10 * (4 * nonzero + (honest.len() as u64 - nonzero));
    let mut accepted = 0;
    for gas in (floor..needed + 40_000).step_by(1_499) {
        let outcome = market.chain.call_with_gas(&honest, gas);
        assert!(outcome.accepted() || outcome.rejected());
        assert!(
            outcome.rejected() || gas >= needed,
            "accepted with {gas} of {needed} gas"
        );
        accepted += usize::from(outcome.accepted());
    }
    assert!(accepted > 0);
}

/// The code says which data it was made for, and a proof for a key is none for another.
#[test]
fn other_key_data_are_another_verifier() {
    let (_, generated, compiled) = &*SHARED;
    let mut market = Market::new();
    let honest = market.honest();
    let hash = market.chain.verifier.code_hash;
    let last = generated.vk_data.len() - 1;
    // Digest, rows, a root, a commitment, the table.
    for byte in [1 + 31, 1 + 63, 1 + 4 * 32 + 31, last / 2, last] {
        let mut other = generated.clone();
        other.vk_data[byte] ^= 1;
        let mut chain = deploy_compiled(other, compiled);
        assert_ne!(chain.verifier.code_hash, hash, "byte {byte}");
        assert!(chain.call(&honest).rejected(), "byte {byte}");
    }
    for len in [last, last + 2] {
        let mut other = generated.clone();
        other.vk_data.resize(len, 0);
        let refused = Evm::new().deploy_verifier(&other, compiled);
        assert!(matches!(refused, Err(EvmError::Deploy { .. })), "{len} bytes");
    }
    // Data that are no longer those that it was made for.
    let mut other = generated.vk_data.clone();
    other[last] ^= 1;
    let data = market.chain.data.address;
    let evm = std::mem::replace(&mut market.chain.evm, Evm::new());
    market.chain.evm = evm.with_code(data, &other);
    assert_eq!(reason(&market.chain.call(&honest)), KEY_DATA);
}

/// One contract for keys of one constraint system: other fixed columns, rows and string are other data.
#[test]
fn keys_of_one_constraint_system_share_the_source() {
    let (_, generated, compiled) = &*SHARED;
    let taller = prove(Shape {
        k: SHAPE.k + 1,
        ..SHAPE
    });
    let other = taller.spec(INTERFACE, "ToyModelVerifier").generate().unwrap();
    assert_eq!(other.verifier_source, generated.verifier_source);
    assert_ne!(other.vk_data, generated.vk_data);
    let mut chain = deploy_compiled(other, compiled);
    let mut inst = words(&taller.instances);
    inst.insert(WORDS.hash, weights_commit(&taller.proof, WEIGHT_POINTS).unwrap());
    let mut digest = taller.pk.get_vk().transcript_repr().to_repr();
    digest.reverse();
    let outcome = chain.call(&encode_bound(&digest, &inst, &taller.proof));
    assert!(outcome.accepted(), "{outcome:?}");
}

/// Other words than the market's: the hash first, and last.
#[test]
fn hash_stands_where_the_caller_says() {
    let (proven, ..) = &*SHARED;
    let commit = weights_commit(&proven.proof, 1).unwrap();
    for hash in [0, 3] {
        let interface = Interface::Bound {
            words: CallWords { hash, ..WORDS },
            leading_points: 1,
        };
        let mut chain = deploy(&proven.spec(interface, "ToyBoundVerifier"));
        let mut inst = words(&proven.instances);
        inst.insert(hash, commit);
        let mut digest = proven.pk.get_vk().transcript_repr().to_repr();
        digest.reverse();
        let outcome = chain.call(&encode_bound(&digest, &inst, &proven.proof));
        assert!(outcome.accepted(), "{hash}: {outcome:?}");
        inst.swap(0, 3);
        let outcome = chain.call(&encode_bound(&digest, &inst, &proven.proof));
        assert_eq!(reason(&outcome), WEIGHTS, "{hash}");
    }
}

#[test]
fn bound_interface_refuses_circuits_it_does_not_fit() {
    let (proven, ..) = &*SHARED;
    let available = SHAPE.bits + 1;
    for asked in [0, available + 1] {
        let interface = Interface::Bound {
            words: WORDS,
            leading_points: asked,
        };
        let error = proven.spec(interface, "V").generate().unwrap_err();
        assert_eq!(error, GenerateError::LeadingPoints { asked, available });
    }
    let mut spec = proven.spec(INTERFACE, "V");
    spec.num_instances = 2;
    let error = GenerateError::CallWords { words: 4, instances: 2 };
    assert_eq!(spec.generate().unwrap_err(), error);
    let mut spec = proven.spec(INTERFACE, "V");
    spec.interface = Interface::Bound {
        words: CallWords { hash: 4, ..WORDS },
        leading_points: WEIGHT_POINTS,
    };
    let error = GenerateError::HashWord { hash: 4, words: 4 };
    assert_eq!(spec.generate().unwrap_err(), error);
}
