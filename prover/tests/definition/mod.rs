//! Networks on integers, from the unfolded definition: `acc = Σ w·(x − z_x) + b`, `t = a·acc + z_y·2^s + 2^(s−1)`,
//! `q = ⌊t / 2^s⌋`. Where channels are joined, `q` are the bytes themselves. It shares nothing with the reference executor but the description of a model.

#![allow(dead_code, reason = "each test program uses a part, some all of it")]

use assay_prover::model::{
    Architecture, Conv, ConvKind, Groups, Kernel, Layer, LayerParams, Model, Op, OutputMode, Padding, Shape, TensorId,
};
use assay_prover::reference::LayerTrace;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use std::ops::Range;

/// `q` of every layer, channel-major.
pub(crate) fn quotients(model: &Model, image_hwc: &[u8]) -> Vec<Vec<i64>> {
    let arch = &model.architecture;
    let s = arch.shift;
    let Shape { c, h, w } = arch.input;
    // A tensor is `[c][i][j]`, as numbers.
    let mut tensors = vec![vec![vec![vec![0i64; w]; h]; c]];
    for (index, byte) in image_hwc.iter().enumerate() {
        tensors[0][index % c][index / c / w][index / c % w] = i64::from(*byte);
    }
    let mut quotients = Vec::new();
    for (layer, params) in arch.layers.iter().zip(&model.params) {
        if let Op::Concat { inputs } = &layer.op {
            let joined: Vec<Vec<Vec<i64>>> = inputs.iter().flat_map(|id| tensors[id.0].clone()).collect();
            quotients.push(joined.iter().flatten().flatten().copied().collect());
            tensors.push(joined);
            continue;
        }
        let mut out = vec![vec![vec![0i64; layer.output.w]; layer.output.h]; layer.output.c];
        let mut q = Vec::new();
        for o in 0..layer.output.c {
            for i in 0..layer.output.h {
                for j in 0..layer.output.w {
                    let (scaled, zero) = match (&layer.op, params) {
                        (Op::Conv(conv), LayerParams::Conv(p)) => {
                            let numbers = Numbers {
                                weights: &|n| i64::from(p.weights[n]),
                                bias: p.bias[o].into(),
                                zero: p.input_zero,
                            };
                            let acc = convolution(&tensors[conv.input.0], conv, &numbers, o, i, j);
                            (i128::from(p.multiplier[o]) * i128::from(acc), p.output_zero)
                        }
                        (Op::Conv(conv), LayerParams::Scaled(p)) => {
                            let numbers = Numbers {
                                weights: &|n| i64::from(p.weights[n]),
                                bias: p.bias[o],
                                zero: p.input_zero,
                            };
                            let t = convolution(&tensors[conv.input.0], conv, &numbers, o, i, j);
                            (i128::from(t), p.output_zero)
                        }
                        (Op::Add { lhs, rhs }, LayerParams::Add(p)) => {
                            let term =
                                |id: &TensorId, a: u32, z: u8| i64::from(a) * (tensors[id.0][o][i][j] - i64::from(z));
                            let sum = term(lhs, p.lhs_multiplier, p.lhs_zero) + term(rhs, p.rhs_multiplier, p.rhs_zero);
                            (i128::from(sum), p.output_zero)
                        }
                        (Op::GlobalAvgPool { input }, LayerParams::Pool(p)) => {
                            let pixels = tensors[input.0][o].iter().flatten();
                            let sum: i64 = pixels.map(|x| x - i64::from(p.input_zero)).sum();
                            (i128::from(p.multiplier) * i128::from(sum), p.output_zero)
                        }
                        _ => panic!("parameters of another kind"),
                    };
                    let t = scaled + i128::from(zero) * (1i128 << s) + (1i128 << (s - 1));
                    let quotient = t.div_euclid(1i128 << s) as i64;
                    out[o][i][j] = quotient.clamp(0, 255);
                    q.push(quotient);
                }
            }
        }
        tensors.push(out);
        quotients.push(q);
    }
    quotients
}

/// What a run has to compare with `q`.
pub(crate) fn found(layer: &LayerTrace, shift: u32) -> Vec<i64> {
    match layer.q_hat.len() {
        0 => layer.out.iter().map(|out| i64::from(*out)).collect(),
        _ => layer
            .q_hat
            .iter()
            .map(|q_hat| i64::from(*q_hat) - half(shift))
            .collect(),
    }
}

/// The `q̂` that stands for 0: in the middle of a table of `2^s` entries up to shift 16, of `2^(s−8)` above.
pub(crate) fn half(shift: u32) -> i64 {
    1 << (if shift > 16 { shift - 8 } else { shift } - 1)
}

/// What an output channel of a convolution computes with.
struct Numbers<'a> {
    weights: &'a dyn Fn(usize) -> i64,
    bias: i64,
    zero: u8,
}

