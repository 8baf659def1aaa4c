//! Running evaluations over the cells of a row.
//!
//! A tensor row holds `w` neighbouring columns of one image row; the sums run over the rows of that image row and are
//! whole in its first one:
//!
//! | kind of row | `acc_x` | `acc` | `acc_y` |
//! |---|---|---|---|
//! | 0 plain | `Σ_j α^j·out` | free | `Σ_j α^j·(q̂·2^s + r)` |
//! | 1 read with stride 2 | `Σ_j α^j·out[2j]` | `Σ_j α^j·out[2j+1]` | as plain |
//! | 2 image | as 1 | as 1 | `Σ_j γ^(3j)·out` |
//!
//! # Soundness
//! Lane 0 of a tensor row is always a real cell; the others enter through their mask, so no tail slot can enter a sum.
//! A sum starts where the continuation is 0, by a fixed column.

use super::expression::{constant, cur, fixed, horner, is_kind, next, Expr};
use super::gates::Gates;
use crate::field::Fr;
use crate::plan::columns::Columns;
use crate::plan::kinds::{FOLDED_LANES, IMAGE, STRIDED};
use crate::plan::layout::Layout;
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
    fn new(meta: &mut VirtualCells<'_, Fr>, columns: &Columns, layout: &Layout) -> Self {
        let w = layout.lanes;
        let coefficient: Vec<Expr> = columns.coefficients.iter().map(|c| fixed(meta, *c)).collect();
        let kind = &coefficient[w];
        Self {
            on: fixed(meta, columns.on),
            masks: std::iter::once(None)
                .chain(coefficient[..w - 1].iter().cloned().map(Some))
                .collect(),
            continues: coefficient[w - 1].clone(),
            strided: is_kind(kind, STRIDED, IMAGE) + is_kind(kind, IMAGE, IMAGE),
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

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, layout: &Layout, shift: u32) {
    let w = layout.lanes;
    gates.create("outputs as input of the next layer", |meta| {
        let row = Row::new(meta, columns, layout);
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
        let row = Row::new(meta, columns, layout);
        let modulus = constant(1 << shift);
        let t: Vec<Expr> = columns
            .cells
            .chunks(3)
            .map(|lane| cur(meta, lane[0]) * modulus.clone() + cur(meta, lane[1]))
            .collect();
        let out: Vec<Expr> = columns.cells.chunks(3).map(|lane| cur(meta, lane[2])).collect();
        let tail = next(meta, columns.acc_y);
        let plain = row.sum(&t, 0..w, &row.alpha, tail.clone());
        let gamma_cubed = row.gamma.clone() * row.gamma.clone() * row.gamma.clone();
        let image = row.sum(&out, 0..w, &gamma_cubed, tail);
        let expected = cur(meta, columns.acc_y) - plain.clone() - row.image.clone() * (image - plain);
        vec![("sum of quotients and remainders", row.on.clone() * expected)]
    });

    gates.create("image byte", |meta| {
        let row = Row::new(meta, columns, layout);
        let offset = constant(1 << (shift - 1));
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

/// `acc_x = Σ_l γ^l·cell_l + γ^L·[goes on]·acc_x'` over the first `L` cells of a row: garbage coefficients of channel
/// after channel, or bytes of an image word. `acc_y = Σ_l 256^(L−1−l)·cell_l`, the word's digits, is used for the latter.
pub(crate) fn configure_folded_lanes(gates: &mut Gates<'_>, columns: &Columns, layout: &Layout) {
    let fold = layout.fold();
    gates.create("folded lanes", |meta| {
        let on = is_kind(&fixed(meta, columns.block), FOLDED_LANES, 2);
        let [last_is_zero, goes_on] = [0, 1].map(|i| fixed(meta, columns.coefficients[i]));
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
