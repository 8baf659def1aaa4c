//! Parts of a million, which the page counts probabilities in.

/// The nearest number of them, of a part of one.
pub(crate) fn millionths(part: f64) -> u64 {
    (part * 1e6).round() as u64
}
