//! Lies about one activation: the layer's identity fixes `q̂·2^s + r`, the range table `r`, the pair table `q̂` and `out`.

use crate::cheat::{expect_identity, expect_unbalanced_lookup, Cheat};
use crate::executor::{accumulators, requantise, rerun, tensor, unclipped};
use crate::support::{mock_challenges, pooled_network, recount, Case, Of, FORMS, TWO_LIMBS};
use assay_prover::circuit::phase2::Challenges;
use assay_prover::circuit::Compiled;
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::{Architecture, Conv, ConvKind, Op, Padding, TensorId};
use assay_prover::reference::requantise::clip;
use assay_prover::witness::Witness;
use assay_statement::field::{from_i64, Fr};
use halo2_proofs::halo2curves::ff::Field;

/// What is added to a quotient and a remainder.
const LIES: [(i64, i64); 4] = [(1, 0), (0, -1), (-1, 0), (0, 1)];

/// A quotient or remainder one off, the rest of the network computed from it.
#[track_caller]
fn off_by_one(architecture: &Architecture, layer: usize) {
    let [wide, narrow] = FORMS;
    off_by_one_in(wide, architecture, layer, &LIES);
    // The identities are the same, and what they are made of is looked at by itself.
    off_by_one_in(narrow, architecture, layer, &LIES[..2]);
}

#[track_caller]
fn off_by_one_in(of: Of, architecture: &Architecture, layer: usize, lies: &[(i64, i64)]) {
    let shift = architecture.shift;
    for (quotient, remainder) in lies.iter().copied() {
        let mut case = of(architecture.clone(), 1);
        let in_range = |i: &usize| {
            let (r, out) = (
                i64::from(case.trace.layers[layer].r[*i]) + remainder,
                case.trace.layers[layer].out[*i],
            );
            (0..1i64 << shift).contains(&r) && (2..=253).contains(&out)
        };
        let index = (0..case.trace.layers[layer].r.len())
            .rev()
            .find(in_range)
            .expect("some output will do");
        let lie = &mut case.trace.layers[layer];
        lie.q_hat[index] = (i64::from(lie.q_hat[index]) + quotient) as u32;
        lie.r[index] = (i64::from(lie.r[index]) + remainder) as u32;
        lie.out[index] = clip(lie.q_hat[index], shift);
        rerun(&mut case, layer + 1);
        expect_identity(&Cheat::of(case), layer);
    }
}

/// The first layer of the test network that is like this.
fn layer(like: impl Fn(&Op) -> bool) -> usize {
    tiny_network(10)
        .layers
        .iter()
        .position(|l| like(&l.op))
        .expect("the network has every kind")
}

fn conv(kind: ConvKind, stride: usize) -> usize {
    layer(|op| matches!(op, Op::Conv(c) if c.kind == kind && c.stride == stride))
}

/// The test network with another padding in one layer of stride 2.
fn padded(layer: usize, pad: Padding) -> Architecture {
    let mut architecture = tiny_network(10);
    match &mut architecture.layers[layer].op {
        Op::Conv(Conv { stride: 2, pad: p, .. }) => *p = pad,
        op => panic!("{op:?} has no stride 2"),
    }
    architecture
}

#[test]
fn output_of_a_dense_3x3_of_stride_1_off_by_one_is_rejected() {
    off_by_one(&tiny_network(10), conv(ConvKind::DENSE_3X3, 1));
}

#[test]
fn output_of_a_dense_3x3_of_stride_2_off_by_one_is_rejected() {
    let layer = conv(ConvKind::DENSE_3X3, 2);
    off_by_one(&padded(layer, Padding::ONE), layer);
    off_by_one(&padded(layer, Padding::SAME_STRIDE_2), layer);
}

#[test]
fn output_of_a_depthwise_of_stride_1_off_by_one_is_rejected() {
    off_by_one(&tiny_network(10), conv(ConvKind::DEPTHWISE_3X3, 1));
}

