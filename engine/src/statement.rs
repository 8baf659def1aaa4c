//! What is proved: the values of the instance columns.

use crate::error::EngineError;
use crate::key::Key;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// # Errors
/// If they are not as many columns as the circuit has, or one is too long for it.
pub(crate) fn check(key: &Key, instances: &[&[Fr]]) -> Result<(), EngineError> {
    let (expected, got) = (key.slots.instance, instances.len());
    if expected != got {
        return Err(EngineError::InstanceColumns { expected, got });
    }
    let max = key.usable_rows();
    match instances.iter().enumerate().find(|(_, values)| values.len() > max) {
        None => Ok(()),
        Some((column, values)) => Err(EngineError::InstanceLength {
            column,
            max,
            got: values.len(),
        }),
    }
}

/// The columns in all rows: zero behind the values.
pub(crate) fn columns(key: &Key, instances: &[&[Fr]]) -> Vec<Vec<Fr>> {
    let padded = |values: &&[Fr]| {
        let mut column = values.to_vec();
        column.resize(key.domain.rows(), Fr::ZERO);
        column
    };
    instances.iter().map(padded).collect()
}
