//! What the wide form says of image and output, written as a [`Program`](super::program::Program).
//!
//! *Image.* The image stands in the tensor rows and, byte by byte, in the words' rows; both have the sum `Σ γ^f·byte_f`,
//! `f = 3·(i·W + j) + c`, and the words are what the hash absorbs.
//!
//! *Output.* A gate over the rows of the logits counts and adds up; here it gets what it starts with, and what it ends with is public.

use super::floor::Floor;
use super::layout::Layout;
use super::program::{Builder, Cell, Col, Operand};
use crate::model::{Architecture, OutputMode, TensorId};
use assay_statement::field::Fr;
use assay_statement::{input, instance, poseidon};
use halo2_proofs::halo2curves::ff::Field;

/// The image as tensor equals the image as words, and the words hash to the instance.
pub(super) fn image(builder: &mut Builder, arch: &Architecture, layout: &Layout, floor: &Floor) {
    let as_tensor = image_of_tensor(builder, floor);
    let (as_words, words) = image_of_words(builder, arch, layout, floor);
    builder.equal("image is its words", as_tensor, as_words);

    let rounds = poseidon::parameters().rounds();
    let boundary = |call: usize| floor.poseidon + call * (rounds + 1);
    let calls = 1 + words.len().div_ceil(poseidon::RATE);
    let tag = builder.constant("hash tag", input::tag(words.len()));
    let zero = Operand::Copy(builder.zero);
    builder.load("tag and salt", boundary(0), Operand::Copy(tag), Operand::Salt, zero);
    for (call, pair) in words.chunks(poseidon::RATE).enumerate() {
        let row = boundary(call + 1);
        let second = pair.get(1).map_or(zero, |word| Operand::Copy(*word));
        builder.load(
            "hash and words",
            row,
            Operand::Copy(Cell::new(Col::AccX, row)),
            Operand::Copy(pair[0]),
            second,
        );
    }
    builder.instance(Cell::new(Col::AccX, boundary(calls)), instance::INPUT_COMMIT);
}

/// `Σ γ^f·byte_f`, `f = 3·(i·W + j) + c`, from the tensor's row sums `Σ_j γ^(3j)`.
fn image_of_tensor(builder: &mut Builder, floor: &Floor) -> Cell {
    let rows = *floor.tensor(TensorId::IMAGE);
    let gamma = builder.gamma;
    let mut base = builder.mul("power of γ", gamma, gamma);
    base = builder.mul("power of γ", base, gamma);
    let step = builder.power("power of γ", base, rows.shape.w);
    let channels: Vec<_> = (0..rows.shape.c)
        .map(|c| {
            let lines: Vec<_> = (0..rows.shape.h)
                .map(|i| Cell::new(Col::AccY, rows.line(c, i)))
                .collect();
            builder.horner("image channel", step, &lines)
        })
        .collect();
    builder.horner("image", gamma, &channels)
}

/// The same sum from the words' rows, and the words.
fn image_of_words(builder: &mut Builder, arch: &Architecture, layout: &Layout, floor: &Floor) -> (Cell, Vec<Cell>) {
    let fold = layout.fold();
    let rows_each = 32 / fold;
    let count = input::word_count(arch.image_len());
    let row = |word: usize, n: usize| floor.words + word * rows_each + n;
    let scale: Vec<Cell> = (0..rows_each)
        .map(|n| {
            // The 32nd byte of a word is zero: digits·256^(…) / 256 is the word.
            let bytes_below = 32 - fold * (n + 1);
            let value = Fr::from(256).pow([bytes_below as u64]) * Fr::from(256).invert().expect("256 is not zero");
            builder.constant("scale of digits", value)
        })
        .collect();
    let words: Vec<_> = (0..count)
        .map(|word| {
            let pairs: Vec<_> = (0..rows_each)
                .map(|n| (Cell::new(Col::AccY, row(word, n)), scale[n]))
                .collect();
            builder.dot("word", builder.zero, &pairs)
        })
        .collect();
    // From the last row down: γ^L within a word, γ^(L−1) from a word to the one before.
    let gamma = builder.gamma;
    let mut within = gamma;
    let mut across = builder.one;
    for _ in 1..fold {
        across = within;
        within = builder.mul("power of γ", within, gamma);
    }
    let mut terms: Vec<(Cell, Cell)> = Vec::with_capacity(count * rows_each);
    for word in (0..count).rev() {
        for n in (0..rows_each).rev() {
            let factor = if n + 1 == rows_each { across } else { within };
            terms.push((factor, Cell::new(Col::AccX, row(word, n))));
        }
    }
    let start = terms.remove(0).1;
    (builder.chain_horner("image of words", start, &terms), words)
}

/// What the gate over the logits starts and ends with, and what of it is public.
pub(super) fn output(builder: &mut Builder, arch: &Architecture, floor: &Floor) {
    match arch.output {
        OutputMode::Top1 | OutputMode::Bit => argmax(builder, floor),
        OutputMode::Top5 => top5(builder, floor),
        OutputMode::Logits => {
            for (class, row) in floor.logits().rows().enumerate() {
                builder.instance(Cell::new(Col::Acc, row), instance::OUTPUT + class);
            }
        }
    }
}

/// The argmax starts at zero, chooses one class and tells its index.
fn argmax(builder: &mut Builder, floor: &Floor) {
    let logits = floor.logits();
    let (first, after) = (logits.start, logits.rows().end);
    let zero = builder.zero;
    let one = builder.one;
    builder.equal("count starts at zero", zero, Cell::new(Col::B, first));
    builder.equal("index starts at zero", zero, Cell::new(Col::Acc, first));
    builder.equal("one is chosen", one, Cell::new(Col::B, after));
    builder.instance(Cell::new(Col::Acc, after), instance::OUTPUT);
}

/// One threshold; a scale that moves on by 16 bits five times; and the word it packs.
fn top5(builder: &mut Builder, floor: &Floor) {
    let logits = floor.logits();
    let (first, after) = (logits.start, logits.rows().end);
    let (zero, one) = (builder.zero, builder.one);
    let five_moves = builder.constant("five classes of 16 bits", Fr::from(2).pow([5 * 16]));
    let mut equal = |what, cell: Cell, col: Col, row: usize| builder.equal(what, cell, Cell::new(col, row));
    equal("threshold count starts at zero", zero, Col::B, first);
    equal("word starts at zero", zero, Col::Acc, first);
    equal("scale starts at one", one, Col::A, first);
    equal("one is the threshold", one, Col::B, after);
    equal("five are chosen", five_moves, Col::A, after);
    builder.instance(Cell::new(Col::Acc, after), instance::OUTPUT);
}
