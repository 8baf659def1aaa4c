//! Rounding and clipping of sums to bytes.

use super::trace::LayerTrace;
use crate::model::Cut;

/// Splits `t = q̂·2^s + r`; `None` unless `0 ≤ t < 2^(b+s)`. The half that rounds is already in `t`.
pub fn split(t: i64, shift: u32) -> Option<(u32, u32)> {
    Cut::of(shift).split(t)
}

/// `clip(q̂ − 2^(b−1), 0, 255)`.
pub fn clip(q_hat: u32, shift: u32) -> u8 {
    Cut::of(shift).clip(q_hat)
}

/// Requantises a whole layer.
///
/// # Errors
/// The index of the first element that leaves the table's range.
pub(super) fn layer(t: &[i64], shift: u32) -> Result<LayerTrace, usize> {
    let mut trace = LayerTrace {
        q_hat: Vec::with_capacity(t.len()),
        r: Vec::with_capacity(t.len()),
        out: Vec::with_capacity(t.len()),
    };
    for (i, t) in t.iter().enumerate() {
        let (q_hat, r) = split(*t, shift).ok_or(i)?;
        trace.q_hat.push(q_hat);
        trace.r.push(r);
        trace.out.push(clip(q_hat, shift));
    }
    Ok(trace)
}
