//! Phase 1 of the witness: the reference trace, the parameters and the image as columns.
//!
//! Computes, never constrains.

use crate::chips::argmax::{CHOSEN, GAP, MAXIMUM};
use crate::commitment::input::{self, InputSalt};
use crate::commitment::poseidon::{self, WIDTH};
use crate::field::{from_i64, Fr};
use crate::model::{Architecture, Conv, ConvKind, FoldedLayer, FoldedModel, Op, TensorId};
use crate::plan::floor::{Floor, GarbageRows};
use crate::plan::layout::Layout;
use crate::reference::Trace;
use crate::witness::{Statement, Witness};
use halo2_proofs::halo2curves::ff::Field;

impl Witness {
    pub fn new(statement: &Statement<'_>) -> Self {
        let Statement {
            arch,
            layout,
            floor,
            folded,
            trace,
            ..
        } = *statement;
        let mut witness = Self::zero(statement);
        fill_weights(
            arch,
            layout,
            floor,
            folded,
            statement.weight_salts,
            &mut witness.weights,
        );
        witness.tensors(arch, layout, floor, trace);
        witness.argmax(arch, floor, trace);
        witness.multiplicities(arch, layout, floor);
        for (i, garbage) in floor.garbage.iter().enumerate() {
            if let Some(garbage) = garbage {
                witness.garbage(arch, layout, i, garbage, folded, trace);
            }
        }
        witness.words(layout, floor, statement.image);
        witness.hash(floor, statement.image, statement.salt);
        witness
    }

    fn tensors(&mut self, arch: &Architecture, layout: &Layout, floor: &Floor, trace: &Trace) {
        let half = 1u64 << (arch.shift - 1);
        for (t, rows) in floor.tensors.iter().enumerate() {
            let mut index = 0;
            for c in 0..rows.shape.c {
                for i in 0..rows.shape.h {
                    for j in 0..rows.shape.w {
                        let (row, lane) = rows.cell(c, i, j, layout.lanes);
                        let (q, r, out) = match t.checked_sub(1) {
                            None => {
                                let byte = u64::from(trace.image[index]);
                                (byte + half, 0, byte)
                            }
                            Some(layer) => {
                                let layer = &trace.layers[layer];
                                (
                                    layer.q_hat[index].into(),
                                    layer.r[index].into(),
                                    layer.out[index].into(),
                                )
                            }
                        };
                        for (n, value) in [q, r, out].into_iter().enumerate() {
                            self.cells[3 * lane + n][row] = Fr::from(value);
                        }
                        index += 1;
                    }
                }
            }
        }
    }

    fn argmax(&mut self, arch: &Architecture, floor: &Floor, trace: &Trace) {
        let logits = &trace.layers.last().expect("there are logits").q_hat;
        let chosen = trace.top1();
        let maximum = i64::from(logits[chosen]);
        let half = 1i64 << (arch.shift - 1);
        let start = floor.logits().start;
        for row in 0..=logits.len() {
            self.cells[MAXIMUM][start + row] = from_i64(maximum);
            self.cells[MAXIMUM + 2][start + row] = from_i64((maximum - half).clamp(0, 255));
        }
        for (j, logit) in logits.iter().enumerate() {
            self.cells[GAP][start + j] = from_i64(maximum - i64::from(*logit) - i64::from(j < chosen));
            self.cells[CHOSEN][start + j] = from_i64(i64::from(j == chosen));
        }
    }

    fn multiplicities(&mut self, arch: &Architecture, layout: &Layout, floor: &Floor) {
        let mut counts = [vec![0u64; 1 << arch.shift], vec![0u64; 1 << arch.shift]];
        for row in 0..floor.on_rows {
            for lane in 0..layout.lanes {
                for (n, counts) in counts.iter_mut().enumerate() {
                    if let Some(count) = small(&self.cells[3 * lane + n][row]).and_then(|v| counts.get_mut(v)) {
                        *count += 1;
                    }
                }
            }
        }
        let [pair, range] = counts;
        for (column, counts) in [
            (&mut self.pair_multiplicity, pair),
            (&mut self.range_multiplicity, range),
        ] {
            for (row, count) in counts.into_iter().enumerate() {
                column[row] = Fr::from(count);
            }
        }
    }

