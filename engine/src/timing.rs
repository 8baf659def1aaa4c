//! How fast this machine does what proofs consist of, each alone.

use crate::backend::{Basis, Inputs};
use crate::compile::Parts;
use crate::domain::{powers, Domain};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::polynomial;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::Curve;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// The fastest of so many tries counts: others may have had the machine meanwhile.
const TRIES: usize = 3;
/// Degree of the circuits whose cosets are timed.
const DEGREE: usize = 5;
/// One scalar of so many in a column of activations is a word of a hash, as wide as the field.
const WIDE: usize = 16;
/// Columns of the program that is timed.
const COLUMNS: usize = 8;

/// Seconds for each row, all threads of the pool at work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// A commitment to random scalars.
    pub multiexp: f64,
    /// A commitment to scalars of 16 bits, a few wide ones among them.
    pub small_multiexp: f64,
    /// A Fourier transform of a column.
    pub transform: f64,
    /// A sum or product of a program.
    pub step: f64,
    /// A polynomial's coefficient at a point.
    pub value: f64,
}

impl Timing {
    /// Times columns of `2^k` rows.
    ///
    /// # Errors
    /// If `k` is no size of a domain.
    pub fn measure(engine: &Engine<'_>, k: u32) -> Result<Self, EngineError> {
        let rows = 1 << k;
        let scalars = scalars(rows);
        let points = points(rows);
        let commit = |scalars: &[Fr]| {
            let commit = || engine.backend.multi_exponentiation(Basis::Lagrange, &points, scalars);
            fastest(|| engine.threads.run(commit)) / rows as f64
        };
        let domain = Domain::new(k, DEGREE)?;
        // As many columns at a time as there are threads, as in a proof.
        let mut columns = vec![scalars.clone(); engine.threads.count()];
        let in_all = (rows * columns.len()) as f64;
        let transform = fastest(|| {
            let on_coset = |column: &mut Vec<Fr>| engine.backend.coset_values(&domain, 1, column);
            engine.threads.run(|| columns.par_iter_mut().for_each(on_coset));
        });
        let value = fastest(|| {
            let at_point = |column: &Vec<Fr>| polynomial::value(column, scalars[0]);
            let run = || columns.par_iter().map(at_point).collect::<Vec<Fr>>();
            engine.threads.run(run)
        });
        Ok(Self {
            multiexp: commit(&scalars),
            small_multiexp: commit(&small(&scalars)),
            transform: transform / in_all,
            step: step(engine, &scalars)?,
            value: value / in_all,
        })
    }

    /// Seconds for each of `2^k` random scalars that are committed to.
    pub fn of_multiexp(engine: &Engine<'_>, k: u32) -> f64 {
        let rows = 1 << k;
        let (scalars, points) = (scalars(rows), points(rows));
        let commit = || engine.backend.multi_exponentiation(Basis::Lagrange, &points, &scalars);
        fastest(|| engine.threads.run(commit)) / rows as f64
    }
}

fn step(engine: &Engine<'_>, column: &[Fr]) -> Result<f64, EngineError> {
    let program = weighed_products();
    let columns = vec![column; COLUMNS];
    let inputs = Inputs {
        columns: &columns,
        uniforms: &program.uniforms(&column[..1]),
    };
    let mut output = vec![Fr::ZERO; column.len()];
    // Both are the same in every try.
    engine
        .threads
        .run(|| engine.backend.run(&program, &inputs, &mut output))?;
    let all = fastest(|| {
        engine
            .threads
            .run(|| engine.backend.run(&program, &inputs, &mut output))
    });
    Ok(all / (column.len() * program.steps()) as f64)
}

/// `(…(a·b + c)·y + …)` of neighbouring rows: about as constraints are.
fn weighed_products() -> Program {
    let mut parts = Parts::default();
    let y = parts.challenge(0);
    let mut sum = parts.constant(Fr::ZERO);
    for i in 0..3 * COLUMNS {
        let [a, b, c] = [(i, 0), (i + 1, 0), (i + 2, i % 2)].map(|(slot, at)| parts.load(slot % COLUMNS, at));
        let product = parts.multiply(a, b);
        let term = parts.add(product, c);
        let weighed = parts.multiply(sum, y);
        sum = parts.add(weighed, term);
    }
    parts.program(sum)
}

/// As good as random ones: powers of a number without a pattern.
fn scalars(count: usize) -> Vec<Fr> {
    let base = Fr::from(0x9e37_79b9_7f4a_7c15).square().square();
    powers(base).skip(1).take(count).collect()
}

fn small(scalars: &[Fr]) -> Vec<Fr> {
    let bits = |scalar: &Fr| u64::from(u16::from_le_bytes([scalar.to_bytes()[0], scalar.to_bytes()[1]]));
    let all = scalars.iter().enumerate();
    all.map(|(i, scalar)| if i % WIDE == 0 { *scalar } else { Fr::from(bits(scalar)) })
        .collect()
}

/// Multiples of the generator.
fn points(count: usize) -> Vec<G1Affine> {
    let step = G1::generator();
    let multiples: Vec<G1> = std::iter::successors(Some(step), |point| Some(point + step))
        .take(count)
        .collect();
    let mut points = vec![G1Affine::default(); count];
    G1::batch_normalize(&multiples, &mut points);
    points
}

/// Seconds.
fn fastest<R>(mut work: impl FnMut() -> R) -> f64 {
    let timed = |_| {
        let began = Instant::now();
        black_box(work());
        began.elapsed().as_secs_f64()
    };
    (0..TRIES).map(timed).fold(f64::INFINITY, f64::min)
}
