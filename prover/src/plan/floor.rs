//! Which rows hold what.
//!
//! ```text
//! rows of the cell columns            weight columns      a, b, acc
//! 0            plain tensors          layer after layer   arithmetic
//! …            (idle)
//!              tensors read with                          (odd columns, output)
//!              stride 2, image, logits
//! on_rows      garbage, image words   …                   arithmetic
//! poseidon     hash chain                                 hash inputs
//! end          idle                                       arithmetic
//! usable                              salt rows
//! ```

use super::error::FloorError;
use super::kinds::{IMAGE, PLAIN, STRIDED};
use super::layout::Layout;
use super::program::{Cell, Col, Program};
use super::spatial::Spatial;
use crate::model::{Architecture, Conv, ConvKind, Groups, Kernel, Layer, Op, Shape, TensorId};
use assay_statement::{input, poseidon};
use std::ops::Range;

/// Rows of one tensor: `line_rows` for each image row, image rows of a channel one after the other.
#[derive(Clone, Copy, Debug)]
pub struct TensorRows {
    /// Of the tensor; without channels for a concatenation, which has no rows of its own.
    pub shape: Shape,
    /// First row.
    pub start: usize,
    /// Rows of one image row: its width over the lanes, rounded up.
    pub line_rows: usize,
    /// Value of the kind of row: plain, read with stride 2, or image.
    pub kind: u64,
    /// Whether it is read with stride 2: even and odd columns have sums of their own.
    pub strided: bool,
    /// Rows from a pixel to the next one of its line where each has a row of its own: one, or the channels of the image, whose
    /// rows are in the order of its words. None where several share a row.
    pub pixel_rows: Option<usize>,
}

impl TensorRows {
    /// First row of image row `i` of channel `c`: it holds the sums.
    pub fn line(&self, c: usize, i: usize) -> usize {
        match self.pixel_rows {
            None | Some(1) => self.start + (c * self.shape.h + i) * self.line_rows,
            Some(channels) => self.start + i * self.line_rows * channels + c,
        }
    }

    /// The sum over the odd columns of image row `i` of channel `c`, where it is read with stride 2.
    pub fn odd_columns(&self, c: usize, i: usize) -> Cell {
        let line = self.line(c, i);
        match self.pixel_rows {
            None => Cell::new(Col::Acc, line),
            Some(to_next) => Cell::new(Col::AccX, line + to_next),
        }
    }

    /// Row and lane of element `(c, i, j)`.
    pub fn cell(&self, c: usize, i: usize, j: usize, lanes: usize) -> (usize, usize) {
        match self.pixel_rows {
            None => (self.line(c, i) + j / lanes, j % lanes),
            Some(to_next) => (self.line(c, i) + j * to_next, 0),
        }
    }

    /// All of its rows.
    pub fn rows(&self) -> Range<usize> {
        self.start..self.start + self.shape.c * self.shape.h * self.line_rows
    }
}

/// How the network reads the image: a gate has one of both forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageRead {
    /// Even and odd columns apart, by convolutions of stride 2.
    #[default]
    ByStride2,
    /// Whole, by anything else.
    Whole,
}

impl ImageRead {
    /// That of an architecture.
    pub fn of(arch: &Architecture) -> Self {
        match arch.strided()[TensorId::IMAGE.0] {
            true => Self::ByStride2,
            false => Self::Whole,
        }
    }
}

/// Rows of one layer's parameters.
#[derive(Clone, Copy, Debug)]
pub struct WeightRows {
    /// First row of the weights, or of the multipliers of an add or pool.
    pub start: usize,
    /// First row of the chain of biases.
    pub bias: usize,
    /// Rows of a chain over the output channels of one group, of which most layers have one.
    pub chain: usize,
    /// Rows of the chain of biases, over the output channels of all groups.
    pub bias_chain: usize,
    /// At which powers of γ the output channels stand.
    pub slots: Slots,
}

/// At which powers of γ the output channels of a layer stand: one behind the other within a group, groups as far apart as the slots of
/// a chain of weights reach. What stands in slots beyond the last channel of a group meets no channel of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Output channels of a group.
    pub group: usize,
    /// Powers from the first channel of a group to the first one of the next.
    pub apart: usize,
}

impl Slots {
    /// The power at which output channel `o` stands.
    pub const fn of(self, o: usize) -> usize {
        o / self.group * self.apart + o % self.group
    }

    fn of_layer(arch: &Architecture, layer: usize, layout: &Layout) -> Self {
        let Layer { op, output } = &arch.layers[layer];
        match op {
            Op::Conv(
                conv @ Conv {
                    kind: ConvKind::Grouped(_, Groups(groups)),
                    ..
                },
            ) => {
                let group = conv.out_channels / groups;
                Self {
                    group,
                    apart: group.next_multiple_of(layout.weight_columns),
                }
            }
            _ => Self {
                group: output.c,
                apart: output.c,
            },
        }
    }
}