    /// Coefficients of the product polynomial at the exponents without an output.
    fn garbage(
        &mut self,
        arch: &Architecture,
        layout: &Layout,
        layer: usize,
        garbage: &GarbageRows,
        folded: &FoldedModel,
        trace: &Trace,
    ) {
        let channels = arch.layers[layer].output.c;
        let fold = layout.fold();
        for o in 0..channels {
            let product = product_polynomial(arch, layer, garbage, &folded.layers[layer], trace, o);
            for (n, exponent) in garbage.spatial.garbage.iter().enumerate() {
                let row = garbage.start + n * garbage.chain + o / fold;
                self.cells[o % fold][row] = from_i64(product[*exponent]);
            }
        }
    }

    fn words(&mut self, layout: &Layout, floor: &Floor, image: &[u8]) {
        let fold = layout.fold();
        for (word, bytes) in image.chunks(input::WORD_BYTES).enumerate() {
            for (n, byte) in bytes.iter().enumerate() {
                self.cells[n % fold][floor.words + word * (32 / fold) + n / fold] = Fr::from(u64::from(*byte));
            }
        }
    }

    fn hash(&mut self, floor: &Floor, image: &[u8], salt: &InputSalt) {
        let p = poseidon::parameters();
        for (call, inputs) in input::calls(image, salt).iter().enumerate() {
            let first = floor.poseidon + call * (p.rounds() + 1) + 1;
            for (r, state) in poseidon::trace(inputs).iter().enumerate() {
                for i in 0..WIDTH {
                    self.cells[i][first + r] = state[i];
                    if r < p.rounds() && (i == 0 || p.is_full(r)) {
                        self.cells[WIDTH + i][first + r] = (state[i] + p.constants[r][i]).square();
                    }
                }
            }
        }
    }
}

/// A field element below 2^32 as an index.
fn small(v: &Fr) -> Option<usize> {
    let bytes = crate::field::to_be_bytes(v);
    let (high, low) = bytes.split_at(28);
    (high.iter().all(|b| *b == 0)).then(|| low.iter().fold(0, |acc, b| (acc << 8) | usize::from(*b)))
}

/// The weight columns: parameters from the first row on, salt in the last rows.
///
/// They depend on the model and its secret only: their commitments are the model's.
pub fn weight_columns(
    arch: &Architecture,
    layout: &Layout,
    floor: &Floor,
    folded: &FoldedModel,
    salts: &[Vec<Fr>],
) -> Vec<Vec<Fr>> {
    let mut columns = vec![vec![Fr::ZERO; floor.usable]; layout.weight_columns];
    fill_weights(arch, layout, floor, folded, salts, &mut columns);
    columns
}

