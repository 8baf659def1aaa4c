//! Networks on integers, from the unfolded definition: `acc = Σ w·(x − z_x) + b`, `t = a·acc + z_y·2^s + 2^(s−1)`,
//! `q = ⌊t / 2^s⌋`. It shares nothing with the reference executor but the description of a model.

#![allow(dead_code, reason = "each test program uses a part, some all of it")]

use assay_prover::model::{
    Architecture, Conv, ConvKind, ConvParams, Layer, LayerParams, Model, Op, OutputMode, Padding, Shape, TensorId,
};
use rand::Rng;
use rand_chacha::ChaCha20Rng;

/// How the image is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FirstLayer {
    Any,
    /// By a 3×3 convolution of stride 2, as the circuit wants it.
    OfTheCircuit,
}

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
        let mut out = vec![vec![vec![0i64; layer.output.w]; layer.output.h]; layer.output.c];
        let mut q = Vec::new();
        for o in 0..layer.output.c {
            for i in 0..layer.output.h {
                for j in 0..layer.output.w {
                    let (scaled, zero) = match (&layer.op, params) {
                        (Op::Conv(conv), LayerParams::Conv(p)) => {
                            let acc = convolution(&tensors[conv.input.0], conv, p, o, i, j);
                            (i128::from(p.multiplier[o]) * i128::from(acc), p.output_zero)
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

/// One output of a convolution, from an explicitly padded map of `x − z_x`.
fn convolution(x: &[Vec<Vec<i64>>], conv: &Conv, p: &ConvParams, o: usize, i: usize, j: usize) -> i64 {
    let size = if conv.kind == ConvKind::Pointwise { 1 } else { 3 };
    let channels: Vec<usize> = match conv.kind {
        ConvKind::Depthwise3x3 => vec![o],
        _ => (0..x.len()).collect(),
    };
    let mut acc = i64::from(p.bias[o]);
    for (n, c) in channels.iter().enumerate() {
        let (h, w) = (x[*c].len(), x[*c][0].len());
        let mut padded = vec![vec![0i64; w + conv.pad.left + conv.pad.right]; h + conv.pad.top + conv.pad.bottom];
        for (row, pixels) in x[*c].iter().enumerate() {
            for (column, pixel) in pixels.iter().enumerate() {
                padded[row + conv.pad.top][column + conv.pad.left] = pixel - i64::from(p.input_zero);
            }
        }
        for a in 0..size {
            for b in 0..size {
                let weight = p.weights[((o * channels.len() + n) * size + a) * size + b];
                acc += i64::from(weight) * padded[i * conv.stride + a][j * conv.stride + b];
            }
        }
    }
    acc
}

/// A random chain of all kinds of layers with residual adds.
pub(crate) fn random_architecture(rng: &mut ChaCha20Rng, shift: u32, first: FirstLayer) -> Architecture {
    let mut arch = Architecture {
        input: Shape::new(3, 2 * rng.gen_range(1..5), 2 * rng.gen_range(1..5)),
        shift,
        layers: Vec::new(),
        output: OutputMode::Top1,
    };
    let mut x = TensorId::IMAGE;
    for n in 0..rng.gen_range(1..7) {
        let shape = arch.shape(x);
        let mut kind = [ConvKind::Pointwise, ConvKind::Dense3x3, ConvKind::Depthwise3x3][rng.gen_range(0..3)];
        let even = shape.h.is_multiple_of(2) && shape.w.is_multiple_of(2);
        let mut stride = if kind != ConvKind::Pointwise && even {
            rng.gen_range(1..3)
        } else {
            1
        };
        if n == 0 && first == FirstLayer::OfTheCircuit {
            (kind, stride) = (ConvKind::Dense3x3, 2);
        }
        let pad = match (kind, stride) {
            (ConvKind::Pointwise, _) => Padding::NONE,
            (_, 1) => Padding::ONE,
            _ => [Padding::ONE, Padding::SAME_STRIDE_2][rng.gen_range(0..2)],
        };
        let out_channels = if kind == ConvKind::Depthwise3x3 {
            shape.c
        } else {
            rng.gen_range(1..6)
        };
        let conv = Conv {
            input: x,
            out_channels,
            kind,
            stride,
            pad,
            input_zero: if pad.is_none() {
                0
            } else {
                [0, 1, 100, 128, 255][rng.gen_range(0..5)]
            },
        };
        let output = Shape::new(out_channels, shape.h / stride, shape.w / stride);
        arch.layers.push(Layer {
            op: Op::Conv(conv),
            output,
        });
        let y = TensorId(arch.layers.len());
        if output == shape && rng.gen() {
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
