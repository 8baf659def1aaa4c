//! What is no circuit, no key or no statement ends with its own error.

use super::faults::{Fault, Faulty, VALUES};
use super::setup::{engine, other_params, params, proof, prover, threads, verifies};
use crate::{Cell, ColumnKind, EngineError, Key, Options, Phases, Prover, ReferenceString, Stock, Threads, Witness};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{keygen_vk, Circuit};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::StdRng;
use rand_core::SeedableRng;
use std::io;

const K: u32 = 5;

struct Bench {
    params: ParamsKZG<Bn256>,
    reference: ReferenceString,
    stock: Stock,
    threads: Threads,
}

impl Bench {
    fn new() -> Self {
        let params = params(K);
        Self {
            reference: ReferenceString::new(&params).unwrap(),
            params,
            stock: Stock::default(),
            threads: threads(1),
        }
    }

    fn generate<C: Circuit<Fr>>(&self, circuit: &C) -> Result<Key, EngineError> {
        Key::generate(&engine(&self.stock, &self.threads), &self.reference, circuit, false)
    }

    /// The key of the whole circuit.
    fn key(&self) -> Key {
        self.generate(&Faulty(Fault::None)).unwrap()
    }

    fn derive(&self, vk_of: Fault, circuit: Fault) -> Result<Key, EngineError> {
        let vk = keygen_vk(&self.params, &Faulty(vk_of)).unwrap();
        Key::derive(
            &engine(&self.stock, &self.threads),
            &self.reference,
            &vk,
            &Faulty(circuit),
        )
    }

    fn prover<'a>(&'a self, key: &'a Key) -> Prover<'a> {
        prover(
            engine(&self.stock, &self.threads),
            key,
            &self.reference,
            Options::default(),
        )
    }

    fn prove(&self, key: &Key, circuit: Fault, instances: &[&[Fr]]) -> Result<Vec<u8>, EngineError> {
        proof(&self.prover(key), &Faulty(circuit), instances, 3, None)
    }

    fn prove_witness(&self, witness: &dyn Witness) -> Result<Vec<u8>, EngineError> {
        let key = self.key();
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
        let rng = StdRng::seed_from_u64(3);
        self.prover(&key)
            .prove_witness(witness, &[&statement()], rng, &mut transcript)?;
        let proof = transcript.finalize();
        assert!(verifies(&self.params, key.verifying_key(), &[&statement()], &proof));
        Ok(proof)
    }
}

fn statement() -> Vec<Fr> {
    vec![Fr::from(VALUES[0])]
}

fn cell(kind: ColumnKind, column: usize, row: usize) -> Cell {
    Cell { kind, column, row }
}

macro_rules! assert_error {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}

#[test]
fn the_whole_circuit_is_proved() {
    let bench = Bench::new();
    let key = bench.derive(Fault::None, Fault::None).unwrap();
    let proof = bench.prove(&key, Fault::None, &[&statement()]).unwrap();
    assert!(verifies(&bench.params, key.verifying_key(), &[&statement()], &proof));
    assert!(!verifies(&bench.params, key.verifying_key(), &[&[Fr::from(4)]], &proof));
}

#[test]
fn lookups_are_refused_by_name() {
    let bench = Bench::new();
    assert_error!(bench.generate(&Faulty(Fault::Lookup)), EngineError::Lookups { count: 1, name } if name == "small");
}

#[test]
fn a_gate_above_the_librarys_limit_is_refused() {
    let bench = Bench::new();
    assert!(bench.derive(Fault::Degree(5), Fault::Degree(5)).is_ok());
    // The library makes a verifying key of degree 5, under which no proof is valid.
    assert_error!(
        bench.derive(Fault::Degree(6), Fault::Degree(6)),
        EngineError::GateDegree { gate, degree: 6, allowed: 5 } if gate == "high"
    );
    assert_error!(
        bench.generate(&Faulty(Fault::Degree(9))),
        EngineError::GateDegree { degree: 9, .. }
    );
}

#[test]
fn rotations_that_meet_are_refused() {
    let bench = Bench::new();
    assert!(bench.generate(&Faulty(Fault::Rotation(31))).is_ok());
    for rotation in [32, -32, 64] {
        assert_error!(
            bench.generate(&Faulty(Fault::Rotation(rotation))),
            EngineError::Rotations {
                kind: ColumnKind::Advice,
                column: 1
            }
        );
    }
}

#[test]
fn a_table_without_room_is_refused() {
    let (stock, threads) = (Stock::default(), threads(1));
    let reference = ReferenceString::new(&params(2)).unwrap();
    assert_error!(
        Key::generate(&engine(&stock, &threads), &reference, &Faulty(Fault::None), false),
        EngineError::Rows { needed: 8, rows: 4 }
    );
}

#[test]
fn reference_strings_of_other_sizes_are_refused() {
    let bench = Bench::new();
    let (key, vk) = (bench.key(), keygen_vk(&bench.params, &Faulty(Fault::None)).unwrap());
    for k in [4, 6] {
        let other = ReferenceString::new(&params(k)).unwrap();
        let engine = engine(&bench.stock, &bench.threads);
        let derived = Key::derive(&engine, &other, &vk, &Faulty(Fault::None));
        assert_error!(derived, EngineError::ReferenceSize { needed: K, got } if got == k);
        let prover = prover(engine, &key, &other, Options::default());
        let proved = proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None);
        assert_error!(proved, EngineError::ReferenceSize { needed: K, got } if got == k);
    }
}

