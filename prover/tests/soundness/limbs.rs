//! Remainders of two limbs, `t = q̂·2^s + r₁·2^b + r₀`: the layer's identity fixes the sum, the range table `r₀`, the pair table `r₁` as
//! it does `q̂` and `out`. Each lie keeps `t`, and all that follows from it is computed honestly. Shift 17 has the smallest tables: a low limb
//! has as many values as `q̂`, and a high one reaches the end of the table.

use crate::cheat::{expect_constraint, expect_identity, expect_unbalanced_lookup, Cheat};
use crate::executor::{rerun, unclipped};
use crate::support::{mock_challenges, recount, Case, LEAST_TWO_LIMBS, TWO_LIMBS};
use assay_prover::circuit::phase2::Challenges;
use assay_prover::model::random::tiny_network;
use assay_prover::model::{OutputMode, TensorId};
use assay_prover::reference::requantise::clip;
use assay_prover::witness::Witness;
use assay_statement::field::{from_i64, Fr};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;

const LAYERS: [usize; 4] = [0, 3, 6, 8];

/// Cases of a shift from seeds.
type Of = fn(u64) -> Case;

const SHIFTS: [Of; 2] = [Case::two_limbs, Case::least_two_limbs];

fn shift(case: &Case) -> u32 {
    case.compiled.frozen.architecture.shift
}

/// Entries of the tables.
fn entries(case: &Case) -> i64 {
    1 << (shift(case) - 8)
}

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
    let (r, entries) = (i64::from(layer.r[index]), entries(case));
    let cells = [layer.q_hat[index].into(), r % entries, r / entries];
    (cells, layer.out[index])
}

/// The cheat who moves the cells of some activation by as much.
fn moved(of: Of, layer: usize, by: [i64; 3]) -> Cheat {
    let case = of(3);
    let index = unclipped(&case, layer);
    let (cells, _) = honest(&case, layer, index);
    let [q, low, high] = [0, 1, 2].map(|n| cells[n] + by[n]);
    let out = clip(q as u32, shift(&case));
    forged(case, layer, index, [q, low, high].map(from_i64), out)
}

#[test]
fn the_least_shift_of_two_limbs_has_one() {
    for (shift, limbs) in [(LEAST_TWO_LIMBS - 1, 1), (LEAST_TWO_LIMBS, 2), (TWO_LIMBS, 2)] {
        assert_eq!(tiny_network(shift).cut().limbs(), limbs);
    }
    let case = Case::least_two_limbs(1);
    case.folded.check_total(&case.compiled.frozen.architecture).unwrap();
    assert_eq!(Cheat::of(case).failures(), []);
}

/// 256 and −1 themselves, next to the bytes.
#[test]
fn high_limb_next_to_the_bytes_is_rejected() {
    for (of, (high, by)) in SHIFTS
        .into_iter()
        .flat_map(|of| [(0, [-1, 0, 256]), (255, [1, 0, -256])].map(|lie| (of, lie)))
    {
        let at_the_end = |case: &Case, layer: usize| {
            let out = &case.trace.layers[layer].out;
            (0..out.len()).find(|i| honest(case, layer, *i).0[2] == high && (2..=253).contains(&out[*i]))
        };
        let found = (0..20).find_map(|seed| {
            let case = of(seed);
            let found = (0..case.trace.layers.len() - 1).find_map(|layer| Some((layer, at_the_end(&case, layer)?)));
            found.map(|(layer, index)| (case, layer, index))
        });
        let (case, layer, index) = found.expect("a high limb at its end among thousands");
        let (cells, _) = honest(&case, layer, index);
        let lie = [0, 1, 2].map(|n| cells[n] + by[n]);
        let out = clip(lie[0] as u32, shift(&case));
        expect_unbalanced_lookup(&forged(case, layer, index, lie.map(from_i64), out));
    }
}

#[test]
fn high_limb_of_a_byte_more_or_less_is_rejected() {
    for layer in LAYERS {
        for by in [[-1, 0, 256], [1, 0, -256]] {
            SHIFTS
                .iter()
                .for_each(|of| expect_unbalanced_lookup(&moved(*of, layer, by)));
        }
    }
}

