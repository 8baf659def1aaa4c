//! Every layer as one equality of inner products, written as a [`Program`].
//!
//! With `e_c(X) = Σ_p α^t(p)·X[c,p]`, `E(Y) = Σ_o γ^o Σ_p α^t(p)·(q̂·2^s + r)`, `κ_c = Σ_o γ^o·W'[o,c]`, `β = Σ_o γ^o·B'[o]`,
//! `S = Σ_p α^t(p)`, `N = Σ_c γ^c`, kernel polynomials `k`, parts `u` of the input with positions `S_u`, and garbage `Γ` of [`Spatial`]:
//!
//! | layer | holds iff |
//! |---|---|
//! | pointwise | `E(Y) = Σ_c e_c(X)·κ_c + S·β` |
//! | depthwise | `α^t0·E(Y) + Γ = Σ_c γ^c Σ_u (e_{c,u}(X) − z_x·S_u)·k_{c,u} + α^t0·S·β` |
//! | conv | `α^t0·E(Y) + Γ = Σ_{c,u} (e_{c,u}(X) − z_x·S_u)·(Σ_o γ^o k_{o,c,u}) + α^t0·S·β` |
//! | add | `E(Y) = A1·Σ_c γ^c e_c(X1) + A2·Σ_c γ^c e_c(X2) + B'·S·N` |
//! | pool | `α^t0·E(Y) + Γ = A·S·Σ_c γ^c e_c(X) + α^t0·B'·N` |
//!
//! A concatenation has no identity and no rows: channel `c` of it is, in the identities of its readers, a channel of a tensor that it
//! joins ([`Architecture::sources`]), and `e_c` that channel's.
//!
//! A convolution in groups is as a conv, where `o` goes over the channels of the group of `c`, and channel `o` stands at the power of
//! γ that [`Slots`](super::floor::Slots) says, in `E(Y)`, `Γ` and `β` alike.
//!
//! Where the numbers of a layer stand ([`floor`](super::floor)); `h×w` is the size of the output:
//!
//! | layer, stride | rows of the input | weight kind | kernels |
//! |---|---|---|---|
//! | pointwise, 1 | `PLAIN` | chains | a chain an input channel |
//! | depthwise of width 3, 1 | `PLAIN` | `KERNEL_ROW` | a row for each row of the kernel, a channel |
//! | depthwise of another width, 1 | `PLAIN` | `SINGLE` | a row for each tap, a channel |
//! | depthwise, 2 | `STRIDED` | `SINGLE` | a row for each tap, a channel, over 4 sub-images |
//! | conv, 1 | `PLAIN` | chains | a chain for each tap, an input channel |
//! | conv, 2 | `STRIDED` | chains | a chain for each tap, an input channel, over 4 sub-images |
//! | add | `PLAIN`, both | `SINGLE` | 2 multipliers |
//! | pool | `PLAIN` | `SINGLE` | 1 multiplier: the kernel is `S` |
//!
//! The image has rows of a kind of its own, of either form. 3×3 kernels with a border of one pixel have `2w+h+3` garbage exponents at
//! stride 1 and `w+h+1` at stride 2, a pool `2·t0` from width 2 on.
//!
//! Biases of a convolution are a chain, those of add and pool one more number.
//!
//! # Soundness
//! Both sides are polynomials in α and γ, drawn after every coefficient was committed: an identity that is false as
//! polynomials holds with probability at most (deg_α + deg_γ)/|F|, below 2^−235 for every layer and the image of the
//! paper's networks. Equal polynomials are equal coefficients: at
//! exponent `t0 + t(p)` and γ^o stands output `(o, p)` alone, since garbage has exponents of its own and slots of a chain beyond the
//! last channel, of a group too, have powers of γ at which no output stands. There
//! `q̂·2^s + r` takes 2^(b+s) ≤ 2^40 < |F| values, `b` of [`Cut`](crate::model::Cut), one for each `(q̂, r)`, and of two limbs one for each `(q̂, r₁, r₀)`, so the committed numbers and inputs leave one of them.
//! Does **not** establish that the weights are small or come from a sensible model: any committed numbers will do.

