//! The chips of the narrow form in order.

use crate::chips::gates::Gates;
use crate::chips::narrow::{arith, fold, hash, lookup, output, tensor};
use crate::chips::{garbage, poseidon, tensor as cells, weights};
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
    lookup::configure(gates, columns);
    tensor::configure(gates, columns, params.cut.shift(), params.image);
    fold::configure(gates, columns);
    weights::configure(gates, columns);
    hash::configure(gates, columns);
    arith::configure(gates, columns);
}

pub(super) fn fixed(frozen: &FrozenArchitecture, floor: &Floor, program: &Program, fixed: &mut Fixed) {
    let arch = &frozen.architecture;
    lookup::fixed(floor, fixed);
    tensor::fixed(floor, fixed);
    output::fixed(arch, floor, fixed);
    garbage::fixed(floor, fixed);
    poseidon::fixed(arch, floor, fixed);
    weights::fixed(arch, floor, fixed);
    arith::fixed(floor, program, fixed);
}

pub(super) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    weights::phase_1(inputs, witness);
    cells::phase_1(inputs, witness);
    output::phase_1(inputs, witness);
    // Counts the rows of the two before it.
    lookup::phase_1(inputs, witness);
    garbage::phase_1(inputs, witness);
    hash::phase_1(inputs, witness);
}

pub(super) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    tensor::phase_2(compiled, witness, challenges, phase_2);
    fold::phase_2(compiled, witness, challenges, phase_2);
    weights::phase_2(compiled, witness, challenges, phase_2);
    // Copies from the sums of those before it.
    arith::phase_2(compiled, witness, challenges, phase_2);
    hash::phase_2(compiled, phase_2);
    arith::statement(compiled, phase_2);
    lookup::phase_2(compiled, witness, challenges, phase_2);
}
