//! Calldata and gas of one verification, before there is a contract.

use crate::verifier::code::planned_spec;
use assay_prover::circuit::{FrozenArchitecture, KeyShape};
use assay_verifier_gen::gas::CallCost;

/// What one call of the generated contract costs.
pub type Verification = CallCost;

/// Counted; none where the outputs are no single word.
///
/// # Errors
/// If there is no contract for the circuit.
pub fn of(frozen: &FrozenArchitecture) -> eyre::Result<Option<Verification>> {
    let shape = KeyShape::of(frozen);
    let Ok(spec) = planned_spec(&shape, frozen) else {
        return Ok(None);
    };
    Ok(Some(spec.call_cost(frozen.layout.k)?))
}
