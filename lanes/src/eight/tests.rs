//! Every operation against the library's arithmetic, on values up to the bounds that its comment states.

use halo2_proofs::halo2curves::bn256::{Fq, Fr};
use halo2_proofs::halo2curves::ff::PrimeField;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::arithmetic::Eight;
use super::inverse::inverses;
use super::layout::{load_row, row_words};
use super::transpose::{gather_words, scatter_words, square};
use crate::detect::tests::lanes;
use crate::modulus::{multiple, words, Limbs, Prime, LIMB_MASK};

/// The element of signed limbs: `Σ limb_j·2^(52·j)`.
fn element<F: PrimeField>(limbs: Limbs) -> F {
    limbs.iter().rev().fold(F::ZERO, |sum, &limb| {
        let limb = limb as i64;
        let size = F::from(limb.unsigned_abs());
        sum * F::from(1 << 52) + if limb < 0 { -size } else { size }
    })
}

fn less(a: Limbs, b: Limbs) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

/// Normal limbs below `multiple·p`: the edges first, then random ones.
fn samples<F: Prime>(times: u64, count: usize, seed: u64) -> Vec<Limbs> {
    let bound = multiple(F::LIMBS, times);
    let mut below = bound;
    below[0] -= 1; // limb 0 of no multiple used here is zero
    let mut out = vec![[0; 5], [1, 0, 0, 0, 0], below, F::LIMBS];
    if times == 1 {
        out.pop();
    }
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    while out.len() < count {
        let mut limbs = [0; 5];
        for limb in &mut limbs {
            *limb = if rng.next_u32() % 8 == 0 {
                LIMB_MASK
            } else {
                rng.next_u64() & LIMB_MASK
            };
        }
        limbs[4] %= bound[4] + 1;
        if less(limbs, bound) {
            out.push(limbs);
        }
    }
    out
}

/// Pairs of samples, eight at a time, each of the edges with each.
fn pairs<F: Prime>(a: u64, b: u64) -> Vec<([Limbs; 8], [Limbs; 8])> {
    let (left, right) = (samples::<F>(a, 40, 1), samples::<F>(b, 40, 2));
    let all: Vec<(Limbs, Limbs)> = left.iter().flat_map(|&x| right.iter().map(move |&y| (x, y))).collect();
    all.chunks_exact(8)
        .map(|eight| (std::array::from_fn(|l| eight[l].0), std::array::from_fn(|l| eight[l].1)))
        .collect()
}

fn is_normal(limbs: Limbs) -> bool {
    limbs.iter().all(|&limb| limb <= LIMB_MASK)
}

