//! Remembered columns change no proof and are committed to once.

use super::circuits::RandomCircuit;
use super::oracle::Replay;
use super::setup::{engine, params, proof, threads};
use super::shapes::Shape;
use crate::{
    Backend, Basis, Domain, Engine, EngineError, Inputs, Key, Options, Program, Prover, ReferenceString, Remembered,
    Stock,
};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The library's loops, counted.
#[derive(Default)]
struct Counting {
    stock: Stock,
    commitments: AtomicUsize,
    transforms: AtomicUsize,
}

impl Counting {
    fn taken(&self) -> [usize; 2] {
        [&self.commitments, &self.transforms].map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Backend for Counting {
    fn multi_exponentiation(&self, basis: Basis, points: &[G1Affine], scalars: &[Fr]) -> G1 {
        self.commitments
            .fetch_add(usize::from(basis == Basis::Lagrange), Ordering::Relaxed);
        self.stock.multi_exponentiation(basis, points, scalars)
    }

    fn transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.stock.transform(domain, values);
    }

    fn inverse_transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.transforms.fetch_add(1, Ordering::Relaxed);
        self.stock.inverse_transform(domain, values);
    }

    fn invert(&self, values: &mut [Fr]) {
        self.stock.invert(values);
    }

    fn run(&self, program: &Program, inputs: &Inputs<'_>, output: &mut [Fr]) -> Result<(), EngineError> {
        self.stock.run(program, inputs, output)
    }
}

#[test]
fn remembered_columns_are_committed_once_while_nothing_in_them_changes() {
    let backend = Counting::default();
    let pool = threads(1);
    let counted = Engine {
        backend: &backend,
        ..engine(&backend.stock, &pool)
    };
    let [reference, other_reference] =
        [params(6), super::setup::other_params(6)].map(|params| ReferenceString::new(&params).unwrap());
    let circuit = RandomCircuit::new(Shape {
        seed: 3,
        k: 6,
        phases: 2,
        degree: 4,
        ..Shape::default()
    });
    let draws = Replay::of((1..=64).map(Fr::from).collect());
    let remembered = Remembered::new([0, 1]);
    let run = |reference: &ReferenceString, key: &Key, remembered: Option<&Remembered>, seed: u64, keep: bool| {
        let prover = Prover {
            engine: counted,
            key,
            reference,
            options: Options {
                keep,
                ..Options::default()
            },
            remembered,
        };
        backend.taken();
        let proof = proof(&prover, &circuit, &[], seed, Some(&draws)).unwrap();
        (proof, backend.taken())
    };
    let key = Key::generate(&counted, &reference, &circuit, false).unwrap();
    let (expected, [commitments, transforms]) = run(&reference, &key, None, 1, false);
    for (used_again, keep) in [(0, false), (2, false), (2, true), (2, true), (2, false)] {
        let (got, [commits, inverses]) = run(&reference, &key, Some(&remembered), 1, keep);
        assert!(got == expected);
        assert_eq!(commits, commitments - used_again);
        assert_eq!(inverses, transforms - used_again);
    }
    // Other blinding: nothing is used again, and nothing is wrong.
    let (expected, _) = run(&reference, &key, None, 2, false);
    let (got, [commits, _]) = run(&reference, &key, Some(&remembered), 2, true);
    assert!(got == expected);
    assert_eq!(commits, commitments);
    // Another reference string.
    let key = Key::generate(&counted, &other_reference, &circuit, false).unwrap();
    let (expected, _) = run(&other_reference, &key, None, 2, true);
    let (got, [commits, _]) = run(&other_reference, &key, Some(&remembered), 2, true);
    assert!(got == expected);
    assert_eq!(commits, commitments);
}