#[test]
fn output_of_a_depthwise_of_stride_2_with_pytorch_padding_off_by_one_is_rejected() {
    let layer = conv(ConvKind::DEPTHWISE_3X3, 2);
    off_by_one(&padded(layer, Padding::ONE), layer);
}

#[test]
fn output_of_a_depthwise_of_stride_2_with_tensorflow_padding_off_by_one_is_rejected() {
    let layer = conv(ConvKind::DEPTHWISE_3X3, 2);
    off_by_one(&padded(layer, Padding::SAME_STRIDE_2), layer);
}

#[test]
fn output_of_a_pointwise_off_by_one_is_rejected() {
    off_by_one(&tiny_network(10), conv(ConvKind::Pointwise, 1));
}

#[test]
fn output_of_a_residual_add_off_by_one_is_rejected() {
    off_by_one(&tiny_network(10), layer(|op| matches!(op, Op::Add { .. })));
}

#[test]
fn output_of_the_pool_off_by_one_is_rejected() {
    off_by_one(&tiny_network(10), layer(|op| matches!(op, Op::GlobalAvgPool { .. })));
}

/// 1,024 positions: the multiplier is 4 of 2^12, and the sum of the bytes has 18 bits.
#[test]
fn output_of_a_pool_over_a_large_map_off_by_one_is_rejected() {
    off_by_one(&pooled_network(32, 12), 1);
}

/// One byte of the map, which the pool adds to a thousand others.
#[test]
fn byte_of_a_large_map_that_the_pool_reads_otherwise_is_rejected() {
    for of in FORMS {
        let honest = of(pooled_network(32, 12), 3);
        for place in [0, 1023, 1024, 3 * 1024 - 1] {
            let mut case = of(pooled_network(32, 12), 3);
            case.trace.layers[0].out[place] ^= 1;
            rerun(&mut case, 1);
            assert_ne!(case.trace.layers[1].r, honest.trace.layers[1].r, "no lie");
            let mut cheat = Cheat::of(case);
            // The map's own cells are those that were computed.
            let [_, _, out] = cheat.activation(TensorId::output_of(0), place);
            *out = Fr::from(u64::from(honest.trace.layers[0].out[place]));
            recount(&cheat.case.compiled, &mut cheat.witness);
            expect_identity(&cheat, 1);
        }
    }
}

#[test]
fn logit_of_the_fully_connected_layer_off_by_one_is_rejected() {
    let last = tiny_network(10).layers.len() - 1;
    let lies = [(1, 0), (-1, 0), (0, 1)];
    for ((quotient, remainder), of) in lies.into_iter().flat_map(|lie| FORMS.map(|of| (lie, of))) {
        let mut case = of(tiny_network(10), 2);
        let class = (0..10)
            .find(|k| case.trace.layers[last].r[*k] < 1023)
            .expect("one remainder is not the largest");
        let lie = &mut case.trace.layers[last];
        lie.q_hat[class] = (i64::from(lie.q_hat[class]) + quotient) as u32;
        lie.r[class] += remainder;
        lie.out[class] = clip(lie.q_hat[class], 10);
        expect_identity(&Cheat::of(case), last);
    }
}

#[test]
fn every_layer_rejects_an_output_off_by_one() {
    for architecture in [tiny_network(10), kernel_network(10), joined_network(10)] {
        for layer in 0..architecture.layers.len() - 1 {
            if !matches!(architecture.layers[layer].op, Op::Concat { .. }) {
                off_by_one(&architecture, layer);
            }
        }
    }
    // The narrow form has no two limbs.
    let two_limbs = tiny_network(TWO_LIMBS);
    (0..two_limbs.layers.len() - 1).for_each(|layer| off_by_one_in(Case::of, &two_limbs, layer, &LIES));
}

/// Gives one activation any cells and `out`, the layers after it computed from `out`.
fn forged_activation(mut case: Case, layer: usize, index: usize, q: Fr, r: Fr, out: u8) -> Cheat {
    case.trace.layers[layer].out[index] = out;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    for (cell, value) in
        cheat
            .activation(TensorId::output_of(layer), index)
            .into_iter()
            .zip([q, r, Fr::from(u64::from(out))])
    {
        *cell = value;
    }
    recount(&cheat.case.compiled, &mut cheat.witness);
    cheat
}

