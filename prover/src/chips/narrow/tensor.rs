//! Running evaluations, an activation a row.
//!
//! `x″` is `x` two rows on and `x⁽ⁿ⁾` of the next pixel of the same channel, or of the next but one where the image is read with
//! stride 2. Sums run over an image row and are whole at its first pixel:
//!
//! | row | `x` | `y` |
//! |---|---|---|
//! | activation | `out + α·(F1·x' + F2·x″)` | `q̂·2^s + r + α·F3·y'` |
//! | byte | `out + α·F1·x⁽ⁿ⁾` | `out + F2·y'/256` |
//!
//! Read with stride 2, F1 is 0 and F2 is 1 but on the last two pixels: the first pixel has the sum of the even columns, the second one
//! that of the odd ones. Bytes are in the order of the image's words, whose first byte has `Σ_l byte_l·256^(−l)`.
//!
//! # Soundness
//! Each row is a real cell, so there is no tail to keep out. A sum ends where the continuation is 0, by a fixed column. That an image
//! row holds a byte needs no gate: its `(q̂, out)` is a pair of the table, whose second numbers are the bytes 0..=255 and nothing else,
//! and network and hash read `out`. A byte of 0 or 255 has many pairs, and any `r` will do: that is the freedom that rows of the image
//! have.

use crate::chips::expression::{constant, cur, fixed_cur, is_kind, next, Expr};
use crate::chips::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::{Floor, ImageRead, TensorRows};
use crate::plan::kinds::{ACTIVATION, BYTE, ENTRY};
use crate::plan::narrow_floor::STATEMENT_ROWS;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;
use assay_statement::field::Fr;
use assay_statement::input;
use halo2_proofs::poly::Rotation;

/// Rows from a byte to the one whose sum its own takes.
fn to_next_byte(image: ImageRead) -> usize {
    match image {
        ImageRead::Whole => 3,
        ImageRead::ByStride2 => 6,
    }
}

fn inverse_of_256() -> Fr {
    Fr::from(256).invert().expect("256 is not zero")
}

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, shift: u32, image: ImageRead) {
    gates.create("narrow tensor", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.on), ACTIVATION, ENTRY);
        let alpha = meta.query_challenge(columns.alpha);
        let [q, r, out] = [0, 1, 2].map(|n| cur(meta, columns.cells[n]));
        let [to_next, to_next_but_one, y_goes_on] = [0, 1, 2].map(|n| fixed_cur(meta, columns.coefficients[n]));
        let next_but_one = meta.query_advice(columns.acc_x, Rotation(2));
        let tail = to_next * next(meta, columns.acc_x) + to_next_but_one * next_but_one;
        let x = cur(meta, columns.acc_x) - out - alpha.clone() * tail;
        let t = q * constant(1 << shift) + r;
        let y = cur(meta, columns.acc_y) - t - alpha * (y_goes_on * next(meta, columns.acc_y));
        vec![
            ("sum of out", on.clone() * x),
            ("sum of quotients and remainders", on * y),
        ]
    });

    gates.create("narrow image", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.on), BYTE, ENTRY);
        let alpha = meta.query_challenge(columns.alpha);
        let out = cur(meta, columns.cells[2]);
        let [x_goes_on, y_goes_on] = [0, 1].map(|n| fixed_cur(meta, columns.coefficients[n]));
        let tail = meta.query_advice(columns.acc_x, Rotation(to_next_byte(image) as i32));
        let x = cur(meta, columns.acc_x) - out.clone() - alpha * (x_goes_on * tail);
        let y: Expr = cur(meta, columns.acc_y) - out - y_goes_on * next(meta, columns.acc_y) * inverse_of_256();
        vec![("sum of bytes", on.clone() * x), ("digits of a word", on * y)]
    });
}

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    let (image, computed) = floor.tensors.split_first().expect("the image is there");
    for tensor in computed {
        for (row, j) in pixels(tensor) {
            fixed.kind_of_row()[row] = ACTIVATION as u8;
            let goes_on = |pixels: usize| u8::from(j + pixels < tensor.shape.w);
            match tensor.strided {
                false => fixed.coefficients[0][row] = goes_on(1),
                true => fixed.coefficients[1][row] = goes_on(2),
            }
            fixed.coefficients[2][row] = goes_on(1);
        }
    }
    let last = image.rows().end - 1;
    for (row, j) in pixels(image) {
        fixed.kind_of_row()[row] = BYTE as u8;
        let pixels = if image.strided { 2 } else { 1 };
        fixed.coefficients[0][row] = u8::from(j + pixels < image.shape.w);
        let word_ends = (row - image.start + 1).is_multiple_of(input::WORD_BYTES) || row == last;
        fixed.coefficients[1][row] = u8::from(!word_ends);
    }
}

/// Row and column of each cell of a tensor.
fn pixels(tensor: &TensorRows) -> impl Iterator<Item = (usize, usize)> + '_ {
    let lines = (0..tensor.shape.c).flat_map(move |c| (0..tensor.shape.h).map(move |i| (c, i)));
    lines.flat_map(move |(c, i)| (0..tensor.shape.w).map(move |j| (tensor.cell(c, i, j, 1).0, j)))
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let Compiled {
        frozen, floor, fixed, ..
    } = compiled;
    let values = &mut phase_2.values;
    let modulus = Fr::from(1 << frozen.architecture.shift);
    let to_next_byte = to_next_byte(ImageRead::of(&frozen.architecture));
    let (alpha, inverse_of_256) = (challenges.alpha, inverse_of_256());
    let [q, r, out] = [0, 1, 2].map(|n| &witness.cells[n]);
    let table = floor.narrow.expect("the floor is of the narrow form").table;
    for row in (STATEMENT_ROWS..table).rev() {
        let goes_on = |n: usize| fixed.coefficients[n][row] == 1;
        let (mut x, mut y) = (out[row], out[row]);
        if fixed.kind(row) == BYTE {
            if goes_on(0) {
                x += alpha * values.acc_x[row + to_next_byte];
            }
            if goes_on(1) {
                y += inverse_of_256 * values.acc_y[row + 1];
            }
        } else {
            y = q[row] * modulus + r[row];
            if goes_on(0) {
                x += alpha * values.acc_x[row + 1];
            }
            if goes_on(1) {
                x += alpha * values.acc_x[row + 2];
            }
            if goes_on(2) {
                y += alpha * values.acc_y[row + 1];
            }
        }
        values.acc_x[row] = x;
        values.acc_y[row] = y;
    }
}
