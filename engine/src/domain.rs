//! The domain `H = {1, ω, …, ω^(n−1)}`, `n = 2^k`, its cosets, and how a quotient is put together from them.
//!
//! A quotient `h` of degree below `m·n` is the sum of `m` pieces, `h = Σ_i X^(i·n)·h_i`. On the coset `c_j·H` the power `X^n` is
//! the constant `t_j = c_j^n`, so that interpolation from the `n` values there gives `h mod (X^n − t_j) = Σ_i t_j^i·h_i`.
//! The pieces are this Vandermonde system's solution, one coefficient at a time. The division by `X^n − 1`, which is the constant
//! `t_j − 1` there, is part of the matrix:
//!
//! `h_i = Σ_j M_ij·r_j`, where `M_ij = (V⁻¹)_ij / (t_j − 1)`, `V_ji = t_j^i`, and `r_j` interpolates the numerator.

use crate::error::EngineError;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField, WithSmallOrderMulGroup};
use halo2_proofs::poly::EvaluationDomain;

/// The largest `k`: rotations and rows are counted in 32 bits, with room for columns.
const MAX_K: u32 = 24;
/// The largest degree: far above any circuit's, and `M` has its square of entries.
const MAX_DEGREE: usize = 1 << 8;

/// `H` and as many cosets as a quotient has pieces.
#[derive(Clone, Debug)]
pub struct Domain {
    k: u32,
    omega: Fr,
    omega_inverse: Fr,
    rows_inverse: Fr,
    /// `c_j`.
    shifts: Vec<Fr>,
    /// `1/c_j`.
    shift_inverses: Vec<Fr>,
    /// `M`, row by row.
    pieces: Vec<Vec<Fr>>,
}

impl Domain {
    /// The domain of a key; the degree of its constraints, 3 or more, is the library's, which takes it from the circuit and its
    /// own limit when the key is made.
    ///
    /// # Errors
    /// [`EngineError::DomainDegree`], [`EngineError::DomainSize`].
    pub fn of(library: &EvaluationDomain<Fr>) -> Result<Self, EngineError> {
        Self::new(library.k(), library.get_quotient_poly_degree() + 1)
    }

