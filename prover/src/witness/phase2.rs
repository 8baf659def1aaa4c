//! Phase 2: what the challenges make of phase 1.

use crate::model::Cut;
use crate::plan::floor::Floor;
use crate::plan::layout::Layout;
use crate::plan::program::Values;
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// The circuit's challenges.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// α, the evaluation point of positions.
    pub alpha: Fr,
    /// γ, the evaluation point of channels.
    pub gamma: Fr,
    /// β, in the denominators of the lookups.
    pub beta: Fr,
    /// θ, which compresses the pair of a lookup.
    pub theta: Fr,
}

/// Values of the phase-2 columns over the usable rows.
#[derive(Debug)]
pub struct Phase2 {
    /// LogUp helpers, column by column.
    pub helpers: Vec<Vec<Fr>>,
    /// φ, the running sum of the lookup.
    pub phi: Vec<Fr>,
    /// Running evaluations and the arithmetic region.
    pub values: Values,
}

impl Phase2 {
    /// Zero everywhere, to be filled chip by chip.
    pub(crate) fn zero(layout: &Layout, cut: Cut, floor: &Floor) -> Self {
        let column = || vec![Fr::ZERO; floor.usable + 1];
        Self {
            helpers: (0..layout.helpers(cut)).map(|_| column()).collect(),
            phi: column(),
            values: Values {
                acc_x: column(),
                acc_y: column(),
                acc_w: column(),
                a: column(),
                b: column(),
                acc: column(),
            },
        }
    }
}
