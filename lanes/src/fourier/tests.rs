//! Each pass against its definition, on the highest words, on values of blocks above the prime, and on random ones.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::passes::{first_pass, last_pass, middle_pass, Geometric, Spaced, Work};
use super::twiddles::{Factor, Twiddles, LONGEST_LOG};
use crate::block::Block;
use crate::detect::tests::lanes;
use crate::modulus::Prime;
use crate::strided;
use crate::words::Words;

/// Random elements, every third with the highest words and every fifth zero.
fn elements(count: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let highest = -Fr::from(2).pow([256]).invert().unwrap();
    let chosen = |i: usize, random| match i {
        _ if i.is_multiple_of(3) => highest,
        _ if i.is_multiple_of(5) => Fr::ZERO,
        _ => random,
    };
    (0..count).map(|i| chosen(i, Fr::random(&mut rng))).collect()
}

fn eight(seed: u64) -> [Fr; 8] {
    elements(9, seed)[1..].try_into().unwrap()
}

/// `shift·root^q` for every `q`, and `root`.
fn points(log: u32, shift: Fr) -> (Vec<Fr>, Fr) {
    let root = (log..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    ((0..1u64 << log).map(|q| shift * root.pow([q])).collect(), root)
}

fn value(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, a| sum * x + a)
}

/// A block of elements; where the words leave room below `1.3·p`, with the prime added.
fn block(elements: &[Fr]) -> Block {
    let mut block = Block::ZERO;
    for (l, element) in elements.iter().enumerate() {
        let mut words = element.to_words();
        if words[3] < Fr::WORDS[3] / 4 {
            let mut carry = 0;
            for (word, prime) in words.iter_mut().zip(Fr::WORDS) {
                let sum = u128::from(*word) + u128::from(prime) + carry;
                (*word, carry) = (sum as u64, sum >> 64);
            }
        }
        (0..4).for_each(|j| block.words[j][l] = words[j]);
    }
    block
}

/// The element in a lane, whose words are below `1.3·p`.
fn lane(block: &Block, l: usize) -> Fr {
    let words = block.words.map(|row| row[l]);
    assert!(u128::from(words[3]) * 10 < u128::from(Fr::WORDS[3]) * 13);
    let integer = words
        .iter()
        .rev()
        .fold(Fr::ZERO, |sum, &word| sum * Fr::from(2).pow([64]) + Fr::from(word));
    integer * Fr::from_words([1, 0, 0, 0])
}

/// The outputs of the first pass and of a middle one, which differ in where rows are read and written only.
#[test]
fn first_and_middle_passes_meet_their_definition() {
    let Some(ifma) = lanes() else { return };
    let mut work = Work::default();
    for log in 0..=7 {
        let length = 1 << log;
        for (seed, shift) in [(1, Fr::ONE), (2, Fr::from(7)), (3, -Fr::ONE)] {
            let (points, root) = points(log, shift);
            let twiddles = Twiddles::new(log, root, shift);
            let (start, step) = (eight(seed), eight(seed + 10));
            let series = Geometric { start, step };
            let columns: Vec<Vec<Fr>> = (0..8).map(|l| elements(length, 100 * seed + l)).collect();
            let check = |out: &Block, q: usize| {
                for l in 0..8 {
                    let want = start[l] * step[l].pow([q as u64]) * value(&columns[l], points[q]);
                    assert_eq!(lane(out, l), want, "{length} elements, output {q}, lane {l}");
                }
            };

            let rows = Spaced { first: 3, stride: 11 };
            let mut input = vec![Fr::ONE; 3 + 11 * length];
            for row in 0..length {
                (0..8).for_each(|l| input[3 + 11 * row + l] = columns[l][row]);
            }
            let mut out = vec![Block::ZERO; length];
            first_pass(ifma, &input, rows, &twiddles, &series, &mut work, &mut out);
            out.iter().enumerate().for_each(|(q, out)| check(out, q));

            let mut input = vec![Block::ZERO; 3 + 11 * length];
            for row in 0..length {
                input[3 + 11 * row] = block(&std::array::from_fn::<_, 8, _>(|l| columns[l][row]));
            }
            let mut out = vec![Block::ZERO; 1 + 2 * length];
            let out_rows = Spaced { first: 1, stride: 2 };
            middle_pass(ifma, &input, rows, &twiddles, &series, &mut work, &mut out, out_rows);
            for (place, out) in out.iter().enumerate() {
                if place % 2 == 1 {
                    check(out, place / 2);
                } else {
                    assert_eq!(out.words, [[0; 8]; 4]);
                }
            }
        }
    }
}

