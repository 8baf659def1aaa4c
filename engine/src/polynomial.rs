//! Small loops over coefficients, lowest first.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Coefficients of a loop's part.
const CHUNK: usize = 1 << 12;

/// The polynomial's value at a point.
pub(crate) fn value(coefficients: &[Fr], point: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * point + c)
}

/// `sum += factor·polynomial`; the sum is as long as the longer one.
pub(crate) fn add_scaled(sum: &mut Vec<Fr>, factor: Fr, polynomial: &[Fr]) {
    if sum.len() < polynomial.len() {
        sum.resize(polynomial.len(), Fr::ZERO);
    }
    let parts = sum.par_chunks_mut(CHUNK).zip(polynomial.par_chunks(CHUNK));
    parts.for_each(|(sum, polynomial)| {
        for (sum, c) in sum.iter_mut().zip(polynomial) {
            *sum += factor * c;
        }
    });
}

/// `Σ_i base^i·polynomials[i]`.
pub(crate) fn combined(polynomials: &[&[Fr]], base: Fr) -> Vec<Fr> {
    let mut sum = Vec::new();
    for (polynomial, power) in polynomials.iter().zip(crate::domain::powers(base)) {
        add_scaled(&mut sum, power, polynomial);
    }
    sum
}

/// Divides by `X − root`, which must divide.
pub(crate) fn divide_by_root(coefficients: &mut Vec<Fr>, root: Fr) {
    // q_{i−1} = c_i + root·q_i, from the highest down; what is left at the end is the value at the root, 0.
    let mut carry = Fr::ZERO;
    for c in coefficients.iter_mut().rev() {
        let quotient = carry;
        carry = *c + root * carry;
        *c = quotient;
    }
    coefficients.pop();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::product_of_roots;

    #[test]
    fn a_root_is_divided_out() {
        let [a, b, c] = [2, 5, 11].map(Fr::from);
        let mut polynomial = product_of_roots(&[a, b, c]);
        divide_by_root(&mut polynomial, b);
        assert_eq!(polynomial, product_of_roots(&[a, c]));
    }

    #[test]
    fn combined_polynomials_have_combined_values() {
        let [short, long] = [vec![Fr::from(3)], (0..9u64).map(Fr::from).collect::<Vec<_>>()];
        let [point, base] = [Fr::from(7), Fr::from(10)];
        let sum = combined(&[&short, &long], base);
        assert_eq!(value(&sum, point), value(&short, point) + base * value(&long, point));
    }
}
