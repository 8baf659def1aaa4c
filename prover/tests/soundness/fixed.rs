//! What the fixed columns hold, from what they are for: every row of every column, as the layouter received it.
//!
//! Rows are those of the floor plan. The kinds of the arithmetic are not here: that a row of it is off shows as a value
//! that nothing computes (`mutation_sweep`).

use crate::recorder::Recorder;
use crate::support::{configure, tiny_with, SALT_ROWS, TWO_LIMBS};
use assay_prover::circuit::{Columns, Compiled, FrozenArchitecture, Layout};
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::{Architecture, Conv, ConvKind, Layer, Op, OutputMode, TensorId};
use assay_statement::field::{from_be_bytes, from_i64, Fr};
use assay_statement::poseidon::{self, WIDTH};
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{Column, Fixed};
use sha3::{Digest, Keccak256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) const SHIFT: u32 = 10;

pub(crate) struct Plan {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) columns: Columns,
    pub(crate) recorder: Recorder,
}

/// Maps of width 12, 6, 3 and 1: with 4 and 5 lanes there are tails, with 5 lanes one of a single lane. And one whose image is read
/// whole, with kernels of many sizes; and one that joins channels.
fn plans() -> Vec<Plan> {
    let mut plans = plans_of(&tiny_network(SHIFT));
    plans.extend(plans_of(&kernel_network(SHIFT)));
    plans.extend(plans_of(&joined_network(SHIFT)));
    // Its tables are as large.
    plans.extend(plans_of(&tiny_network(TWO_LIMBS)));
    plans
}

/// Those in the narrow form.
pub(crate) fn narrow_plans() -> Vec<Plan> {
    let networks = [tiny_network(SHIFT), kernel_network(SHIFT), joined_network(SHIFT)];
    networks
        .iter()
        .flat_map(|network| plans_on(network, &[Layout::NARROW]))
        .collect()
}

fn plans_of(architecture: &Architecture) -> Vec<Plan> {
    plans_on(architecture, &[3, 4, 5, 8])
}

fn plans_on(architecture: &Architecture, lanes: &[usize]) -> Vec<Plan> {
    let plan = |lanes: &usize| {
        let frozen = FrozenArchitecture::plan_with(architecture.clone(), *lanes, SALT_ROWS).unwrap();
        let compiled = Arc::new(Compiled::new(frozen).unwrap());
        let (_, columns) = configure(&compiled);
        let recorder = Recorder::new(&compiled);
        Plan {
            compiled,
            columns,
            recorder,
        }
    };
    lanes.iter().map(plan).collect()
}

impl Plan {
    /// The column holds these values, and zero in all other rows.
    #[track_caller]
    pub(crate) fn holds(&self, column: Column<Fixed>, what: &str, expected: impl IntoIterator<Item = (usize, Fr)>) {
        let found = &self.recorder.fixed[column.index()];
        let mut whole = vec![Fr::ZERO; found.len()];
        for (row, value) in expected {
            whole[row] = value;
        }
        let differs = (0..found.len()).find(|row| found[*row] != whole[*row]);
        if let Some(row) = differs {
            let lanes = self.compiled.frozen.layout.lanes;
            panic!(
                "{what}, {lanes} lanes, row {row}: {:?}, not {:?}",
                found[row], whole[row]
            );
        }
    }

    /// Rows of the hash's rounds, with the number of the round.
    pub(crate) fn rounds(&self) -> Vec<(usize, usize)> {
        let first = self.compiled.floor.poseidon + 1;
        let calls = 1 + self.words().div_ceil(2);
        let rounds = poseidon::parameters().rounds();
        let row = move |call: usize, round: usize| (first + call * (rounds + 1) + round, round);
        (0..calls)
            .flat_map(|call| (0..rounds).map(move |round| row(call, round)))
            .collect()
    }

