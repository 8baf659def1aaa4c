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
use super::program::{Builder, Cell, Col, Program};
use super::spatial::{Part, Spatial};
use super::wide_statement;
use crate::model::{Architecture, Conv, ConvKind, Op, TensorId};
use assay_statement::field::from_i64;
use assay_statement::instance;
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
    let mut builder = context.builder;
    match form {
        Form::Wide => {
            wide_statement::image(&mut builder, arch, layout, floor);
            wide_statement::output(&mut builder, arch, floor);
        }
        Form::Narrow => {
            narrow_statement::image(&mut builder, arch, floor);
            narrow_statement::output(&mut builder, arch, floor);
        }
    }
    builder.finish(layout.k)
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

    fn gamma_power(&mut self, n: usize) -> Cell {
        self.builder.power("power of γ", self.builder.gamma, n)
    }
}
