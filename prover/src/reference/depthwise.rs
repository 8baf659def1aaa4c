//! Convolution with a 3×3 kernel, channel by channel.

use super::conv;
use super::tensor::Tensor;
use crate::model::{Conv, Shape};

/// `t[i, j] += Σ_{a,b} W'[a, b]·(x[c, i·stride + a − top, j·stride + b − left] − z_x)`.
///
/// # Shapes
/// `kernel`: `[3, 3]` of channel `c`; `t`: `output.h × output.w`.
pub fn accumulate(x: Tensor<'_>, c: usize, conv: &Conv, kernel: &[i64], output: Shape, t: &mut [i64]) {
    conv::accumulate_map(x.channel(c), x.shape, conv, kernel, output, t);
}
