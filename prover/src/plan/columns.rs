//! The columns of the circuit and what each holds.
//!
//! The fields are purposes. In the wide form each has columns of its own; in the narrow form purposes that meet on no row share one:
//!
//! | column of the narrow form | purposes, by row |
//! |---|---|
//! | `q`, `r`, `out` | `cells`; multiplicities, in `q` of the tables' rows; garbage, in `q`; squares of the hash |
//! | `s` | the fourth square of the hash |
//! | φ | `phi`; first word of the hash state |
//! | `x` | `acc_x`, `a`; second word; the statement |
//! | `y` | `acc_y`, `b`; third word; α and γ |
//! | `w` | `acc_w`, `acc`; fourth word |
//! | F1…F4 | `coefficients`, `table_q`, `table_out`, `constant` |
//! | A | the last of the `coefficients`: what the lookup does on the row |
//! | B, C, D | `round`, `weight_kind`, `arith_kind` |
//! | E | `block`, `boundary` |
//!
//! What a fixed column is said to hold below is of the wide form; of the narrow one, `kinds` and the gates of
//! `chips::narrow` say it: a constant, for example, is where D is 3, and a boundary where E is.

use super::layout::{Form, Layout};
use crate::model::Cut;
use assay_statement::field::Fr;
use halo2_proofs::plonk::{Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase};
use halo2_proofs::poly::Rotation;

/// Columns in the order in which they are declared: the weights come first, so that their commitments are the first
/// points of every proof.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Phase 1. Folded weights, biases and multipliers; nothing else, and queried at the current row only.
    pub weights: Vec<Column<Advice>>,
    /// Phase 1. `q̂, r, out` of each of the `lanes` activations of a row, interleaved; of a remainder of two limbs the low one. Off
    /// the tensor rows the same columns hold garbage coefficients, image words and the Poseidon state.
    pub cells: Vec<Column<Advice>>,
    /// Phase 1. How often each row of the pair table is looked up.
    pub pair_multiplicity: Column<Advice>,
    /// Phase 1. The same of the range table.
    pub range_multiplicity: Column<Advice>,
    /// Phase 1. `r₁` of each of the `lanes` activations, where remainders have two limbs.
    pub high: Vec<Column<Advice>>,
    /// Phase 2. LogUp helpers: sums of up to three fractions each.
    pub helpers: Vec<Column<Advice>>,
    /// Phase 2. φ, the running sum of the lookup.
    pub phi: Column<Advice>,
    /// Phase 2. Running evaluation of `out`.
    pub acc_x: Column<Advice>,
    /// Phase 2. Running evaluation of `q̂·2^s + r`, `r` of both limbs.
    pub acc_y: Column<Advice>,
    /// Phase 2. Running evaluation of the weights.
    pub acc_w: Column<Advice>,
    /// Phase 2. First operand of the arithmetic region, `acc' = acc + a·b` or `acc' = acc·a + b`.
    pub a: Column<Advice>,
    /// Phase 2. Second operand.
    pub b: Column<Advice>,
    /// Phase 2. Accumulator; the result stands on the next row.
    pub acc: Column<Advice>,

    /// 1 on tensor rows, where both lookups are active: a prefix of the rows.
    pub on: Column<Fixed>,
    /// `q̂` of the pair table; the range table too.
    pub table_q: Column<Fixed>,
    /// `out` of the pair table.
    pub table_out: Column<Fixed>,
    /// On tensor rows: masks of lanes 1…, whether the image row continues, kind of row. On Poseidon rows: constants. On
    /// folded rows: whether the last cell is zero, whether the chain goes on.
    pub coefficients: Vec<Column<Fixed>>,
    /// 1 full Poseidon round, 2 partial round.
    pub round: Column<Fixed>,
    /// Outside the tensor rows: 1 lanes folded by γ, 2 a Poseidon call ends and the next begins.
    pub block: Column<Fixed>,
    /// 1 chain goes on, 2 chain ends, 3 kernel row of three taps, 4 single weight.
    pub weight_kind: Column<Fixed>,
    /// 1 `acc' = acc + a·b`, 2 `acc' = acc·a + b`.
    pub arith_kind: Column<Fixed>,
    /// Where not 0, `a` equals it.
    pub constant: Column<Fixed>,
    /// 1 on the first row and on the row after the last tensor row: φ is 0, `a` is α and `b` is γ.
    pub boundary: Column<Fixed>,
    /// Not 0 on the rows of the logits: 1, or the class's index plus 1 where the gate of the output mode needs that.
    pub logits: Column<Fixed>,

    /// The statement, in the order of [`assay_statement::instance`].
    pub instance: Column<Instance>,

    /// α, the evaluation point of positions.
    pub alpha: Challenge,
    /// γ, the evaluation point of channels.
    pub gamma: Challenge,
    /// β, in the denominators of the lookups.
    pub beta: Challenge,
    /// θ, which compresses the pair of a lookup.
    pub theta: Challenge,
}

