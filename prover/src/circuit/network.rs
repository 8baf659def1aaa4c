//! The chips in order, for every part of the circuit.

use crate::chips::gates::{Gates, MAX_DEGREE};
use crate::chips::{argmax, arith, lookup, poseidon, tensor, weights};
use crate::field::Fr;
use crate::plan::choose::lay_out;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::error::FloorError;
use crate::plan::fixed::Fixed;
use crate::plan::layout::{FrozenArchitecture, Layout};
use halo2_proofs::plonk::ConstraintSystem;

pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns, layout: &Layout, shift: u32) {
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

impl Compiled {
    /// # Errors
    /// If the layout does not hold the architecture.
    pub fn new(frozen: FrozenArchitecture) -> Result<Self, FloorError> {
        let (floor, program) = lay_out(&frozen)?;
        let fixed = Fixed::new(&frozen.architecture, &frozen.layout, &floor, &program);
        Ok(Self {
            frozen,
            floor,
            fixed,
            program,
        })
    }
}