use super::error::FloorError;
use super::floor::{Floor, WeightForm};
use super::layout::{Form, Layout};
use super::narrow_statement;
use super::program::{Builder, Cell, Col, Operand, Program};
use super::spatial::{Part, Spatial};
use crate::model::{Architecture, Conv, ConvKind, Op, OutputMode, TensorId};
use assay_statement::field::{from_i64, Fr};
use assay_statement::instance;
use assay_statement::{input, poseidon};
use halo2_proofs::halo2curves::ff::Field;
use std::collections::HashMap;

/// # Errors
/// If the floor's arithmetic rows are too few.
pub fn build(arch: &Architecture, layout: &Layout, floor: &Floor) -> Result<Program, FloorError> {
    let form = layout.form();
    let challenges = match form {
        Form::Wide => [Cell::new(Col::A, 0), Cell::new(Col::B, 0)],
        Form::Narrow => narrow_statement::CHALLENGES,
    };
    let mut context = Context {
        arch,
        floor,
        builder: Builder::new(floor.arith.iter().cloned(), challenges),
        positions: HashMap::new(),
        channels: HashMap::new(),
    };
    if form == Form::Wide {
        context.builder.context(instance::CTX);
    }
    for layer in 0..arch.layers.len() {
        context.layer(layer);
    }
    match form {
        Form::Wide => {
            context.image(layout);
            context.output();
        }
        Form::Narrow => {
            narrow_statement::image(&mut context.builder, arch, floor);
            narrow_statement::output(&mut context.builder, arch, floor);
        }
    }
    context.builder.finish(layout.k)
}

struct Context<'a> {
    arch: &'a Architecture,
    floor: &'a Floor,
    builder: Builder,
    /// `S` by rows, columns and how far rows are apart.
    positions: HashMap<(usize, usize, usize), Cell>,
    /// `N` per channel count.
    channels: HashMap<usize, Cell>,
}