/// `(q̂, r, out)` of one activation.
fn activation(case: &Case, layer: usize, index: usize) -> (i64, i64, u8) {
    let layer = &case.trace.layers[layer];
    (layer.q_hat[index].into(), layer.r[index].into(), layer.out[index])
}

#[test]
fn remainder_below_zero_is_rejected() {
    for (layer, of) in [0, 1, 3, 6, 8]
        .into_iter()
        .flat_map(|layer| FORMS.map(|of| (layer, of)))
    {
        let case = of(tiny_network(10), 3);
        let index = unclipped(&case, layer);
        let (q, r, out) = activation(&case, layer, index);
        expect_unbalanced_lookup(&forged_activation(
            case,
            layer,
            index,
            from_i64(q + 1),
            from_i64(r - 1024),
            out + 1,
        ));
    }
}

#[test]
fn remainder_of_two_to_the_s_is_rejected() {
    FORMS
        .iter()
        .for_each(|of| remainder_of_two_to_the_s_is_rejected_in(*of));
}

#[track_caller]
fn remainder_of_two_to_the_s_is_rejected_in(of: Of) {
    let found = (0..20).find_map(|seed| {
        let case = of(tiny_network(10), seed);
        let exact = (0..13).find_map(|layer| {
            let trace = &case.trace.layers[layer];
            (0..trace.r.len())
                .find(|i| trace.r[*i] == 0 && (2..=253).contains(&trace.out[*i]))
                .map(|i| (layer, i))
        });
        exact.map(|(layer, index)| (case, layer, index))
    });
    let (case, layer, index) = found.expect("a remainder of 0 among thousands");
    let (q, _, out) = activation(&case, layer, index);
    expect_unbalanced_lookup(&forged_activation(
        case,
        layer,
        index,
        from_i64(q - 1),
        Fr::from(1024),
        out - 1,
    ));
}

/// Another remainder needs a quotient that is a huge field element; its output could be anything.
#[test]
fn quotient_out_of_range_is_rejected() {
    for (layer, of) in [0, 4, 12].into_iter().flat_map(|layer| FORMS.map(|of| (layer, of))) {
        let case = of(tiny_network(10), 4);
        let index = unclipped(&case, layer);
        let (q, r, out) = activation(&case, layer, index);
        let other = from_i64(r ^ 1);
        let huge = (from_i64(q * 1024 + r) - other) * Fr::from(1024).invert().unwrap();
        expect_unbalanced_lookup(&forged_activation(
            case,
            layer,
            index,
            huge,
            other,
            out.wrapping_add(99),
        ));
    }
}

/// The last layer's output byte is read by nobody: its quotient must be in the table all the same.
#[test]
fn logit_out_of_range_is_rejected() {
    let case = Case::tiny(4);
    let last = case.trace.layers.len() - 1;
    let loser = (case.trace.top1() + 1) % 10;
    let (q, r, out) = activation(&case, last, loser);
    let huge = (from_i64(q * 1024 + r) - from_i64(r ^ 1)) * Fr::from(1024).invert().unwrap();
    let mut cheat = forged_activation(case, last, loser, huge, from_i64(r ^ 1), out);
    // The huge logit wins: it is the maximum, gaps are wrong by as much.
    crate::argmax::choose(&mut cheat, huge, &[loser]);
    expect_unbalanced_lookup(&cheat);
}

#[test]
fn wrong_output_of_a_true_quotient_is_rejected() {
    for of in FORMS {
        let case = of(tiny_network(10), 5);
        let index = unclipped(&case, 2);
        let (q, r, out) = activation(&case, 2, index);
        expect_unbalanced_lookup(&forged_activation(case, 2, index, from_i64(q), from_i64(r), out + 1));
    }
}

