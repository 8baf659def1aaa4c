//! The chips in order, for every part of the circuit.

use crate::chips::gates::{Gates, MAX_DEGREE};
use crate::chips::{arith, folded, garbage, lookup, output, poseidon, tensor, weights};
use crate::circuit::params::CircuitParams;
use crate::plan::choose::lay_out;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::error::FloorError;
use crate::plan::fixed::Fixed;
use crate::plan::layout::FrozenArchitecture;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use halo2_proofs::plonk::ConstraintSystem;

pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns, params: &CircuitParams) {
    let layout = &params.layout;
    let mut gates = Gates::new(meta);
    lookup::configure(&mut gates, columns, params.cut);
    tensor::configure(&mut gates, columns, layout, params.cut, params.image);
    folded::configure(&mut gates, columns, layout);
    weights::configure(&mut gates, columns);
    poseidon::configure(&mut gates, columns);
    arith::configure(&mut gates, columns);
    output::configure(&mut gates, columns, params.output);
    assert_eq!(meta.degree(), MAX_DEGREE);
}

impl Compiled {
    /// Places everything in the rows of the layout.
    ///
    /// # Errors
    /// If the layout does not hold the architecture.
    pub fn new(frozen: FrozenArchitecture) -> Result<Self, FloorError> {
        let (floor, program) = lay_out(&frozen)?;
        let (arch, layout) = (&frozen.architecture, &frozen.layout);
        let mut fixed = Fixed::zero(layout, &floor);
        lookup::fixed(arch, &mut fixed);
        tensor::fixed(layout, &floor, &mut fixed);
        garbage::fixed(&floor, &mut fixed);
        folded::fixed(arch, layout, &floor, &mut fixed);
        poseidon::fixed(arch, &floor, &mut fixed);
        weights::fixed(arch, &floor, &mut fixed);
        arith::fixed(&floor, &program, &mut fixed);
        output::fixed(arch, &floor, &mut fixed);
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
        weights::phase_1(inputs, &mut witness);
        tensor::phase_1(inputs, &mut witness);
        output::phase_1(inputs, &mut witness);
        // Counts the rows of the two before it.
        lookup::phase_1(inputs, &mut witness);
        garbage::phase_1(inputs, &mut witness);
        folded::phase_1(inputs, &mut witness);
        poseidon::phase_1(inputs, &mut witness);
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
        tensor::phase_2(compiled, witness, challenges, &mut phase_2);
        folded::phase_2(compiled, witness, challenges, &mut phase_2);
        poseidon::phase_2(compiled, witness, &mut phase_2);
        weights::phase_2(compiled, witness, challenges, &mut phase_2);
        // Copies from the sums of those before it.
        arith::phase_2(compiled, witness, challenges, &mut phase_2);
        output::phase_2(compiled, witness, &mut phase_2);
        lookup::phase_2(compiled, witness, challenges, &mut phase_2);
        phase_2
    }
}
