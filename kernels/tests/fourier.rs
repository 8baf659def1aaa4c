//! Transforms against their definition and against halo2's `best_fft`, `lagrange_to_coeff` and coset transforms.

mod support;

use assay_kernels::Plan;
use halo2_proofs::arithmetic::best_fft;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::poly::EvaluationDomain;
use support::{all_kernels, random};

/// `Σ_i a_i·x^i`.
fn value(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, a| sum * x + a)
}

fn root(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// Random, zero, one, minus one everywhere, and one hot.
fn inputs(k: u32) -> Vec<Vec<Fr>> {
    let n = 1 << k;
    let mut hot = vec![Fr::ZERO; n];
    hot[n - 1] = -Fr::ONE;
    vec![
        random(n, u64::from(k)),
        vec![Fr::ZERO; n],
        vec![Fr::ONE; n],
        vec![-Fr::ONE; n],
        hot,
    ]
}

#[test]
fn short_transforms_meet_their_definition() {
    let shift = Fr::from(7);
    for kernels in all_kernels() {
        for k in 0..=9 {
            for coefficients in inputs(k) {
                let points = || (0..1u64 << k).map(|q| root(k).pow([q]));
                let mut values = coefficients.clone();
                kernels.transform(&Plan::to_values(k), &mut values);
                assert_eq!(
                    values,
                    points().map(|x| value(&coefficients, x)).collect::<Vec<_>>(),
                    "{k} {:?}",
                    kernels.path()
                );
                kernels.transform(&Plan::to_coefficients(k), &mut values);
                assert_eq!(values, coefficients);
                kernels.transform(&Plan::to_coset(k, shift), &mut values);
                assert_eq!(
                    values,
                    points().map(|x| value(&coefficients, shift * x)).collect::<Vec<_>>()
                );
                kernels.transform(&Plan::from_coset(k, shift), &mut values);
                assert_eq!(values, coefficients);
            }
        }
    }
}

/// Elements whose words are `p − 1`, 1 and 0 beside random ones, so that sums and products meet their bounds from both sides.
#[test]
fn short_transforms_of_extreme_words_meet_their_definition() {
    let unit = Fr::from(2).pow([256]).invert().unwrap();
    let all = all_kernels();
    for (k, rounds) in [(1, 20), (2, 200), (3, 100), (4, 40), (6, 8)] {
        let plans = [Plan::to_values(k), Plan::to_coset(k, Fr::from(7))];
        for round in 0..rounds {
            let random = random(2 << k, round);
            let chosen = |i: usize| match random[(1 << k) + i].to_repr()[0] % 4 {
                0 => -unit,
                1 => [Fr::ZERO, unit][round as usize % 2],
                _ => random[i],
            };
            let coefficients: Vec<Fr> = (0..1 << k).map(chosen).collect();
            for (plan, shift) in plans.iter().zip([Fr::ONE, Fr::from(7)]) {
                let points = (0..1u64 << k).map(|q| shift * root(k).pow([q]));
                let want: Vec<Fr> = points.map(|x| value(&coefficients, x)).collect();
                for kernels in all.iter().filter(|kernels| kernels.threads().count() == 1) {
                    let mut values = coefficients.clone();
                    kernels.transform(plan, &mut values);
                    assert_eq!(values, want, "{k} {:?}", kernels.path());
                }
            }
        }
    }
}

#[test]
fn transforms_are_those_of_the_library() {
    for k in 1..=16 {
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let coefficients = random(1 << k, 100 + u64::from(k));
        let (mut forward, mut backward) = (coefficients.clone(), coefficients.clone());
        let n = coefficients.len();
        best_fft(&mut forward, domain.get_omega(), k, domain.get_fft_data(n), false);
        best_fft(&mut backward, domain.get_omega_inv(), k, domain.get_fft_data(n), true);
        for kernels in all_kernels() {
            let mut values = coefficients.clone();
            kernels.transform(&Plan::new(k, domain.get_omega()), &mut values);
            assert!(values == forward, "{k} {:?}", kernels.path());
            values.copy_from_slice(&coefficients);
            kernels.transform(&Plan::new(k, domain.get_omega_inv()), &mut values);
            assert!(values == backward, "{k} {:?}", kernels.path());
        }
    }
}

/// Three passes in lanes, three groups of layers without.
#[test]
fn long_transforms_go_there_and_back() {
    let k = 21;
    let coefficients = random(1 << k, 5);
    let shift = Fr::from(5);
    for kernels in all_kernels()
        .into_iter()
        .filter(|kernels| kernels.threads().count() == 2)
    {
        let mut values = coefficients.clone();
        kernels.transform(&Plan::to_coset(k, shift), &mut values);
        for q in [0, 1, 77_777, (1 << k) - 1] {
            assert_eq!(
                values[q],
                value(&coefficients, shift * root(k).pow([q as u64])),
                "{q} {:?}",
                kernels.path()
            );
        }
        kernels.transform(&Plan::from_coset(k, shift), &mut values);
        assert!(values == coefficients, "{:?}", kernels.path());
    }
}

#[test]
fn roots_of_another_order_are_refused() {
    let refused = |k, root| std::panic::catch_unwind(|| Plan::new(k, root)).is_err();
    for k in 0..=Fr::S {
        for of in 0..=Fr::S {
            assert_eq!(refused(k, root(of)), k != of, "{k} {of}");
        }
    }
    assert_eq!(Plan::to_values(Fr::S).k(), Fr::S);
    assert!(refused(2, Fr::ZERO) && refused(2, Fr::from(7)));
    assert!(refused(Fr::S + 1, Fr::ONE) && std::panic::catch_unwind(|| Plan::to_values(Fr::S + 1)).is_err());
}

#[test]
#[should_panic(expected = "the length of the plan")]
fn another_length_is_refused() {
    all_kernels()[0].transform(&Plan::to_values(3), &mut [Fr::ONE; 4]);
}
