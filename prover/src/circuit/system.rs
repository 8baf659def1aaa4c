//! The constraint system of an architecture's circuit, before anything is compiled.

use super::params::CircuitParams;
use super::synthesis::NetworkCircuit;
use crate::plan::layout::FrozenArchitecture;
use assay_engine::Census;
use assay_statement::field::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};

/// Gates and columns.
pub(super) fn constraint_system(frozen: &FrozenArchitecture) -> ConstraintSystem<Fr> {
    let mut system = ConstraintSystem::default();
    NetworkCircuit::configure_with_params(&mut system, CircuitParams::of(frozen));
    system
}

/// The columns, and what proofs do with them.
pub(super) fn census(frozen: &FrozenArchitecture) -> Census {
    Census::of(&constraint_system(frozen), 0..frozen.layout.weight_columns)
        .expect("the circuit is one that the engine proves")
}
