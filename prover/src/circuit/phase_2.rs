//! Phase 2 of the witness: what the challenges make of phase 1.

use crate::chips::argmax::CHOSEN;
use crate::field::Fr;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{
    CALL_BOUNDARY, CHAIN_ENDS, CHAIN_GOES_ON, FOLDED_LANES, IMAGE, KERNEL_ROW, PLAIN, SINGLE, STRIDED,
};
use crate::plan::layout::{Layout, INPUTS_PER_HELPER};
use crate::plan::program::{Inputs, Values};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};

impl Phase2 {
    pub fn new(compiled: &Compiled, witness: &Witness, challenges: &Challenges) -> Self {
        let Compiled {
            frozen,
            floor,
            fixed,
            program,
        } = compiled;
        let layout = &frozen.layout;
        let mut phase_2 = Self::zero(layout, floor);
        let values = &mut phase_2.values;
        evaluate_tensors(
            frozen.architecture.shift,
            layout,
            floor,
            fixed,
            witness,
            challenges,
            values,
        );
        evaluate_folded_lanes(layout, floor, fixed, witness, challenges, values);
        evaluate_weights(fixed, witness, challenges, values);
        for boundary in fixed.boundary {
            values.a[boundary] = challenges.alpha;
            values.b[boundary] = challenges.gamma;
        }
        let inputs = Inputs {
            alpha: challenges.alpha,
            gamma: challenges.gamma,
            salt: witness.salt,
            context: witness.context,
        };
        program.run(&inputs, values);
        count_argmax(floor, witness, values);
        logup(layout, floor, fixed, witness, challenges, &mut phase_2);
        phase_2
    }
}

fn evaluate_tensors(
    shift: u32,
    layout: &Layout,
    floor: &Floor,
    fixed: &Fixed,
    witness: &Witness,
    challenges: &Challenges,
    values: &mut Values,
) {
    let w = layout.lanes;
    let modulus = Fr::from(1 << shift);
    let gamma_cubed = challenges.gamma.square() * challenges.gamma;
    let mut t = vec![Fr::ZERO; w];
    let mut out = vec![Fr::ZERO; w];
    for row in (0..floor.on_rows).rev() {
        for lane in 0..w {
            let real = lane == 0 || fixed.coefficients[lane - 1][row] == 1;
            let cell = |n: usize| {
                if real {
                    witness.cells[3 * lane + n][row]
                } else {
                    Fr::ZERO
                }
            };
            t[lane] = cell(0) * modulus + cell(1);
            out[lane] = cell(2);
        }
        let goes_on = fixed.coefficients[w - 1][row] == 1;
        let tail = |column: &[Fr]| if goes_on { column[row + 1] } else { Fr::ZERO };
        let (x_next, odd_next, y_next) = (tail(&values.acc_x), tail(&values.acc), tail(&values.acc_y));
        let alpha = challenges.alpha;
        let kind = u64::from(fixed.coefficients[w][row]);
        if kind == PLAIN {
            values.acc_x[row] = fold(out.iter(), alpha, x_next);
        } else {
            debug_assert!(kind == STRIDED || kind == IMAGE);
            let (even_tail, odd_tail) = if w % 2 == 1 {
                (odd_next, x_next)
            } else {
                (x_next, odd_next)
            };
            values.acc_x[row] = fold(out.iter().step_by(2), alpha, even_tail);
            values.acc[row] = fold(out[1..].iter().step_by(2), alpha, odd_tail);
        }
        values.acc_y[row] = if kind == IMAGE {
            fold(out.iter(), gamma_cubed, y_next)
        } else {
            fold(t.iter(), alpha, y_next)
        };
    }
}

/// `x[0] + factor·(x[1] + … + factor·tail)`.
fn fold<'a>(terms: impl DoubleEndedIterator<Item = &'a Fr>, factor: Fr, tail: Fr) -> Fr {
    terms.rev().fold(tail, |acc, x| acc * factor + x)
}

