//! What becomes public of the logits: the chip of the architecture's output mode.
//!
//! | mode | chip |
//! |---|---|
//! | `top1`, `bit` | [`argmax`] |
//! | `top5` | [`top5`] |
//! | `logits` | [`logits`] |
//!
//! They share the rows of the logits, the fixed column that switches them on, and the columns `a`, `b` and `acc`; a circuit
//! has one of them. What they start and end with is said in [`identities`](crate::plan::identities).

use super::gates::Gates;
use super::{argmax, logits, top5};
use crate::model::{Architecture, OutputMode};
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::witness::phase2::Phase2;
use crate::witness::{Inputs, Witness};

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, mode: OutputMode) {
    match mode {
        OutputMode::Top1 | OutputMode::Bit => argmax::configure(gates, columns),
        OutputMode::Top5 => top5::configure(gates, columns),
        OutputMode::Logits => logits::configure(gates, columns),
    }
}

pub(crate) fn fixed(arch: &Architecture, floor: &Floor, fixed: &mut Fixed) {
    match arch.output {
        OutputMode::Top1 | OutputMode::Bit => argmax::fixed(floor, fixed),
        OutputMode::Top5 => top5::fixed(floor, fixed),
        OutputMode::Logits => logits::fixed(floor, fixed),
    }
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    match inputs.arch.output {
        OutputMode::Top1 | OutputMode::Bit => argmax::phase_1(inputs, witness),
        OutputMode::Top5 => top5::phase_1(inputs, witness),
        // The tensor's own cells are all there is.
        OutputMode::Logits => {}
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, phase_2: &mut Phase2) {
    match compiled.frozen.architecture.output {
        OutputMode::Top1 | OutputMode::Bit => argmax::phase_2(compiled, witness, phase_2),
        OutputMode::Top5 => top5::phase_2(compiled, witness, phase_2),
        OutputMode::Logits => logits::phase_2(compiled, witness, phase_2),
    }
}
