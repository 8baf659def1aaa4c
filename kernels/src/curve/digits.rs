//! Magnitudes cut into windows.

use assay_lanes::strided;
use rayon::prelude::*;

use super::magnitude::{Cut, Magnitude};
use super::windows::Windows;
use crate::spare::resize;

/// Rows that one thread cuts at a time.
const CUT_TOGETHER: usize = 1024;

/// The digits of many rows, window by window.
#[derive(Debug, Default)]
pub(super) struct Digits {
    digits: Vec<u32>,
    /// Rows, and some of zero after them.
    rows: usize,
}

impl Digits {
    /// Cuts the magnitudes of `rows`.
    pub(super) fn cut(&mut self, magnitudes: &[Magnitude], rows: &[u32], windows: Windows) {
        let padded = rows.len().next_multiple_of(CUT_TOGETHER);
        resize(&mut self.digits, padded * windows.count, 0);
        self.rows = padded;
        let bias = bias(windows);
        let columns = strided::columns::<_, CUT_TOGETHER>(&mut self.digits, padded);
        let parts = columns.into_par_iter().zip(rows.par_chunks(CUT_TOGETHER));
        parts.for_each_init(Vec::new, |biased, (mut columns, rows)| {
            biased.clear();
            biased.extend(rows.iter().map(|&row| magnitudes[row as usize].plus(bias)));
            for window in 0..windows.count {
                let cut = Cut::new(window * windows.bits, windows.bits);
                // The highest window has no bias.
                let half = if window + 1 < windows.count {
                    1 << (windows.bits - 1)
                } else {
                    0
                };
                for (out, biased) in columns.row(window).iter_mut().zip(biased.iter()) {
                    *out = digit(biased.slice(cut), half, biased.negative());
                }
            }
        });
    }

    /// The digits of one window, in the order of the rows, and some of no meaning after them: `|d|`, with `NEGATED` set where the digit and its scalar have different
    /// signs. A digit of zero may have either.
    pub(super) fn window(&self, window: usize) -> &[u32] {
        &self.digits[window * self.rows..(window + 1) * self.rows]
    }
}

/// Half a window's range in every window but the highest: `Σ 2^(c·w + c − 1)`. Cutting `m + bias` and taking the halves off again gives digits
/// from `−2^(c−1)` to `2^(c−1) − 1` without carries from window to window.
fn bias(windows: Windows) -> [u64; 4] {
    let mut bias = [0; 4];
    for window in 1..windows.count {
        let bit = window * windows.bits - 1;
        bias[bit / 64] |= 1 << (bit % 64);
    }
    bias
}

/// `d = value − half`, as [`Digits::window`] gives it.
#[inline]
fn digit(value: u32, half: u32, negative: bool) -> u32 {
    let digit = value.wrapping_sub(half) as i32;
    // Without branches: signs are as good as random.
    let sign = digit as u32 >> 31 ^ u32::from(negative);
    digit.unsigned_abs() | sign << 31
}
