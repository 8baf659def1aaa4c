//! Cells of a row folded by γ: garbage coefficients, channel after channel, or the bytes of an image word.
//!
//! The first `L` cells count, and `acc_x = Σ_l γ^l·cell_l + γ^L·[goes on]·acc_x'`; `acc_y = Σ_l 256^(L−1−l)·cell_l`, the
//! digits of a word.
//!
//! | rows | `acc_x` | `acc_y` |
//! |---|---|---|
//! | garbage ([`garbage`](super::garbage)) | of a chain over the channels, whole in its first row | not read |
//! | image words | of this row's bytes | its digits of the word |
//!
//! # Soundness
//! Byte 32 of a word is zero, so the words are 31 bytes each. That the bytes are bytes follows from the identity that compares
//! them with the image as tensor ([`identities`](crate::plan::identities)), whose cells the pair table bounds.

use super::expression::{constant, cur, fixed_cur, horner, is_kind, next, Expr};
use super::gates::Gates;
use crate::model::Architecture;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::FOLDED_LANES;
use crate::plan::layout::Layout;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use assay_statement::input;
use halo2_proofs::halo2curves::ff::Field;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, layout: &Layout) {
    let fold = layout.fold();
    gates.create("folded lanes", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.block), FOLDED_LANES, 2);
        let [last_is_zero, goes_on] = [0, 1].map(|i| fixed_cur(meta, columns.coefficients[i]));
        let gamma = meta.query_challenge(columns.gamma);
        let cells: Vec<Expr> = columns.cells[..fold].iter().map(|c| cur(meta, *c)).collect();
        let sum = horner(&cells, &gamma, Some(goes_on * next(meta, columns.acc_x)));
        let reversed: Vec<Expr> = cells.iter().rev().cloned().collect();
        let digits = horner(&reversed, &constant(256), None);
        vec![
            ("fold by gamma", on.clone() * (cur(meta, columns.acc_x) - sum)),
            ("digits of a word", on.clone() * (cur(meta, columns.acc_y) - digits)),
            ("byte 32 of a word is zero", on * last_is_zero * cells[fold - 1].clone()),
        ]
    });
}

/// Of the image words; those of the garbage are its own.
pub(crate) fn fixed(arch: &Architecture, layout: &Layout, floor: &Floor, fixed: &mut Fixed) {
    let rows_each = 32 / layout.fold();
    for n in 0..input::word_count(arch.image_len()) * rows_each {
        let row = floor.words + n;
        fixed.block[row] = FOLDED_LANES as u8;
        fixed.coefficients[0][row] = u8::from((n + 1) % rows_each == 0);
    }
}

/// The bytes of the image words.
pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs {
        layout, floor, image, ..
    } = *inputs;
    let fold = layout.fold();
    for (word, bytes) in image.chunks(input::WORD_BYTES).enumerate() {
        for (n, byte) in bytes.iter().enumerate() {
            witness.cells[n % fold][floor.words + word * (32 / fold) + n / fold] = Fr::from(u64::from(*byte));
        }
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let Compiled {
        frozen, floor, fixed, ..
    } = compiled;
    let values = &mut phase_2.values;
    let cells = &witness.cells[..frozen.layout.fold()];
    for row in (floor.on_rows..floor.end).rev() {
        if u64::from(fixed.block[row]) != FOLDED_LANES {
            continue;
        }
        let tail = if fixed.coefficients[1][row] == 1 {
            values.acc_x[row + 1]
        } else {
            Fr::ZERO
        };
        values.acc_x[row] = cells.iter().rev().fold(tail, |acc, c| acc * challenges.gamma + c[row]);
        values.acc_y[row] = cells.iter().fold(Fr::ZERO, |acc, c| acc * Fr::from(256) + c[row]);
    }
}
