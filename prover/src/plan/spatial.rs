//! A spatial layer as a product of polynomials.
//!
//! At stride 1 the input, at stride 2 each of its four parity sub-images, is a polynomial with pixel `(r, c)` at exponent
//! `r·T + c`. Tap `(a, b)` reads, for output `(i, j)`, pixel `(i + da, j + db)` of its sub-image: `da = (a − top − parity)/stride`,
//! `db` alike. It stands at exponent `t0 − da·T − db` of the kernel polynomial, so the product holds output `(i, j)` at
//! `t0 + i·T + j`. Every other exponent the product can reach is garbage, whatever the data.
//!
//! Pixel `(r, c)` and tap `(a, b)` meet at `t0 + (r − da)·T + v`, `v = c − db`. That is an output's exponent only if `r − da` is its row
//! and `v` its column, as long as no other row comes near: the least `T` above all `v`, and above `ow − v` for all `v`, is taken.

use crate::model::{Architecture, Conv, ConvKind, Op, Shape};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// One tap of a kernel.
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

/// A sub-image that some tap reads; the whole input at stride 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// `2·(row parity) + column parity`; 0 at stride 1.
    pub number: usize,
    /// Its rows.
    pub h: usize,
    /// Its columns.
    pub w: usize,
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
    /// What a convolution reads, in ascending order; empty for the pool.
    pub parts: Vec<Part>,
    /// Exponents of the product that hold no output, ascending.
    pub garbage: Vec<usize>,
}

impl Spatial {
    /// `None` for layers without spatial extent.
    pub fn of_layer(arch: &Architecture, layer: usize) -> Option<Self> {
        match &arch.layers[layer].op {
            Op::Conv(conv) if conv.kind != ConvKind::Pointwise => {
                Some(Self::conv(conv, arch.shape(conv.input), arch.layers[layer].output))
            }
            Op::GlobalAvgPool { input } => Some(Self::pool(arch.shape(*input))),
            _ => None,
        }
    }

    fn conv(conv: &Conv, input: Shape, output: Shape) -> Self {
        let shifts: Vec<Shift> = conv
            .kind
            .kernel()
            .positions()
            .map(|(a, b)| Shift::of(conv, a, b))
            .collect();
        let part = |number: usize| Part {
            number,
            h: (input.h + conv.stride - 1 - number / 2) / conv.stride,
            w: (input.w + conv.stride - 1 - number % 2) / conv.stride,
        };
        // A map of one row or column has no odd ones.
        let read: BTreeSet<usize> = shifts.iter().map(|shift| shift.part).collect();
        let parts: Vec<Part> = read.into_iter().map(part).filter(|part| part.h * part.w > 0).collect();
        let t = step(&shifts, &parts, output.w);
        let highest = shifts.iter().map(|shift| shift.exponent(t)).max();
        let t0 = highest.expect("a kernel has taps").max(0);
        let taps: Vec<Tap> = shifts
            .iter()
            .map(|shift| Tap {
                a: shift.a,
                b: shift.b,
                part: shift.part,
                exponent: (t0 - shift.exponent(t)) as usize,
            })
            .collect();
        let t0 = t0 as usize;
        let reached = parts.iter().flat_map(|part| {
            let kernel: Vec<usize> = taps
                .iter()
                .filter(|tap| tap.part == part.number)
                .map(|tap| tap.exponent)
                .collect();
            sums(&positions(part.h, part.w, t, 0), &kernel)
        });
        let garbage = without(reached.collect(), &positions(output.h, output.w, t, t0));
        Self {
            t,
            t0,
            taps,
            parts,
            garbage,
        }
    }

    fn pool(input: Shape) -> Self {
        let t = input.w + 1;
        let map = positions(input.h, input.w, t, 0);
        let t0 = (input.h - 1) * t + input.w - 1;
        // The kernel stands at t0 − position: the same set, reversed.
        Self {
            t,
            t0,
            taps: Vec::new(),
            parts: Vec::new(),
            garbage: without(sums(&map, &map), &[t0]),
        }
    }
}

