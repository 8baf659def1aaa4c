//! Residual add.

/// `t[p] += A1·x1[p] + A2·x2[p]`; both zero points are folded into the bias.
pub fn accumulate(x1: &[u8], a1: i64, x2: &[u8], a2: i64, t: &mut [i64]) {
    for ((t, x1), x2) in t.iter_mut().zip(x1).zip(x2) {
        *t += a1 * i64::from(*x1) + a2 * i64::from(*x2);
    }
}
