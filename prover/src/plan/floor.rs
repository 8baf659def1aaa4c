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
use super::spatial::Spatial;
use crate::model::{Architecture, Conv, ConvKind, Op, Shape, TensorId};
use assay_statement::{input, poseidon};
use std::ops::Range;

/// Rows at the end of every column that hold blinding, and the last usable row, which has no successor.
pub const RESERVED_ROWS: usize = 7;

/// Rows of one tensor: `line_rows` for each image row, image rows of a channel one after the other.
#[derive(Clone, Copy, Debug)]
pub struct TensorRows {
    /// Of the tensor.
    pub shape: Shape,
    /// First row.
    pub start: usize,
    /// Rows of one image row: its width over the lanes, rounded up.
    pub line_rows: usize,
    /// Value of the kind of row: plain, read with stride 2, or image.
    pub kind: u64,
}

impl TensorRows {
    /// First row of image row `i` of channel `c`: it holds the sums.
    pub fn line(&self, c: usize, i: usize) -> usize {
        self.start + (c * self.shape.h + i) * self.line_rows
    }

    /// Row and lane of element `(c, i, j)`.
    pub fn cell(&self, c: usize, i: usize, j: usize, lanes: usize) -> (usize, usize) {
        (self.line(c, i) + j / lanes, j % lanes)
    }

    /// All of its rows.
    pub fn rows(&self) -> Range<usize> {
        self.start..self.start + self.shape.c * self.shape.h * self.line_rows
    }
}

/// Rows of one layer's parameters.
#[derive(Clone, Copy, Debug)]
pub struct WeightRows {
    /// First row of the weights, or of the multipliers of an add or pool.
    pub start: usize,
    /// First row of the chain of biases.
    pub bias: usize,
    /// Rows of a chain over the output channels.
    pub chain: usize,
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
}

impl Floor {
    /// # Errors
    /// If the layout is too small for the architecture, or the architecture is not one the circuit supports.
    pub fn new(arch: &Architecture, layout: &Layout) -> Result<Self, FloorError> {
        layout.validate()?;
        arch.validate()?;
        check_image(arch)?;
        let k = layout.k;
        let usable = (1usize << k) - RESERVED_ROWS;

        let kind = |tensor: TensorId| match tensor {
            TensorId::IMAGE => IMAGE,
            _ if arch
                .layers
                .iter()
                .any(|l| matches!(&l.op, Op::Conv(c) if c.input == tensor && c.stride == 2)) =>
            {
                STRIDED
            }
            _ => PLAIN,
        };
        let logits = TensorId(arch.layers.len());
        let mut tensors: Vec<TensorRows> = (0..=arch.layers.len())
            .map(|t| {
                let shape = arch.shape(TensorId(t));
                TensorRows {
                    shape,
                    start: 0,
                    line_rows: shape.w.div_ceil(layout.lanes),
                    kind: kind(TensorId(t)),
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
        let on_rows = (reserved_end + 1).max(1 << arch.shift);
        let moved = on_rows - (reserved_end + 1);
        for t in &mut tensors {
            if t.start >= plain_end && moved > 0 {
                t.start += moved;
            }
        }
        let plain_end = plain_end + moved;

        // The row after the tensors is a boundary row, and no arithmetic may touch its a and b.
        let mut row = on_rows + 1;
        let garbage = (0..arch.layers.len())
            .map(|i| {
                Spatial::of_layer(arch, i).map(|spatial| {
                    let chain = arch.layers[i].output.c.div_ceil(layout.fold());
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
        let words = row;
        row += input::word_count(arch.image_len()) * (32 / layout.fold());
        let poseidon = row;
        let calls = 1 + input::call_count(arch.image_len());
        row += 1 + calls * (poseidon::parameters().rounds() + 1) + 1;
        if row > usable {
            return Err(FloorError::Rows {
                what: "the tensors and the hash",
                needed: row,
                available: usable,
                k,
            });
        }

        let (weights, weight_end) = place_weights(arch, layout);
        let available = usable.saturating_sub(layout.salt_rows);
        if weight_end > available {
            return Err(FloorError::Rows {
                what: "the weights",
                needed: weight_end,
                available,
                k,
            });
        }
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
        })
    }

    /// Rows of the salt in every weight column.
    pub fn salt_rows(&self, layout: &Layout) -> Range<usize> {
        self.usable - layout.salt_rows..self.usable
    }

    /// Rows of a tensor.
    pub fn tensor(&self, tensor: TensorId) -> &TensorRows {
        &self.tensors[tensor.0]
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

fn check_image(arch: &Architecture) -> Result<(), FloorError> {
    let readers: Vec<&Op> = arch
        .layers
        .iter()
        .map(|l| &l.op)
        .filter(|op| op.inputs().contains(&TensorId::IMAGE))
        .collect();
    match readers[..] {
        [Op::Conv(Conv {
            kind: ConvKind::Dense3x3,
            stride: 2,
            ..
        })] if arch.input.c == 3 => Ok(()),
        _ => Err(FloorError::Image),
    }
}

fn place_weights(arch: &Architecture, layout: &Layout) -> (Vec<WeightRows>, usize) {
    let mut row = 0;
    let mut weights = Vec::with_capacity(arch.layers.len());
    for layer in &arch.layers {
        let chain = layer.output.c.div_ceil(layout.weight_columns);
        let (own, bias) = match &layer.op {
            Op::Conv(conv) => {
                let in_channels = arch.shape(conv.input).c;
                let own = match (conv.kind, conv.stride) {
                    (ConvKind::Pointwise, _) => in_channels * chain,
                    (ConvKind::Dense3x3, _) => 9 * in_channels * chain,
                    (ConvKind::Depthwise3x3, 1) => 3 * in_channels,
                    (ConvKind::Depthwise3x3, _) => 9 * in_channels,
                };
                (own, chain)
            }
            Op::Add { .. } => (3, 0),
            Op::GlobalAvgPool { .. } => (2, 0),
        };
        weights.push(WeightRows {
            start: row,
            bias: row + own,
            chain,
        });
        row += own + bias;
    }
    (weights, row)
}
