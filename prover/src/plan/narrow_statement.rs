//! What the narrow form says of image and output, written as a [`Program`](super::program::Program).
//!
//! *Image.* The rows of the image are in the order of its words, and `y` of a word's first byte is `Σ_l byte_l·256^(−l)`, so that
//! `256^30·y` is the word: the very bytes that the network reads. A call of the hash absorbs, on its first row, the hash before it in
//! `x`, by a gate, and two words in `y` and `w`.
//!
//! *Output.* Rows of the tensors' kind that belong to no tensor: `y = q̂·2^s + r` with both in range by the lookup, so `y` is in
//! `[0, 2^(2s))`. Of `n` classes with `t_j = q̂_j·2^s + r_j` they are
//!
//! | rows | number |
//! |---|---|
//! | `n` | `b_j`: 1 where `j` is the class `k`, 0 elsewhere |
//! | `n` | `(m + 1 − c_j)·2^s − 1 − t_j`, where `c_j = 1 − Σ_(i ≤ j) b_i` is 1 before the class and 0 from it on |
//! | 1 | `m`, the maximum `q̂_k` |
//! | 1 | `Σ_j b_j·t_j − m·2^s` |
//!
//! `Σ b_j = 1`, and the output is `Σ c_j`.
//!
//! # Soundness
//! All these numbers, and `Σ b_j` of up to 2^16 classes, are between −2^50 and 2^50 as integers, so equalities modulo the field's
//! order are equalities. `n` numbers that are not negative and add up to 1 are one 1 and zeros: there is one `k`, `c_j = [j < k]`, and
//! `Σ b_j·t_j = t_k`. The last row says `m·2^s ≤ t_k`, so `m ≤ q̂_k`; the second ones `q̂_j ≤ m − [j < k]`. For `j = k` that is
//! `q̂_k ≤ m`: the maximum is `q̂_k`, no other class is above it and none before `k` equals it. Exactly one `k` satisfies that, and `b`,
//! `m` and the rest follow from it.

use super::floor::{Floor, NarrowRows};
use super::program::{Builder, Cell, Col, Operand};
use crate::model::Architecture;
use assay_statement::field::Fr;
use assay_statement::{input, instance, poseidon};
use halo2_proofs::halo2curves::ff::Field;

/// Numbers in range that the output is made with.
pub(crate) fn range_rows(arch: &Architecture) -> usize {
    2 * classes(arch) + 2
}

fn classes(arch: &Architecture) -> usize {
    arch.layers.last().map_or(0, |layer| layer.output.c)
}

impl NarrowRows {
    /// Row of `b_j`: whether class `j` is the output.
    pub fn chosen(&self, j: usize) -> usize {
        self.ranges + j
    }

    /// Row of the gap between class `j` and the maximum.
    pub fn gap(&self, classes: usize, j: usize) -> usize {
        self.ranges + classes + j
    }

    /// Row of the maximum.
    pub fn maximum(&self, classes: usize) -> usize {
        self.ranges + 2 * classes
    }

    /// Row of what the chosen logit's remainder leaves.
    pub fn excess(&self, classes: usize) -> usize {
        self.ranges + 2 * classes + 1
    }
}

/// The cell that a gate binds to word `index` of the statement.
fn word(index: usize) -> Cell {
    Cell::new(Col::AccX, index)
}

/// Cells that are α and γ.
pub(super) const CHALLENGES: [Cell; 2] = [Cell::new(Col::AccY, 0), Cell::new(Col::AccY, 1)];

/// The words of the image hash to the statement's.
pub(super) fn image(builder: &mut Builder, arch: &Architecture, floor: &Floor) {
    let first = floor.tensors[0].start;
    let scale = builder.constant("scale of words", Fr::from(256).pow([input::WORD_BYTES as u64 - 1]));
    let words: Vec<Cell> = (0..input::word_count(arch.image_len()))
        .map(|n| builder.mul("word", Cell::new(Col::AccY, first + n * input::WORD_BYTES), scale))
        .collect();
    let each = poseidon::parameters().rounds() + 1;
    let start = |call: usize| floor.poseidon + call * each + 1;
    let tag = builder.constant("hash tag", input::tag(words.len()));
    let zero = Operand::Copy(builder.zero);
    builder.load("tag and salt", start(0), zero, Operand::Copy(tag), Operand::Salt);
    let mut calls = 1;
    for pair in words.chunks(poseidon::RATE) {
        let second = pair.get(1).map_or(zero, |word| Operand::Copy(*word));
        // The hash so far is there by a gate.
        builder.load(
            "hash and words",
            start(calls),
            second,
            Operand::Idle,
            Operand::Copy(pair[0]),
        );
        calls += 1;
    }
    builder.equal(
        "commitment to the image",
        Cell::new(Col::A, start(calls)),
        word(instance::INPUT_COMMIT),
    );
}

/// The output is the lowest class with the largest logit.
pub(super) fn output(builder: &mut Builder, arch: &Architecture, floor: &Floor) {
    let rows = floor.narrow.expect("the floor is of the narrow form");
    let (n, logits) = (classes(arch), *floor.logits());
    let number = |row: usize| Cell::new(Col::AccY, row);
    let (one, zero) = (builder.one, builder.zero);
    let modulus = Fr::from(1 << arch.shift);
    let scale = builder.constant("2^s", modulus);
    let minus_scale = builder.constant("minus 2^s", -modulus);
    let minus_one = builder.constant("minus one", -Fr::ONE);
    let below_scale = builder.constant("2^s less one", modulus - Fr::ONE);

    let chosen: Vec<(Cell, Cell)> = (0..n).map(|j| (number(rows.chosen(j)), minus_one)).collect();
    let before = builder.running_dot("classes before the chosen", one, &chosen);
    builder.equal("one is chosen", *before.last().expect("there are classes"), zero);
    let ones: Vec<(Cell, Cell)> = before.iter().map(|before| (*before, one)).collect();
    let index = builder.dot("index of the chosen", zero, &ones);
    builder.equal("output", index, word(instance::OUTPUT));

    let maximum = number(rows.maximum(n));
    let limit = builder.dot("limit of the logits", below_scale, &[(maximum, scale)]);
    for (j, before) in before.iter().enumerate() {
        let logit = number(logits.line(j, 0));
        let gap = builder.dot(
            "gap to the maximum",
            limit,
            &[(*before, minus_scale), (logit, minus_one)],
        );
        builder.equal("gap is in range", gap, number(rows.gap(n, j)));
    }
    let mut terms: Vec<(Cell, Cell)> = (0..n)
        .map(|j| (number(rows.chosen(j)), number(logits.line(j, 0))))
        .collect();
    terms.push((maximum, minus_scale));
    let excess = builder.dot("chosen is the maximum", zero, &terms);
    builder.equal("excess is in range", excess, number(rows.excess(n)));
}
