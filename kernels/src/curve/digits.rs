//! Magnitudes cut into windows.

use assay_lanes::points::NEGATED;
use assay_lanes::strided;
use rayon::prelude::*;

use super::magnitude::Magnitude;
use super::windows::Windows;

/// Rows that one thread cuts at a time.
const CUT_TOGETHER: usize = 1024;

/// The digits of many rows, window by window.
pub(super) struct Digits {
    digits: Vec<u32>,
    /// Rows, and some of zero after them.
    rows: usize,
}

impl Digits {
    /// Of the magnitudes of `rows`.
    pub(super) fn new(magnitudes: &[Magnitude], rows: &[u32], windows: Windows) -> Self {
        let padded = rows.len().next_multiple_of(CUT_TOGETHER);
        let mut digits = vec![0; padded * windows.count];
        let columns = strided::columns::<_, CUT_TOGETHER>(&mut digits, padded);
        columns
            .into_par_iter()
            .zip(rows.par_chunks(CUT_TOGETHER))
            .for_each(|(mut columns, rows)| {
                let mut carries = [0; CUT_TOGETHER];
                for window in 0..columns.rows() {
                    let out = columns.row(window);
                    for (i, &row) in rows.iter().enumerate() {
                        let magnitude = &magnitudes[row as usize];
                        (out[i], carries[i]) = digit(magnitude, window, windows, carries[i]);
                    }
                }
            });
        Self { digits, rows: padded }
    }

    /// The digits of one window, in the order of the rows: `|d|`, with [`NEGATED`] set where the digit and its scalar have different signs
    /// together.
    pub(super) fn window(&self, window: usize) -> &[u32] {
        &self.digits[window * self.rows..(window + 1) * self.rows]
    }
}

/// `d = v − 2^c` with a carry of one if `v`, the window's bits and the carry into it, is above `2^(c−1)`; `d = v` otherwise, and always in
/// the highest window, where `v ≤ 2^(c−1)`.
#[inline]
fn digit(magnitude: &Magnitude, window: usize, windows: Windows, carry: u32) -> (u32, u32) {
    let value = magnitude.slice(window * windows.bits, windows.bits) + carry;
    let above = windows.count > 1 && value > 1 << (windows.bits - 1);
    let size = if above { (1 << windows.bits) - value } else { value };
    let negated = size != 0 && above != magnitude.negative();
    (if negated { size | NEGATED } else { size }, u32::from(above))
}