/// Below `p·thousandths/1000`, of normal limbs.
fn is_below<F: Prime>(limbs: Limbs, thousandths: u64) -> bool {
    // ⌊x/2^208⌋ against ⌊p/2^208⌋: both have more than 45 bits, one unit is far below a thousandth.
    is_normal(limbs) && (limbs[4] as u128) * 1000 <= (F::LIMBS[4] as u128) * thousandths as u128
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn arithmetic_agrees<F: Prime>() {
    let shift = F::from(2).pow([260]).invert().unwrap();
    for (a, b) in [(1, 1), (2, 2), (16, 16), (84, 84), (84, 1), (1, 84), (24, 2)] {
        for (x, y) in pairs::<F>(a, b) {
            let product = Eight::<F>::from_lanes(&x).times(Eight::from_lanes(&y));
            let (left, right) = (Eight::<F>::from_lanes(&x), Eight::from_lanes(&y));
            let [forward, backward] = Eight::times_two([left, right], [right, left]);
            for l in 0..8 {
                let lane = product.lane(l);
                // Two at once are what each is alone.
                assert_eq!((forward.lane(l), backward.lane(l)), (lane, right.times(left).lane(l)));
                assert_eq!(element::<F>(lane), element::<F>(x[l]) * element::<F>(y[l]) * shift);
                assert!(is_below::<F>(lane, 1001 + 119 * a * b / 10), "{a} {b}");
            }
        }
    }
    for (x, y) in pairs::<F>(40, 40) {
        let (left, right) = (Eight::<F>::from_lanes(&x), Eight::<F>::from_lanes(&y));
        let sum = left.plus(right).normal();
        let difference = left.minus_below::<40>(right);
        let signed = left.minus(right).normal();
        let negated = left.negate_below::<64>(0b1010_0110).normal();
        let chosen = left.select(0b0101_1001, right);
        let kept = left.keep(0b0101_1001);
        for l in 0..8 {
            let (s, d) = (sum.lane(l), difference.lane(l));
            let (x, y) = (x[l], y[l]);
            assert!(is_normal(s) && element::<F>(s) == element::<F>(x) + element::<F>(y));
            assert!(d[..4].iter().all(|&limb| limb < 1 << 54) && element::<F>(d) == element::<F>(x) - element::<F>(y));
            assert!(is_below::<F>(difference.normal().lane(l), 80_001));
            assert_eq!(element::<F>(signed.lane(l)), element::<F>(x) - element::<F>(y));
            assert_eq!((signed.lane(l)[4] as i64) < 0, less(x, y));
            let minus = 0b1010_0110 >> l & 1 == 1;
            assert!(is_normal(negated.lane(l)));
            assert_eq!(
                element::<F>(negated.lane(l)),
                if minus { -element::<F>(x) } else { element::<F>(x) }
            );
            let second = 0b0101_1001 >> l & 1 == 1;
            assert_eq!(chosen.lane(l), if second { y } else { x });
            assert_eq!(kept.lane(l), if second { x } else { [0; 5] });
        }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn reductions_agree<F: Prime>() {
    for times in [1, 2, 5, 16, 63, 84] {
        for x in samples::<F>(times, 400, 3).chunks_exact(8) {
            let x: [Limbs; 8] = x.try_into().unwrap();
            let eight = Eight::<F>::from_lanes(&x);
            let (reduced, canonical) = (eight.reduced(), eight.canonical());
            for l in 0..8 {
                assert!(is_below::<F>(reduced.lane(l), 1001));
                assert_eq!(element::<F>(reduced.lane(l)), element::<F>(x[l]));
                assert!(is_normal(canonical.lane(l)) && less(canonical.lane(l), F::LIMBS));
                assert_eq!(element::<F>(canonical.lane(l)), element::<F>(x[l]));
                assert_eq!(canonical.zeros() >> l & 1 == 1, element::<F>(x[l]) == F::ZERO);
            }
        }
    }
    // Each multiple of p, the number below and the number above.
    for times in 1..84 {
        let exact = multiple(F::LIMBS, times);
        let (mut under, mut over) = (exact, exact);
        under[0] = exact[0].wrapping_sub(1) & LIMB_MASK;
        over[0] = exact[0] + 1;
        let eight = Eight::<F>::from_lanes(&[exact, under, over, exact, under, over, exact, exact]).canonical();
        assert_eq!(eight.lane(0), [0; 5]);
        assert_eq!(element::<F>(eight.lane(1)), -F::ONE);
        assert_eq!(eight.lane(2), [1, 0, 0, 0, 0]);
        assert_eq!(eight.zeros(), 0b1100_1001);
    }
    // From 2·p + 3·2^208 up the double is taken off, below 2·p it is not.
    let mut over = multiple(F::LIMBS, 2);
    let mut under = over;
    over[4] += 3;
    under[0] -= 1;
    let lowered = Eight::<F>::from_lanes(&[over, under, over, under, over, under, over, under])
        .lower_by::<2>()
        .normal();
    assert_eq!((lowered.lane(0), lowered.lane(1)), ([0, 0, 0, 0, 3], under));
    // Loose limbs, on both sides of the multiple that is taken off.
    for (x, y) in pairs::<F>(5, 2) {
        let loose = Eight::<F>::from_lanes(&x).minus_below::<2>(Eight::from_lanes(&y));
        let (by_two, by_four) = (loose.lower_by::<2>().normal(), loose.lower_by::<4>().normal());
        for l in 0..8 {
            let want = element::<F>(x[l]) - element::<F>(y[l]);
            assert!(is_below::<F>(by_two.lane(l), 5001) && element::<F>(by_two.lane(l)) == want);
            assert!(is_below::<F>(by_four.lane(l), 4001) && element::<F>(by_four.lane(l)) == want);
            assert!(is_below::<F>(
                loose.lower_by::<4>().lower_by::<2>().normal().lane(l),
                2001
            ));
        }
    }
}

/// What lies above a limb belongs to the next one, on both sides of the multiple that is taken off.
#[target_feature(enable = "avx512f,avx512ifma")]
fn carries_count<F: Prime>() {
    let double = multiple(F::LIMBS, 2);
    for carry in [-7i64, -1, 0, 1, 7] {
        let loose = |above: i64| {
            let mut limbs = double;
            limbs[3] = limbs[3].wrapping_add((carry << 52) as u64);
            limbs[4] = limbs[4].wrapping_add((above - carry) as u64);
            limbs
        };
        let x = Eight::<F>::from_lanes(&[8, -1, 4, -1, 8, -1, 4, -1].map(loose));
        let lowered = x.lower_by::<2>().normal();
        assert_eq!(lowered.lane(0), [0, 0, 0, 0, 8]);
        assert_eq!(lowered.lane(2), [0, 0, 0, 0, 4]);
        let mut under = double;
        under[4] -= 1;
        assert_eq!(lowered.lane(1), under);
    }
}

/// Each limb alone keeps a lane from being zero.
#[target_feature(enable = "avx512f,avx512ifma")]
fn zeros_are_zero_in_every_limb<F: Prime>() {
    let mut lanes = [[0; 5]; 8];
    for j in 0..5 {
        lanes[j][j] = 1;
    }
    assert_eq!(Eight::<F>::from_lanes(&lanes).zeros(), 0b1110_0000);
}

/// Zeros in every set of lanes that has a first, a last or neighbours.
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverses_agree<F: Prime>() {
    let x: [Limbs; 8] = samples::<F>(5, 40, 9)[24..32].try_into().unwrap();
    let scale = F::from(3);
    for zeros in [0u8, 1, 2, 0x80, 0x81, 0x18, 0x55, 0xaa, 0xfe, 0x7f, 0xff] {
        let mut lanes = x;
        for l in 0..8 {
            if zeros >> l & 1 == 1 {
                // Zero and a multiple of p.
                lanes[l] = multiple(F::LIMBS, l as u64 % 3);
            }
        }
        let (inverses, mask) = inverses(Eight::<F>::from_lanes(&lanes), scale);
        assert_eq!(mask, zeros);
        for l in 0..8 {
            let element = F::from_words(words(Eight::<F>::from_lanes(&lanes).canonical().lane(l)));
            let want = element.invert().unwrap_or(F::ZERO) * scale;
            assert_eq!(F::from_words(words(inverses.lane(l))), want);
        }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn layouts_agree<F: Prime>() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for _ in 0..50 {
        let elements: [F; 8] = std::array::from_fn(|l| if l == 3 { -F::ONE } else { F::random(&mut rng) });
        let (plain, lanes) = (Eight::load_words(&elements), Eight::load(&elements));
        let mut back = [F::ZERO; 8];
        plain.store_words(&mut back);
        assert_eq!(back, elements);
        let mut back = [F::ZERO; 8];
        lanes.store(&mut back);
        assert_eq!(back, elements);
        for l in 0..8 {
            assert_eq!(words(plain.lane(l)), elements[l].to_words());
            assert_eq!(element::<F>(lanes.lane(l)), element::<F>(plain.lane(l)) * F::from(16));
            assert!(is_below::<F>(lanes.lane(l), 16_000));
        }
        let mut block = crate::block::Block::ZERO;
        plain.to_block(&mut block);
        let again = super::layout::limbs_of::<F>(block.rows());
        assert!((0..8).all(|l| again.lane(l) == plain.lane(l)));
    }
    // The highest value of a block, in every other lane, and each limb of it alone.
    let highest = [LIMB_MASK, LIMB_MASK, LIMB_MASK, LIMB_MASK, LIMB_MASK >> 4];
    for limb in 0..6 {
        let some = std::array::from_fn(|j| if limb == 5 || limb == j { highest[j] } else { 0 });
        let lanes = std::array::from_fn(|l| if l % 2 == limb % 2 { some } else { [0; 5] });
        let mut block = crate::block::Block::ZERO;
        Eight::<F>::from_lanes(&lanes).to_block(&mut block);
        let again = super::layout::limbs_of::<F>(block.rows());
        for l in 0..8 {
            assert_eq!(block.words.map(|row| row[l]), words(lanes[l]));
            assert_eq!(again.lane(l), lanes[l]);
        }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn transpositions_agree() {
    let word = |i: usize, j: usize| (i * 8 + j) as u64;
    let rows = load_square(&std::array::from_fn(|i| std::array::from_fn(|j| word(i, j))));
    for (j, column) in square(&rows).into_iter().enumerate() {
        assert_eq!(row_words(column), std::array::from_fn(|i| word(i, j)));
    }
    // Eight rows of four words, two a register.
    let four = [rows[0], rows[1], rows[2], rows[3]];
    let gathered = gather_words(&four);
    for (j, column) in gathered.into_iter().enumerate() {
        assert_eq!(row_words(column), std::array::from_fn(|i| (i * 4 + j) as u64));
    }
    for (scattered, row) in scatter_words(&gathered).into_iter().zip(four) {
        assert_eq!(row_words(scattered), row_words(row));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn load_square(words: &[[u64; 8]; 8]) -> [std::arch::x86_64::__m512i; 8] {
    let mut out = [load_row(&words[0]); 8];
    for i in 0..8 {
        out[i] = load_row(&words[i]);
    }
    out
}

macro_rules! lane_test {
    ($name:ident, $($body:expr),+) => {
        #[test]
        fn $name() {
            if lanes().is_some() {
                // SAFETY: the processor has the instructions.
                unsafe { $($body;)+ }
            }
        }
    };
}
lane_test!(
    products_sums_and_choices_agree_with_the_library,
    arithmetic_agrees::<Fr>(),
    arithmetic_agrees::<Fq>()
);
lane_test!(
    reductions_agree_with_the_library,
    reductions_agree::<Fr>(),
    reductions_agree::<Fq>()
);
lane_test!(
    layouts_hold_the_librarys_words,
    layouts_agree::<Fr>(),
    layouts_agree::<Fq>()
);
lane_test!(rows_become_columns, transpositions_agree());
lane_test!(
    carries_count_where_multiples_are_taken_off,
    carries_count::<Fr>(),
    carries_count::<Fq>()
);
lane_test!(
    zeros_are_zero_in_every_limb_of_both_fields,
    zeros_are_zero_in_every_limb::<Fr>(),
    zeros_are_zero_in_every_limb::<Fq>()
);
lane_test!(
    inverses_and_zeros_agree_with_the_library,
    inverses_agree::<Fr>(),
    inverses_agree::<Fq>()
);