/// Rows of the garbage coefficients of one layer: a chain over the channels for each exponent.
#[derive(Clone, Debug)]
pub struct GarbageRows {
    /// Exponents of the layer, those of garbage among them.
    pub spatial: Spatial,
    /// First row of the first chain.
    pub start: usize,
    /// Rows of a chain over the channels.
    pub chain: usize,
}

/// Which rows hold what, see the module.
#[derive(Clone, Debug)]
pub struct Floor {
    /// By [`TensorId`]: the image, then one per layer.
    pub tensors: Vec<TensorRows>,
    /// One per layer.
    pub weights: Vec<WeightRows>,
    /// One per layer; spatial layers have garbage.
    pub garbage: Vec<Option<GarbageRows>>,
    /// Tensor rows: `0..on_rows`.
    pub on_rows: usize,
    /// First row of the image words.
    pub words: usize,
    /// First row of the hash chain.
    pub poseidon: usize,
    /// Row after the hash chain.
    pub end: usize,
    /// Row after the last weight.
    pub weight_end: usize,
    /// Rows that may be assigned.
    pub usable: usize,
    /// Free rows of the arithmetic columns.
    pub arith: [Range<usize>; 3],
    /// Rows that the narrow form alone has.
    pub narrow: Option<NarrowRows>,
}

/// Rows that the narrow form alone has, see `narrow_floor`.
#[derive(Clone, Copy, Debug)]
pub struct NarrowRows {
    /// First row of the numbers in range that the output is made with, see `narrow_statement`.
    pub ranges: usize,
    /// First row of the tables: pairs, then remainders.
    pub table: usize,
}

impl Floor {
    /// # Errors
    /// If the layout is too small for the architecture, or the architecture is not one the circuit supports.
    pub fn new(arch: &Architecture, layout: &Layout) -> Result<Self, FloorError> {
        layout.validate()?;
        arch.validate()?;
        if arch.input.c != 3 {
            return Err(FloorError::Image { channels: arch.input.c });
        }
        let k = layout.k;
        let usable = (1usize << k) - layout.reserved_rows();

        let strided = arch.strided();
        let kind = |tensor: TensorId| match tensor {
            TensorId::IMAGE => IMAGE,
            _ if strided[tensor.0] => STRIDED,
            _ => PLAIN,
        };
        let logits = TensorId(arch.layers.len());
        let mut tensors: Vec<TensorRows> = (0..=arch.layers.len())
            .map(|t| {
                let mut shape = arch.shape(TensorId(t));
                if arch.parts(TensorId(t)) != [TensorId(t)] {
                    shape.c = 0;
                }
                TensorRows {
                    shape,
                    start: 0,
                    line_rows: shape.w.div_ceil(layout.lanes),
                    kind: kind(TensorId(t)),
                    strided: strided[t],
                    pixel_rows: None,
                }
            })
            .collect();
        let mut row = 0;
        let mut place = |tensors: &mut [TensorRows], t: TensorId| {
            tensors[t.0].start = row;
            row = tensors[t.0].rows().end;
            row
        };
        let all = || (0..=arch.layers.len()).map(TensorId);
        let plain_end = all()
            .filter(|t| kind(*t) == PLAIN && *t != logits)
            .map(|t| place(&mut tensors, t))
            .last()
            .unwrap_or(0);
        let reserved_end = all()
            .filter(|t| kind(*t) != PLAIN || *t == logits)
            .map(|t| place(&mut tensors, t))
            .last()
            .expect("there are logits");
        // One more row takes the final values of the gate over the logits. The lookup tables must fit as well.
        let on_rows = (reserved_end + 1).max(arch.cut().table_rows());
        let moved = on_rows - (reserved_end + 1);
        for t in &mut tensors {
            if t.start >= plain_end && moved > 0 {
                t.start += moved;
            }
        }
        let plain_end = plain_end + moved;
        let too_few = |needed: usize| FloorError::Rows {
            what: "the tensors and the hash",
            needed,
            available: usable,
            k,
        };
        // Before the exponents of large maps are looked at.
        if on_rows > usable {
            return Err(too_few(on_rows));
        }

        // The row after the tensors is a boundary row, and no arithmetic may touch its a and b.
        let (garbage, words) = place_garbage(arch, layout, on_rows + 1);
        let mut row = words;
        row += input::word_count(arch.image_len()) * (32 / layout.fold());
        let poseidon = row;
        row += hash_rows(arch);
        if row > usable {
            return Err(too_few(row));
        }

        let (weights, weight_end) = place_weights(arch, layout, usable)?;
        Ok(Self {
            tensors,
            weights,
            garbage,
            on_rows,
            words,
            poseidon,
            end: row,
            weight_end,
            usable,
            arith: [1..plain_end, on_rows + 1..poseidon, row..usable],
            narrow: None,
        })
    }

