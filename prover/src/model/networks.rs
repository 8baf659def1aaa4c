//! Architectures: MobileNet v2, and a small network for tests.
//!
//! MobileNet v2 is Sandler18 table 2 with the channel rounding of TensorFlow-Slim.

use super::architecture::{Architecture, OutputMode};
use super::op::{Conv, ConvKind, Groups, Kernel, Layer, Op, Padding, TensorId};
use super::shape::Shape;

/// MobileNet v2 with TensorFlow's SAME padding and shift 16; see [`mobilenet_v2_with_padding`].
pub fn mobilenet_v2(width: f64, resolution: usize, classes: usize) -> Architecture {
    mobilenet_v2_with_padding(width, resolution, classes, Padding::SAME_STRIDE_2)
}

/// MobileNet v2 for `resolution × resolution` images; `stride_2` is the padding of all layers of stride 2.
///
/// The result is valid if `resolution` is a multiple of 32, or the last maps of stride 2 still have even sizes;
/// [`Architecture::validate`] tells.
pub fn mobilenet_v2_with_padding(width: f64, resolution: usize, classes: usize, stride_2: Padding) -> Architecture {
    /// Expansion, channels, repeats, first stride.
    const BLOCKS: [(usize, usize, usize, usize); 7] = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];
    let mut net = Builder::new(Shape::new(3, resolution, resolution), 16, stride_2);
    let mut x = net.conv(TensorId::IMAGE, ConvKind::DENSE_3X3, scaled_channels(32, width), 2);
    for (expansion, channels, repeats, first_stride) in BLOCKS {
        for repeat in 0..repeats {
            let stride = if repeat == 0 { first_stride } else { 1 };
            x = net.inverted_residual(x, expansion, scaled_channels(channels, width), stride);
        }
    }
    // Only wider networks scale the last features.
    x = net.conv(x, ConvKind::Pointwise, scaled_channels(1280, width.max(1.0)), 1);
    x = net.pool(x);
    net.conv(x, ConvKind::Pointwise, classes, 1);
    net.finish()
}

/// TensorFlow-Slim's rounding: the nearest multiple of 8 that is at least 8 and not more than 10 % below.
fn scaled_channels(channels: usize, width: f64) -> usize {
    let exact = channels as f64 * width;
    let rounded = (((exact + 4.0) / 8.0).floor() as usize * 8).max(8);
    if (rounded as f64) < 0.9 * exact {
        rounded + 8
    } else {
        rounded
    }
}

/// A network of 14 layers for tests: every kind of layer, both paddings of stride 2, a map that is not square, a padded
/// layer whose input zero point is not 0, and channel counts that divide nothing. Shift 10 suits it.
pub fn tiny_network(shift: u32) -> Architecture {
    let mut net = Builder::new(Shape::new(3, 8, 12), shift, Padding::ONE);
    let x = net.conv(TensorId::IMAGE, ConvKind::DENSE_3X3, 5, 2);
    let x = net.conv(x, ConvKind::DEPTHWISE_3X3, 5, 1);
    let block_1 = net.conv(x, ConvKind::Pointwise, 3, 1);
    let x = net.conv(block_1, ConvKind::Pointwise, 7, 1);
    let x = net.conv(x, ConvKind::DEPTHWISE_3X3, 7, 1);
    let x = net.conv(x, ConvKind::Pointwise, 3, 1);
    let x = net.add(block_1, x);
    let x = net.conv_with_zero(x, ConvKind::DENSE_3X3, 6, 1, 128);
    net.stride_2 = Padding::SAME_STRIDE_2;
    let x = net.conv(x, ConvKind::DEPTHWISE_3X3, 6, 2);
    let x = net.conv(x, ConvKind::Pointwise, 5, 1);
    let x = net.conv_with_zero(x, ConvKind::DEPTHWISE_3X3, 5, 1, 100);
    let x = net.conv(x, ConvKind::Pointwise, 9, 1);
    let x = net.pool(x);
    net.conv(x, ConvKind::Pointwise, 10, 1);
    net.finish()
}

/// A network of 11 layers for tests, of what MobileNets do not have: an image that is read whole, odd sizes, kernels that are not
/// 3×3, groups of channels, borders of any width on each side, two readers of stride 2 that are added, a kernel as large as the map at
/// the end.
pub fn kernel_network(shift: u32) -> Architecture {
    let pad = |top, left, bottom, right| Padding {
        top,
        left,
        bottom,
        right,
    };
    let dense = |h, w| ConvKind::Dense(Kernel { h, w });
    let depthwise = |h, w| ConvKind::Depthwise(Kernel { h, w });
    let mut net = Builder::new(Shape::new(3, 9, 11), shift, Padding::ONE);
    let x = net.padded(TensorId::IMAGE, dense(5, 4), 4, 1, pad(1, 3, 0, 2), 0);
    let x = net.padded(x, depthwise(5, 3), 4, 1, pad(2, 0, 2, 2), 7);
    let corner = net.padded(x, dense(1, 1), 5, 2, Padding::NONE, 0);
    let window = net.padded(x, ConvKind::DENSE_3X3, 5, 2, Padding::ONE, 50);
    let x = net.add(corner, window);
    let x = net.padded(x, depthwise(2, 4), 5, 2, pad(0, 3, 1, 0), 9);
    let x = net.padded(x, depthwise(1, 1), 5, 1, Padding::NONE, 0);
    let x = net.padded(x, depthwise(2, 2), 5, 1, Padding::NONE, 0);
    let x = net.conv(x, ConvKind::Pointwise, 6, 1);
    let grouped = ConvKind::Grouped(Kernel { h: 3, w: 2 }, Groups(2));
    let x = net.padded(x, grouped, 10, 1, pad(1, 1, 1, 0), 30);
    net.padded(x, dense(1, 3), 10, 1, Padding::NONE, 0);
    net.finish()
}