    /// Rows on which a call ends or begins.
    pub(crate) fn boundaries(&self) -> Vec<usize> {
        let rounds = self.rounds();
        let last = rounds.last().expect("there is a call").0;
        let starts = rounds.into_iter().filter(|(_, round)| *round == 0);
        starts.map(|(row, _)| row - 1).chain([last + 1]).collect()
    }

    /// 31 bytes each.
    pub(crate) fn words(&self) -> usize {
        let input = self.compiled.frozen.architecture.input;
        (3 * input.h * input.w).div_ceil(31)
    }

    /// Rows of garbage, with whether the chain over the channels goes on.
    pub(crate) fn garbage(&self) -> Vec<(usize, bool)> {
        let (fold, layers) = (
            self.compiled.frozen.layout.fold(),
            &self.compiled.frozen.architecture.layers,
        );
        let mut rows = Vec::new();
        for (layer, garbage) in layers.iter().zip(&self.compiled.floor.garbage) {
            let Some(garbage) = garbage else { continue };
            let chain = powers(layer, self.compiled.frozen.layout.weight_columns).div_ceil(fold);
            for n in 0..garbage.spatial.garbage.len() * chain {
                rows.push((garbage.start + n, n % chain + 1 < chain));
            }
        }
        rows
    }

    /// Rows of the image's words, with whether they hold byte 32.
    fn word_rows(&self) -> Vec<(usize, bool)> {
        let each = 32 / self.compiled.frozen.layout.fold();
        let row = |n| (self.compiled.floor.words + n, n % each == each - 1);
        (0..self.words() * each).map(row).collect()
    }
}

/// Powers of γ that the channels of a layer take: groups begin where a chain of weights does.
fn powers(layer: &Layer, width: usize) -> usize {
    match &layer.op {
        Op::Conv(Conv {
            kind: ConvKind::Grouped(_, groups),
            ..
        }) => {
            let group = layer.output.c / groups.0;
            group.div_ceil(width) * width * (groups.0 - 1) + group
        }
        _ => layer.output.c,
    }
}

fn one(row: usize) -> (usize, Fr) {
    (row, Fr::ONE)
}

pub(crate) fn kind(row: usize, kind: u64) -> (usize, Fr) {
    (row, Fr::from(kind))
}

#[test]
fn tables_hold_the_quotients_and_their_clips_and_true_entries_beyond() {
    for plan in plans() {
        let half = 1i64 << (SHIFT - 1);
        let entries = 0..1usize << SHIFT;
        let quotient = |row: usize| (row, Fr::from(row as u64));
        let clip = |row: usize| (row, from_i64((row as i64 - half).clamp(0, 255)));
        plan.holds(plan.columns.table_q, "quotients", entries.clone().map(quotient));
        plan.holds(plan.columns.table_out, "outputs", entries.map(clip));
        // What the other rows hold is an entry too.
        assert_eq!(clip(0), (0, Fr::ZERO));
    }
}

#[test]
fn lookups_are_active_on_every_tensor_row_and_table_row_and_closed_after_them() {
    for plan in plans() {
        let floor = &plan.compiled.floor;
        let tensors = floor
            .tensors
            .iter()
            .map(|t| t.rows().end)
            .max()
            .expect("there are tensors");
        // The row after the logits takes the last values of the output's gate.
        let rows = (tensors + 1).max(1 << SHIFT);
        plan.holds(plan.columns.on, "on", (0..rows).map(one));
        plan.holds(plan.columns.boundary, "boundary", [0, rows].map(one));
    }
}

