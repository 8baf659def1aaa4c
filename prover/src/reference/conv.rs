//! Convolution with a 3×3 kernel over all input channels.

use super::tensor::Tensor;
use crate::model::{Conv, Shape};

/// `t[i, j] += Σ_{c,a,b} W'[c, a, b]·(x[c, i·stride + a − top, j·stride + b − left] − z_x)`.
///
/// # Shapes
/// `kernel`: `[c, 3, 3]` of one output channel; `t`: `output.h × output.w`.
pub fn accumulate(x: Tensor<'_>, conv: &Conv, kernel: &[i64], output: Shape, t: &mut [i64]) {
    for c in 0..x.shape.c {
        accumulate_map(x.channel(c), x.shape, conv, &kernel[9 * c..9 * (c + 1)], output, t);
    }
}

/// The sum above for one input channel. Taps outside the map add nothing: they read zero, not `−z_x`.
pub(super) fn accumulate_map(x: &[u8], shape: Shape, conv: &Conv, kernel: &[i64], output: Shape, t: &mut [i64]) {
    let zero = i64::from(conv.input_zero);
    for i in 0..output.h {
        for j in 0..output.w {
            let mut sum = 0;
            for a in 0..3 {
                for b in 0..3 {
                    // Row and column, shifted by the padding to stay non-negative.
                    let (row, column) = (i * conv.stride + a, j * conv.stride + b);
                    let in_rows = row >= conv.pad.top && row - conv.pad.top < shape.h;
                    let in_columns = column >= conv.pad.left && column - conv.pad.left < shape.w;
                    if in_rows && in_columns {
                        let pixel = x[(row - conv.pad.top) * shape.w + column - conv.pad.left];
                        sum += kernel[3 * a + b] * (i64::from(pixel) - zero);
                    }
                }
            }
            t[i * output.w + j] += sum;
        }
    }
}
