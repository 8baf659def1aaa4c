//! Proofs share pools, and loops stay in theirs.

use super::bench::{statement, Bench};
use super::faults::{Fault, Faulty};
use super::setup::{proof, prover, threads, verifies};
use crate::{Backend, Basis, Domain, Engine, EngineError, Inputs, Observer, Options, Program, Stock};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Barrier;

/// The library's loops, which take up other work of their pool before each transform; counts calls outside of any pool.
#[derive(Default)]
struct Busy {
    stock: Stock,
    outside: AtomicUsize,
}

impl Busy {
    fn look(&self) {
        if rayon::current_thread_index().is_none() {
            self.outside.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Backend for Busy {
    fn multi_exponentiation(&self, basis: Basis, points: &[G1Affine], scalars: &[Fr]) -> G1 {
        self.look();
        self.stock.multi_exponentiation(basis, points, scalars)
    }

    fn transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.look();
        rayon::yield_now();
        self.stock.transform(domain, values);
    }

    fn inverse_transform(&self, domain: &Domain, values: &mut [Fr]) {
        self.look();
        self.stock.inverse_transform(domain, values);
    }

    fn invert(&self, values: &mut [Fr]) {
        self.look();
        self.stock.invert(values);
    }

    fn run(&self, program: &Program, inputs: &Inputs<'_>, output: &mut [Fr]) -> Result<(), EngineError> {
        self.look();
        self.stock.run(program, inputs, output)
    }
}

/// Holds a proof before the quotient until the other one is there.
struct Together<'a>(&'a Barrier);

impl Observer for Together<'_> {
    fn begin(&self, step: &'static str) {
        if step == "divide by the vanishing polynomial" {
            self.0.wait();
        }
    }
}

#[test]
fn two_proofs_at_once_share_a_key_and_a_pool() {
    let bench = Bench::new();
    for count in [1, 2, 5] {
        for _ in 0..10 {
            let (busy, threads, barrier) = (Busy::default(), threads(count), Barrier::new(2));
            let key = bench.key();
            let options = Options {
                keep: true,
                ..Options::default()
            };
            let prove = || {
                let engine = Engine {
                    backend: &busy,
                    threads: &threads,
                    observer: &Together(&barrier),
                };
                let prover = prover(engine, &key, &bench.reference, options);
                proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None).unwrap()
            };
            let proofs = std::thread::scope(|scope| {
                let both = [scope.spawn(prove), scope.spawn(prove)];
                both.map(|proof| proof.join().unwrap())
            });
            let vk = key.verifying_key();
            assert!(proofs
                .iter()
                .all(|proof| verifies(&bench.params, vk, &[&statement()], proof)));
        }
    }
}

#[test]
fn every_loop_runs_in_the_provers_pool() {
    let bench = Bench::new();
    let (busy, threads) = (Busy::default(), threads(3));
    let engine = Engine {
        backend: &busy,
        threads: &threads,
        observer: &crate::Silent,
    };
    let key = bench.key();
    let prover = prover(engine, &key, &bench.reference, Options::default());
    proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None).unwrap();
    assert_eq!(busy.outside.load(Ordering::Relaxed), 0);
}