/// Columns of a tensor row: masks of lanes 1…, whether the image row goes on, its kind. They double as the constants of
/// the hash and as the flags of folded rows.
#[test]
fn coefficients_mask_real_lanes_continue_image_rows_and_mark_the_ends_of_words() {
    for plan in plans() {
        let (arch, layout) = (&plan.compiled.frozen.architecture, plan.compiled.frozen.layout);
        let lanes = layout.lanes;
        let mut expected: Vec<BTreeMap<usize, Fr>> = vec![BTreeMap::new(); layout.coefficients()];
        for (t, tensor) in plan.compiled.floor.tensors.iter().enumerate() {
            let shape = arch.shape(TensorId(t));
            if t > 0 && matches!(arch.layers[t - 1].op, Op::Concat { .. }) {
                // What it joins has rows.
                assert!(tensor.rows().is_empty());
                continue;
            }
            let joins = |read: TensorId| match read.0.checked_sub(1).map(|layer| &arch.layers[layer].op) {
                Some(Op::Concat { inputs }) => inputs.contains(&TensorId(t)),
                _ => false,
            };
            let reads = |read: TensorId| read == TensorId(t) || joins(read);
            let strided = |op: &Op| matches!(op, Op::Conv(c) if reads(c.input) && c.stride == 2);
            let kind = match t {
                0 => 2,
                _ => u64::from(arch.layers.iter().any(|l| strided(&l.op))),
            };
            let mut row = tensor.start;
            for _ in 0..shape.c * shape.h {
                for first in (0..shape.w).step_by(lanes) {
                    for lane in 1..lanes.min(shape.w - first) {
                        expected[lane - 1].insert(row, Fr::ONE);
                    }
                    if first + lanes < shape.w {
                        expected[lanes - 1].insert(row, Fr::ONE);
                    }
                    expected[lanes].insert(row, Fr::from(kind));
                    row += 1;
                }
            }
        }
        for (row, goes_on) in plan.garbage() {
            expected[1].insert(row, Fr::from(u64::from(goes_on)));
        }
        for (row, ends) in plan.word_rows() {
            expected[0].insert(row, Fr::from(u64::from(ends)));
        }
        let constants = grain::round_constants();
        for (row, round) in plan.rounds() {
            for word in 0..WIDTH {
                expected[word].insert(row, constants[round][word]);
            }
        }
        for (n, expected) in expected.into_iter().enumerate() {
            plan.holds(plan.columns.coefficients[n], &format!("coefficient {n}"), expected);
        }
    }
}

#[test]
fn rounds_are_full_at_both_ends_and_partial_between() {
    for plan in plans().into_iter().chain(narrow_plans()) {
        let rounds = poseidon::parameters().rounds();
        assert_eq!(rounds, grain::FULL_ROUNDS + grain::PARTIAL_ROUNDS);
        let half = grain::FULL_ROUNDS / 2;
        let kinds = plan.rounds().into_iter().map(|(row, round)| {
            let full = round < half || round >= rounds - half;
            kind(row, if full { 1 } else { 2 })
        });
        plan.holds(plan.columns.round, "round", kinds);
    }
}

#[test]
fn blocks_fold_garbage_and_words_and_bound_the_calls_of_the_hash() {
    for plan in plans() {
        let folded = plan.garbage().into_iter().chain(plan.word_rows());
        let blocks = folded.map(|(row, _)| kind(row, 1));
        let boundaries = plan.boundaries().into_iter().map(|row| kind(row, 2));
        plan.holds(plan.columns.block, "block", blocks.chain(boundaries));
    }
}

