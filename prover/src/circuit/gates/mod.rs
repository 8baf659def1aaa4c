//! The gates, one file per topic. Every polynomial has degree at most [`MAX_DEGREE`].

pub(crate) mod argmax;
mod arith;
mod lookup;
mod named;
mod poseidon;
mod tensor;
mod weights;

use crate::field::Fr;
use crate::plan::columns::Columns;
use crate::plan::layout::Layout;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells};
use halo2_proofs::poly::Rotation;
use named::Gates;

/// halo2-axiom clamps the degree of the quotient to 5 without a word: a gate above it would verify in no real proof.
pub const MAX_DEGREE: usize = 5;

pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns, layout: &Layout, shift: u32) {
    let mut gates = Gates::new(meta);
    lookup::configure(&mut gates, columns, layout);
    tensor::configure(&mut gates, columns, layout, shift);
    tensor::configure_folded_lanes(&mut gates, columns, layout);
    weights::configure(&mut gates, columns);
    poseidon::configure(&mut gates, columns);
    arith::configure(&mut gates, columns);
    argmax::configure(&mut gates, columns);
    assert_eq!(meta.degree(), MAX_DEGREE);
}

type Expr = Expression<Fr>;

fn constant(v: u64) -> Expr {
    Expression::Constant(Fr::from(v))
}

fn fraction(numerator: i64, denominator: u64) -> Fr {
    crate::field::from_i64(numerator) * Fr::from(denominator).invert().expect("denominator is not zero")
}

fn fixed(meta: &mut VirtualCells<'_, Fr>, column: Column<Fixed>) -> Expr {
    meta.query_fixed(column, Rotation::cur())
}

fn cur(meta: &mut VirtualCells<'_, Fr>, column: Column<Advice>) -> Expr {
    meta.query_advice(column, Rotation::cur())
}

fn next(meta: &mut VirtualCells<'_, Fr>, column: Column<Advice>) -> Expr {
    meta.query_advice(column, Rotation::next())
}

/// `x[0] + factor·(x[1] + factor·(… + factor·tail))`.
fn horner(terms: &[Expr], factor: &Expr, tail: Option<Expr>) -> Expr {
    let (first, rest) = match tail {
        Some(tail) => (tail, terms),
        None => {
            let (last, rest) = terms.split_last().expect("at least one term");
            (last.clone(), rest)
        }
    };
    rest.iter()
        .rev()
        .fold(first, |acc, term| term.clone() + factor.clone() * acc)
}

/// The polynomial in `kind` that is 1 at `value` and 0 at the other values of `0..=max`.
fn is_kind(kind: &Expr, value: u64, max: u64) -> Expr {
    let others = (0..=max).filter(|v| *v != value);
    let (mut product, mut scale) = (None::<Expr>, 1i64);
    for other in others {
        scale *= value as i64 - other as i64;
        let factor = if other == 0 {
            kind.clone()
        } else {
            kind.clone() - constant(other)
        };
        product = Some(match product {
            None => factor,
            Some(p) => p * factor,
        });
    }
    product.expect("at least two kinds") * fraction(1, scale.unsigned_abs()) * fraction(scale.signum(), 1)
}
