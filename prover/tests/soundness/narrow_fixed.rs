//! What the fixed columns of the narrow form hold, from what each row is for. Weights and rounds of the hash are looked at in `fixed`,
//! for both forms.

use crate::fixed::{grain, kind, narrow_plans, SHIFT};
use assay_prover::circuit::program::Operand;
use assay_prover::model::{Architecture, Conv, ConvKind, Layer, Op, TensorId};
use assay_statement::field::{from_i64, Fr};
use assay_statement::poseidon::WIDTH;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use std::collections::{BTreeMap, BTreeSet};

/// Data and kinds by what each row is for, region after region.
#[test]
fn narrow_columns_hold_what_the_rows_are_for() {
    for plan in narrow_plans() {
        let (arch, floor) = (&plan.compiled.frozen.architecture, &plan.compiled.floor);
        let mut data: Vec<BTreeMap<usize, Fr>> = vec![BTreeMap::new(); WIDTH];
        let (mut lookups, mut blocks) = (Vec::new(), vec![kind(0, 3), kind(1, 3), kind(2, 3)]);
        data[1].insert(0, Fr::ONE);
        let mut row = 3;
        for (n, layer) in arch.layers.iter().enumerate() {
            if matches!(layer.op, Op::Concat { .. }) {
                continue;
            }
            assert_eq!(floor.tensors[n + 1].start, row, "tensors follow one another");
            let by_two = is_read_by_two(arch, n + 1);
            for column in (0..layer.output.c * layer.output.h).flat_map(|_| 0..layer.output.w) {
                let left = layer.output.w - 1 - column;
                data[usize::from(by_two)].insert(row, Fr::from(u64::from(left > usize::from(by_two))));
                data[2].insert(row, Fr::from(u64::from(left > 0)));
                lookups.push(kind(row, 1));
                row += 1;
            }
        }
        let (image, by_two) = (arch.input, is_read_by_two(arch, 0));
        for byte in 0..3 * image.h * image.w {
            let left = image.w - 1 - byte / 3 % image.w;
            let ends = byte % 31 == 30 || byte + 1 == 3 * image.h * image.w;
            data[0].insert(row, Fr::from(u64::from(left > usize::from(by_two))));
            data[1].insert(row, Fr::from(u64::from(!ends)));
            lookups.push(kind(row, 2));
            row += 1;
        }
        let classes = arch.layers.last().expect("there are layers").output.c;
        for _ in 0..2 * classes + 2 {
            lookups.push(kind(row, 1));
            row += 1;
        }
        for (number, tag) in (0..2u64).flat_map(|tag| (0..1u64 << SHIFT).map(move |number| (number, tag))) {
            let clip = (number as i64 - (1 << (SHIFT - 1))).clamp(0, 255);
            data[0].insert(row, Fr::from(number));
            data[1].insert(row, if tag == 0 { from_i64(clip) } else { Fr::ZERO });
            data[2].insert(row, Fr::from(tag));
            lookups.push(kind(row, 3));
            row += 1;
        }
        blocks.push(kind(row, 3));
        for (row, goes_on) in plan.garbage() {
            data[1].insert(row, Fr::from(u64::from(goes_on)));
            blocks.push(kind(row, 1));
        }
        let constants = grain::round_constants();
        for (row, round) in plan.rounds() {
            for word in 0..WIDTH {
                data[word].insert(row, constants[round][word]);
            }
        }
        blocks.extend(plan.boundaries().into_iter().map(|row| kind(row, 2)));
        let steps = plan.compiled.program.steps.iter();
        let constant = |a: Operand| match a {
            Operand::Constant(value) => Some(value),
            _ => None,
        };
        for (row, value) in steps.filter_map(|step| Some((step.row, constant(step.a)?))) {
            data[0].insert(row, value);
            assert_eq!(plan.recorder.fixed[plan.columns.arith_kind.index()][row], Fr::from(3));
        }
        for (n, data) in data.into_iter().enumerate() {
            plan.holds(plan.columns.coefficients[n], &format!("data {n}"), data);
        }
        plan.holds(plan.columns.on, "lookups", lookups);
        plan.holds(plan.columns.block, "blocks", blocks);
    }
}

/// 1, −1, the negatives of the zero points, the place of a word's first byte, the tag of the hash, and what the class takes: each once.
#[test]
fn constants_of_the_narrow_form_are_those_that_the_layers_the_hash_and_the_class_need() {
    for plan in narrow_plans() {
        let arch = &plan.compiled.frozen.architecture;
        let modulus = Fr::from(1 << SHIFT);
        let word = (0..30).fold(Fr::ONE, |power, _| power * Fr::from(256));
        let tag = assay_statement::input::tag(plan.words());
        let mut expected = vec![Fr::ONE, -Fr::ONE, word, tag, modulus, -modulus, modulus - Fr::ONE];
        for layer in &arch.layers {
            if let Op::Conv(Conv {
                input_zero: zero @ 1..,
                kind,
                ..
            }) = layer.op
            {
                if kind != ConvKind::Pointwise {
                    expected.push(-Fr::from(u64::from(zero)));
                }
            }
        }
        let found = plan.compiled.program.steps.iter().filter_map(|step| match step.a {
            Operand::Constant(value) => Some(value),
            _ => None,
        });
        let set = |values: Vec<Fr>| values.iter().map(PrimeField::to_repr).collect::<BTreeSet<_>>();
        let found: Vec<Fr> = found.collect();
        assert_eq!(found.len(), set(found.clone()).len(), "each once");
        assert_eq!(set(found), set(expected));
    }
}

/// Whether a convolution of stride 2 reads a tensor, itself or joined with others.
fn is_read_by_two(arch: &Architecture, tensor: usize) -> bool {
    let joins = |read: TensorId| match read.0.checked_sub(1).map(|layer| &arch.layers[layer].op) {
        Some(Op::Concat { inputs }) => inputs.contains(&TensorId(tensor)),
        _ => false,
    };
    let reads = |read: TensorId| read == TensorId(tensor) || joins(read);
    let by_two = |layer: &Layer| matches!(&layer.op, Op::Conv(conv) if conv.stride == 2 && reads(conv.input));
    arch.layers.iter().any(by_two)
}
