//! The verifying key's shape before there is any: to count what a contract for it costs.

use super::system::constraint_system;
use crate::plan::layout::FrozenArchitecture;
use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::{permutation, VerifyingKey};
use halo2_proofs::poly::EvaluationDomain;

/// log₂ of its rows: few, as nothing is computed over them.
const K: u32 = 10;

/// A key with the constraint system of an architecture's circuit, fewer rows, and the generator for every commitment.
///
/// # Soundness
/// It verifies nothing.
#[derive(Debug)]
pub struct KeyShape(VerifyingKey<G1Affine>);

impl KeyShape {
    /// Nothing is compiled for it.
    pub fn of(frozen: &FrozenArchitecture) -> Self {
        let system = constraint_system(frozen);
        let points = |count| vec![G1Affine::generator(); count];
        let copies = permutation::VerifyingKey::from_commitments(points(system.permutation().get_columns().len()));
        let fixed = points(system.num_fixed_columns());
        let domain = EvaluationDomain::new(system.degree() as u32, K);
        Self(VerifyingKey::from_parts(domain, fixed, copies, system, vec![], false))
    }

    /// In the proving system's own form.
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.0
    }
}