/// The range table would hold it: 512 to 767 of 1,024 entries, and 256 to 511 of 512.
#[test]
fn high_limb_as_large_as_a_low_one_may_be_is_rejected() {
    for (of, bytes) in SHIFTS.into_iter().zip([2, 1]) {
        let cheat = moved(of, 4, [-bytes, 0, 256 * bytes]);
        expect_unbalanced_lookup(&cheat);
        let entries = entries(&cheat.case);
        let Challenges { beta, theta, .. } = mock_challenges();
        let pair = |high: i64| beta + from_i64(high + entries / 2) + theta * from_i64(high) + theta.square();
        let in_table = |value: Fr| {
            (0..entries).any(|q| {
                let out = (q - entries / 2).clamp(0, 255);
                value == beta + from_i64(q) + theta * from_i64(out) + theta.square() || value == beta + from_i64(q)
            })
        };
        for high in -300..=2 * entries {
            assert_eq!(in_table(pair(high)), (0..256).contains(&high), "{high}");
        }
    }
}

#[test]
fn low_limb_out_of_the_range_table_is_rejected() {
    for (of, layer) in SHIFTS.into_iter().flat_map(|of| LAYERS.map(|layer| (of, layer))) {
        for sign in [1, -1] {
            let case = of(5);
            let by = [0, sign * entries(&case), -sign];
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
    for of in SHIFTS {
        let case = of(4);
        let index = unclipped(&case, 2);
        let ([q, low, high], out) = honest(&case, 2, index);
        let other = low ^ 1;
        let limb = from_i64(entries(&case));
        let fraction = from_i64(high) + from_i64(low - other) * limb.invert().unwrap();
        let lie = [from_i64(q), from_i64(other), fraction];
        expect_unbalanced_lookup(&forged(case, 2, index, lie, out));
    }
}

/// The high limb enters the sum with its weight: nothing else of the sum can make up for it.
#[test]
fn another_byte_as_high_limb_is_rejected_by_the_identity() {
    for (of, layer) in SHIFTS.into_iter().flat_map(|of| LAYERS.map(|layer| (of, layer))) {
        let case = of(6);
        let (cells, out) = honest(&case, layer, 0);
        let other = if cells[2] < 255 { cells[2] + 1 } else { cells[2] - 1 };
        let lie = [cells[0], cells[1], other].map(from_i64);
        expect_identity(&forged(case, layer, 0, lie, out), layer);
    }
}

/// The class that is farthest from being chosen, and how much its logit is below the largest.
fn loser(case: &Case) -> (usize, i64) {
    let logits = case.trace.logits();
    let (loser, least) = logits
        .iter()
        .enumerate()
        .min_by_key(|(_, logit)| **logit)
        .expect("classes");
    (loser, i64::from(logits[case.trace.top1()]) - i64::from(*least))
}

/// Moves the cells of a class's logit by as much. The output, and all that is counted for it, are those of the lie.
fn moved_logit(mut case: Case, class: usize, by: [i64; 3]) -> Cheat {
    let last = case.trace.layers.len() - 1;
    let (cells, _) = honest(&case, last, class);
    let [q, low, high] = [0, 1, 2].map(|n| cells[n] + by[n]);
    case.trace.layers[last].q_hat[class] = q as u32;
    let out = clip(q as u32, shift(&case));
    forged(case, last, class, [q, low, high].map(from_i64), out)
}

/// Every output of two limbs: of the smallest shift, and of one that leaves room.
fn cases(output: OutputMode) -> [Case; 2] {
    [Case::two_limbs(3), Case::least_two_limbs(3)].map(|case| case.with_output(output))
}

const OUTPUTS: [OutputMode; 3] = [OutputMode::Top1, OutputMode::Top5, OutputMode::Logits];

/// A class wins by what its remainder lacks: the sum is the same, and only the byte is none.
#[test]
fn logit_that_borrows_from_its_high_limb_is_rejected() {
    for case in OUTPUTS.into_iter().flat_map(cases) {
        let output = case.compiled.frozen.architecture.output;
        let (class, lacks) = loser(&case);
        let honest = case.instances();
        let cheat = moved_logit(case, class, [lacks + 1, 0, -256 * (lacks + 1)]);
        assert_ne!(cheat.instances, honest, "{output}: no lie");
        expect_unbalanced_lookup(&cheat);
    }
}

/// From the low limb it would have to borrow as much as the quotient weighs.
#[test]
fn logit_that_borrows_from_its_low_limb_is_rejected() {
    for case in OUTPUTS.into_iter().flat_map(cases) {
        let (class, lacks) = loser(&case);
        let borrowed = (lacks + 1) << shift(&case);
        expect_unbalanced_lookup(&moved_logit(case, class, [lacks + 1, -borrowed, 0]));
    }
}

/// With limbs that are in their tables it is another sum.
#[test]
fn logit_of_another_sum_is_rejected_by_the_identity() {
    for case in OUTPUTS.into_iter().flat_map(cases) {
        let last = case.trace.layers.len() - 1;
        let (class, lacks) = loser(&case);
        expect_identity(&moved_logit(case, class, [lacks + 1, 0, 0]), last);
    }
    for (case, class) in cases(OutputMode::Logits).into_iter().zip([0, 9]) {
        let last = case.trace.layers.len() - 1;
        let (cells, _) = honest(&case, last, class);
        let by = if cells[2] == 0 { 1 } else { -1 };
        // One limb off, and nothing that anybody sees.
        let seen = case.instances();
        let cheat = moved_logit(case, class, [0, 0, by]);
        assert_eq!(cheat.instances, seen);
        expect_identity(&cheat, last);
    }
}

/// What is exposed is the quotient, not the finer number that the limbs make of it.
#[test]
fn exposed_value_with_a_high_limb_in_it_is_rejected() {
    for case in cases(OutputMode::Logits) {
        let last = case.trace.layers.len() - 1;
        let class = (0..10)
            .find(|class| honest(&case, last, *class).0[2] > 0)
            .expect("a high limb");
        let ([q, _, high], _) = honest(&case, last, class);
        let mut cheat = Cheat::of(case);
        let row = cheat.case.compiled.floor.logits().start + class;
        let finer = from_i64(256 * q + high);
        cheat.forge(|p| p.values.acc[row] = finer);
        cheat.instances[instance::OUTPUT + class] = finer;
        assert_eq!(
            expect_constraint(&cheat.failures(), "logits", "exposed is the logit"),
            [row]
        );
    }
}

/// Sums of the lookups, by their definition: `Σ 1/(β + f) − Σ m/(β + T)`.
fn balance(case: &Case, witness: &Witness) -> Fr {
    let Challenges { beta, theta, .. } = mock_challenges();
    let inverse = |value: Fr| (beta + value).invert().expect("β is random");
    let pair = |q: Fr, out: Fr| inverse(q + theta * out + theta.square());
    let entries = entries(case);
    let half = from_i64(entries / 2);
    let mut sum = Fr::ZERO;
    for row in 0..case.compiled.floor.on_rows {
        for (lane, high) in witness.cells.chunks(3).zip(&witness.high) {
            sum += pair(lane[0][row], lane[2][row]) + inverse(lane[1][row]) + pair(high[row] + half, high[row]);
        }
        let entry = if (row as i64) < entries { row as i64 } else { 0 };
        let out = (entry - entries / 2).clamp(0, 255);
        sum -= witness.pair_multiplicity[row] * pair(from_i64(entry), from_i64(out));
        sum -= witness.range_multiplicity[row] * inverse(from_i64(entry));
    }
    sum
}

#[test]
fn forged_multiplicity_of_a_high_limb_is_rejected() {
    for of in SHIFTS {
        let case = of(7);
        let witness = case.witness();
        assert_eq!(balance(&case, &witness), Fr::ZERO);
        // The entry of the high limb 0, which every idle cell looks up, counted in the other table.
        let entry = entries(&case) as usize / 2;
        let mut cheat = Cheat::of(case);
        cheat.witness.pair_multiplicity[entry] -= Fr::ONE;
        cheat.witness.range_multiplicity[entry] += Fr::ONE;
        assert_ne!(balance(&cheat.case, &cheat.witness), Fr::ZERO);
        expect_unbalanced_lookup(&cheat);
    }
}
