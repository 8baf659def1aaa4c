//! A spatial layer as a product of polynomials.
//!
//! Position `(i, j)` of a map stands at exponent `i·T + j`, `T` the output width plus one. The input, or its four parity
//! sub-images at stride 2, times the kernel holds output `(i, j)` at `t0 + i·T + j`; every other exponent the product can
//! reach is garbage, whatever the data.

use crate::model::{Architecture, Conv, ConvKind, Op, Shape};
use std::collections::BTreeSet;

/// One tap of a 3×3 kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Kernel row.
    pub a: usize,
    /// Kernel column.
    pub b: usize,
    /// Sub-image it reads: `2·(row parity) + column parity`; 0 at stride 1.
    pub part: usize,
    /// Its exponent in the kernel polynomial of that sub-image.
    pub exponent: usize,
}

/// Exponents of one spatial layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spatial {
    /// Exponent step of an image row.
    pub t: usize,
    /// Exponent of output `(0, 0)`.
    pub t0: usize,
    /// Taps of a convolution; empty for the pool, whose kernel is all ones over the whole map.
    pub taps: Vec<Tap>,
    /// Exponents of the product that hold no output, ascending.
    pub garbage: Vec<usize>,
}

impl Spatial {
    /// `None` for layers without spatial extent.
    pub fn of_layer(arch: &Architecture, layer: usize) -> Option<Self> {
        match &arch.layers[layer].op {
            Op::Conv(conv) if conv.kind != ConvKind::Pointwise => Some(Self::conv(conv, arch.layers[layer].output)),
            Op::GlobalAvgPool { input } => Some(Self::pool(arch.shape(*input))),
            _ => None,
        }
    }

    fn conv(conv: &Conv, output: Shape) -> Self {
        let t = output.w + 1;
        // Along one axis: parity and shift of tap `a` where `pad` rows precede the map.
        let axis = |a: usize, pad: usize| -> (usize, isize) {
            let offset = a as isize - pad as isize;
            let parity = if conv.stride == 2 { offset.rem_euclid(2) } else { 0 };
            (parity as usize, (offset - parity) / conv.stride as isize)
        };
        let taps: Vec<(usize, usize, usize, isize)> = (0..3)
            .flat_map(|a| (0..3).map(move |b| (a, b)))
            .map(|(a, b)| {
                let ((p, da), (q, db)) = (axis(a, conv.pad.top), axis(b, conv.pad.left));
                (a, b, 2 * p + q, da * t as isize + db)
            })
            .collect();
        let t0 = taps.iter().map(|tap| tap.3).max().expect("a kernel has taps").max(0);
        let taps: Vec<Tap> = taps
            .into_iter()
            .map(|(a, b, part, shift)| Tap {
                a,
                b,
                part,
                exponent: (t0 - shift) as usize,
            })
            .collect();
        let t0 = t0 as usize;
        let kernel: BTreeSet<usize> = taps.iter().map(|tap| tap.exponent).collect();
        // Sub-images of an even map have the size of the output, and so has the map at stride 1.
        Self {
            t,
            t0,
            taps,
            garbage: garbage(&positions(output, t), &kernel, &positions_from(output, t, t0)),
        }
    }

    fn pool(input: Shape) -> Self {
        let t = input.w + 1;
        let map: BTreeSet<usize> = positions(input, t);
        let t0 = (input.h - 1) * t + input.w - 1;
        // The kernel stands at t0 − position: the same set, reversed.
        Self {
            t,
            t0,
            taps: Vec::new(),
            garbage: garbage(&map, &map, &BTreeSet::from([t0])),
        }
    }
}

fn positions(shape: Shape, t: usize) -> BTreeSet<usize> {
    positions_from(shape, t, 0)
}

fn positions_from(shape: Shape, t: usize, t0: usize) -> BTreeSet<usize> {
    (0..shape.h)
        .flat_map(|i| (0..shape.w).map(move |j| t0 + i * t + j))
        .collect()
}