impl Columns {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, layout: &Layout, cut: Cut) -> Self {
        match layout.form() {
            Form::Wide => Self::wide(meta, layout, cut),
            Form::Narrow => Self::narrow(meta, layout),
        }
    }

    fn narrow(meta: &mut ConstraintSystem<Fr>, layout: &Layout) -> Self {
        let mut phase_1 = |n: usize| (0..n).map(|_| meta.advice_column_in(FirstPhase)).collect::<Vec<_>>();
        let weights = phase_1(layout.weight_columns);
        let cells = phase_1(layout.cell_columns());
        let [alpha, gamma, beta, theta] = [(); 4].map(|()| meta.challenge_usable_after(FirstPhase));
        let [phi, x, y, w] = [(); 4].map(|()| meta.advice_column_in(SecondPhase));
        let coefficients: Vec<_> = (0..layout.coefficients()).map(|_| meta.fixed_column()).collect();
        let [round, arith_kind, block, weight_kind] = [(); 4].map(|()| meta.fixed_column());
        let instance = meta.instance_column();
        // The instances are bound by a gate.
        for column in [x, y, w] {
            meta.enable_equality(column);
        }
        let on = coefficients[layout.coefficients() - 1];
        Self {
            pair_multiplicity: cells[0],
            range_multiplicity: cells[0],
            weights,
            cells,
            high: Vec::new(),
            helpers: Vec::new(),
            phi,
            acc_x: x,
            acc_y: y,
            acc_w: w,
            a: x,
            b: y,
            acc: w,
            on,
            table_q: coefficients[0],
            table_out: coefficients[1],
            constant: coefficients[0],
            coefficients,
            round,
            block,
            weight_kind,
            arith_kind,
            boundary: block,
            // There is no gate over the logits.
            logits: on,
            instance,
            alpha,
            gamma,
            beta,
            theta,
        }
    }

    fn wide(meta: &mut ConstraintSystem<Fr>, layout: &Layout, cut: Cut) -> Self {
        let mut phase_1 = |n: usize| (0..n).map(|_| meta.advice_column_in(FirstPhase)).collect::<Vec<_>>();
        let weights = phase_1(layout.weight_columns);
        let cells = phase_1(layout.cell_columns());
        let multiplicities = phase_1(2);
        let high = phase_1(layout.high_columns(cut));
        let [alpha, gamma, beta, theta] = [(); 4].map(|()| meta.challenge_usable_after(FirstPhase));
        let helpers = (0..layout.helpers(cut))
            .map(|_| meta.advice_column_in(SecondPhase))
            .collect();
        let [phi, acc_x, acc_y, acc_w, a, b, acc] = [(); 7].map(|()| meta.advice_column_in(SecondPhase));
        let [on, table_q, table_out] = [(); 3].map(|()| meta.fixed_column());
        let coefficients = (0..layout.coefficients()).map(|_| meta.fixed_column()).collect();
        let [round, block, weight_kind, arith_kind, constant, boundary, logits] = [(); 7].map(|()| meta.fixed_column());
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        for column in [acc_x, acc_y, acc_w, a, b, acc] {
            meta.enable_equality(column);
        }
        Self {
            weights,
            cells,
            pair_multiplicity: multiplicities[0],
            range_multiplicity: multiplicities[1],
            high,
            helpers,
            phi,
            acc_x,
            acc_y,
            acc_w,
            a,
            b,
            acc,
            on,
            table_q,
            table_out,
            coefficients,
            round,
            block,
            weight_kind,
            arith_kind,
            constant,
            boundary,
            logits,
            instance,
            alpha,
            gamma,
            beta,
            theta,
        }
    }

    /// Every proof opens a weight column at one new point: the budget of proofs per model counts on it.
    pub(crate) fn assert_weights_are_opened_once(&self, meta: &ConstraintSystem<Fr>) {
        for (column, rotation) in meta.advice_queries() {
            assert!(!self.weights.contains(column) || *rotation == Rotation::cur());
        }
        for column in &self.weights {
            assert!(!meta.permutation().get_columns().contains(&(*column).into()));
        }
    }
}