fn evaluate_folded_lanes(
    layout: &Layout,
    floor: &Floor,
    fixed: &Fixed,
    witness: &Witness,
    challenges: &Challenges,
    values: &mut Values,
) {
    let cells = &witness.cells[..layout.fold()];
    for row in (floor.on_rows..floor.end).rev() {
        match u64::from(fixed.block[row]) {
            FOLDED_LANES => {
                let tail = if fixed.coefficients[1][row] == 1 {
                    values.acc_x[row + 1]
                } else {
                    Fr::ZERO
                };
                values.acc_x[row] = cells.iter().rev().fold(tail, |acc, c| acc * challenges.gamma + c[row]);
                values.acc_y[row] = cells.iter().fold(Fr::ZERO, |acc, c| acc * Fr::from(256) + c[row]);
            }
            CALL_BOUNDARY => values.acc_x[row] = witness.cells[0][row],
            _ => {}
        }
    }
}

fn evaluate_weights(fixed: &Fixed, witness: &Witness, challenges: &Challenges, values: &mut Values) {
    for row in (0..fixed.weight_kind.len()).rev() {
        let chain = |tail: Fr| {
            witness
                .weights
                .iter()
                .rev()
                .fold(tail, |acc, c| acc * challenges.gamma + c[row])
        };
        values.acc_w[row] = match u64::from(fixed.weight_kind[row]) {
            CHAIN_GOES_ON => chain(values.acc_w[row + 1]),
            CHAIN_ENDS => chain(Fr::ZERO),
            KERNEL_ROW => witness.weights[..3]
                .iter()
                .rev()
                .fold(Fr::ZERO, |acc, c| acc * challenges.alpha + c[row]),
            SINGLE => witness.weights[0][row],
            _ => Fr::ZERO,
        };
    }
}

fn count_argmax(floor: &Floor, witness: &Witness, values: &mut Values) {
    for row in floor.logits().rows() {
        let chosen = witness.cells[CHOSEN][row];
        let before = Fr::ONE - values.b[row] - chosen;
        values.b[row + 1] = values.b[row] + chosen;
        values.acc[row + 1] = values.acc[row] + before;
    }
}

fn logup(
    layout: &Layout,
    floor: &Floor,
    fixed: &Fixed,
    witness: &Witness,
    challenges: &Challenges,
    phase_2: &mut Phase2,
) {
    let Challenges { beta, theta, .. } = *challenges;
    let tag = theta.square();
    let w = layout.lanes;
    let rows = floor.on_rows;
    // Inverses of β + f, row by row: the pairs of all lanes, the remainders of all lanes, both tables.
    let stride = 2 * w + 2;
    let half = (fixed.table_rows / 2) as u64;
    let mut inverses = vec![Fr::ZERO; rows * stride];
    let fill = |row: usize, slot: &mut [Fr]| {
        for lane in 0..w {
            let cell = |n: usize| witness.cells[3 * lane + n][row];
            slot[lane] = beta + cell(0) + theta * cell(2) + tag;
            slot[w + lane] = beta + cell(1);
        }
        let index = if row < fixed.table_rows { row as u64 } else { 0 };
        let out = index.saturating_sub(half).min(255);
        slot[2 * w] = beta + Fr::from(index) + theta * Fr::from(out) + tag;
        slot[2 * w + 1] = beta + Fr::from(index);
    };
    {
        use rayon::prelude::*;
        const ROWS: usize = 4096;
        inverses
            .par_chunks_mut(stride * ROWS)
            .enumerate()
            .for_each(|(n, chunk)| {
                for (i, slot) in chunk.chunks_mut(stride).enumerate() {
                    fill(n * ROWS + i, slot);
                }
                chunk.batch_invert();
            });
    }
    let Phase2 { helpers, phi, .. } = phase_2;
    for row in 0..rows {
        let slot = &inverses[row * stride..(row + 1) * stride];
        let mut sum = Fr::ZERO;
        for (helper, inputs) in helpers.iter_mut().zip(slot[..2 * w].chunks(INPUTS_PER_HELPER)) {
            helper[row] = inputs.iter().sum();
            sum += helper[row];
        }
        let table = witness.pair_multiplicity[row] * slot[2 * w] + witness.range_multiplicity[row] * slot[2 * w + 1];
        phi[row + 1] = phi[row] + sum - table;
    }
}