    /// A domain of `2^k` rows, `k` up to 24, for constraints of a degree from 3 to 256.
    ///
    /// # Errors
    /// [`EngineError::DomainDegree`], [`EngineError::DomainSize`].
    pub fn new(k: u32, degree: usize) -> Result<Self, EngineError> {
        if degree < 3 {
            return Err(EngineError::DomainDegree { degree });
        }
        if k > MAX_K || degree > MAX_DEGREE {
            return Err(EngineError::DomainSize { k, degree });
        }
        let count = degree - 1;
        let extended_k = k + count.next_power_of_two().trailing_zeros();
        if extended_k > Fr::S {
            return Err(EngineError::DomainSize { k, degree });
        }
        let extended_omega = (extended_k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let omega = (k..extended_k).fold(extended_omega, |root, _| root.square());
        let inverse = |value: Fr| Option::<Fr>::from(value.invert()).ok_or(EngineError::DomainSize { k, degree });
        let shifts: Vec<Fr> = powers(extended_omega)
            .take(count)
            .map(|power| Fr::ZETA * power)
            .collect();
        let constants: Vec<Fr> = shifts.iter().map(|shift| shift.pow_vartime([1u64 << k])).collect();
        let mut columns = Vec::with_capacity(count);
        for (j, constant) in constants.iter().enumerate() {
            let others: Vec<Fr> = (0..count).filter(|i| *i != j).map(|i| constants[i]).collect();
            let at_own = others
                .iter()
                .fold(Fr::ONE, |product, other| product * (constant - other));
            let scale = inverse(at_own * (constant - Fr::ONE))?;
            columns.push(
                product_of_roots(&others)
                    .into_iter()
                    .map(|c| c * scale)
                    .collect::<Vec<_>>(),
            );
        }
        Ok(Self {
            k,
            omega,
            omega_inverse: inverse(omega)?,
            rows_inverse: inverse(Fr::from(1u64 << k))?,
            shift_inverses: shifts.iter().map(|shift| inverse(*shift)).collect::<Result<_, _>>()?,
            shifts,
            pieces: (0..count)
                .map(|i| columns.iter().map(|column| column[i]).collect())
                .collect(),
        })
    }

    /// `k`.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// `n = 2^k`.
    pub fn rows(&self) -> usize {
        1 << self.k
    }

    /// `ω`, of order `n`.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// `ω⁻¹`.
    pub fn omega_inverse(&self) -> Fr {
        self.omega_inverse
    }

    /// `1/n`.
    pub fn rows_inverse(&self) -> Fr {
        self.rows_inverse
    }

    /// The highest degree of a constraint: one more than the pieces of a quotient.
    pub fn degree(&self) -> usize {
        self.shifts.len() + 1
    }

    /// `c_j`, one for each piece of a quotient.
    pub fn shifts(&self) -> &[Fr] {
        &self.shifts
    }

    /// `1/c_j`.
    pub fn shift_inverse(&self, coset: usize) -> Fr {
        self.shift_inverses[coset]
    }

    /// `M`: row `i` has the factors of the interpolations `r_j` in piece `i`.
    pub(crate) fn piece_factors(&self) -> &[Vec<Fr>] {
        &self.pieces
    }

    /// A rotation modulo `n`.
    pub(crate) fn rotation(&self, rotation: i32) -> usize {
        // Below 2^24, so that the conversions keep the value.
        i64::from(rotation).rem_euclid(1 << self.k) as usize
    }

    /// `point·ω^rotation`.
    pub(crate) fn rotated(&self, point: Fr, rotation: usize) -> Fr {
        point * self.omega.pow_vartime([rotation as u64])
    }

    /// The Lagrange polynomial `(ω^row/n)·(X^n − 1)/(X − ω^row)` of a row at a point outside `H`.
    ///
    /// # Errors
    /// [`EngineError::Challenge`] for a point of `H`.
    pub(crate) fn lagrange_at(&self, row: usize, point: Fr) -> Result<Fr, EngineError> {
        let power = self.omega.pow_vartime([row as u64]);
        let inverse = Option::<Fr>::from((point - power).invert()).ok_or(EngineError::Challenge)?;
        Ok((point.pow_vartime([1u64 << self.k]) - Fr::ONE) * self.rows_inverse * power * inverse)
    }
}

/// `1, base, base², …`.
pub(crate) fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |power| Some(*power * base))
}

/// The coefficients of `Π (X − root)`.
pub(crate) fn product_of_roots(roots: &[Fr]) -> Vec<Fr> {
    let mut product = vec![Fr::ONE];
    for root in roots {
        product.push(Fr::ZERO);
        for i in (0..product.len()).rev() {
            let below = if i == 0 { Fr::ZERO } else { product[i - 1] };
            product[i] = below - product[i] * root;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_the_librarys() {
        for (degree, k) in [(3, 4), (4, 5), (5, 6)] {
            let library = EvaluationDomain::<Fr>::new(degree, k);
            let domain = Domain::of(&library).unwrap();
            assert_eq!(domain.omega(), library.get_omega());
            assert_eq!(domain.omega_inverse(), library.get_omega_inv());
            assert_eq!(domain.degree(), degree as usize);
        }
    }

    #[test]
    fn sizes_without_roots_of_unity_are_refused() {
        for (k, degree) in [
            (25, 3),
            (u32::MAX, 3),
            (24, 18),
            (20, 1 << 9),
            (5, usize::MAX),
            (u32::MAX, usize::MAX),
        ] {
            assert!(matches!(Domain::new(k, degree), Err(EngineError::DomainSize { .. })));
        }
        assert!(Domain::new(24, 17).is_ok());
        assert!(matches!(
            Domain::new(5, 2),
            Err(EngineError::DomainDegree { degree: 2 })
        ));
    }

    #[test]
    fn roots_multiply_out() {
        let [a, b] = [Fr::from(3), Fr::from(5)];
        assert_eq!(product_of_roots(&[a, b]), vec![Fr::from(15), -Fr::from(8), Fr::ONE]);
    }
}