#[test]
fn another_reference_string_is_refused() {
    let bench = Bench::new();
    let key = bench.key();
    let other = ReferenceString::new(&other_params(K)).unwrap();
    let prover = prover(engine(&bench.stock, &bench.threads), &key, &other, Options::default());
    assert_error!(
        proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None),
        EngineError::OtherReference
    );
    let vk = key.verifying_key();
    let derived = Key::derive(&engine(&bench.stock, &bench.threads), &other, vk, &Faulty(Fault::None));
    assert_error!(derived, EngineError::OtherCircuit { .. });
}

#[test]
fn another_circuits_verifying_key_is_refused() {
    let bench = Bench::new();
    for (fault, expected) in [
        (Fault::OtherConstraint, "constraints"),
        (Fault::OtherFixed, "fixed columns"),
        (Fault::OtherCopy, "copies"),
        (Fault::OtherEquality, "copies"),
    ] {
        assert_error!(bench.derive(fault, Fault::None), EngineError::OtherCircuit { part } if part == expected);
        assert_error!(bench.derive(Fault::None, fault), EngineError::OtherCircuit { part } if part == expected);
    }
    let with_table = bench.derive(Fault::Lookup, Fault::None);
    assert_error!(with_table, EngineError::OtherCircuit { part: "fixed columns" });
    let proved = bench.prove(&bench.key(), Fault::OtherConstraint, &[&statement()]);
    assert_error!(proved, EngineError::OtherCircuit { part: "constraints" });
}

#[test]
fn statements_of_the_wrong_form_are_refused() {
    let bench = Bench::new();
    let key = bench.key();
    let long = vec![Fr::one(); key.usable_rows() + 1];
    let none: [&[Fr]; 0] = [];
    assert_error!(
        bench.prove(&key, Fault::None, &none),
        EngineError::InstanceColumns { expected: 1, got: 0 }
    );
    assert_error!(
        bench.prove(&key, Fault::None, &[&statement(), &statement()]),
        EngineError::InstanceColumns { expected: 1, got: 2 }
    );
    assert_error!(
        bench.prove(&key, Fault::None, &[&long]),
        EngineError::InstanceLength { column: 0, max, got } if got == max + 1
    );
}

#[test]
fn circuits_that_leave_their_table_are_refused() {
    let bench = Bench::new();
    let key = |fault| bench.generate(&Faulty(fault));
    assert_error!(key(Fault::FixedOutside), EngineError::OutsideTable(at) if at == cell(ColumnKind::Fixed, 0, 1000));
    assert_error!(key(Fault::CopyOutside), EngineError::OutsideTable(at) if at == cell(ColumnKind::Advice, 0, 1000));
    assert_error!(
        key(Fault::CopyWithoutEquality),
        EngineError::NotInPermutation(at) if at == cell(ColumnKind::Advice, 1, 0)
    );
    assert_error!(
        key(Fault::SelectorOutside),
        EngineError::OutsideSelectors { selector: 2, row: 1 }
    );
    assert_error!(key(Fault::Synthesis), EngineError::Synthesis(_));
    let key = bench.key();
    let proved = bench.prove(&key, Fault::AdviceOutside, &[&statement()]);
    assert_error!(proved, EngineError::OutsideTable(at) if at == cell(ColumnKind::Advice, 1, 1000));
    assert_error!(
        bench.prove(&key, Fault::Synthesis, &[&statement()]),
        EngineError::Synthesis(_)
    );
}

#[test]
fn unknown_values_are_refused() {
    let bench = Bench::new();
    let key = bench.key();
    for fault in [Fault::UnknownValue, Fault::ReadBack] {
        let proved = bench.prove(&key, fault, &[&statement()]);
        assert_error!(proved, EngineError::UnknownValue(at) if at == cell(ColumnKind::Advice, 1, 6));
    }
}

/// Commits to these phases.
struct Columns(Vec<Vec<Vec<Fr>>>);

impl Witness for Columns {
    fn draw(&self, phases: &mut dyn Phases) -> Result<(), EngineError> {
        self.0
            .iter()
            .try_for_each(|columns| phases.commit(columns.clone()).map(|_| ()))
    }
}

#[test]
fn columns_of_the_wrong_form_are_refused() {
    let bench = Bench::new();
    let a = VALUES.map(Fr::from).to_vec();
    let b: Vec<Fr> = a.iter().map(|a| a * a).collect();
    let prove = |phases| bench.prove_witness(&Columns(phases));
    assert!(prove(vec![vec![a.clone(), b.clone()]]).is_ok());
    assert_error!(
        prove(vec![vec![a.clone()]]),
        EngineError::PhaseColumns {
            phase: 0,
            expected: 2,
            got: 1
        }
    );
    assert_error!(prove(vec![]), EngineError::PhaseMissing { phase: 0, phases: 1 });
    let both = vec![a.clone(), b];
    assert_error!(prove(vec![both, vec![]]), EngineError::PhaseBeyond { phases: 1 });
    let long = vec![Fr::one(); bench.key().usable_rows() + 1];
    assert_error!(
        prove(vec![vec![a, long]]),
        EngineError::AdviceLength { column: 1, max, got } if got == max + 1
    );
}

/// Takes some bytes and then no more.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_transcript_that_cannot_be_written_is_an_error_at_every_word() {
    let bench = Bench::new();
    let key = bench.key();
    let words = bench.prove(&key, Fault::None, &[&statement()]).unwrap().len() / 32;
    for taken in 0..words {
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Full(32 * taken));
        let rng = StdRng::seed_from_u64(3);
        let proved = bench
            .prover(&key)
            .prove(&Faulty(Fault::None), &[&statement()], rng, &mut transcript);
        assert_error!(proved, EngineError::Transcript(_));
    }
}
