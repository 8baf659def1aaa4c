//! Remainders of two limbs, `t = q̂·2^s + r₁·2^b + r₀`: the layer's identity fixes the sum, the range table `r₀`, the pair table `r₁` as
//! it does `q̂` and `out`. Each lie keeps `t`, and all that follows from it is computed honestly.

use crate::cheat::{expect_identity, expect_unbalanced_lookup, Cheat};
use crate::executor::{rerun, unclipped};
use crate::support::{mock_challenges, recount, Case, TWO_LIMBS};
use assay_prover::circuit::phase2::Challenges;
use assay_prover::model::TensorId;
use assay_prover::reference::requantise::clip;
use assay_prover::witness::Witness;
use assay_statement::field::{from_i64, Fr};
use halo2_proofs::halo2curves::ff::Field;

/// Entries of the tables.
const ENTRIES: i64 = 1 << (TWO_LIMBS - 8);

const LAYERS: [usize; 4] = [0, 3, 6, 8];

/// `q̂, r₀, r₁`.
type Cells = [Fr; 3];

/// Gives one activation these cells, the layers after it computed from their output.
fn forged(mut case: Case, layer: usize, index: usize, [q, low, high]: Cells, out: u8) -> Cheat {
    case.trace.layers[layer].out[index] = out;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let tensor = TensorId::output_of(layer);
    let lie = [q, low, Fr::from(u64::from(out))];
    for (cell, value) in cheat.activation(tensor, index).into_iter().zip(lie) {
        *cell = value;
    }
    *cheat.high(tensor, index) = high;
    recount(&cheat.case.compiled, &mut cheat.witness);
    cheat
}

/// Quotient, limbs and output of one activation.
fn honest(case: &Case, layer: usize, index: usize) -> ([i64; 3], u8) {
    let layer = &case.trace.layers[layer];
    let r = i64::from(layer.r[index]);
    let cells = [layer.q_hat[index].into(), r % ENTRIES, r / ENTRIES];
    (cells, layer.out[index])
}

/// The cheat who moves the cells of some activation by as much.
fn moved(layer: usize, by: [i64; 3]) -> Cheat {
    let case = Case::two_limbs(3);
    let index = unclipped(&case, layer);
    let (cells, _) = honest(&case, layer, index);
    let [q, low, high] = [0, 1, 2].map(|n| cells[n] + by[n]);
    let out = clip(q as u32, TWO_LIMBS);
    forged(case, layer, index, [q, low, high].map(from_i64), out)
}

/// 256 and −1 themselves, next to the bytes.
#[test]
fn high_limb_next_to_the_bytes_is_rejected() {
    for (high, by) in [(0, [-1, 0, 256]), (255, [1, 0, -256])] {
        let at_the_end = |case: &Case, layer: usize| {
            let out = &case.trace.layers[layer].out;
            (0..out.len()).find(|i| honest(case, layer, *i).0[2] == high && (2..=253).contains(&out[*i]))
        };
        let found = (0..20).find_map(|seed| {
            let case = Case::two_limbs(seed);
            let found = (0..case.trace.layers.len() - 1).find_map(|layer| Some((layer, at_the_end(&case, layer)?)));
            found.map(|(layer, index)| (case, layer, index))
        });
        let (case, layer, index) = found.expect("a high limb at its end among thousands");
        let (cells, _) = honest(&case, layer, index);
        let lie = [0, 1, 2].map(|n| cells[n] + by[n]);
        let out = clip(lie[0] as u32, TWO_LIMBS);
        expect_unbalanced_lookup(&forged(case, layer, index, lie.map(from_i64), out));
    }
}

#[test]
fn high_limb_of_a_byte_more_or_less_is_rejected() {
    for layer in LAYERS {
        for by in [[-1, 0, 256], [1, 0, -256]] {
            expect_unbalanced_lookup(&moved(layer, by));
        }
    }
}

