//! A toy circuit, proven, with its two verifiers: halo2's in Rust and the generated contract in an EVM.
use std::num::NonZeroUsize;
use std::path::Path;

use assay_engine::{Engine, Fast, Key, Options, Prover, ReferenceString, Silent, Threads};
use assay_statement::{statement, weights};
use assay_transcript::{KeccakRead, KeccakWrite};
use assay_verifier_gen::{
    calldata::encode_raw,
    evm::{CallOutcome, Compiled, Compiler, Deployed, Evm, MAX_GAS},
    CallWords, Generated, Interface, VerifierSpec,
};
use halo2_proofs::{
    dev::MockProver,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine},
        ff::{Field, PrimeField},
        group::Curve,
    },
    plonk::{create_proof, keygen_pk, keygen_vk, verify_proof, ProvingKey, VerifyingKey},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::{KZGCommitmentScheme, ParamsKZG},
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::SingleStrategy,
        },
    },
    transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::circuit::{Shape, Toy};

/// The market's words.
pub const WORDS: CallWords = CallWords {
    notice: "Checks a proof for one of the market's models.",
    names: &statement::CALL_WORDS,
    hash: statement::WEIGHTS_WORD,
};

/// The word that binds the first points; `None` if the proof is shorter.
pub fn weights_commit(proof: &[u8], points: usize) -> Option<Word> {
    proof.get(..64 * points).map(weights::weights_commit)
}

/// A word of calldata or of a proof.
pub type Word = [u8; 32];

/// Keys and an honest proof.
pub struct Proven {
    /// The circuits are too small for halo2's parallel loops to pay: they run on one thread.
    pool: ThreadPool,
    pub params: ParamsKZG<Bn256>,
    pub pk: ProvingKey<G1Affine>,
    pub instances: Vec<Fr>,
    pub proof: Vec<u8>,
}

pub fn prove(shape: Shape) -> Proven {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (params, pk, instances, proof) = pool.install(|| keys_and_proof(shape));
    Proven {
        pool,
        params,
        pk,
        instances,
        proof,
    }
}

fn keys_and_proof(shape: Shape) -> (ParamsKZG<Bn256>, ProvingKey<G1Affine>, Vec<Fr>, Vec<u8>) {
    let toy = Toy { shape };
    let instances = toy.instances();
    MockProver::run(shape.k, &toy, vec![instances.clone()])
        .unwrap()
        .assert_satisfied();
    let params = ParamsKZG::<Bn256>::setup(shape.k, toxic());
    let vk = keygen_vk(&params, &toy).unwrap();
    let pk = keygen_pk(&params, vk, &toy).unwrap();
    // The market's prover knows no lookups: those circuits' proofs are the library's.
    let proof = if pk.get_vk().cs().lookups().is_empty() {
        proof(&params, pk.get_vk(), &toy, &instances)
    } else {
        library_proof(&params, &pk, toy, &instances)
    };
    (params, pk, instances, proof)
}

fn library_proof(params: &ParamsKZG<Bn256>, pk: &ProvingKey<G1Affine>, toy: Toy, instances: &[Fr]) -> Vec<u8> {
    let mut transcript = KeccakWrite::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<_>, _, _, _, _>(
        params,
        pk,
        &[toy],
        &[&[instances]],
        ChaCha20Rng::seed_from_u64(7),
        &mut transcript,
    )
    .unwrap();
    transcript.finalize()
}

/// Draws the secret of the reference string first.
fn toxic() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// By the prover that the market's proofs are made with, the pieces of the quotient blinded.
fn proof(params: &ParamsKZG<Bn256>, vk: &VerifyingKey<G1Affine>, toy: &Toy, instances: &[Fr]) -> Vec<u8> {
    let threads = Threads::new(NonZeroUsize::MIN).unwrap();
    let loops = Fast::detect(&threads);
    let engine = Engine {
        backend: &loops,
        threads: &threads,
        observer: &Silent,
    };
    let top = G1Affine::generator() * Fr::random(toxic()).pow_vartime([1 << toy.shape.k]);
    let reference = ReferenceString::with_top_power(params, top.to_affine()).unwrap();
    let prover = Prover {
        engine,
        key: &Key::derive(&engine, &reference, vk, toy).unwrap(),
        reference: &reference,
        options: Options::default(),
        remembered: None,
    };
    let mut transcript = KeccakWrite::init(Vec::new());
    prover
        .prove(toy, &[instances], ChaCha20Rng::seed_from_u64(7), &mut transcript)
        .unwrap();
    transcript.finalize()
}

