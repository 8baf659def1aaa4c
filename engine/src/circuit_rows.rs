//! What a circuit fixes, in the rows.

use halo2_proofs::halo2curves::bn256::Fr;

/// The circuit's columns in the rows.
pub(crate) struct CircuitRows {
    pub(crate) fixed: Vec<Vec<Fr>>,
    pub(crate) sigma: Vec<Vec<Fr>>,
}