/// The range table would hold it.
#[test]
fn high_limb_as_large_as_a_low_one_may_be_is_rejected() {
    expect_unbalanced_lookup(&moved(4, [-2, 0, 512]));
    let Challenges { beta, theta, .. } = mock_challenges();
    let pair = |high: i64| beta + from_i64(high + ENTRIES / 2) + theta * from_i64(high) + theta.square();
    let in_table = |value: Fr| {
        (0..ENTRIES).any(|q| {
            let out = (q - ENTRIES / 2).clamp(0, 255);
            value == beta + from_i64(q) + theta * from_i64(out) + theta.square() || value == beta + from_i64(q)
        })
    };
    for high in -300..=2 * ENTRIES {
        assert_eq!(in_table(pair(high)), (0..256).contains(&high), "{high}");
    }
}

#[test]
fn low_limb_out_of_the_range_table_is_rejected() {
    for layer in LAYERS {
        for by in [[0, ENTRIES, -1], [0, -ENTRIES, 1]] {
            let case = Case::two_limbs(5);
            let index = (0..case.trace.layers[layer].out.len())
                .find(|index| (1..255).contains(&honest(&case, layer, *index).0[2]))
                .expect("a high limb between its ends");
            let (cells, out) = honest(&case, layer, index);
            let lie = [0, 1, 2].map(|n| from_i64(cells[n] + by[n]));
            expect_unbalanced_lookup(&forged(case, layer, index, lie, out));
        }
    }
}

/// Another low limb with a high limb that is a huge field element: its output could stay.
#[test]
fn high_limb_that_is_a_fraction_is_rejected() {
    let case = Case::two_limbs(4);
    let index = unclipped(&case, 2);
    let ([q, low, high], out) = honest(&case, 2, index);
    let other = low ^ 1;
    let limb = from_i64(ENTRIES);
    let fraction = from_i64(high) + from_i64(low - other) * limb.invert().unwrap();
    let lie = [from_i64(q), from_i64(other), fraction];
    expect_unbalanced_lookup(&forged(case, 2, index, lie, out));
}

/// The high limb enters the sum with its weight: nothing else of the sum can make up for it.
#[test]
fn another_byte_as_high_limb_is_rejected_by_the_identity() {
    for layer in LAYERS {
        let case = Case::two_limbs(6);
        let (cells, out) = honest(&case, layer, 0);
        let other = if cells[2] < 255 { cells[2] + 1 } else { cells[2] - 1 };
        let lie = [cells[0], cells[1], other].map(from_i64);
        expect_identity(&forged(case, layer, 0, lie, out), layer);
    }
}

/// Sums of the lookups, by their definition: `Σ 1/(β + f) − Σ m/(β + T)`.
fn balance(case: &Case, witness: &Witness) -> Fr {
    let Challenges { beta, theta, .. } = mock_challenges();
    let inverse = |value: Fr| (beta + value).invert().expect("β is random");
    let pair = |q: Fr, out: Fr| inverse(q + theta * out + theta.square());
    let half = from_i64(ENTRIES / 2);
    let mut sum = Fr::ZERO;
    for row in 0..case.compiled.floor.on_rows {
        for (lane, high) in witness.cells.chunks(3).zip(&witness.high) {
            sum += pair(lane[0][row], lane[2][row]) + inverse(lane[1][row]) + pair(high[row] + half, high[row]);
        }
        let entry = if (row as i64) < ENTRIES { row as i64 } else { 0 };
        let out = (entry - ENTRIES / 2).clamp(0, 255);
        sum -= witness.pair_multiplicity[row] * pair(from_i64(entry), from_i64(out));
        sum -= witness.range_multiplicity[row] * inverse(from_i64(entry));
    }
    sum
}

#[test]
fn forged_multiplicity_of_a_high_limb_is_rejected() {
    let case = Case::two_limbs(7);
    let witness = case.witness();
    assert_eq!(balance(&case, &witness), Fr::ZERO);
    // The entry of the high limb 0, which every idle cell looks up, counted in the other table.
    let entry = ENTRIES as usize / 2;
    let mut cheat = Cheat::of(case);
    cheat.witness.pair_multiplicity[entry] -= Fr::ONE;
    cheat.witness.range_multiplicity[entry] += Fr::ONE;
    assert_ne!(balance(&cheat.case, &cheat.witness), Fr::ZERO);
    expect_unbalanced_lookup(&cheat);
}