/// `Σ 1/(β + q̂ + θ·out + tag) + 1/(β + r) − Σ m_pair/(…) + m_range/(…)`: zero if the lookups balance.
fn balance(compiled: &Compiled, witness: &Witness, challenges: &Challenges, tag: Fr) -> Fr {
    let Challenges { beta, theta, .. } = *challenges;
    let inverse = |v: Fr| v.invert().expect("β is random");
    let half = compiled.fixed.table_rows as u64 / 2;
    let mut sum = Fr::ZERO;
    for row in 0..compiled.floor.on_rows {
        for lane in witness.cells.chunks(3) {
            sum += inverse(beta + lane[0][row] + theta * lane[2][row] + tag) + inverse(beta + lane[1][row]);
        }
        let entry = if row < compiled.fixed.table_rows { row as u64 } else { 0 };
        let out = Fr::from(entry.saturating_sub(half).min(255));
        sum -= witness.pair_multiplicity[row] * inverse(beta + Fr::from(entry) + theta * out + tag);
        sum -= witness.range_multiplicity[row] * inverse(beta + Fr::from(entry));
    }
    sum
}

/// A pair whose output is 0 compresses to its quotient: without the tag the range table would hold it.
#[test]
fn pair_lookup_cannot_be_met_by_the_range_table() {
    let case = Case::tiny(6);
    let challenges = mock_challenges();
    let honest = balance(&case.compiled, &case.witness(), &challenges, challenges.theta.square());
    assert_eq!(honest, Fr::ZERO);

    let index = unclipped(&case, 1);
    let (q, r, _) = activation(&case, 1, index);
    let mut cheat = forged_activation(case, 1, index, from_i64(q), from_i64(r), 0);
    cheat.witness.pair_multiplicity[q as usize] -= Fr::ONE;
    cheat.witness.range_multiplicity[q as usize] += Fr::ONE;
    let compiled = &cheat.case.compiled;
    assert_eq!(
        balance(compiled, &cheat.witness, &challenges, Fr::ZERO),
        Fr::ZERO,
        "without a tag the forgery passes"
    );
    assert_ne!(
        balance(compiled, &cheat.witness, &challenges, challenges.theta.square()),
        Fr::ZERO
    );
    expect_unbalanced_lookup(&cheat);
}

#[test]
fn forged_multiplicity_is_rejected() {
    let rows = [0, 1, 600, 1023];
    for (row, pair) in rows.into_iter().flat_map(|row| [(row, true), (row, false)]) {
        let mut cheat = Cheat::of(Case::tiny(7));
        let witness = &mut cheat.witness;
        let column = if pair {
            &mut witness.pair_multiplicity
        } else {
            &mut witness.range_multiplicity
        };
        column[row] += Fr::ONE;
        expect_unbalanced_lookup(&cheat);
    }
    // One entry's count moved to another, and a count below zero.
    for (from, to) in [(512, 513), (5, 6)] {
        let mut cheat = Cheat::of(Case::tiny(7));
        cheat.witness.pair_multiplicity[from] -= Fr::ONE;
        cheat.witness.pair_multiplicity[to] += Fr::ONE;
        expect_unbalanced_lookup(&cheat);
    }
}

#[test]
fn residual_add_of_other_inputs_is_rejected() {
    let arch = tiny_network(10);
    let add = layer(|op| matches!(op, Op::Add { .. }));
    let Op::Add { lhs, rhs } = arch.layers[add].op else {
        unreachable!()
    };
    for (l, r) in [(rhs, lhs), (lhs, lhs), (rhs, rhs)] {
        let mut other = arch.clone();
        other.layers[add].op = Op::Add { lhs: l, rhs: r };
        for of in FORMS {
            let mut case = of(arch.clone(), 8);
            let t = accumulators(&other, &case.folded, add, |id| tensor(&case.trace, id));
            requantise(&mut case.trace, add, &t, arch.shift);
            rerun(&mut case, add + 1);
            expect_identity(&Cheat::of(case), add);
        }
    }
}
