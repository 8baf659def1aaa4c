//! The heavy loops against their definitions.

use super::setup::{backends, engine, params, threads};
use crate::domain::powers;
use crate::polynomial;
use crate::{Basis, Domain, EngineError, ReferenceString};
use halo2_proofs::halo2curves::bn256::{Fr, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::Group;
use rand::rngs::StdRng;
use rand_core::SeedableRng;

fn random(count: usize, seed: u64) -> Vec<Fr> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| Fr::random(&mut rng)).collect()
}

#[test]
fn transforms_are_values_at_the_powers_of_the_root() {
    let threads = threads(2);
    for backend in backends(&threads) {
        for k in 1..8 {
            let domain = Domain::new(k, 5).unwrap();
            let coefficients = random(domain.rows(), u64::from(k));
            let mut values = coefficients.clone();
            backend.transform(&domain, &mut values);
            let points: Vec<Fr> = powers(domain.omega()).take(domain.rows()).collect();
            let expected: Vec<Fr> = points
                .iter()
                .map(|point| polynomial::value(&coefficients, *point))
                .collect();
            assert_eq!(values, expected);
            backend.inverse_transform(&domain, &mut values);
            assert_eq!(values, coefficients);

            let coset = k as usize % domain.shifts().len();
            let shift = domain.shifts()[coset];
            backend.coset_values(&domain, coset, &mut values);
            let expected: Vec<Fr> = points
                .iter()
                .map(|point| polynomial::value(&coefficients, shift * point))
                .collect();
            assert_eq!(values, expected);
            backend.coset_coefficients(&domain, coset, &mut values);
            assert_eq!(values, coefficients);
        }
    }
}

#[test]
fn cosets_longer_than_a_chunk_are_scaled_throughout() {
    let threads = threads(2);
    for backend in backends(&threads) {
        let domain = Domain::new(14, 3).unwrap();
        let coefficients = random(domain.rows(), 1);
        let mut values = coefficients.clone();
        backend.coset_values(&domain, 1, &mut values);
        let point = domain.shifts()[1] * domain.omega().pow_vartime([9999u64]);
        assert_eq!(values[9999], polynomial::value(&coefficients, point));
        backend.coset_coefficients(&domain, 1, &mut values);
        assert_eq!(values, coefficients);
    }
}

#[test]
fn multi_exponentiations_are_sums_of_multiples() {
    let threads = threads(2);
    for backend in backends(&threads) {
        let reference = ReferenceString::new(&params(6)).unwrap();
        let hot = |place: usize| {
            (0..64)
                .map(|i| if i == place { Fr::from(7) } else { Fr::ZERO })
                .collect()
        };
        let cases: Vec<Vec<Fr>> = vec![
            random(64, 1),
            random(1, 2),
            random(63, 3),
            vec![],
            vec![Fr::ZERO; 64],
            vec![Fr::ONE; 64],
            vec![-Fr::ONE; 64],
            hot(0),
            hot(63),
        ];
        for basis in [Basis::Powers, Basis::Lagrange] {
            let points = reference.points(basis);
            for scalars in &cases {
                let expected: G1 = points.iter().zip(scalars).map(|(point, scalar)| point * scalar).sum();
                assert_eq!(backend.multi_exponentiation(basis, points, scalars), expected);
            }
            let repeated = vec![points[3]; 64];
            let opposite: Vec<_> = (0..64)
                .map(|i| if i % 2 == 0 { points[5] } else { -points[5] })
                .collect();
            let scalars = vec![Fr::from(11); 64];
            assert_eq!(
                backend.multi_exponentiation(basis, &repeated, &scalars),
                points[3] * Fr::from(11 * 64)
            );
            assert_eq!(backend.multi_exponentiation(basis, &opposite, &scalars), G1::identity());
        }
    }
}

#[test]
fn more_scalars_than_points_are_refused() {
    let threads = threads(2);
    let reference = ReferenceString::new(&params(4)).unwrap();
    for backend in backends(&threads) {
        let engine = engine(&*backend, &threads);
        for basis in [Basis::Powers, Basis::Lagrange] {
            let commit = |lengths: [usize; 2]| {
                let columns = lengths.map(|length| random(length, 1));
                engine.commit(&reference, basis, &columns)
            };
            assert!(commit([16, 0]).is_ok());
            for lengths in [[17, 1], [1, 17]] {
                assert!(matches!(
                    commit(lengths),
                    Err(EngineError::CommittedLength { max: 16, got: 17 })
                ));
            }
            let alone = || backend.multi_exponentiation(basis, reference.points(basis), &random(17, 1));
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(alone)).is_err());
        }
    }
}

#[test]
fn zero_is_inverted_to_zero_and_hurts_no_other() {
    let threads = threads(2);
    for backend in backends(&threads) {
        let mut values = random(10_000, 4);
        for place in [0, 17, 4095, 4096, 9999] {
            values[place] = Fr::ZERO;
        }
        let mut inverses = values.clone();
        backend.invert(&mut inverses);
        for (value, inverse) in values.iter().zip(&inverses) {
            assert_eq!(*inverse, value.invert().unwrap_or(Fr::ZERO));
        }
    }
}
