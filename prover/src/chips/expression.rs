//! What gates are written with.

use assay_statement::field::Fr;
use halo2_proofs::plonk::{Advice, Column, Expression, Fixed, VirtualCells};
use halo2_proofs::poly::Rotation;

pub(super) type Expr = Expression<Fr>;

pub(super) fn constant(v: u64) -> Expr {
    Expression::Constant(Fr::from(v))
}

fn fraction(numerator: i64, denominator: u64) -> Fr {
    assay_statement::field::from_i64(numerator) * Fr::from(denominator).invert().expect("denominator is not zero")
}

pub(super) fn fixed_cur(meta: &mut VirtualCells<'_, Fr>, column: Column<Fixed>) -> Expr {
    meta.query_fixed(column, Rotation::cur())
}

pub(super) fn cur(meta: &mut VirtualCells<'_, Fr>, column: Column<Advice>) -> Expr {
    meta.query_advice(column, Rotation::cur())
}

pub(super) fn next(meta: &mut VirtualCells<'_, Fr>, column: Column<Advice>) -> Expr {
    meta.query_advice(column, Rotation::next())
}

/// `x[0] + factor·(x[1] + factor·(… + factor·tail))`.
pub(super) fn horner(terms: &[Expr], factor: &Expr, tail: Option<Expr>) -> Expr {
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
pub(super) fn is_kind(kind: &Expr, value: u64, max: u64) -> Expr {
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
