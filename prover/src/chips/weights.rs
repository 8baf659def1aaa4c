//! Running evaluations over the weight columns.
//!
//! | kind of row | `acc_w` |
//! |---|---|
//! | 1 chain goes on | `Σ_o γ^o·W[o] + γ^width·acc_w'` |
//! | 2 chain ends | `Σ_o γ^o·W[o]` |
//! | 3 kernel row | `W[0] + α·W[1] + α²·W[2]` |
//! | 4 single weight | `W[0]` |
//!
//! A chain holds one number per output channel, or per output channel of a group, and is whole in its first row. The columns hold the parameters from the first
//! row on and salt in the last rows: they depend on the model and its secret only, and their commitments are the model's.
//!
//! # Soundness
//! Slots beyond the last channel stand at powers γ^o at which no output lives: whatever they hold, the identity of output `o`
//! does not see it, and where an output would stand their contribution has to vanish. Kernel rows and single numbers use only
//! the columns named here.

use super::expression::{cur, fixed_cur, horner, is_kind, next, Expr};
use super::gates::Gates;
use crate::model::{Architecture, FoldedLayer, FoldedModel, Op};
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::{Floor, WeightForm};
use crate::plan::kinds::{CHAIN_ENDS, CHAIN_GOES_ON, KERNEL_ROW, SINGLE};
use crate::plan::layout::Layout;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::{from_i64, Fr};
use halo2_proofs::halo2curves::ff::Field;
use std::ops::Range;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("weights", |meta| {
        let kind = fixed_cur(meta, columns.weight_kind);
        let [goes_on, ends, kernel_row, single] =
            [CHAIN_GOES_ON, CHAIN_ENDS, KERNEL_ROW, SINGLE].map(|v| is_kind(&kind, v, SINGLE));
        let [alpha, gamma] = [columns.alpha, columns.gamma].map(|c| meta.query_challenge(c));
        let weights: Vec<Expr> = columns.weights.iter().map(|c| cur(meta, *c)).collect();
        let acc = cur(meta, columns.acc_w);
        let acc_next = next(meta, columns.acc_w);
        let chain = horner(&weights, &gamma, None);
        let chain_goes_on = horner(&weights, &gamma, Some(acc_next));
        vec![
            ("chain goes on", goes_on * (acc.clone() - chain_goes_on)),
            ("chain ends", ends * (acc.clone() - chain)),
            (
                "kernel row",
                kernel_row * (acc.clone() - horner(&weights[..3], &alpha, None)),
            ),
            ("single weight", single * (acc - weights[0].clone())),
        ]
    });
}

pub(crate) fn fixed(arch: &Architecture, floor: &Floor, fixed: &mut Fixed) {
    for (i, layer) in arch.layers.iter().enumerate() {
        let rows = floor.weights[i];
        let chains = |range: Range<usize>, chain: usize, kind: &mut [u8]| {
            for (n, value) in kind[range].iter_mut().enumerate() {
                *value = if (n + 1) % chain == 0 {
                    CHAIN_ENDS
                } else {
                    CHAIN_GOES_ON
                } as u8;
            }
        };
        match &layer.op {
            Op::Conv(conv) => {
                match WeightForm::of(conv) {
                    WeightForm::Chains => chains(rows.start..rows.bias, rows.chain, &mut fixed.weight_kind),
                    WeightForm::KernelRows => fixed.weight_kind[rows.start..rows.bias].fill(KERNEL_ROW as u8),
                    WeightForm::Singles => fixed.weight_kind[rows.start..rows.bias].fill(SINGLE as u8),
                }
                chains(
                    rows.bias..rows.bias + rows.bias_chain,
                    rows.bias_chain,
                    &mut fixed.weight_kind,
                );
            }
            Op::Add { .. } | Op::GlobalAvgPool { .. } => {
                fixed.weight_kind[rows.start..rows.bias].fill(SINGLE as u8);
            }
            Op::Concat { .. } => {}
        }
    }
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs {
        arch,
        layout,
        floor,
        folded,
        weight_salts,
        ..
    } = *inputs;
    fill(arch, layout, floor, folded, weight_salts, &mut witness.weights);
}

/// The weight columns of a model.
pub(crate) fn weight_columns(
    arch: &Architecture,
    layout: &Layout,
    floor: &Floor,
    folded: &FoldedModel,
    salts: &[Vec<Fr>],
) -> Vec<Vec<Fr>> {
    let mut columns = vec![vec![Fr::ZERO; floor.usable]; layout.weight_columns];
    fill(arch, layout, floor, folded, salts, &mut columns);
    columns
}

fn fill(
    arch: &Architecture,
    layout: &Layout,
    floor: &Floor,
    folded: &FoldedModel,
    salts: &[Vec<Fr>],
    columns: &mut [Vec<Fr>],
) {
    let width = columns.len();
    let salt_rows = floor.salt_rows(layout);
    for (column, salt) in columns.iter_mut().zip(salts) {
        column[salt_rows.clone()].copy_from_slice(salt);
    }
    let mut put = |row: usize, slot: usize, value: i64| columns[slot % width][row + slot / width] = from_i64(value);
    for (i, layer) in arch.layers.iter().enumerate() {
        let rows = floor.weights[i];
        match (&layer.op, &folded.layers[i]) {
            (Op::Conv(conv), FoldedLayer::Conv { weights, bias }) => {
                let (per_output, taps) = (weights.len() / conv.out_channels, conv.kind.kernel().taps());
                let in_channels = arch.shape(conv.input).c;
                for (n, value) in weights.iter().enumerate() {
                    let (row, slot) = match WeightForm::of(conv) {
                        WeightForm::Chains => {
                            let (o, of_output) = (n / per_output, n % per_output);
                            let chain = conv.channels_of(o, in_channels).start * taps + of_output;
                            (chain * rows.chain, o % rows.slots.group)
                        }
                        // Its taps from right to left.
                        WeightForm::KernelRows => (n / 3, 2 - n % 3),
                        WeightForm::Singles => (n, 0),
                    };
                    put(rows.start + row, slot, *value);
                }
                for (o, value) in bias.iter().enumerate() {
                    put(rows.bias, rows.slots.of(o), *value);
                }
            }
            (_, FoldedLayer::Add { lhs, rhs, bias }) => {
                for (n, value) in [lhs, rhs, bias].into_iter().enumerate() {
                    put(rows.start + n, 0, *value);
                }
            }
            (_, FoldedLayer::Pool { multiplier, bias }) => {
                for (n, value) in [multiplier, bias].into_iter().enumerate() {
                    put(rows.start + n, 0, *value);
                }
            }
            (_, FoldedLayer::Concat) => {}
            _ => unreachable!("fold checked the kinds"),
        }
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let fixed = &compiled.fixed;
    let values = &mut phase_2.values;
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