fn fill_weights(
    arch: &Architecture,
    layout: &Layout,
    floor: &Floor,
    folded: &FoldedModel,
    salts: &[Vec<Fr>],
    columns: &mut [Vec<Fr>],
) {
    let width = columns.len();
    let salt_rows = floor.salt_rows(layout);
    for (column, salt) in columns.iter_mut().zip(salts) {
        column[salt_rows.clone()].copy_from_slice(salt);
    }
    let mut put = |row: usize, slot: usize, value: i64| columns[slot % width][row + slot / width] = from_i64(value);
    for (i, layer) in arch.layers.iter().enumerate() {
        let rows = floor.weights[i];
        match (&layer.op, &folded.layers[i]) {
            (Op::Conv(conv), FoldedLayer::Conv { weights, bias }) => {
                let in_channels = arch.shape(conv.input).c;
                match (conv.kind, conv.stride) {
                    (ConvKind::Depthwise3x3, 1) => {
                        for (n, value) in weights.iter().enumerate() {
                            // Kernel row n / 3; its taps from right to left.
                            put(rows.start + n / 3, 2 - n % 3, *value);
                        }
                    }
                    (ConvKind::Depthwise3x3, _) => {
                        for (n, value) in weights.iter().enumerate() {
                            put(rows.start + n, 0, *value);
                        }
                    }
                    (kind, _) => {
                        let taps = crate::model::params::taps(kind);
                        for (n, value) in weights.iter().enumerate() {
                            let (o, chain) = (n / (in_channels * taps), n % (in_channels * taps));
                            put(rows.start + chain * rows.chain, o, *value);
                        }
                    }
                }
                for (o, value) in bias.iter().enumerate() {
                    put(rows.bias, o, *value);
                }
            }
            (_, FoldedLayer::Add { lhs, rhs, bias }) => {
                for (n, value) in [lhs, rhs, bias].into_iter().enumerate() {
                    put(rows.start + n, 0, *value);
                }
            }
            (_, FoldedLayer::Pool { multiplier, bias }) => {
                for (n, value) in [multiplier, bias].into_iter().enumerate() {
                    put(rows.start + n, 0, *value);
                }
            }
            _ => unreachable!("fold checked the kinds"),
        }
    }
}

/// Coefficients of `Σ x·W'` for output channel `o`, by exponent; the bias is not part of the product.
fn product_polynomial(
    arch: &Architecture,
    layer: usize,
    garbage: &GarbageRows,
    folded: &FoldedLayer,
    trace: &Trace,
    o: usize,
) -> Vec<i64> {
    let spatial = &garbage.spatial;
    let last = |extra: usize| vec![0i64; extra + 1];
    match (&arch.layers[layer].op, folded) {
        (Op::Conv(conv), FoldedLayer::Conv { weights, .. }) => {
            let output = arch.layers[layer].output;
            let highest = spatial.taps.iter().map(|t| t.exponent).max().unwrap_or(0);
            let mut product = last(highest + (output.h - 1) * spatial.t + output.w - 1);
            let in_channels = arch.shape(conv.input).c;
            let channels = if conv.kind == ConvKind::Depthwise3x3 {
                o..o + 1
            } else {
                0..in_channels
            };
            for c in channels {
                let base = if conv.kind == ConvKind::Depthwise3x3 {
                    9 * o
                } else {
                    9 * (o * in_channels + c)
                };
                for tap in &spatial.taps {
                    let weight = weights[base + 3 * tap.a + tap.b];
                    for i in 0..output.h {
                        for j in 0..output.w {
                            let x = pixel(arch, conv, trace, c, i, j, tap.part);
                            product[tap.exponent + i * spatial.t + j] += weight * x;
                        }
                    }
                }
            }
            product
        }
        (Op::GlobalAvgPool { input }, FoldedLayer::Pool { multiplier, .. }) => {
            let x = arch.shape(*input);
            let values = tensor(trace, *input);
            let mut product = last(2 * spatial.t0);
            for (i, j) in (0..x.h).flat_map(|i| (0..x.w).map(move |j| (i, j))) {
                let value = multiplier * i64::from(values[x.index(o, i, j)]);
                for (a, b) in (0..x.h).flat_map(|a| (0..x.w).map(move |b| (a, b))) {
                    product[(i + a) * spatial.t + j + b] += value;
                }
            }
            product
        }
        _ => unreachable!("only spatial layers have garbage"),
    }
}

/// `x − z_x` at `(i, j)` of a sub-image, or of the map at stride 1.
fn pixel(arch: &Architecture, conv: &Conv, trace: &Trace, c: usize, i: usize, j: usize, part: usize) -> i64 {
    let shape = arch.shape(conv.input);
    let (row, column) = (conv.stride * i + part / 2, conv.stride * j + part % 2);
    i64::from(tensor(trace, conv.input)[shape.index(c, row, column)]) - i64::from(conv.input_zero)
}

fn tensor(trace: &Trace, id: TensorId) -> &[u8] {
    match id.0.checked_sub(1) {
        None => &trace.image,
        Some(layer) => &trace.layers[layer].out,
    }
}