/// Where tap `(a, b)` reads, from the place of the output.
#[derive(Clone, Copy)]
struct Shift {
    a: usize,
    b: usize,
    part: usize,
    rows: isize,
    columns: isize,
}

impl Shift {
    fn of(conv: &Conv, a: usize, b: usize) -> Self {
        // Along one axis: parity and shift of the tap where `pad` pixels precede the map.
        let axis = |at: usize, pad: usize| -> (usize, isize) {
            let (offset, stride) = (at as isize - pad as isize, conv.stride as isize);
            (offset.rem_euclid(stride) as usize, offset.div_euclid(stride))
        };
        let ((p, rows), (q, columns)) = (axis(a, conv.pad.top), axis(b, conv.pad.left));
        Self {
            a,
            b,
            part: 2 * p + q,
            rows,
            columns,
        }
    }

    fn exponent(&self, t: usize) -> isize {
        self.rows * t as isize + self.columns
    }

    /// Columns of the output that pixels of the part would belong to by this tap, some of them outside of it.
    fn reach(&self, part: &Part) -> RangeInclusive<isize> {
        -self.columns..=part.w as isize - 1 - self.columns
    }
}

/// The least `T` that keeps rows apart.
fn step(shifts: &[Shift], parts: &[Part], width: usize) -> usize {
    let reaches = shifts.iter().filter_map(|shift| {
        let part = parts.iter().find(|part| part.number == shift.part)?;
        Some(shift.reach(part))
    });
    let width = width as isize;
    let least = reaches.map(|reach| (reach.end() + 1).max(width - reach.start()));
    least.fold(width, isize::max) as usize
}

/// Exponents of a map whose first pixel stands at `t0`, ascending.
fn positions(h: usize, w: usize, t: usize, t0: usize) -> Vec<usize> {
    (0..h).flat_map(|i| (0..w).map(move |j| t0 + i * t + j)).collect()
}

/// Exponents that a product reaches.
fn sums(map: &[usize], kernel: &[usize]) -> BTreeSet<usize> {
    let highest = |of: &[usize]| of.iter().max().copied().unwrap_or(0);
    let mut reached = vec![false; highest(map) + highest(kernel) + 1];
    for k in kernel {
        map.iter().for_each(|x| reached[x + k] = true);
    }
    let reached = reached.iter().enumerate().filter(|(_, hit)| **hit);
    reached.map(|(exponent, _)| exponent).collect()
}

