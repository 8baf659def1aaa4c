//! The polynomials of single rows on a coset, in closed form.
//!
//! `l_0 = (X^n − 1)/(n·(X − 1))` and `l_i(X) = l_0(X/ω^i)`: on the coset `c·H`, in whose row `j` is the value at `c·ω^j`, `l_i`
//! has in row `j` what `l_0` has in row `j − i`.

use crate::backend::Backend;
use crate::domain::{powers, Domain};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Rows of a loop's part.
const CHUNK: usize = 1 << 12;

/// How many there are.
pub(crate) const COUNT: usize = 4;

/// By slot, from [`Slots::first`](crate::slots::Slots::first) on: the values of `l_0`, `l_u`, `1 − Σ_{i≥u} l_i` and `X`, where
/// `u` is the first row that is not usable. Each is as long as the domain, whatever is in it.
pub(crate) fn on_coset(
    backend: &dyn Backend,
    domain: &Domain,
    usable: usize,
    coset: usize,
    [first, last, active, identity]: &mut [Vec<Fr>; COUNT],
) {
    let rows = domain.rows();
    let shift = domain.shifts()[coset];
    identity.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
        let start = shift * domain.omega().pow_vartime([(chunk * CHUNK) as u64]);
        for (value, power) in values.iter_mut().zip(powers(domain.omega())) {
            *value = start * power;
        }
    });
    // No point of a coset is 1.
    let points = identity.par_iter();
    first
        .par_iter_mut()
        .zip(points)
        .for_each(|(value, point)| *value = point - Fr::ONE);
    backend.invert(first);
    let factor = (shift.pow_vartime([rows as u64]) - Fr::ONE) * domain.rows_inverse();
    first.par_iter_mut().for_each(|value| *value *= factor);
    let of_row = |i: usize, j: usize| first[(j + rows - i) % rows];
    last.par_iter_mut()
        .enumerate()
        .for_each(|(j, value)| *value = of_row(usable, j));
    active.par_iter_mut().enumerate().for_each(|(j, value)| {
        let unusable = (usable..rows).map(|i| of_row(i, j));
        *value = Fr::ONE - unusable.sum::<Fr>();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stock;

    #[test]
    fn the_closed_forms_are_the_polynomials_of_their_rows() {
        let stock = Stock::default();
        let domain = Domain::new(5, 5).unwrap();
        let usable = 26;
        for coset in 0..domain.shifts().len() {
            let in_rows: [&dyn Fn(usize) -> Fr; 4] = [
                &|row| Fr::from(u64::from(row == 0)),
                &|row| Fr::from(u64::from(row == usable)),
                &|row| Fr::from(u64::from(row < usable)),
                &|row| domain.omega().pow_vartime([row as u64]),
            ];
            let mut values = [(); COUNT].map(|()| vec![Fr::from(7); domain.rows()]);
            on_coset(&stock, &domain, usable, coset, &mut values);
            for (values, in_rows) in values.into_iter().zip(in_rows) {
                let mut expected: Vec<Fr> = (0..domain.rows()).map(in_rows).collect();
                stock.inverse_transform(&domain, &mut expected);
                stock.coset_values(&domain, coset, &mut expected);
                assert_eq!(values, expected, "coset {coset}");
            }
        }
    }
}