/// A network of 16 layers for tests that joins channels: those of two layers, of one layer twice, of the image; read by every kind of
/// layer, whole and with stride 2; one layer in two concatenations, and read by itself besides.
pub fn joined_network(shift: u32) -> Architecture {
    let mut net = Builder::new(Shape::new(3, 6, 8), shift, Padding::ONE);
    let squeezed = net.conv(TensorId::IMAGE, ConvKind::DENSE_3X3, 3, 1);
    let narrow = net.conv(squeezed, ConvKind::Pointwise, 3, 1);
    let wide = net.conv_with_zero(squeezed, ConvKind::DENSE_3X3, 4, 1, 60);
    let fire = net.concat(&[narrow, wide]);
    let depthwise = net.conv_with_zero(fire, ConvKind::DEPTHWISE_3X3, 7, 1, 20);
    let sum = net.add(fire, depthwise);
    let grown = net.concat(&[wide, TensorId::IMAGE, wide, narrow]);
    let above_and_below = Padding {
        top: 1,
        bottom: 1,
        ..Padding::NONE
    };
    let groups = ConvKind::Grouped(Kernel { h: 3, w: 1 }, Groups(2));
    let grouped = net.padded(grown, groups, 6, 1, above_and_below, 0);
    let pair = net.concat(&[sum, grouped]);
    let reduced = net.conv_with_zero(pair, ConvKind::DENSE_3X3, 5, 2, 33);
    let pointwise = net.conv(reduced, ConvKind::Pointwise, 4, 1);
    let twice = net.concat(&[pointwise, reduced, pointwise]);
    let x = net.conv(twice, ConvKind::Pointwise, 3, 1);
    let tail = net.concat(&[x, reduced]);
    let pooled = net.pool(tail);
    net.conv(pooled, ConvKind::Pointwise, 10, 1);
    net.finish()
}

/// Appends layers and derives their shapes.
struct Builder {
    arch: Architecture,
    stride_2: Padding,
}

impl Builder {
    fn new(input: Shape, shift: u32, stride_2: Padding) -> Self {
        let arch = Architecture {
            input,
            shift,
            layers: Vec::new(),
            output: OutputMode::Top1,
        };
        Self { arch, stride_2 }
    }

    fn push(&mut self, op: Op, output: Shape) -> TensorId {
        self.arch.layers.push(Layer { op, output });
        TensorId(self.arch.layers.len())
    }

    fn conv(&mut self, input: TensorId, kind: ConvKind, out_channels: usize, stride: usize) -> TensorId {
        self.conv_with_zero(input, kind, out_channels, stride, 0)
    }

    fn conv_with_zero(
        &mut self,
        input: TensorId,
        kind: ConvKind,
        out_channels: usize,
        stride: usize,
        input_zero: u8,
    ) -> TensorId {
        let pad = match (kind, stride) {
            (ConvKind::Pointwise, _) => Padding::NONE,
            (_, 1) => Padding::ONE,
            _ => self.stride_2,
        };
        self.padded(input, kind, out_channels, stride, pad, input_zero)
    }

    fn padded(
        &mut self,
        input: TensorId,
        kind: ConvKind,
        out_channels: usize,
        stride: usize,
        pad: Padding,
        input_zero: u8,
    ) -> TensorId {
        let conv = Conv {
            input,
            out_channels,
            kind,
            stride,
            pad,
            input_zero,
        };
        let output = conv.output(self.arch.shape(input)).expect("the kernel fits the map");
        self.push(Op::Conv(conv), output)
    }

    fn add(&mut self, lhs: TensorId, rhs: TensorId) -> TensorId {
        self.push(Op::Add { lhs, rhs }, self.arch.shape(lhs))
    }

    fn pool(&mut self, input: TensorId) -> TensorId {
        self.push(Op::GlobalAvgPool { input }, Shape::new(self.arch.shape(input).c, 1, 1))
    }

    fn concat(&mut self, inputs: &[TensorId]) -> TensorId {
        let c = inputs.iter().map(|input| self.arch.shape(*input).c).sum();
        let shape = Shape {
            c,
            ..self.arch.shape(inputs[0])
        };
        self.push(
            Op::Concat {
                inputs: inputs.to_vec(),
            },
            shape,
        )
    }

    fn inverted_residual(&mut self, x: TensorId, expansion: usize, out_channels: usize, stride: usize) -> TensorId {
        let in_channels = self.arch.shape(x).c;
        let expanded = expansion * in_channels;
        let mut y = x;
        if expansion > 1 {
            y = self.conv(y, ConvKind::Pointwise, expanded, 1);
        }
        y = self.conv(y, ConvKind::DEPTHWISE_3X3, expanded, stride);
        y = self.conv(y, ConvKind::Pointwise, out_channels, 1);
        if stride == 1 && in_channels == out_channels {
            y = self.add(x, y);
        }
        y
    }

    fn finish(self) -> Architecture {
        self.arch
    }
}
