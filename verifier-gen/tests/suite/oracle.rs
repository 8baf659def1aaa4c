//! snark-verifier's generated contract as a second opinion, at sizes and code limits that no chain would take.

use std::rc::Rc;

use crate::{
    circuit::{Shape, Toy},
    harness::{compiler, deploy, prove, raw_calldata, words, Proven},
    mutation::{mutations, ProofShape},
};
use assay_verifier_gen::{evm::Evm, Interface};
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fq, Fr, G1Affine},
    plonk::keygen_vk,
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use snark_verifier::{
    loader::evm::EvmLoader,
    pcs::kzg::{Bdfg21, KzgAs},
    system::halo2::{compile, transcript::evm::EvmTranscript, Config},
    verifier::{plonk::PlonkVerifier, SnarkVerifier},
};

/// snark-verifier pins another compiler; its code is compiled as it is meant to be, without the optimizer.
fn reference_source(proven: &Proven) -> String {
    let params = &proven.params;
    let num_instance = vec![proven.instances.len()];
    let protocol = compile(
        params,
        proven.pk.get_vk(),
        Config::kzg().with_num_instance(num_instance.clone()),
    );
    let key = (params.get_g()[0], params.g2(), params.s_g2()).into();
    let loader = EvmLoader::new::<Fq, Fr>();
    let protocol = protocol.loaded(&loader);
    let mut transcript = EvmTranscript::<G1Affine, Rc<EvmLoader>, _, _>::new(&loader);
    let instances = transcript.load_instances(num_instance);
    type Reference = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;
    let proof = Reference::read_proof(&key, &protocol, &instances, &mut transcript).unwrap();
    Reference::verify(&key, &protocol, &instances, &proof).unwrap();
    loader
        .solidity_code()
        .replace("pragma solidity 0.8.19;", "pragma solidity ^0.8.19;")
}

#[test]
fn both_contracts_agree_on_honest_and_changed_proofs() {
    let shapes = [
        Shape {
            permuted: 2,
            lookups: 1,
            instances: 2,
            ..Shape::PLAIN
        },
        Shape {
            phases: 2,
            challenges: 2,
            permuted: 3,
            instances: 2,
            zero_fixed: true,
            ..Shape::PLAIN
        },
    ];
    for shape in shapes {
        let proven = prove(shape);
        let mut ours = deploy(&proven.spec(Interface::Raw, "ToyVerifier"));
        let compiled = compiler()
            .compile_with(&reference_source(&proven), "Halo2Verifier", false)
            .unwrap();
        let mut evm = Evm::with_code_limit(Some(1 << 18));
        let reference = evm.deploy(&compiled.initcode).unwrap();

        let instances = words(&proven.instances);
        let honest = raw_calldata(&instances, &proven.proof);
        let by_reference = evm.call(&reference, &honest, 1 << 24).unwrap();
        assert!(!by_reference.rejected(), "{shape:?}: {by_reference:?}");
        let by_ours = ours.call(&honest);
        assert!(by_ours.accepted(), "{shape:?}");
        assert!(
            by_ours.gas_used < by_reference.gas_used,
            "{} < {}",
            by_ours.gas_used,
            by_reference.gas_used
        );

        let manifest = ours.generated.manifest.clone();
        let proof_shape = ProofShape {
            points: manifest.proof_points,
            scalars: manifest.proof_scalars,
        };
        for mutation in mutations(&instances, &proven.proof, proof_shape) {
            let calldata = raw_calldata(&mutation.instances, &mutation.proof);
            assert!(ours.call(&calldata).rejected(), "{shape:?}: {}", mutation.what);
            let by_reference = evm.call(&reference, &calldata, 1 << 24).unwrap();
            // snark-verifier reduces scalars and ignores what follows the proof, so that one proof has many encodings.
            assert_eq!(by_reference.rejected(), !mutation.alias, "{shape:?}: {}", mutation.what);
        }
    }
}

/// halo2-axiom 0.5.3 cannot prove a circuit of three phases (its prover asserts that there is no fourth), so only the
/// shape of the proof can be compared.
#[test]
fn three_phase_proof_has_the_shape_that_snark_verifier_expects() {
    let shape = Shape {
        phases: 3,
        challenges: 2,
        permuted: 2,
        lookups: 1,
        ..Shape::PLAIN
    };
    let params = ParamsKZG::<Bn256>::setup(shape.k, ChaCha20Rng::seed_from_u64(1));
    let vk = keygen_vk(&params, &Toy { shape }).unwrap();
    let protocol = compile(&params, &vk, Config::kzg().with_num_instance(vec![1]));
    let spec = assay_verifier_gen::VerifierSpec {
        vk: &vk,
        kzg: (&params).into(),
        num_instances: 1,
        interface: Interface::Raw,
        contract_name: "ThreePhases",
        command: "cargo test",
    };
    let generated = spec.generate().unwrap();
    let witness: usize = protocol.num_witness.iter().sum();
    assert_eq!(
        generated.manifest.proof_points,
        witness + protocol.quotient.num_chunk() + 2
    );
    assert_eq!(generated.manifest.proof_scalars, protocol.evaluations.len());
    assert_eq!(generated.manifest.vk_points, protocol.preprocessed.len());
    compiler().compile(&generated.verifier_source, "ThreePhases").unwrap();
}
