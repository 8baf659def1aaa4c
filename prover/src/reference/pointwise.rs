//! Convolution with a 1×1 kernel.

use super::tensor::Tensor;

/// `t[p] += Σ_c W'[c]·x[c, p]`; the zero point is folded into the bias.
///
/// # Shapes
/// `kernel`: `[c]` of one output channel; `t`: one entry per position of `x`.
pub fn accumulate(x: Tensor<'_>, kernel: &[i64], t: &mut [i64]) {
    for (c, weight) in kernel.iter().enumerate() {
        for (t, x) in t.iter_mut().zip(x.channel(c)) {
            *t += weight * i64::from(*x);
        }
    }
}
