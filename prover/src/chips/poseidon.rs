//! Poseidon over BN254 with circomlib's parameters, one round a row.
//!
//! The first cells of a row hold the state before the round, the next ones the squares `(s_i + c_i)²`: with them the
//! S-box `x^5 = square²·x` keeps the gate at degree 5.
//!
//! | row | what holds |
//! |---|---|
//! | round 1 full | next state = MDS · every word after the S-box |
//! | round 2 partial | next state = MDS · the words, only the first after the S-box |
//! | block 2 call boundary | `acc_x` is the hash of the call that ends; the call that begins absorbs `acc, a, b` |

use super::expression::{cur, fixed_cur, is_kind, next, Expr};
use super::gates::Gates;
use crate::model::Architecture;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{CALL_BOUNDARY, FULL, PARTIAL};
use crate::witness::phase2::Phase2;
use crate::witness::{Inputs, Witness};
use assay_statement::input;
use assay_statement::poseidon::{self, WIDTH};
use halo2_proofs::plonk::{Advice, Column};

/// The rounds, over the columns of the state and of the squares.
pub(super) fn rounds(gates: &mut Gates<'_>, columns: &Columns, state: &[Column<Advice>], squares: &[Column<Advice>]) {
    gates.create("poseidon round", |meta| {
        let kind = fixed_cur(meta, columns.round);
        let [full, partial] = [FULL, PARTIAL].map(|v| is_kind(&kind, v, PARTIAL));
        let active = full.clone() + partial.clone();
        let linear: Vec<Expr> = (0..WIDTH)
            .map(|i| cur(meta, state[i]) + fixed_cur(meta, columns.coefficients[i]))
            .collect();
        let squares: Vec<Expr> = squares.iter().map(|c| cur(meta, *c)).collect();
        let sbox: Vec<Expr> = linear
            .iter()
            .zip(&squares)
            .map(|(x, sq)| sq.clone() * sq.clone() * x.clone())
            .collect();
        let mut constraints: Vec<(String, Expr)> = (0..WIDTH)
            .map(|i| {
                let used = if i == 0 { active.clone() } else { full.clone() };
                let square = used * (squares[i].clone() - linear[i].clone() * linear[i].clone());
                (format!("square of word {i}"), square)
            })
            .collect();
        let mds = &poseidon::parameters().mds;
        for i in 0..WIDTH {
            let first = sbox[0].clone() * mds[i][0];
            let mix = |parts: &[Expr]| {
                (1..WIDTH)
                    .map(|j| parts[j].clone() * mds[i][j])
                    .reduce(|a, b| a + b)
                    .expect("width is above 1")
            };
            let next_state = next(meta, state[i]) - first;
            let mixed = active.clone() * next_state - full.clone() * mix(&sbox) - partial.clone() * mix(&linear);
            constraints.push((format!("next word {i}"), mixed));
        }
        constraints
    });
}

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    let (state, squares) = (&columns.cells[..WIDTH], &columns.cells[WIDTH..2 * WIDTH]);
    rounds(gates, columns, state, squares);
    gates.create("poseidon call", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.block), CALL_BOUNDARY, 2);
        let inputs = [columns.acc, columns.a, columns.b].map(|c| cur(meta, c));
        let mut constraints = vec![
            (
                "hash is the first word".to_owned(),
                on.clone() * (cur(meta, columns.acc_x) - cur(meta, state[0])),
            ),
            ("capacity starts at zero".to_owned(), on.clone() * next(meta, state[0])),
        ];
        for (i, input) in inputs.into_iter().enumerate() {
            let word = on.clone() * (next(meta, state[i + 1]) - input);
            constraints.push((format!("input word {i}"), word));
        }
        constraints
    });
}

pub(crate) fn fixed(arch: &Architecture, floor: &Floor, fixed: &mut Fixed) {
    let p = poseidon::parameters();
    let calls = 1 + input::call_count(arch.image_len());
    for call in 0..=calls {
        let boundary = floor.poseidon + call * (p.rounds() + 1);
        fixed.block[boundary] = CALL_BOUNDARY as u8;
        if call < calls {
            for r in 0..p.rounds() {
                let row = boundary + 1 + r;
                fixed.round[row] = if p.is_full(r) { FULL } else { PARTIAL } as u8;
                fixed.round_constants.push((row, r));
            }
        }
    }
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs { floor, image, salt, .. } = *inputs;
    let p = poseidon::parameters();
    for (call, inputs) in input::calls(image, salt).iter().enumerate() {
        let first = floor.poseidon + call * (p.rounds() + 1) + 1;
        for (r, state) in poseidon::trace(inputs).iter().enumerate() {
            for i in 0..WIDTH {
                witness.cells[i][first + r] = state[i];
                if r < p.rounds() && (i == 0 || p.is_full(r)) {
                    witness.cells[WIDTH + i][first + r] = (state[i] + p.constants[r][i]).square();
                }
            }
        }
    }
}

/// The hash of each call, where the arithmetic takes it from.
pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, phase_2: &mut Phase2) {
    let Compiled { floor, fixed, .. } = compiled;
    for row in floor.poseidon..floor.end {
        if u64::from(fixed.block[row]) == CALL_BOUNDARY {
            phase_2.values.acc_x[row] = witness.cells[0][row];
        }
    }
}
