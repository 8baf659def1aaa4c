//! The chips of the layout's form, for every part of the circuit.

use crate::chips::gates::{Gates, MAX_DEGREE};
use crate::circuit::params::CircuitParams;
use crate::circuit::{narrow, wide};
use crate::plan::choose::lay_out;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::error::FloorError;
use crate::plan::fixed::Fixed;
use crate::plan::layout::{Form, FrozenArchitecture};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use halo2_proofs::plonk::ConstraintSystem;

pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns, params: &CircuitParams) {
    let mut gates = Gates::new(meta);
    match params.layout.form() {
        Form::Wide => wide::configure(&mut gates, columns, params),
        Form::Narrow => narrow::configure(&mut gates, columns, params),
    }
    assert_eq!(meta.degree(), MAX_DEGREE);
}

impl Compiled {
    /// Places everything in the rows of the layout.
    ///
    /// # Errors
    /// If the layout does not hold the architecture.
    pub fn new(frozen: FrozenArchitecture) -> Result<Self, FloorError> {
        let (floor, program) = lay_out(&frozen)?;
        let mut fixed = Fixed::zero(&frozen.layout, &floor);
        match frozen.layout.form() {
            Form::Wide => wide::fixed(&frozen, &floor, &program, &mut fixed),
            Form::Narrow => narrow::fixed(&frozen, &floor, &program, &mut fixed),
        }
        Ok(Self {
            frozen,
            floor,
            fixed,
            program,
        })
    }
}

impl Witness {
    /// The phase-1 columns of one proof, filled chip by chip.
    pub fn new(inputs: &Inputs<'_>) -> Self {
        let mut witness = Self::zero(inputs);
        match inputs.layout.form() {
            Form::Wide => wide::phase_1(inputs, &mut witness),
            Form::Narrow => narrow::phase_1(inputs, &mut witness),
        }
        witness
    }
}

impl Phase2 {
    /// The phase-2 columns that `challenges` make of `witness`.
    pub fn new(compiled: &Compiled, witness: &Witness, challenges: &Challenges) -> Self {
        let mut phase_2 = Self::zero(
            &compiled.frozen.layout,
            compiled.frozen.architecture.cut(),
            &compiled.floor,
        );
        match compiled.frozen.layout.form() {
            Form::Wide => wide::phase_2(compiled, witness, challenges, &mut phase_2),
            Form::Narrow => narrow::phase_2(compiled, witness, challenges, &mut phase_2),
        }
        phase_2
    }
}
