//! Poseidon over BN254 with circomlib's parameters, one round a row.
//!
//! The first cells of a row hold the state before the round, the next ones the squares `(s_i + c_i)²`: with them the
//! S-box `x^5 = square²·x` keeps the gate at degree 5.

use super::expression::{cur, fixed, is_kind, next, Expr};
use super::gates::Gates;
use crate::commitment::poseidon::{self, WIDTH};
use crate::plan::columns::Columns;
use crate::plan::kinds::{CALL_BOUNDARY, FULL, PARTIAL};

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    let (state, squares) = (&columns.cells[..WIDTH], &columns.cells[WIDTH..2 * WIDTH]);
    gates.create("poseidon round", |meta| {
        let kind = fixed(meta, columns.round);
        let [full, partial] = [FULL, PARTIAL].map(|v| is_kind(&kind, v, PARTIAL));
        let active = full.clone() + partial.clone();
        let linear: Vec<Expr> = (0..WIDTH)
            .map(|i| cur(meta, state[i]) + fixed(meta, columns.coefficients[i]))
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

    gates.create("poseidon call", |meta| {
        let on = is_kind(&fixed(meta, columns.block), CALL_BOUNDARY, 2);
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
