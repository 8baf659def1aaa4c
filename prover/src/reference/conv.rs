//! Convolution with a kernel over the input channels of a group: all of them, one, or some.

use super::tensor::Tensor;
use crate::model::{Conv, Shape};

/// `t[i, j] += Σ_{c,a,b} W'[c, a, b]·(x[c, i·stride + a − top, j·stride + b − left] − z_x)`, over the channels that output `o` reads.
///
/// # Shapes
/// `kernel`: `[c, kernel.h, kernel.w]` of output channel `o`; `t`: `output.h × output.w`.
pub fn accumulate(x: Tensor<'_>, o: usize, conv: &Conv, kernel: &[i64], output: Shape, t: &mut [i64]) {
    let maps = kernel.chunks_exact(conv.kind.kernel().taps());
    for (c, kernel) in conv.channels_of(o, x.shape.c).zip(maps) {
        accumulate_map(x.channel(c), x.shape, conv, kernel, output, t);
    }
}

/// The sum above for one input channel. Taps outside the map add nothing: they read zero, not `−z_x`.
fn accumulate_map(x: &[u8], shape: Shape, conv: &Conv, kernel: &[i64], output: Shape, t: &mut [i64]) {
    let zero = i64::from(conv.input_zero);
    let size = conv.kind.kernel();
    for i in 0..output.h {
        for j in 0..output.w {
            let mut sum = 0;
            for (weight, (a, b)) in kernel.iter().zip(size.positions()) {
                // Row and column, shifted by the padding to stay non-negative.
                let (row, column) = (i * conv.stride + a, j * conv.stride + b);
                let in_rows = row >= conv.pad.top && row - conv.pad.top < shape.h;
                let in_columns = column >= conv.pad.left && column - conv.pad.left < shape.w;
                if in_rows && in_columns {
                    let pixel = x[(row - conv.pad.top) * shape.w + column - conv.pad.left];
                    sum += weight * (i64::from(pixel) - zero);
                }
            }
            t[i * output.w + j] += sum;
        }
    }
}