impl Context<'_> {
    fn layer(&mut self, layer: usize) {
        let op = &self.arch.layers[layer].op;
        let (what, (left, right)) = match op {
            Op::Conv(conv) if conv.kind == ConvKind::Pointwise => ("pointwise identity", self.pointwise(layer, conv)),
            Op::Conv(conv) => ("kernel identity", self.kernel_conv(layer, conv)),
            Op::Add { lhs, rhs } => ("add identity", self.add(layer, *lhs, *rhs)),
            Op::GlobalAvgPool { input } => ("pool identity", self.pool(layer, *input)),
            Op::Concat { .. } => return,
        };
        self.builder.identity(what, left, right);
    }

    fn pointwise(&mut self, layer: usize, conv: &Conv) -> (Cell, Cell) {
        let left = self.outputs(layer, self.line_step(layer));
        let input = self.arch.shape(conv.input);
        let s = self.positions(input.h, input.w, input.w + 1);
        let bias = self.bias(layer);
        let chain = self.floor.weights[layer].chain;
        let evaluations = self.channels_of(conv.input);
        let pairs: Vec<_> = evaluations
            .into_iter()
            .enumerate()
            .map(|(c, e)| (e, Cell::new(Col::AccW, self.floor.weight_row(layer, c, chain))))
            .collect();
        let start = self.builder.mul("pointwise bias", s, bias);
        (left, self.builder.dot("pointwise sum", start, &pairs))
    }

    fn kernel_conv(&mut self, layer: usize, conv: &Conv) -> (Cell, Cell) {
        let spatial = self.spatial(layer);
        let output = self.arch.layers[layer].output;
        let in_channels = self.arch.shape(conv.input).c;
        let s = self.positions(output.h, output.w, spatial.t);
        let bias = self.bias(layer);
        let mut products = Vec::with_capacity(in_channels);
        for (c, source) in self.arch.sources(conv.input).into_iter().enumerate() {
            let mut pairs = Vec::with_capacity(spatial.parts.len());
            for part in &spatial.parts {
                let e = self.part(conv, source, part, spatial.t);
                let e = self.minus_zero_point(e, conv.input_zero, part, spatial.t);
                pairs.push((e, self.kernel(layer, conv, &spatial, c, part.number)));
            }
            products.push(pairs);
        }
        let sum = match conv.kind.groups(in_channels) {
            1 => self.builder.dot("dense sum", self.builder.zero, &products.concat()),
            groups => {
                let per_group: Vec<_> = products
                    .chunks_exact(in_channels / groups)
                    .map(|group| self.builder.dot("sum of a group", self.builder.zero, &group.concat()))
                    .collect();
                // Each channel by itself has no chain, so no slot beyond it.
                let step = match conv.kind {
                    ConvKind::Depthwise(_) => self.builder.gamma,
                    _ => self.gamma_power(self.floor.weights[layer].slots.apart),
                };
                self.builder.horner("sum of groups", step, &per_group)
            }
        };
        let shift = self.builder.alpha_power(spatial.t0);
        let constant = self.builder.mul("kernel bias", s, bias);
        let right = self.builder.dot("kernel sum and bias", sum, &[(shift, constant)]);
        (self.shifted_outputs(layer, shift, spatial.t), right)
    }

    fn add(&mut self, layer: usize, lhs: TensorId, rhs: TensorId) -> (Cell, Cell) {
        let left = self.outputs(layer, self.line_step(layer));
        let shape = self.arch.layers[layer].output;
        let start = self.floor.weights[layer].start;
        let [a1, a2, bias] = [0, 1, 2].map(|n| Cell::new(Col::AccW, start + n));
        let [f1, f2] = [lhs, rhs].map(|x| self.folded(x));
        let (s, n) = (self.positions(shape.h, shape.w, shape.w + 1), self.channels(shape.c));
        let all = self.builder.mul("add positions", s, n);
        let pairs = [(a1, f1), (a2, f2), (bias, all)];
        (left, self.builder.dot("add sum", self.builder.zero, &pairs))
    }

    fn pool(&mut self, layer: usize, input: TensorId) -> (Cell, Cell) {
        let spatial = self.spatial(layer);
        let x = self.arch.shape(input);
        let start = self.floor.weights[layer].start;
        let [a, bias] = [0, 1].map(|n| Cell::new(Col::AccW, start + n));
        let folded = self.folded(input);
        let s = self.positions(x.h, x.w, spatial.t);
        let n = self.channels(x.c);
        let product = self.builder.mul("pool product", s, folded);
        let shift = self.builder.alpha_power(spatial.t0);
        let constant = self.builder.mul("pool bias", bias, n);
        let pairs = [(a, product), (shift, constant)];
        let right = self.builder.dot("pool sum", self.builder.zero, &pairs);
        (self.shifted_outputs(layer, shift, self.line_step(layer)), right)
    }

    fn spatial(&self, layer: usize) -> Spatial {
        self.floor.garbage[layer]
            .as_ref()
            .expect("the layer is spatial")
            .spatial
            .clone()
    }

    /// `T` where nothing but the map's own rows has to be kept apart.
    fn line_step(&self, layer: usize) -> usize {
        self.arch.layers[layer].output.w + 1
    }

    /// `E(Y)` with rows `t` apart.
    fn outputs(&mut self, layer: usize, t: usize) -> Cell {
        let tensor = TensorId::output_of(layer);
        let per_channel: Vec<_> = (0..self.arch.shape(tensor).c)
            .map(|c| self.evaluate((tensor, c), Col::AccY, t))
            .collect();
        let slots = self.floor.weights[layer].slots;
        let groups: Vec<_> = per_channel
            .chunks_exact(slots.group)
            .map(|group| self.builder.horner("outputs", self.builder.gamma, group))
            .collect();
        match groups[..] {
            [all] => all,
            _ => {
                let step = self.gamma_power(slots.apart);
                self.builder.horner("groups of outputs", step, &groups)
            }
        }
    }

    /// `α^t0·E(Y) + Γ`.
    fn shifted_outputs(&mut self, layer: usize, shift: Cell, t: usize) -> Cell {
        let outputs = self.outputs(layer, t);
        let garbage = self.floor.garbage[layer].as_ref().expect("the layer is spatial");
        let terms: Vec<_> = garbage
            .spatial
            .garbage
            .iter()
            .enumerate()
            .map(|(n, exponent)| (*exponent, Cell::new(Col::AccX, garbage.start + n * garbage.chain)))
            .collect();
        let garbage = if terms.is_empty() {
            self.builder.zero
        } else {
            self.builder.sparse("garbage", &terms)
        };
        self.builder.dot("outputs and garbage", garbage, &[(shift, outputs)])
    }

    /// `Σ_p α^t(p)` of one channel of a computed tensor over the row sums in `col`, with rows `t` apart.
    fn evaluate(&mut self, (tensor, c): (TensorId, usize), col: Col, t: usize) -> Cell {
        let rows = self.floor.tensor(tensor);
        let lines: Vec<_> = (0..rows.shape.h).map(|i| Cell::new(col, rows.line(c, i))).collect();
        let step = self.builder.alpha_power(t);
        self.builder.horner("channel", step, &lines)
    }

    /// `e_c(X)` of every channel of a tensor that is read whole.
    fn channels_of(&mut self, tensor: TensorId) -> Vec<Cell> {
        let t = self.arch.shape(tensor).w + 1;
        let sources = self.arch.sources(tensor).into_iter();
        sources.map(|source| self.evaluate_whole(source, t)).collect()
    }

    /// `Σ_p α^t(p)·X[c,p]` of a tensor that is read whole: its rows have one sum.
    fn evaluate_whole(&mut self, source: (TensorId, usize), t: usize) -> Cell {
        let strided = self.floor.tensor(source.0).strided;
        assert!(!strided, "a tensor is read with stride 2 or whole");
        self.evaluate(source, Col::AccX, t)
    }

    /// `Σ_c γ^c e_c(X)`.
    fn folded(&mut self, tensor: TensorId) -> Cell {
        let channels = self.channels_of(tensor);
        self.builder.horner("folded channels", self.builder.gamma, &channels)
    }

    /// `e_{c,u}(X)`, where channel `c` comes from `source`: the sub-image `u` of the input, or all of it at stride 1.
    fn part(&mut self, conv: &Conv, source: (TensorId, usize), part: &Part, t: usize) -> Cell {
        if conv.stride == 1 {
            return self.evaluate_whole(source, t);
        }
        let (rows, c) = (*self.floor.tensor(source.0), source.1);
        // On rows of another kind nothing binds the sums of every second pixel.
        assert!(
            rows.strided,
            "a tensor that is read with stride 2 has sums of every second pixel"
        );
        let (p, q) = (part.number / 2, part.number % 2);
        let sum = |i: usize| match q {
            0 => Cell::new(Col::AccX, rows.line(c, i)),
            _ => rows.odd_columns(c, i),
        };
        let lines: Vec<_> = (p..rows.shape.h).step_by(2).map(sum).collect();
        let step = self.builder.alpha_power(t);
        self.builder.horner("sub-image", step, &lines)
    }

    /// `e_{c,u}(X) − z_x·S_u`.
    fn minus_zero_point(&mut self, e: Cell, zero: u8, part: &Part, t: usize) -> Cell {
        if zero == 0 {
            return e;
        }
        let s = self.positions(part.h, part.w, t);
        let minus_zero = self.builder.constant("zero point", from_i64(-i64::from(zero)));
        self.builder.dot("minus zero point", e, &[(minus_zero, s)])
    }

    /// `k_{c,u}`, or `Σ_o γ^o k_{o,c,u}` of a dense kernel.
    fn kernel(&mut self, layer: usize, conv: &Conv, spatial: &Spatial, c: usize, part: usize) -> Cell {
        let row = |n: usize| Cell::new(Col::AccW, n);
        let size = conv.kind.kernel();
        if WeightForm::of(conv) == WeightForm::KernelRows {
            // A kernel row holds its taps from right to left: exponents 0, 1, 2; rows stand T apart, the last lowest.
            let rows: Vec<_> = (0..size.h)
                .rev()
                .map(|a| row(self.floor.weight_row(layer, size.h * c + a, 1)))
                .collect();
            let step = self.builder.alpha_power(spatial.t);
            return self.builder.horner("kernel", step, &rows);
        }
        let rows_each = match WeightForm::of(conv) {
            WeightForm::Chains => self.floor.weights[layer].chain,
            WeightForm::KernelRows | WeightForm::Singles => 1,
        };
        let pairs: Vec<_> = spatial
            .taps
            .iter()
            .filter(|tap| tap.part == part)
            .map(|tap| {
                let number = size.taps() * c + size.w * tap.a + tap.b;
                let weight = row(self.floor.weight_row(layer, number, rows_each));
                (self.builder.alpha_power(tap.exponent), weight)
            })
            .collect();
        self.builder.dot("taps", self.builder.zero, &pairs)
    }

    fn bias(&self, layer: usize) -> Cell {
        Cell::new(Col::AccW, self.floor.weights[layer].bias)
    }

    /// `S` of an `h×w` map whose rows are `t` apart.
    fn positions(&mut self, h: usize, w: usize, t: usize) -> Cell {
        if let Some(cell) = self.positions.get(&(h, w, t)) {
            return *cell;
        }
        let one = self.builder.one;
        let row = self
            .builder
            .horner("positions of a row", self.builder.alpha, &vec![one; w]);
        let step = self.builder.alpha_power(t);
        let rows = self.builder.horner("rows of positions", step, &vec![one; h]);
        let cell = self.builder.mul("positions", row, rows);
        self.positions.insert((h, w, t), cell);
        cell
    }

    /// `N`.
    fn channels(&mut self, c: usize) -> Cell {
        if let Some(cell) = self.channels.get(&c) {
            return *cell;
        }
        let cell = self
            .builder
            .horner("number of channels", self.builder.gamma, &vec![self.builder.one; c]);
        self.channels.insert(c, cell);
        cell
    }

    /// The image as tensor equals the image as words, and the words hash to the instance.
    fn image(&mut self, layout: &Layout) {
        let as_tensor = self.image_of_tensor();
        let (as_words, words) = self.image_of_words(layout);
        self.builder.equal("image is its words", as_tensor, as_words);

        let rounds = poseidon::parameters().rounds();
        let boundary = |call: usize| self.floor.poseidon + call * (rounds + 1);
        let calls = 1 + words.len().div_ceil(poseidon::RATE);
        let tag = self.builder.constant("hash tag", input::tag(words.len()));
        let zero = Operand::Copy(self.builder.zero);
        self.builder
            .load("tag and salt", boundary(0), Operand::Copy(tag), Operand::Salt, zero);
        for (call, pair) in words.chunks(poseidon::RATE).enumerate() {
            let row = boundary(call + 1);
            let second = pair.get(1).map_or(zero, |word| Operand::Copy(*word));
            self.builder.load(
                "hash and words",
                row,
                Operand::Copy(Cell::new(Col::AccX, row)),
                Operand::Copy(pair[0]),
                second,
            );
        }
        self.builder
            .instance(Cell::new(Col::AccX, boundary(calls)), instance::INPUT_COMMIT);
    }

    /// `Σ γ^f·byte_f`, `f = 3·(i·W + j) + c`, from the tensor's row sums `Σ_j γ^(3j)`.
    fn image_of_tensor(&mut self) -> Cell {
        let rows = *self.floor.tensor(TensorId::IMAGE);
        let gamma = self.builder.gamma;
        let mut base = self.builder.mul("power of γ", gamma, gamma);
        base = self.builder.mul("power of γ", base, gamma);
        let step = self.power(base, rows.shape.w);
        let channels: Vec<_> = (0..rows.shape.c)
            .map(|c| {
                let lines: Vec<_> = (0..rows.shape.h)
                    .map(|i| Cell::new(Col::AccY, rows.line(c, i)))
                    .collect();
                self.builder.horner("image channel", step, &lines)
            })
            .collect();
        self.builder.horner("image", gamma, &channels)
    }

    /// `base^exponent` by squaring.
    fn power(&mut self, mut base: Cell, mut exponent: usize) -> Cell {
        let mut power = self.builder.one;
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = self.builder.mul("power of γ", power, base);
            }
            base = self.builder.mul("power of γ", base, base);
            exponent /= 2;
        }
        power
    }

    fn gamma_power(&mut self, n: usize) -> Cell {
        self.power(self.builder.gamma, n)
    }

    /// The same sum from the words' rows, and the words.
    fn image_of_words(&mut self, layout: &Layout) -> (Cell, Vec<Cell>) {
        let fold = layout.fold();
        let rows_each = 32 / fold;
        let count = input::word_count(self.arch.image_len());
        let row = |word: usize, n: usize| self.floor.words + word * rows_each + n;
        let scale: Vec<Cell> = (0..rows_each)
            .map(|n| {
                // The 32nd byte of a word is zero: digits·256^(…) / 256 is the word.
                let bytes_below = 32 - fold * (n + 1);
                let value = Fr::from(256).pow([bytes_below as u64]) * Fr::from(256).invert().expect("256 is not zero");
                self.builder.constant("scale of digits", value)
            })
            .collect();
        let words: Vec<_> = (0..count)
            .map(|word| {
                let pairs: Vec<_> = (0..rows_each)
                    .map(|n| (Cell::new(Col::AccY, row(word, n)), scale[n]))
                    .collect();
                self.builder.dot("word", self.builder.zero, &pairs)
            })
            .collect();
        // From the last row down: γ^L within a word, γ^(L−1) from a word to the one before.
        let gamma = self.builder.gamma;
        let mut within = gamma;
        let mut across = self.builder.one;
        for _ in 1..fold {
            across = within;
            within = self.builder.mul("power of γ", within, gamma);
        }
        let mut terms: Vec<(Cell, Cell)> = Vec::with_capacity(count * rows_each);
        for word in (0..count).rev() {
            for n in (0..rows_each).rev() {
                let factor = if n + 1 == rows_each { across } else { within };
                terms.push((factor, Cell::new(Col::AccX, row(word, n))));
            }
        }
        let start = terms.remove(0).1;
        (self.builder.chain_horner("image of words", start, &terms), words)
    }

    /// What the gate over the logits starts and ends with, and what of it is public.
    fn output(&mut self) {
        match self.arch.output {
            OutputMode::Top1 | OutputMode::Bit => self.argmax(),
            OutputMode::Top5 => self.top5(),
            OutputMode::Logits => {
                for (class, row) in self.floor.logits().rows().enumerate() {
                    self.builder
                        .instance(Cell::new(Col::Acc, row), instance::OUTPUT + class);
                }
            }
        }
    }

    /// The argmax starts at zero, chooses one class and tells its index.
    fn argmax(&mut self) {
        let logits = self.floor.logits();
        let (first, after) = (logits.start, logits.rows().end);
        let zero = self.builder.zero;
        let one = self.builder.one;
        self.builder
            .equal("count starts at zero", zero, Cell::new(Col::B, first));
        self.builder
            .equal("index starts at zero", zero, Cell::new(Col::Acc, first));
        self.builder.equal("one is chosen", one, Cell::new(Col::B, after));
        self.builder.instance(Cell::new(Col::Acc, after), instance::OUTPUT);
    }

    /// One threshold; a scale that moves on by 16 bits five times; and the word it packs.
    fn top5(&mut self) {
        let logits = self.floor.logits();
        let (first, after) = (logits.start, logits.rows().end);
        let (zero, one) = (self.builder.zero, self.builder.one);
        let five_moves = self
            .builder
            .constant("five classes of 16 bits", Fr::from(2).pow([5 * 16]));
        let mut equal = |what, cell: Cell, col: Col, row: usize| self.builder.equal(what, cell, Cell::new(col, row));
        equal("threshold count starts at zero", zero, Col::B, first);
        equal("word starts at zero", zero, Col::Acc, first);
        equal("scale starts at one", one, Col::A, first);
        equal("one is the threshold", one, Col::B, after);
        equal("five are chosen", five_moves, Col::A, after);
        self.builder.instance(Cell::new(Col::Acc, after), instance::OUTPUT);
    }
}