#[test]
fn last_passes_meet_their_definition() {
    let Some(ifma) = lanes() else { return };
    let mut work = Work::default();
    for log in 3..=7 {
        let length = 1 << log;
        for (seed, shift) in [(1, Fr::ONE), (2, Fr::from(7)), (3, -Fr::ONE)] {
            let (points, root) = points(log, shift);
            let twiddles = Twiddles::new(log, root, shift);
            let mut rows: Vec<Vec<Fr>> = (0..8).map(|l| elements(length, 100 * seed + l)).collect();
            // All outputs but one are zero: sums that are multiples of the prime.
            rows[1] = vec![rows[1][0]; length];
            rows[2] = vec![Fr::ONE; length];
            let columns = Spaced { first: 3, stride: 11 };
            let mut input = vec![Block::ZERO; 3 + 11 * (length / 8)];
            for c in 0..length / 8 {
                (0..8).for_each(|l| input[3 + 11 * c + l] = block(&rows[l][8 * c..8 * c + 8]));
            }
            let scales = elements(1 + 2 * length, seed + 20);
            let factors: Vec<Factor> = scales.iter().copied().map(Factor::new).collect();
            for factors in [None, Some(factors.as_slice())] {
                let mut out = vec![Fr::ONE; 16 * (1 + 2 * length)];
                let mut halves = strided::columns::<_, 8>(&mut out, 16);
                let out_rows = Spaced { first: 1, stride: 2 };
                last_pass(
                    ifma,
                    &input,
                    columns,
                    &twiddles,
                    factors,
                    &mut work,
                    &mut halves[1],
                    out_rows,
                );
                for (place, out) in out.chunks(16).enumerate() {
                    let want: [Fr; 8] = std::array::from_fn(|l| match factors {
                        _ if place % 2 == 0 => Fr::ONE,
                        None => value(&rows[l], points[place / 2]),
                        Some(_) => value(&rows[l], points[place / 2]) * scales[place],
                    });
                    assert_eq!(out[..8], [Fr::ONE; 8]);
                    assert_eq!(out[8..], want, "{length} elements, row {place}");
                }
            }
        }
    }
}

#[test]
fn what_is_too_short_or_too_long_is_refused() {
    let Some(ifma) = lanes() else { return };
    let refused = |work: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err();
    let rows = Spaced { first: 0, stride: 8 };
    let series = Geometric {
        start: [Fr::ONE; 8],
        step: [Fr::ONE; 8],
    };
    let twiddles = |log| Twiddles::new(log, points(log, Fr::ONE).1, Fr::ONE);
    for length in [3, 5] {
        assert!(refused(&|| {
            let (mut work, mut out) = (Work::default(), vec![Block::ZERO; length]);
            first_pass(ifma, &[Fr::ONE; 32], rows, &twiddles(2), &series, &mut work, &mut out);
        }));
    }
    assert!(refused(&|| {
        let (mut work, mut matrix) = (Work::default(), [Fr::ONE; 64]);
        let mut columns = strided::columns::<_, 8>(&mut matrix, 8);
        let (input, out_rows) = ([Block::ZERO; 64], Spaced { first: 0, stride: 1 });
        last_pass(
            ifma,
            &input,
            rows,
            &twiddles(2),
            None,
            &mut work,
            &mut columns[0],
            out_rows,
        );
    }));
    assert!(refused(&|| {
        let _ = Twiddles::new(LONGEST_LOG + 1, Fr::ONE, Fr::ONE);
    }));
}