fn garbage(map: &BTreeSet<usize>, kernel: &BTreeSet<usize>, wanted: &BTreeSet<usize>) -> Vec<usize> {
    let highest = |set: &BTreeSet<usize>| set.last().copied().unwrap_or(0);
    let mut reached = vec![false; highest(map) + highest(kernel) + 1];
    for k in kernel {
        map.iter().for_each(|x| reached[x + k] = true);
    }
    reached
        .iter()
        .enumerate()
        .filter(|(e, hit)| **hit && !wanted.contains(e))
        .map(|(e, _)| e)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Padding, TensorId};

    fn conv(stride: usize, pad: Padding) -> Conv {
        Conv {
            input: TensorId(0),
            out_channels: 1,
            kind: ConvKind::Depthwise3x3,
            stride,
            pad,
            input_zero: 0,
        }
    }

    /// The product polynomial, coefficient by coefficient, against a plain convolution; garbage counts as designed.
    #[test]
    fn outputs_stand_at_their_exponents_and_garbage_elsewhere() {
        for (h, w) in [(1, 1), (2, 2), (2, 5), (6, 4), (7, 3)] {
            for (stride, pad) in [(1, Padding::ONE), (2, Padding::ONE), (2, Padding::SAME_STRIDE_2)] {
                let output = Shape::new(1, h, w);
                let s = Spatial::conv(&conv(stride, pad), output);
                let (ih, iw) = (h * stride, w * stride);
                let x = |i: isize, j: isize| -> i64 {
                    let inside = i >= 0 && j >= 0 && (i as usize) < ih && (j as usize) < iw;
                    if inside {
                        (i * 31 + j * 17 + 5) as i64 % 97 + 1
                    } else {
                        0
                    }
                };
                let weight = |a: usize, b: usize| (3 * a + b) as i64 * 101 - 350;
                let mut product = std::collections::BTreeMap::new();
                for tap in &s.taps {
                    let (p, q) = (tap.part / 2, tap.part % 2);
                    for i in 0..h {
                        for j in 0..w {
                            let value = x((stride * i + p) as isize, (stride * j + q) as isize);
                            *product.entry(tap.exponent + i * s.t + j).or_insert(0) += weight(tap.a, tap.b) * value;
                        }
                    }
                }
                for i in 0..h {
                    for j in 0..w {
                        let expected: i64 = (0..3)
                            .flat_map(|a| (0..3).map(move |b| (a, b)))
                            .map(|(a, b)| {
                                let row = (stride * i + a) as isize - pad.top as isize;
                                let column = (stride * j + b) as isize - pad.left as isize;
                                weight(a, b) * x(row, column)
                            })
                            .sum();
                        let exponent = s.t0 + i * s.t + j;
                        assert_eq!(
                            product.remove(&exponent).unwrap_or(0),
                            expected,
                            "{h}x{w} stride {stride}"
                        );
                        assert!(!s.garbage.contains(&exponent));
                    }
                }
                assert!(product.keys().all(|e| s.garbage.contains(e)));
                let count = if stride == 1 { 2 * w + h + 3 } else { w + h + 1 };
                assert_eq!(s.garbage.len(), count, "{h}x{w} stride {stride} {pad:?}");
            }
        }
    }

    #[test]
    fn the_pool_is_one_output_of_an_all_ones_kernel() {
        let s = Spatial::pool(Shape::new(1, 3, 2));
        assert_eq!((s.t, s.t0), (3, 7));
        assert!(!s.garbage.contains(&7));
        assert!(s.garbage.iter().all(|e| *e <= 14));
        for (h, w) in [(3, 2), (3, 3), (4, 6)] {
            let s = Spatial::pool(Shape::new(1, h, w));
            assert_eq!(s.garbage.len(), 2 * s.t0, "{h}x{w}");
        }
    }
}