/// One output of a convolution, from an explicitly padded map of `x − z_x`.
fn convolution(x: &[Vec<Vec<i64>>], conv: &Conv, p: &Numbers<'_>, o: usize, i: usize, j: usize) -> i64 {
    let (size, channels): (_, Vec<usize>) = match conv.kind {
        ConvKind::Pointwise => (Kernel { h: 1, w: 1 }, (0..x.len()).collect()),
        ConvKind::Dense(size) => (size, (0..x.len()).collect()),
        ConvKind::Depthwise(size) => (size, vec![o]),
        ConvKind::Grouped(size, Groups(groups)) => {
            // Channel c is in group c / (channels of a group), as outputs are.
            let (reads, makes) = (x.len() / groups, conv.out_channels / groups);
            (size, (0..x.len()).filter(|c| c / reads == o / makes).collect())
        }
    };
    let mut acc = p.bias;
    for (n, c) in channels.iter().enumerate() {
        let (h, w) = (x[*c].len(), x[*c][0].len());
        let mut padded = vec![vec![0i64; w + conv.pad.left + conv.pad.right]; h + conv.pad.top + conv.pad.bottom];
        for (row, pixels) in x[*c].iter().enumerate() {
            for (column, pixel) in pixels.iter().enumerate() {
                padded[row + conv.pad.top][column + conv.pad.left] = pixel - i64::from(p.zero);
            }
        }
        for a in 0..size.h {
            for b in 0..size.w {
                let weight = (p.weights)(((o * channels.len() + n) * size.h + a) * size.w + b);
                acc += weight * padded[i * conv.stride + a][j * conv.stride + b];
            }
        }
    }
    acc
}

/// A random chain of all kinds of layers with residual adds and joined channels.
pub(crate) fn random_architecture(rng: &mut ChaCha20Rng, shift: u32) -> Architecture {
    let mut arch = Architecture {
        input: Shape::new(3, rng.gen_range(1..10), rng.gen_range(1..10)),
        shift,
        layers: Vec::new(),
        output: OutputMode::Top1,
    };
    let mut x = TensorId::IMAGE;
    // What others read whole, no one may read with stride 2.
    let mut strides = 1..3;
    for _ in 0..rng.gen_range(1..7) {
        let shape = arch.shape(x);
        let conv = random_conv(rng, x, shape, strides);
        strides = 1..3;
        let Padding {
            top,
            left,
            bottom,
            right,
        } = conv.pad;
        let (kernel, stride, out_channels) = (conv.kind.kernel(), conv.stride, conv.out_channels);
        let (rows, columns) = (shape.h + top + bottom, shape.w + left + right);
        let output = Shape::new(
            out_channels,
            (rows - kernel.h) / stride + 1,
            (columns - kernel.w) / stride + 1,
        );
        arch.layers.push(Layer {
            op: Op::Conv(conv),
            output,
        });
        let y = TensorId(arch.layers.len());
        let same_size = (output.h, output.w) == (shape.h, shape.w) && stride == 1;
        if rng.gen_range(0..3) == 0 {
            let mut inputs = vec![y];
            if same_size && rng.gen() {
                inputs.extend(arch.parts(x));
                strides = 1..2;
            } else {
                inputs.push(y);
            }
            let at = rng.gen_range(0..inputs.len());
            inputs.rotate_left(at);
            let c = inputs.iter().map(|input| arch.shape(*input).c).sum();
            arch.layers.push(Layer {
                op: Op::Concat { inputs },
                output: Shape { c, ..output },
            });
        } else if output == shape && stride == 1 && rng.gen() {
            arch.layers.push(Layer {
                op: Op::Add { lhs: x, rhs: y },
                output,
            });
        }
        x = TensorId(arch.layers.len());
    }
    let c = arch.shape(x).c;
    arch.layers.push(Layer {
        op: Op::GlobalAvgPool { input: x },
        output: Shape::new(c, 1, 1),
    });
    let classes = rng.gen_range(2..12);
    let conv = Conv {
        input: TensorId(arch.layers.len()),
        out_channels: classes,
        kind: ConvKind::Pointwise,
        stride: 1,
        pad: Padding::NONE,
        input_zero: 0,
    };
    arch.layers.push(Layer {
        op: Op::Conv(conv),
        output: Shape::new(classes, 1, 1),
    });
    arch
}

/// A convolution of a map of this shape: any kernel, stride and border; those of MobileNets half of the time.
fn random_conv(rng: &mut ChaCha20Rng, input: TensorId, shape: Shape, strides: Range<usize>) -> Conv {
    loop {
        let side = |rng: &mut ChaCha20Rng| if rng.gen() { 3 } else { rng.gen_range(1..8) };
        let kernel = Kernel {
            h: side(rng),
            w: side(rng),
        };
        let stride = rng.gen_range(strides.clone());
        let (groups, per_group) = (rng.gen_range(2..4), rng.gen_range(1..3));
        let kind = match rng.gen_range(0..4) {
            0 => ConvKind::Depthwise(kernel),
            3 if shape.c.is_multiple_of(groups) && (groups < shape.c || per_group > 1) => {
                ConvKind::Grouped(kernel, Groups(groups))
            }
            1 if kernel.taps() > 1 || stride == 2 => ConvKind::Dense(kernel),
            _ => ConvKind::Pointwise,
        };
        let (kernel, stride) = match kind {
            ConvKind::Pointwise => (Kernel { h: 1, w: 1 }, 1),
            _ => (kernel, stride),
        };
        let pad = Padding {
            top: rng.gen_range(0..kernel.h),
            left: rng.gen_range(0..kernel.w),
            bottom: rng.gen_range(0..kernel.h),
            right: rng.gen_range(0..kernel.w),
        };
        if shape.h + pad.top + pad.bottom < kernel.h || shape.w + pad.left + pad.right < kernel.w {
            continue;
        }
        let zero = [0, 1, 100, 128, 255][rng.gen_range(0..5)];
        return Conv {
            input,
            out_channels: match kind {
                ConvKind::Depthwise(_) => shape.c,
                ConvKind::Grouped(..) => groups * per_group,
                _ => rng.gen_range(1..7),
            },
            kind,
            stride,
            pad,
            input_zero: if pad.is_none() { 0 } else { zero },
        };
    }
}
