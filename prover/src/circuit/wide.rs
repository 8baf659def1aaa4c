//! The chips of the wide form in order.

use crate::chips::gates::Gates;
use crate::chips::{arith, folded, garbage, lookup, output, poseidon, tensor, weights};
use crate::circuit::params::CircuitParams;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::layout::FrozenArchitecture;
use crate::plan::program::Program;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};

pub(super) fn configure(gates: &mut Gates<'_>, columns: &Columns, params: &CircuitParams) {
    let layout = &params.layout;
    lookup::configure(gates, columns, params.cut);
    tensor::configure(gates, columns, layout, params.cut, params.image);
    folded::configure(gates, columns, layout);
    weights::configure(gates, columns);
    poseidon::configure(gates, columns);
    arith::configure(gates, columns);
    output::configure(gates, columns, params.output);
}

pub(super) fn fixed(frozen: &FrozenArchitecture, floor: &Floor, program: &Program, fixed: &mut Fixed) {
    let (arch, layout) = (&frozen.architecture, &frozen.layout);
    lookup::fixed(arch, fixed);
    tensor::fixed(layout, floor, fixed);
    garbage::fixed(floor, fixed);
    folded::fixed(arch, layout, floor, fixed);
    poseidon::fixed(arch, floor, fixed);
    weights::fixed(arch, floor, fixed);
    arith::fixed(floor, program, fixed);
    output::fixed(arch, floor, fixed);
}

pub(super) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    weights::phase_1(inputs, witness);
    tensor::phase_1(inputs, witness);
    output::phase_1(inputs, witness);
    // Counts the rows of the two before it.
    lookup::phase_1(inputs, witness);
    garbage::phase_1(inputs, witness);
    folded::phase_1(inputs, witness);
    poseidon::phase_1(inputs, witness);
}

pub(super) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    tensor::phase_2(compiled, witness, challenges, phase_2);
    folded::phase_2(compiled, witness, challenges, phase_2);
    poseidon::phase_2(compiled, witness, phase_2);
    weights::phase_2(compiled, witness, challenges, phase_2);
    // Copies from the sums of those before it.
    arith::phase_2(compiled, witness, challenges, phase_2);
    output::phase_2(compiled, witness, phase_2);
    lookup::phase_2(compiled, witness, challenges, phase_2);
}
