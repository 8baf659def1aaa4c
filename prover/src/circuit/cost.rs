//! What proofs of an architecture cost: counted from the constraint system, or fitted to measurements.

use super::params::CircuitParams;
use super::synthesis::NetworkCircuit;
use crate::plan::compiled::Compiled;
use crate::plan::layout::FrozenArchitecture;
use assay_engine::Path;
use assay_statement::field::Fr;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{G1Affine, G1};
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use serde::Serialize;
use std::time::{Duration, Instant};

const POINT_BYTES: usize = 64;
const SCALAR_BYTES: usize = 32;

/// Scalars of the multi-exponentiation that time is counted in.
const MSM_SCALARS: f64 = (1u32 << 18) as f64;
/// Scalars of the one that is timed: enough that starting its threads does not count. A scalar of it takes longer than one of
/// a larger one, so what follows from it errs to the safe side.
const TIMED_SCALARS: usize = 1 << 14;
/// Per committed polynomial of 2^18 rows, on the engine's two paths. Fitted, like the rest here, to measurements of
/// (0.35, 96): `scripts/bench prove`, with and without `--portable`.
const MSM_PER_POLYNOMIAL_IN_LANES: f64 = 0.38;
const MSM_PER_POLYNOMIAL_PORTABLE: f64 = 1.3;
/// Bytes a row: keys and quotient, and each committed polynomial with its values on one coset.
const MEMORY_BASE: f64 = 1_460.0;
const MEMORY_PER_POLYNOMIAL: f64 = 205.0;
/// Base fee, pairing, hashing and the gates; then multiplication, hashing and calldata of each commitment.
const GAS_BASE: u64 = 150_000;
const GAS_PER_COMMITMENT: u64 = 8_400;

/// The first fields are exact, the last three estimates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Rows of the highest column, without blinding; at most `2^k`.
    pub rows_used: usize,
    /// Columns committed in each proof, both phases together.
    pub advice_columns: usize,
    /// Points that a verifier multiplies: of the proof and of the verifying key.
    pub commitments: usize,
    /// Of the proof alone, without instances and the bundle's header.
    pub proof_bytes: usize,
    /// What it takes of a machine.
    #[serde(flatten)]
    pub footprint: Footprint,
    /// One call of the generated contract, with its calldata and the base fee of a transaction.
    pub gas: u64,
}

/// What proofs take of a machine: follows from the sizes of a layout alone, so that nothing is computed for one that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Footprint {
    /// Proving time on this machine, in multi-exponentiations of 2^18 random scalars on it: multiply by the seconds that one
    /// takes (`scripts/bench` prints both).
    pub prove_msm: f64,
    /// The prover's peak.
    pub memory_bytes: u64,
}

impl Footprint {
    /// Estimates; the machine is asked whether it has AVX-512 IFMA.
    pub fn of(frozen: &FrozenArchitecture) -> Self {
        let (cs, products) = columns(frozen);
        let rows = 2f64.powi(frozen.layout.k as i32);
        let polynomials = (cs.num_advice_columns() + products) as f64;
        Self {
            prove_msm: rows / MSM_SCALARS * msm_per_polynomial() * polynomials,
            memory_bytes: (rows * (MEMORY_BASE + MEMORY_PER_POLYNOMIAL * polynomials)) as u64,
        }
    }

    /// Proving time on this machine, from a short multi-exponentiation that is timed here.
    pub fn prove_time(&self) -> Duration {
        let msm = timed_multiexp().mul_f64(MSM_SCALARS / TIMED_SCALARS as f64);
        msm.mul_f64(self.prove_msm)
    }
}

/// The columns of a circuit, and the products of its permutation: one is of `degree - 2` columns.
fn columns(frozen: &FrozenArchitecture) -> (ConstraintSystem<Fr>, usize) {
    let mut cs = ConstraintSystem::default();
    NetworkCircuit::configure_with_params(&mut cs, CircuitParams::of(frozen));
    let products = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
    (cs, products)
}

impl Cost {
    /// What proofs of a compiled architecture cost; nothing is measured, but the machine is asked whether it has AVX-512 IFMA.
    pub fn of(compiled: &Compiled) -> Self {
        let layout = compiled.frozen.layout;
        let (cs, products) = columns(&compiled.frozen);
        let advice = cs.num_advice_columns();
        let sigmas = cs.permutation().get_columns().len();
        let quotient_pieces = cs.degree() - 1;
        // The random polynomial, and two of the opening.
        let proof_points = advice + products + 1 + quotient_pieces + 2;
        // Every product is opened at ω·x and all but the last at the last row too.
        let product_evaluations = 3 * products - 1;
        let evaluations = cs.advice_queries().len() + cs.fixed_queries().len() + 1 + sigmas + product_evaluations;
        let commitments = proof_points + cs.num_fixed_columns() + sigmas;

        let floor = &compiled.floor;
        Self {
            rows_used: floor.end.max(floor.weight_end + layout.salt_rows),
            advice_columns: advice,
            commitments,
            proof_bytes: POINT_BYTES * proof_points + SCALAR_BYTES * evaluations,
            footprint: Footprint::of(&compiled.frozen),
            gas: GAS_BASE + GAS_PER_COMMITMENT * commitments as u64,
        }
    }
}

fn msm_per_polynomial() -> f64 {
    match Path::detect() {
        Path::Portable => MSM_PER_POLYNOMIAL_PORTABLE,
        Path::Lanes(_) => MSM_PER_POLYNOMIAL_IN_LANES,
    }
}

fn timed_multiexp() -> Duration {
    let step = G1::generator();
    let points: Vec<G1> = std::iter::successors(Some(step), |point| Some(point + step))
        .take(TIMED_SCALARS)
        .collect();
    let mut bases = vec![G1Affine::default(); TIMED_SCALARS];
    G1::batch_normalize(&points, &mut bases);
    // Powers of a constant are as good as random here.
    let base = Fr::from(0x9e37_79b9_7f4a_7c15).square().square();
    let scalars: Vec<Fr> = std::iter::successors(Some(base), |scalar| Some(scalar * base))
        .take(TIMED_SCALARS)
        .collect();
    let began = Instant::now();
    std::hint::black_box(best_multiexp(&scalars, &bases));
    began.elapsed()
}
