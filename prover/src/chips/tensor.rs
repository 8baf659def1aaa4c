//! Running evaluations over the cells of a row.
//!
//! A tensor row holds `w` neighbouring columns of one image row; the sums run over the rows of that image row and are
//! whole in its first one:
//!
//! | kind of row | `acc_x` | `acc` | `acc_y` |
//! |---|---|---|---|
//! | 0 plain | `Σ_j α^j·out` | free | `Σ_j α^j·t`, `t = q̂·2^s + r` |
//! | 1 read with stride 2 | `Σ_j α^j·out[2j]` | `Σ_j α^j·out[2j+1]` | as plain |
//! | 2 image, read whole | as 0 | free | `Σ_j γ^(3j)·out` |
//! | 2 image, read with stride 2 | as 1 | as 1 | `Σ_j γ^(3j)·out` |
//!
//! A remainder of two limbs is `r = r₁·2^b + r₀` ([`Cut`]), with `r₁` in a column beside the lane's three.
//!
//! # Soundness
//! Lane 0 of a tensor row is always a real cell; the others enter through their mask, so no tail slot can enter a sum.
//! A sum starts where the continuation is 0, by a fixed column.

use super::expression::{constant, cur, fixed_cur, horner, is_kind, next, Expr};
use super::gates::Gates;
use crate::model::Cut;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::{Floor, ImageRead};
use crate::plan::kinds::{IMAGE, PLAIN, STRIDED};
use crate::plan::layout::Layout;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::VirtualCells;

struct Row {
    on: Expr,
    /// Mask of each lane; lane 0 has none.
    masks: Vec<Option<Expr>>,
    continues: Expr,
    strided: Expr,
    image: Expr,
    alpha: Expr,
    gamma: Expr,
}

impl Row {
    fn new(meta: &mut VirtualCells<'_, Fr>, columns: &Columns, layout: &Layout, image: ImageRead) -> Self {
        let w = layout.lanes;
        let coefficient: Vec<Expr> = columns.coefficients.iter().map(|c| fixed_cur(meta, *c)).collect();
        let kind = &coefficient[w];
        Self {
            on: fixed_cur(meta, columns.on),
            masks: std::iter::once(None)
                .chain(coefficient[..w - 1].iter().cloned().map(Some))
                .collect(),
            continues: coefficient[w - 1].clone(),
            strided: match image {
                ImageRead::ByStride2 => is_kind(kind, STRIDED, IMAGE) + is_kind(kind, IMAGE, IMAGE),
                ImageRead::Whole => is_kind(kind, STRIDED, IMAGE),
            },
            image: is_kind(kind, IMAGE, IMAGE),
            alpha: meta.query_challenge(columns.alpha),
            gamma: meta.query_challenge(columns.gamma),
        }
    }

    fn masked(&self, lane: usize, value: Expr) -> Expr {
        match &self.masks[lane] {
            None => value,
            Some(mask) => mask.clone() * value,
        }
    }

