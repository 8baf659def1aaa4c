//! Average over the whole map.

/// `t += A·Σ_p x[p]`, where `A` contains `1/(H·W)`; the zero point is folded into the bias.
///
/// # Shapes
/// `x`: one channel's map; `t`: one entry.
pub fn accumulate(x: &[u8], multiplier: i64, t: &mut [i64]) {
    let sum: i64 = x.iter().map(|x| i64::from(*x)).sum();
    for t in t {
        *t += multiplier * sum;
    }
}
