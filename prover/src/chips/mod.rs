//! The chips: every topic of the circuit with its gates. Every polynomial has degree at most [`gates::MAX_DEGREE`].

pub(crate) mod argmax;
mod arith;
mod expression;
pub mod gates;
mod lookup;
mod poseidon;
mod tensor;
mod weights;

use crate::field::Fr;
use crate::plan::columns::Columns;
use crate::plan::layout::Layout;
use gates::{Gates, MAX_DEGREE};
use halo2_proofs::plonk::ConstraintSystem;

pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns, layout: &Layout, shift: u32) {
    let mut gates = Gates::new(meta);
    lookup::configure(&mut gates, columns, layout);
    tensor::configure(&mut gates, columns, layout, shift);
    tensor::configure_folded_lanes(&mut gates, columns, layout);
    weights::configure(&mut gates, columns);
    poseidon::configure(&mut gates, columns);
    arith::configure(&mut gates, columns);
    argmax::configure(&mut gates, columns);
    assert_eq!(meta.degree(), MAX_DEGREE);
}