    /// `Σ_t factor^t·mask·value[t] + factor^len·continues·tail`, over the given lanes.
    fn sum(&self, values: &[Expr], lanes: impl Iterator<Item = usize>, factor: &Expr, tail: Expr) -> Expr {
        let terms: Vec<Expr> = lanes.map(|lane| self.masked(lane, values[lane].clone())).collect();
        horner(&terms, factor, Some(self.continues.clone() * tail))
    }
}

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, layout: &Layout, cut: Cut, image: ImageRead) {
    let w = layout.lanes;
    gates.create("outputs as input of the next layer", |meta| {
        let row = Row::new(meta, columns, layout, image);
        let out: Vec<Expr> = columns.cells.chunks(3).map(|lane| cur(meta, lane[2])).collect();
        let (even, odd) = (cur(meta, columns.acc_x), cur(meta, columns.acc));
        let (even_next, odd_next) = (next(meta, columns.acc_x), next(meta, columns.acc));
        let plain = row.sum(&out, 0..w, &row.alpha, even_next.clone());
        // With an odd number of lanes the next row starts on the other parity.
        let (even_tail, odd_tail) = if w % 2 == 1 {
            (odd_next, even_next)
        } else {
            (even_next, odd_next)
        };
        let strided_even = row.sum(&out, (0..w).step_by(2), &row.alpha, even_tail);
        let strided_odd = row.sum(&out, (1..w).step_by(2), &row.alpha, odd_tail);
        let expected = plain.clone() + row.strided.clone() * (strided_even - plain);
        vec![
            ("sum of out", row.on.clone() * (even - expected)),
            (
                "sum of out, odd columns",
                row.on.clone() * row.strided.clone() * (odd - strided_odd),
            ),
        ]
    });

    gates.create("outputs of this layer", |meta| {
        let row = Row::new(meta, columns, layout, image);
        let modulus = constant(1 << cut.shift());
        let limb = constant(1 << cut.table_bits());
        let mut t: Vec<Expr> = columns
            .cells
            .chunks(3)
            .map(|lane| cur(meta, lane[0]) * modulus.clone() + cur(meta, lane[1]))
            .collect();
        for (t, high) in t.iter_mut().zip(&columns.high) {
            *t = t.clone() + cur(meta, *high) * limb.clone();
        }
        let out: Vec<Expr> = columns.cells.chunks(3).map(|lane| cur(meta, lane[2])).collect();
        let tail = next(meta, columns.acc_y);
        let plain = row.sum(&t, 0..w, &row.alpha, tail.clone());
        let gamma_cubed = row.gamma.clone() * row.gamma.clone() * row.gamma.clone();
        let of_bytes = row.sum(&out, 0..w, &gamma_cubed, tail);
        let expected = cur(meta, columns.acc_y) - plain.clone() - row.image.clone() * (of_bytes - plain);
        vec![("sum of quotients and remainders", row.on.clone() * expected)]
    });

    gates.create("image byte", |meta| {
        let row = Row::new(meta, columns, layout, image);
        let offset = constant(cut.half() as u64);
        // Redundant for soundness, whatever the lane. An image row is a tensor row, so its (q̂, out) is a pair of the table,
        // whose second numbers are the bytes 0..=255 and nothing else. Sums over image rows read `out` and not q̂ or r
        // (`acc_x`, `acc` and, by the term of kind 2, `acc_y`), and no other gate is active here: bytes in, and what the
        // network and the hash see are these bytes. All this gate adds is that q̂ follows from `out` where the table
        // clips (bytes 0 and 255 have many pairs), so that the witness is unique. It goes with the next change of keys.
        columns
            .cells
            .chunks(3)
            .enumerate()
            .map(|(lane, cells)| {
                let (q, out) = (cur(meta, cells[0]), cur(meta, cells[2]));
                let byte = row.on.clone() * row.image.clone() * (q - out - offset.clone());
                // A tail lane holds the pair (0, 0).
                (format!("byte of lane {lane}"), row.masked(lane, byte))
            })
            .collect()
    });
}

pub(crate) fn fixed(layout: &Layout, floor: &Floor, fixed: &mut Fixed) {
    let w = layout.lanes;
    for tensor in &floor.tensors {
        for (n, row) in tensor.rows().enumerate() {
            let line_row = n % tensor.line_rows;
            let real = (tensor.shape.w - line_row * w).min(w);
            for lane in 1..real {
                fixed.coefficients[lane - 1][row] = 1;
            }
            fixed.coefficients[w - 1][row] = u8::from(line_row + 1 < tensor.line_rows);
            fixed.coefficients[w][row] = tensor.kind as u8;
        }
    }
    debug_assert!(IMAGE <= u64::from(u8::MAX));
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs {
        arch,
        layout,
        floor,
        trace,
        ..
    } = *inputs;
    let cut = arch.cut();
    for (t, rows) in floor.tensors.iter().enumerate() {
        let mut index = 0;
        for c in 0..rows.shape.c {
            for i in 0..rows.shape.h {
                for j in 0..rows.shape.w {
                    let (row, lane) = rows.cell(c, i, j, layout.lanes);
                    let (q, r, out) = match t.checked_sub(1) {
                        None => {
                            let byte = u64::from(trace.image[index]);
                            (byte + cut.half() as u64, 0, byte)
                        }
                        Some(layer) => {
                            let layer = &trace.layers[layer];
                            (layer.q_hat[index].into(), layer.r[index], layer.out[index].into())
                        }
                    };
                    let [low, high] = cut.limbs_of(r).map(u64::from);
                    for (n, value) in [q, low, out].into_iter().enumerate() {
                        witness.cells[3 * lane + n][row] = Fr::from(value);
                    }
                    if let Some(column) = witness.high.get_mut(lane) {
                        column[row] = Fr::from(high);
                    }
                    index += 1;
                }
            }
        }
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let Compiled {
        frozen, floor, fixed, ..
    } = compiled;
    let values = &mut phase_2.values;
    let w = frozen.layout.lanes;
    let cut = frozen.architecture.cut();
    let [modulus, limb] = [cut.shift(), cut.table_bits()].map(|bits| Fr::from(1 << bits));
    let image = ImageRead::of(&frozen.architecture);
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
            if let Some(column) = witness.high.get(lane).filter(|_| real) {
                t[lane] += column[row] * limb;
            }
            out[lane] = cell(2);
        }
        let goes_on = fixed.coefficients[w - 1][row] == 1;
        let tail = |column: &[Fr]| if goes_on { column[row + 1] } else { Fr::ZERO };
        let (x_next, odd_next, y_next) = (tail(&values.acc_x), tail(&values.acc), tail(&values.acc_y));
        let alpha = challenges.alpha;
        let kind = u64::from(fixed.coefficients[w][row]);
        if kind == PLAIN || (kind == IMAGE && image == ImageRead::Whole) {
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