/// Chains over the output channels, one for each number of a kernel and one of biases; kernel rows; single numbers.
#[test]
fn weights_are_read_as_their_layer_reads_them() {
    for plan in plans().into_iter().chain(narrow_plans()) {
        let (arch, width) = (
            &plan.compiled.frozen.architecture,
            plan.compiled.frozen.layout.weight_columns,
        );
        let (mut expected, mut row) = (Vec::new(), 0);
        let mut put = |kinds: &[u64], times: usize| {
            for value in kinds.repeat(times) {
                expected.push(kind(row, value));
                row += 1;
            }
        };
        for layer in &arch.layers {
            let mut chain = vec![1; powers(layer, width).div_ceil(width)];
            *chain.last_mut().expect("there are channels") = 2;
            match &layer.op {
                Op::Conv(conv) => {
                    let channels = arch.shape(conv.input).c;
                    match (conv.kind, conv.stride) {
                        (ConvKind::Pointwise, _) => put(&chain, channels),
                        (ConvKind::Dense(kernel), _) => put(&chain, kernel.h * kernel.w * channels),
                        (ConvKind::Grouped(kernel, groups), _) => {
                            let mut chain = vec![1; (layer.output.c / groups.0).div_ceil(width)];
                            *chain.last_mut().expect("there are channels") = 2;
                            put(&chain, kernel.h * kernel.w * channels);
                        }
                        (ConvKind::Depthwise(kernel), 1) if kernel.w == 3 => put(&[3], kernel.h * channels),
                        (ConvKind::Depthwise(kernel), _) => put(&[4], kernel.h * kernel.w * channels),
                    }
                    put(&chain, 1);
                }
                Op::Add { .. } => put(&[4], 3),
                Op::GlobalAvgPool { .. } => put(&[4], 2),
                Op::Concat { .. } => {}
            }
        }
        plan.holds(plan.columns.weight_kind, "kind of weights", expected);
    }
}

/// The gate of the output looks at the row of every class; that of five classes reads the class from the column.
#[test]
fn outputs_are_read_on_the_row_of_every_class() {
    for (output, classes) in [
        (OutputMode::Top1, 10),
        (OutputMode::Bit, 2),
        (OutputMode::Top5, 10),
        (OutputMode::Logits, 10),
    ] {
        for plan in plans_of(&tiny_with(output)) {
            let first = plan.compiled.floor.logits().start;
            let value = |class: usize| if output == OutputMode::Top5 { class + 1 } else { 1 };
            let rows = (0..classes).map(|class| kind(first + class, value(class) as u64));
            plan.holds(plan.columns.logits, output.name(), rows);
        }
    }
}

/// The constant that five moves of the scale lead to.
#[test]
fn five_moves_of_sixteen_bits_are_a_constant_of_their_own() {
    for plan in plans_of(&tiny_with(OutputMode::Top5)) {
        let constants = &plan.recorder.fixed[plan.columns.constant.index()];
        let moved = (0..80).fold(Fr::ONE, |power, _| power.double());
        assert_eq!(constants.iter().filter(|v| **v == moved).count(), 1);
    }
}

/// 1, −1, the negatives of the zero points, the places of a word's rows, and the tag of the hash: each once.
#[test]
fn constants_are_those_that_the_layers_and_the_hash_need() {
    for plan in plans() {
        let fold = plan.compiled.frozen.layout.fold();
        let mut expected = vec![Fr::ONE, -Fr::ONE];
        let zeros = plan
            .compiled
            .frozen
            .architecture
            .layers
            .iter()
            .map(|layer| match &layer.op {
                Op::Conv(conv) => conv.input_zero,
                Op::Add { .. } | Op::GlobalAvgPool { .. } | Op::Concat { .. } => 0,
            });
        let zeros: BTreeSet<u8> = zeros.filter(|zero| *zero != 0).collect();
        expected.extend(zeros.into_iter().map(|zero| -Fr::from(u64::from(zero))));
        // A row of `fold` digits ends at byte `end` of 31, the last row at byte 32, which is zero.
        for end in (fold..=32).step_by(fold) {
            expected.push(match 31usize.checked_sub(end) {
                Some(below) => (0..below).fold(Fr::ONE, |power, _| power * Fr::from(256)),
                None => Fr::from(256).invert().unwrap(),
            });
        }
        let digest = Keccak256::digest(b"assay.input.v1");
        let mut tag = [0; 32];
        tag[9..24].copy_from_slice(&digest[17..]);
        tag[24..].copy_from_slice(&(plan.words() as u64).to_be_bytes());
        expected.push(from_be_bytes(&tag).unwrap());

        let column = &plan.recorder.fixed[plan.columns.constant.index()];
        let mut found: Vec<Fr> = column.iter().copied().filter(|v| *v != Fr::ZERO).collect();
        found.sort_by_key(PrimeField::to_repr);
        expected.sort_by_key(PrimeField::to_repr);
        assert_eq!(found, expected);
    }
}