fn without(reached: BTreeSet<usize>, wanted: &[usize]) -> Vec<usize> {
    let wanted: BTreeSet<&usize> = wanted.iter().collect();
    reached
        .into_iter()
        .filter(|exponent| !wanted.contains(exponent))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kernel, Padding, TensorId};
    use std::collections::BTreeMap;

    fn conv(kernel: Kernel, stride: usize, pad: Padding) -> Conv {
        Conv {
            input: TensorId(0),
            out_channels: 1,
            kind: ConvKind::Depthwise(kernel),
            stride,
            pad,
            input_zero: 0,
        }
    }

    /// The product polynomial, coefficient by coefficient, against a plain convolution.
    fn check(conv: &Conv, input: Shape) -> Spatial {
        let Padding { top, left, .. } = conv.pad;
        let name = format!("{input} by {conv:?}");
        let output = conv.output(input).unwrap();
        let s = Spatial::conv(conv, input, output);
        let x = |i: isize, j: isize| -> i64 {
            let inside = i >= 0 && j >= 0 && (i as usize) < input.h && (j as usize) < input.w;
            if inside {
                (i * 31 + j * 17 + 5) as i64 % 97 + 1
            } else {
                0
            }
        };
        let weight = |a: usize, b: usize| (3 * a + b) as i64 * 101 - 350;
        let mut product = BTreeMap::new();
        for part in &s.parts {
            for tap in s.taps.iter().filter(|tap| tap.part == part.number) {
                for (i, j) in (0..part.h).flat_map(|i| (0..part.w).map(move |j| (i, j))) {
                    let (row, column) = (conv.stride * i + part.number / 2, conv.stride * j + part.number % 2);
                    assert!(row < input.h && column < input.w, "{name}");
                    let value = weight(tap.a, tap.b) * x(row as isize, column as isize);
                    product.entry(tap.exponent + i * s.t + j).or_insert((0, false)).0 += value;
                }
            }
        }
        for (i, j) in (0..output.h).flat_map(|i| (0..output.w).map(move |j| (i, j))) {
            let taps = conv.kind.kernel().positions();
            let expected: i64 = taps
                .map(|(a, b)| {
                    let row = (conv.stride * i + a) as isize - top as isize;
                    let column = (conv.stride * j + b) as isize - left as isize;
                    weight(a, b) * x(row, column)
                })
                .sum();
            let exponent = s.t0 + i * s.t + j;
            let (found, seen) = product.entry(exponent).or_insert((0, false));
            assert_eq!(*found, expected, "{name}");
            assert!(!std::mem::replace(seen, true), "{name}: two outputs at one exponent");
            assert!(!s.garbage.contains(&exponent), "{name}");
        }
        let rest = product.iter().filter(|(_, (_, is_output))| !is_output);
        assert!(rest.map(|(e, _)| e).eq(s.garbage.iter()), "{name}");
        s
    }

    #[test]
    fn outputs_of_3x3_stand_at_their_exponents_and_garbage_is_as_designed() {
        for (h, w) in [(1, 1), (2, 2), (2, 5), (6, 4), (7, 3)] {
            for (stride, pad) in [(1, Padding::ONE), (2, Padding::ONE), (2, Padding::SAME_STRIDE_2)] {
                let s = check(&conv(Kernel::THREE, stride, pad), Shape::new(1, stride * h, stride * w));
                assert_eq!(s.t, w + 1);
                let count = if stride == 1 { 2 * w + h + 3 } else { w + h + 1 };
                assert_eq!(s.garbage.len(), count, "{h}x{w} stride {stride} {pad:?}");
            }
        }
    }

    #[test]
    fn outputs_of_every_kernel_padding_and_size_stand_at_their_exponents() {
        let mut tried = 0;
        for (kh, kw) in (1..=7).flat_map(|kh| (1..=7).map(move |kw| (kh, kw))) {
            for n in 0..24 * kh * kw {
                // Every padding of the kernel comes up with both strides and several sizes.
                let pad = Padding {
                    top: n % kh,
                    left: n / kh % kw,
                    bottom: n * 7 / 3 % kh,
                    right: n * 5 / 2 % kw,
                };
                let (stride, h, w) = (1 + n % 2, 1 + n * 11 / 4 % 9, 1 + n * 13 / 5 % 8);
                let (conv, input) = (conv(Kernel { h: kh, w: kw }, stride, pad), Shape::new(1, h, w));
                if conv.output(input).is_some() {
                    check(&conv, input);
                    tried += 1;
                }
            }
        }
        assert!(tried > 10_000, "{tried}");
    }

    #[test]
    fn a_kernel_that_reads_pixel_by_pixel_leaves_no_garbage() {
        let s = check(&conv(Kernel { h: 1, w: 1 }, 1, Padding::NONE), Shape::new(1, 4, 5));
        assert_eq!((s.t, s.t0, s.garbage.len()), (5, 0, 0));
        let s = check(&conv(Kernel { h: 1, w: 1 }, 2, Padding::NONE), Shape::new(1, 5, 5));
        assert_eq!((s.t, s.parts.len(), s.garbage.len()), (3, 1, 0));
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
