//! Statements, witnesses and transcripts of the wrong form end with their own errors.

use super::bench::{assert_error, cell, statement, Bench};
use super::faults::{Fault, Faulty, VALUES};
use super::setup::verifies;
use crate::{ColumnKind, EngineError, Phases, Witness};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::transcript::{
    Blake2bWrite, Challenge255, EncodedChallenge, Transcript, TranscriptWrite, TranscriptWriterBuffer,
};
use rand::rngs::StdRng;
use rand_core::SeedableRng;
use std::io;

#[test]
fn the_whole_circuit_is_proved() {
    let bench = Bench::new();
    let key = bench.derive(Fault::None, Fault::None).unwrap();
    let proof = bench.prove(&key, Fault::None, &[&statement()]).unwrap();
    assert!(verifies(&bench.params, key.verifying_key(), &[&statement()], &proof));
    assert!(!verifies(&bench.params, key.verifying_key(), &[&[Fr::from(4)]], &proof));
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

/// Commits to the first columns, whatever comes of it, then to the second ones.
struct Twice([Vec<Vec<Fr>>; 2]);

impl Witness for Twice {
    fn draw(&self, phases: &mut dyn Phases) -> Result<(), EngineError> {
        let [first, second] = self.0.clone();
        assert!(phases.commit(first).is_err());
        phases.commit(second).map(|_| ())
    }
}

#[test]
fn a_witness_may_go_on_after_columns_of_the_wrong_form() {
    let bench = Bench::new();
    let a = VALUES.map(Fr::from).to_vec();
    let b: Vec<Fr> = a.iter().map(|a| a * a).collect();
    let right = vec![a.clone(), b];
    let expected = bench.prove_witness(&Columns(vec![right.clone()])).unwrap();
    let long = vec![Fr::one(); bench.key().usable_rows() + 1];
    for wrong in [vec![a.clone(), long], vec![a]] {
        let proof = bench.prove_witness(&Twice([wrong, right.clone()])).unwrap();
        // But for the random polynomial: the columns' commitments are the same, so that nothing was drawn before.
        assert_eq!(proof[..64], expected[..64]);
    }
}

/// Refuses the second point, once.
#[derive(Default)]
struct Hiccup(usize);

impl io::Write for Hiccup {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        if self.0 == 2 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_phase_that_was_written_in_part_is_not_committed_again() {
    let bench = Bench::new();
    let key = bench.key();
    let a = VALUES.map(Fr::from).to_vec();
    let right = vec![a.clone(), a.iter().map(|a| a * a).collect()];
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Hiccup::default());
    let witness = Twice([right.clone(), right]);
    let rng = StdRng::seed_from_u64(3);
    let proved = bench
        .prover(&key)
        .prove_witness(&witness, &[&statement()], rng, &mut transcript);
    assert_error!(proved, EngineError::PhaseBegun { phase: 0 });
}

/// Counts challenges; the fifth, at which the polynomials are opened, is one: a row of the domain.
struct Unlucky(usize);

impl Transcript<G1Affine, Challenge255<G1Affine>> for Unlucky {
    fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
        self.0 += 1;
        let mut input = [0; 64];
        input[0] = if self.0 == 5 { 1 } else { self.0 as u8 + 100 };
        Challenge255::new(&input)
    }

    fn common_point(&mut self, _: G1Affine) -> io::Result<()> {
        Ok(())
    }

    fn common_scalar(&mut self, _: Fr) -> io::Result<()> {
        Ok(())
    }
}

impl TranscriptWrite<G1Affine, Challenge255<G1Affine>> for Unlucky {
    fn write_point(&mut self, _: G1Affine) -> io::Result<()> {
        Ok(())
    }

    fn write_scalar(&mut self, _: Fr) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_challenge_in_the_domain_is_told_apart_from_a_witness_that_is_wrong() {
    let bench = Bench::new();
    let key = bench.key();
    let rng = StdRng::seed_from_u64(3);
    let mut transcript = Unlucky(0);
    let proved = bench
        .prover(&key)
        .prove(&Faulty(Fault::None), &[&statement()], rng, &mut transcript);
    assert_error!(proved, EngineError::Challenge);
    assert_eq!(transcript.0, 5);
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
