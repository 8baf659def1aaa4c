//! Phase 1: the reference trace, the parameters and the image as columns.

use crate::model::{Architecture, FoldedModel};
use crate::plan::floor::Floor;
use crate::plan::layout::Layout;
use crate::reference::Trace;
use assay_statement::field::Fr;
use assay_statement::input::InputSalt;
use halo2_proofs::halo2curves::ff::Field;

/// Values of the phase-1 columns over the usable rows, and what phase 2 needs besides.
#[derive(Clone)]
pub struct Witness {
    /// Folded weights, biases and multipliers, and the salt rows.
    pub weights: Vec<Vec<Fr>>,
    /// `q̂, r, out` of each lane, interleaved; of a remainder of two limbs the low one.
    pub cells: Vec<Vec<Fr>>,
    /// How often each row of the pair table is looked up; empty in the narrow form, as the next one: they are among the cells.
    pub pair_multiplicity: Vec<Fr>,
    /// The same of the range table.
    pub range_multiplicity: Vec<Fr>,
    /// The high limb of each lane, where there are two.
    pub high: Vec<Vec<Fr>>,
    /// Salt of the input.
    pub salt: Fr,
    /// What the proof is bound to.
    pub context: Fr,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witness(hidden)")
    }
}

/// All that goes into one proof.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The network.
    pub arch: &'a Architecture,
    /// Number of rows and columns.
    pub layout: &'a Layout,
    /// Which rows hold what.
    pub floor: &'a Floor,
    /// The numbers that are committed to.
    pub folded: &'a FoldedModel,
    /// Random rows of each weight column.
    pub weight_salts: &'a [Vec<Fr>],
    /// The run of `folded` on `image`.
    pub trace: &'a Trace,
    /// Row-major HWC.
    pub image: &'a [u8],
    /// Hides the image behind its commitment.
    pub salt: &'a InputSalt,
    /// What the proof is bound to.
    pub context: Fr,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inputs(hidden)")
    }
}

impl Witness {
    /// Zero everywhere, to be filled chip by chip.
    pub(crate) fn zero(inputs: &Inputs<'_>) -> Self {
        let Inputs {
            arch, layout, floor, ..
        } = *inputs;
        let column = || vec![Fr::ZERO; floor.usable];
        let multiplicities = || vec![Fr::ZERO; floor.usable * layout.multiplicities().min(1)];
        Self {
            weights: (0..layout.weight_columns).map(|_| column()).collect(),
            cells: (0..layout.cell_columns()).map(|_| column()).collect(),
            pair_multiplicity: multiplicities(),
            range_multiplicity: multiplicities(),
            high: (0..layout.high_columns(arch.cut())).map(|_| column()).collect(),
            salt: inputs.salt.to_field(),
            context: inputs.context,
        }
    }
}
