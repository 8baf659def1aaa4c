//! Multi-exponentiations against halo2's `best_multiexp`.

mod support;

use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use rand_core::RngCore;
use support::{all_kernels, random, rng};

/// `G·(a + b·i)`: as good as random, and quick to make.
fn bases(count: usize) -> Vec<G1Affine> {
    let (mut point, step) = (
        G1::generator() * Fr::from(0x1234_5678_9abc),
        G1::generator() * Fr::from(0x0fed_cba9_8765),
    );
    let mut points = Vec::with_capacity(count);
    for _ in 0..count {
        points.push(point);
        point += step;
    }
    let mut affine = vec![G1Affine::identity(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

/// The sum of products, for cases that batches of affine additions could get wrong, here or in the library.
fn sum(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    scalars.iter().zip(bases).map(|(scalar, base)| base * scalar).sum()
}

fn check(what: &str, want: G1, scalars: &[Fr], bases: &[G1Affine]) {
    for kernels in all_kernels() {
        assert_eq!(
            kernels.multiexp(scalars, bases),
            want,
            "{what}: {:?}, {} threads",
            kernels.path(),
            kernels.threads().count()
        );
    }
}

#[test]
fn sums_of_any_length_are_the_librarys() {
    let all = bases(5000);
    for count in [0, 1, 2, 3, 7, 8, 9, 31, 33, 100, 255, 257, 1000, 1023, 1025, 4097, 5000] {
        let scalars = random(count, count as u64);
        check(
            &format!("{count}"),
            best_multiexp(&scalars, &all[..count]),
            &scalars,
            &all[..count],
        );
    }
}

#[test]
fn a_long_sum_is_the_librarys() {
    let all = bases(1 << 16);
    let scalars = random(1 << 16, 3);
    check("2^16", best_multiexp(&scalars, &all), &scalars, &all);
}

#[test]
fn special_scalars_are_right() {
    let count = 700;
    let all = bases(count);
    let mut rng = rng(9);
    let half = Fr::from(2).invert().unwrap();
    let one = random(1, 4)[0];
    let mut hot = vec![Fr::ZERO; count];
    hot[333] = one;
    let mut small = |bits: u32| -> Vec<Fr> { (0..count).map(|_| Fr::from(rng.next_u64() >> (64 - bits))).collect() };
    let bytes = small(8);
    let words = small(16);
    let signed: Vec<Fr> = bytes.iter().zip(&words).map(|(byte, word)| *byte - word).collect();
    let mixed: Vec<Fr> = (0..count)
        .map(|i| [Fr::ZERO, bytes[i], -words[i], one * Fr::from(i as u64)][i % 13 % 4])
        .collect();
    let ends = [
        Fr::ZERO,
        Fr::ONE,
        -Fr::ONE,
        half,
        -half,
        half - Fr::ONE,
        Fr::from(1 << 15),
        Fr::from((1 << 16) - 1),
        Fr::from(1 << 16),
    ];
    let ends: Vec<Fr> = ends.into_iter().cycle().take(count).collect();
    let cases: Vec<(&str, Vec<Fr>)> = vec![
        ("zero", vec![Fr::ZERO; count]),
        ("one", vec![Fr::ONE; count]),
        ("minus one", vec![-Fr::ONE; count]),
        ("(r − 1)/2", vec![-half; count]),
        ("all equal", vec![one; count]),
        ("one hot", hot),
        ("bits", small(1)),
        ("bytes", bytes),
        ("words", words),
        ("signed words", signed),
        ("mixed", mixed),
        ("ends", ends),
    ];
    for (what, scalars) in cases {
        check(what, sum(&scalars, &all), &scalars, &all);
    }
}

/// All points in one bucket, more than are added at once; and in two.
#[test]
fn a_bucket_with_very_many_points_is_right() {
    let count = 20_000;
    let all = bases(count);
    let ones = vec![Fr::ONE; count];
    check("ones", all.iter().map(G1Affine::to_curve).sum(), &ones, &all);
    let signs: Vec<Fr> = (0..count).map(|i| [Fr::ONE, -Fr::ONE, Fr::ONE][i % 3]).collect();
    let want = all
        .iter()
        .enumerate()
        .map(|(i, base)| [*base, -*base, *base][i % 3].to_curve());
    check("signs", want.sum(), &signs, &all);
}

/// Every digit `2^j` and its neighbours, where carries are made.
#[test]
fn powers_of_two_and_their_neighbours_are_right() {
    let all = bases(253 * 3);
    let scalars: Vec<Fr> = (0..253)
        .flat_map(|bit| {
            let power = Fr::from(2).pow([bit]);
            [power - Fr::ONE, power, -power - Fr::ONE]
        })
        .collect();
    check("powers of two", sum(&scalars, &all), &scalars, &all);
}

#[test]
fn bases_that_repeat_or_are_opposite_or_infinite_are_right() {
    let count = 600;
    let plain = bases(count);
    let scalars = random(count, 6);
    let few: Vec<Fr> = (0..count).map(|i| Fr::from(1 + i as u64 % 3)).collect();
    let equal = vec![plain[0]; count];
    let opposite: Vec<G1Affine> = (0..count)
        .map(|i| if i % 2 == 0 { plain[0] } else { -plain[0] })
        .collect();
    let pairs: Vec<G1Affine> = (0..count)
        .map(|i| if i % 2 == 0 { plain[i] } else { -plain[i - 1] })
        .collect();
    let infinite: Vec<G1Affine> = (0..count)
        .map(|i| if i % 5 == 0 { G1Affine::identity() } else { plain[i] })
        .collect();
    let nowhere = vec![G1Affine::identity(); count];
    for (what, bases) in [
        ("equal", equal),
        ("opposite", opposite),
        ("pairs", pairs),
        ("infinite", infinite),
        ("nowhere", nowhere),
    ] {
        check(what, sum(&scalars, &bases), &scalars, &bases);
        check(what, sum(&few, &bases), &few, &bases);
    }
}

/// A column of a circuit: mostly zero and small, some rows full-width.
#[test]
fn columns_of_small_rows_with_some_of_full_width_are_right() {
    let count = 1 << 14;
    let all = bases(count);
    let wide = random(count, 8);
    let scalars: Vec<Fr> = (0..count as u64)
        .map(|i| match i % 9 {
            0 => wide[i as usize],
            1..=3 => Fr::ZERO,
            4 => -Fr::from(i * i % 65_536),
            _ => Fr::from(i * 7919 % 65_536),
        })
        .collect();
    check("column", best_multiexp(&scalars, &all), &scalars, &all);
}

/// The longest row of all, alone of its length, and each other length once.
#[test]
fn many_small_rows_and_one_of_each_length_are_right() {
    let count = 1 << 13;
    let all = bases(count);
    let mut scalars: Vec<Fr> = (0..count as u64).map(|i| Fr::from(i * 7919 % 256)).collect();
    scalars[4444] = -Fr::ONE * Fr::from(2).invert().unwrap();
    check("one long row", best_multiexp(&scalars, &all), &scalars, &all);
    for bits in 1..253 {
        scalars[bits * 31] = Fr::from(2).pow([bits as u64]) - Fr::ONE;
    }
    check("all lengths", best_multiexp(&scalars, &all), &scalars, &all);
}

#[test]
#[should_panic(expected = "a base for each scalar")]
fn different_lengths_are_refused() {
    let _ = all_kernels()[0].multiexp(&[Fr::ONE], &[]);
}