    /// Rows of the salt in every weight column.
    pub fn salt_rows(&self, layout: &Layout) -> Range<usize> {
        self.usable - layout.salt_rows..self.usable
    }

    /// The row after everything but weights and what fills the rows that are left: in the wide form the arithmetic.
    pub fn last_row(&self, program: &Program) -> usize {
        match self.narrow {
            None => self.end,
            // A step's result is on the row after it.
            Some(_) => program.steps.iter().map(|step| step.row + 2).max().unwrap_or(self.end),
        }
    }

    /// Rows of a tensor.
    ///
    /// # Panics
    /// If it is a concatenation: what it joins has rows.
    pub fn tensor(&self, tensor: TensorId) -> &TensorRows {
        let rows = &self.tensors[tensor.0];
        assert!(rows.shape.c > 0, "a concatenation has no rows");
        rows
    }

    /// The logits' rows.
    pub fn logits(&self) -> &TensorRows {
        self.tensors.last().expect("there are logits")
    }

    /// First row of chain `n` of a layer's weights, where every chain has `rows_each` rows.
    pub fn weight_row(&self, layer: usize, n: usize, rows_each: usize) -> usize {
        self.weights[layer].start + n * rows_each
    }
}

/// How the numbers of a convolution stand in the weight columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightForm {
    /// For each input channel and tap a chain over the output channels of its group.
    Chains,
    /// A row of three taps for each row of a depthwise kernel.
    KernelRows,
    /// One number a row: a depthwise kernel whose taps read several sub-images, or whose rows have another width.
    Singles,
}

impl WeightForm {
    pub(crate) const fn of(conv: &Conv) -> Self {
        match (conv.kind, conv.stride) {
            (ConvKind::Depthwise(Kernel { w: 3, .. }), 1) => Self::KernelRows,
            (ConvKind::Depthwise(_), _) => Self::Singles,
            (ConvKind::Pointwise | ConvKind::Dense(_) | ConvKind::Grouped(..), _) => Self::Chains,
        }
    }
}

/// Garbage of each layer from a row on, and the row after it.
pub(super) fn place_garbage(arch: &Architecture, layout: &Layout, mut row: usize) -> (Vec<Option<GarbageRows>>, usize) {
    let garbage = (0..arch.layers.len())
        .map(|i| {
            Spatial::of_layer(arch, i).map(|spatial| {
                let last = arch.layers[i].output.c - 1;
                let chain = (Slots::of_layer(arch, i, layout).of(last) + 1).div_ceil(layout.fold());
                let rows = GarbageRows {
                    start: row,
                    chain,
                    spatial,
                };
                row += chain * rows.spatial.garbage.len();
                rows
            })
        })
        .collect();
    (garbage, row)
}

/// Rows of the hash chain: a boundary, the rounds and the boundary of each call, and one more.
pub(super) fn hash_rows(arch: &Architecture) -> usize {
    let calls = 1 + input::call_count(arch.image_len());
    1 + calls * (poseidon::parameters().rounds() + 1) + 1
}

/// Weights of each layer, and the row after them.
pub(super) fn place_weights(
    arch: &Architecture,
    layout: &Layout,
    usable: usize,
) -> Result<(Vec<WeightRows>, usize), FloorError> {
    let mut row = 0;
    let mut weights = Vec::with_capacity(arch.layers.len());
    for (i, layer) in arch.layers.iter().enumerate() {
        let slots = Slots::of_layer(arch, i, layout);
        let chain = slots.group.div_ceil(layout.weight_columns);
        let bias_chain = (slots.of(layer.output.c - 1) + 1).div_ceil(layout.weight_columns);
        let (own, bias) = match &layer.op {
            Op::Conv(conv) => {
                let in_channels = arch.shape(conv.input).c;
                let kernel = conv.kind.kernel();
                let own = match WeightForm::of(conv) {
                    WeightForm::Chains => kernel.taps() * in_channels * chain,
                    WeightForm::KernelRows => kernel.h * in_channels,
                    WeightForm::Singles => kernel.taps() * in_channels,
                };
                (own, bias_chain)
            }
            Op::Add { .. } => (3, 0),
            Op::GlobalAvgPool { .. } => (2, 0),
            Op::Concat { .. } => (0, 0),
        };
        weights.push(WeightRows {
            start: row,
            bias: row + own,
            chain,
            bias_chain,
            slots,
        });
        row += own + bias;
    }
    let available = usable.saturating_sub(layout.salt_rows);
    if row > available {
        return Err(FloorError::Rows {
            what: "the weights",
            needed: row,
            available,
            k: layout.k,
        });
    }
    Ok((weights, row))
}
