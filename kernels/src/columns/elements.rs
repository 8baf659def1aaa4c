//! Slices of elements.

use assay_lanes::elements;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

use crate::path::Path;

/// Elements of a task.
const OF_A_TASK: usize = 1 << 12;
/// Elements that share an inversion without lanes.
const INVERTED_TOGETHER: usize = 1 << 10;

/// `a_i ← a_i·factor`.
pub(crate) fn scale(path: Path, a: &mut [Fr], factor: Fr) {
    a.par_chunks_mut(OF_A_TASK).for_each(|a| match path {
        Path::Lanes(ifma) => elements::scale(ifma, a, factor),
        Path::Portable => a.iter_mut().for_each(|a| *a *= factor),
    });
}

/// `a_i ← a_i + factor·b_i`.
pub(crate) fn add_scaled(path: Path, a: &mut [Fr], factor: Fr, b: &[Fr]) {
    assert_eq!(a.len(), b.len(), "two slices of one length");
    a.par_chunks_mut(OF_A_TASK)
        .zip(b.par_chunks(OF_A_TASK))
        .for_each(|(a, b)| match path {
            Path::Lanes(ifma) => elements::add_scaled(ifma, a, factor, b),
            Path::Portable => a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b),
        });
}

/// `a_i ← 1/a_i`; zeros stay zero.
pub(crate) fn invert(path: Path, a: &mut [Fr]) {
    a.par_chunks_mut(OF_A_TASK).for_each(|a| match path {
        Path::Lanes(ifma) => elements::invert(ifma, a),
        Path::Portable => {
            let mut prefixes = Vec::with_capacity(INVERTED_TOGETHER);
            a.chunks_mut(INVERTED_TOGETHER)
                .for_each(|a| invert_together(a, &mut prefixes));
        }
    });
}

/// With one inversion.
fn invert_together(a: &mut [Fr], prefixes: &mut Vec<Fr>) {
    prefixes.clear();
    let mut product = Fr::ONE;
    for element in a.iter().filter(|element| **element != Fr::ZERO) {
        prefixes.push(product);
        product *= element;
    }
    let mut inverse = product.invert().expect("a product of elements that are not zero");
    let elements = a.iter_mut().filter(|element| **element != Fr::ZERO).rev();
    for (element, prefix) in elements.zip(prefixes.iter().rev()) {
        let next = inverse * *element;
        *element = inverse * prefix;
        inverse = next;
    }
}

/// `Σ coefficients_i·x^i`.
pub(crate) fn evaluate(path: Path, coefficients: &[Fr], x: Fr) -> Fr {
    let parts: Vec<Fr> = coefficients
        .par_chunks(OF_A_TASK)
        .map(|part| match path {
            Path::Lanes(ifma) => elements::evaluate(ifma, part, x),
            Path::Portable => part
                .iter()
                .rev()
                .fold(Fr::ZERO, |sum, coefficient| sum * x + coefficient),
        })
        .collect();
    let step = x.pow_vartime([OF_A_TASK as u64]);
    parts.iter().rev().fold(Fr::ZERO, |sum, part| sum * step + part)
}