impl Proven {
    pub fn spec<'a>(&'a self, interface: Interface, contract_name: &'a str) -> VerifierSpec<'a> {
        VerifierSpec {
            vk: self.pk.get_vk(),
            kzg: (&self.params).into(),
            num_instances: self.instances.len(),
            interface,
            contract_name,
            command: "cargo test -p assay-verifier-gen",
        }
    }

    /// What halo2's verifier says, with the proof read to its end and the instances required to be reduced.
    pub fn accepted_by_halo2(&self, instances: &[Word], proof: &[u8]) -> bool {
        let reduced = instances.iter().map(|word| {
            let mut repr = *word;
            repr.reverse();
            Option::<Fr>::from(Fr::from_repr(repr))
        });
        let Some(instances) = reduced.collect::<Option<Vec<Fr>>>() else {
            return false;
        };
        self.pool.install(|| self.verified(&instances, proof))
    }

    fn verified(&self, instances: &[Fr], proof: &[u8]) -> bool {
        let params = self.params.verifier_params();
        let mut transcript = KeccakRead::init(proof);
        let verified = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<_>, _, _, _>(
            params,
            self.pk.get_vk(),
            SingleStrategy::new(params),
            &[&[instances]],
            &mut transcript,
        );
        verified.is_ok() && transcript.finish().is_ok()
    }
}

/// The compiler of this checkout.
pub fn compiler() -> Compiler {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Compiler::in_repo(root).unwrap()
}

/// A generated verifier on a chain.
pub struct OnChain {
    pub evm: Evm,
    pub generated: Generated,
    pub data: Deployed,
    pub verifier: Deployed,
}

pub fn deploy(spec: &VerifierSpec) -> OnChain {
    let (generated, compiled) = generate_and_compile(spec);
    deploy_compiled(generated, &compiled)
}

pub fn generate_and_compile(spec: &VerifierSpec) -> (Generated, Compiled) {
    let generated = spec.generate().unwrap();
    let compiled = compiler()
        .compile(&generated.verifier_source, spec.contract_name)
        .unwrap();
    (generated, compiled)
}

pub fn deploy_compiled(generated: Generated, compiled: &Compiled) -> OnChain {
    let mut evm = Evm::new();
    let (data, verifier) = evm.deploy_verifier(&generated, compiled).unwrap();
    assert_eq!(data.code_len, generated.vk_data.len());
    assert_eq!(verifier.code_len, compiled.runtime_len);
    OnChain {
        evm,
        generated,
        data,
        verifier,
    }
}

impl OnChain {
    pub fn call(&mut self, calldata: &[u8]) -> CallOutcome {
        self.call_with_gas(calldata, MAX_GAS)
    }

    pub fn call_with_gas(&mut self, calldata: &[u8], gas: u64) -> CallOutcome {
        let outcome = self.evm.call(&self.verifier, calldata, gas).unwrap();
        assert!(
            outcome.accepted() || outcome.rejected(),
            "returned something else than true: {outcome:?}"
        );
        outcome
    }
}

pub fn words(instances: &[Fr]) -> Vec<Word> {
    encode_raw(instances, &[])
        .chunks_exact(32)
        .map(|word| word.try_into().unwrap())
        .collect()
}

pub fn raw_calldata(instances: &[Word], proof: &[u8]) -> Vec<u8> {
    [instances.concat(), proof.to_vec()].concat()
}

/// Reasons of a `ProofRejected`.
pub const CALLDATA: Option<u8> = Some(1);
pub const DIGEST: Option<u8> = Some(2);
pub const SCALAR: Option<u8> = Some(3);
pub const WEIGHTS: Option<u8> = Some(4);
pub const POINT: Option<u8> = Some(5);
pub const KEY_DATA: Option<u8> = Some(6);
pub const PAIRING: Option<u8> = Some(8);

/// `reason` of a `ProofRejected`.
pub fn reason(outcome: &CallOutcome) -> Option<u8> {
    let selector = assay_verifier_gen::calldata::selector("ProofRejected(uint256)");
    (outcome.output.len() == 36 && outcome.output[..4] == selector).then(|| outcome.output[35])
}