#[test]
fn poseidon_has_the_parameters_that_its_generator_makes() {
    let p = poseidon::parameters();
    assert_eq!(
        (p.full_rounds, p.partial_rounds),
        (grain::FULL_ROUNDS, grain::PARTIAL_ROUNDS)
    );
    assert_eq!(p.constants, grain::round_constants());
    assert_eq!(p.mds, grain::matrix());
}

/// Eprint 2019/458, appendix F: the constants of an instance follow from its name by the Grain LFSR.
pub(crate) mod grain {
    use super::*;

    pub(super) const FULL_ROUNDS: usize = 8;
    pub(super) const PARTIAL_ROUNDS: usize = 56;
    const FIELD_BITS: usize = 254;

    struct Grain([bool; 80]);

    impl Grain {
        /// Prime field, S-box x^α, size of the field, width, rounds, and ones.
        fn new() -> Self {
            let parts = [
                (1, 2),
                (0, 4),
                (FIELD_BITS, 12),
                (WIDTH, 12),
                (FULL_ROUNDS, 10),
                (PARTIAL_ROUNDS, 10),
                ((1 << 30) - 1, 30),
            ];
            let bits = parts
                .into_iter()
                .flat_map(|(value, bits)| (0..bits).rev().map(move |n| value >> n & 1 == 1));
            let mut grain = Self(bits.collect::<Vec<_>>().try_into().expect("80 bits"));
            for _ in 0..160 {
                grain.step();
            }
            grain
        }

        fn step(&mut self) -> bool {
            let new = [62, 51, 38, 23, 13, 0]
                .into_iter()
                .fold(false, |sum, n| sum ^ self.0[n]);
            self.0.rotate_left(1);
            self.0[79] = new;
            new
        }

        /// Of two bits, the second counts if the first is 1.
        fn bit(&mut self) -> bool {
            loop {
                let (counts, bit) = (self.step(), self.step());
                if counts {
                    return bit;
                }
            }
        }

        /// Big-endian.
        fn bytes(&mut self) -> [u8; 32] {
            let mut bytes = [0; 32];
            for n in 256 - FIELD_BITS..256 {
                bytes[n / 8] |= u8::from(self.bit()) << (7 - n % 8);
            }
            bytes
        }

        /// The next number below the modulus.
        fn element(&mut self) -> Fr {
            loop {
                if let Some(element) = from_be_bytes(&self.bytes()) {
                    return element;
                }
            }
        }

        /// The next number, reduced.
        fn reduced(&mut self) -> Fr {
            let bytes = self.bytes();
            bytes
                .iter()
                .fold(Fr::ZERO, |sum, b| sum * Fr::from(256) + Fr::from(u64::from(*b)))
        }
    }

    pub(crate) fn round_constants() -> Vec<[Fr; WIDTH]> {
        let mut grain = Grain::new();
        let rounds = 0..FULL_ROUNDS + PARTIAL_ROUNDS;
        rounds.map(|_| std::array::from_fn(|_| grain.element())).collect()
    }

    /// The Cauchy matrix of the numbers after the constants.
    pub(super) fn matrix() -> [[Fr; WIDTH]; WIDTH] {
        let mut grain = Grain::new();
        for _ in 0..WIDTH * (FULL_ROUNDS + PARTIAL_ROUNDS) {
            grain.element();
        }
        let [x, y]: [[Fr; WIDTH]; 2] = [(); 2].map(|()| std::array::from_fn(|_| grain.reduced()));
        x.map(|x| y.map(|y| (x + y).invert().unwrap()))
    }
}
