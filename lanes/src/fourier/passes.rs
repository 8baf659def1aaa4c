//! First, middle and last pass. What lies between two passes are blocks of eight neighbours, below `1.3·p`.

use halo2_proofs::halo2curves::bn256::Fr;

use super::twiddles::{Factor, Twiddles};
use crate::block::Block;
use crate::detect::{with_lanes, Ifma};
use crate::strided::Columns;

#[cfg(target_arch = "x86_64")]
use super::transform::transform;
#[cfg(target_arch = "x86_64")]
use crate::eight::{layout::limbs_of, transpose::square, Eight};

/// The buffer of a pass: at most `2^LONGEST_LOG` times eight elements. One a thread.
#[derive(Debug, Default)]
pub struct Work {
    #[cfg(target_arch = "x86_64")]
    data: Vec<Eight<Fr>>,
}

/// In each of eight columns the series `start, start·step, start·step², …` over the rows of a pass's output.
#[derive(Debug, Clone, Copy)]
pub struct Geometric {
    /// The first terms.
    pub start: [Fr; 8],
    /// The ratios.
    pub step: [Fr; 8],
}

/// Rows that lie evenly in a longer slice.
#[derive(Debug, Clone, Copy)]
pub struct Spaced {
    /// The index of row 0.
    pub first: usize,
    /// From one row to the next.
    pub stride: usize,
}

impl Spaced {
    #[cfg(target_arch = "x86_64")]
    fn at(self, row: usize) -> usize {
        self.first + row * self.stride
    }
}

/// Transforms eight neighbouring columns of `input`, row `r` being `input[rows.at(r)..][..8]`, and multiplies output `q` by term `q` of
/// `series`; writes `out[q]`.
///
/// # Panics
/// If a row lies outside `input`, or `out` is not as long as the transform.
pub fn first_pass(
    ifma: Ifma,
    input: &[Fr],
    rows: Spaced,
    twiddles: &Twiddles,
    series: &Geometric,
    work: &mut Work,
    out: &mut [Block],
) {
    with_lanes!(ifma, first_in_lanes(input, rows, twiddles, series, work, out));
}

/// The same from blocks to blocks.
///
/// # Panics
/// If a row lies outside `input` or `out`.
#[allow(clippy::too_many_arguments)] // both sides of one pass
pub fn middle_pass(
    ifma: Ifma,
    input: &[Block],
    rows: Spaced,
    twiddles: &Twiddles,
    series: &Geometric,
    work: &mut Work,
    out: &mut [Block],
    out_rows: Spaced,
) {
    with_lanes!(
        ifma,
        middle_in_lanes(input, rows, twiddles, series, work, out, out_rows)
    );
}

/// Transforms eight rows. Columns `8·c` to `8·c + 7` of row `l` are block `input[columns.at(c) + l]`. Output `s` of the eight rows goes to
/// row `out_rows.at(s)` of `out`, multiplied by `factors[out_rows.at(s)]` if there are any; in the library's form.
///
/// # Panics
/// If a block lies outside `input`, a row outside `out` or `factors`, or the transform has fewer than eight elements.
#[allow(clippy::too_many_arguments)] // both sides of one pass
pub fn last_pass(
    ifma: Ifma,
    input: &[Block],
    columns: Spaced,
    twiddles: &Twiddles,
    factors: Option<&[Factor]>,
    work: &mut Work,
    out: &mut Columns<'_, Fr, 8>,
    out_rows: Spaced,
) {
    with_lanes!(
        ifma,
        last_in_lanes(input, columns, twiddles, factors, work, out, out_rows)
    );
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn first_in_lanes(
    input: &[Fr],
    rows: Spaced,
    twiddles: &Twiddles,
    series: &Geometric,
    work: &mut Work,
    out: &mut [Block],
) {
    assert!(out.len() == twiddles.length());
    work.data.resize(twiddles.length(), Eight::zero());
    for row in 0..twiddles.length() {
        let elements = input[rows.at(row)..].first_chunk().expect("eight columns");
        work.data[twiddles.place(row)] = Eight::load_words(elements);
    }
    transform(&mut work.data, twiddles);
    multiply_out(&work.data, series, out, Spaced { first: 0, stride: 1 });
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn middle_in_lanes(
    input: &[Block],
    rows: Spaced,
    twiddles: &Twiddles,
    series: &Geometric,
    work: &mut Work,
    out: &mut [Block],
    out_rows: Spaced,
) {
    work.data.resize(twiddles.length(), Eight::zero());
    for row in 0..twiddles.length() {
        work.data[twiddles.place(row)] = limbs_of(input[rows.at(row)].rows());
    }
    transform(&mut work.data, twiddles);
    multiply_out(&work.data, series, out, out_rows);
}

/// Multiplies by the series and writes blocks. Two chains, of even and odd terms, because one would wait for its products. Terms: canonical
/// at first, then `< (1 + 0.0119·1.02·1.02)·p < 1.02·p`. Outputs: `< (1 + 0.0119·24·1.02)·p < 1.3·p`, inside `2^256`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_out(data: &[Eight<Fr>], series: &Geometric, out: &mut [Block], out_rows: Spaced) {
    let (start, step) = (
        Eight::load(&series.start).canonical(),
        Eight::load(&series.step).canonical(),
    );
    let mut terms = [start, start.times(step)];
    let stride = step.times(step);
    for (pair, two) in data.chunks(2).enumerate() {
        for (i, value) in two.iter().enumerate() {
            value
                .normal()
                .times(terms[i])
                .to_block(&mut out[out_rows.at(2 * pair + i)]);
            terms[i] = terms[i].times(stride);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn last_in_lanes(
    input: &[Block],
    columns: Spaced,
    twiddles: &Twiddles,
    factors: Option<&[Factor]>,
    work: &mut Work,
    out: &mut Columns<'_, Fr, 8>,
    out_rows: Spaced,
) {
    assert!(twiddles.length() >= 8);
    work.data.resize(twiddles.length(), Eight::zero());
    for c in 0..twiddles.length() / 8 {
        let blocks: &[Block; 8] = input[columns.at(c)..].first_chunk().expect("eight rows");
        let columns = turned(blocks);
        for (i, words) in columns.into_iter().enumerate() {
            work.data[twiddles.place(8 * c + i)] = limbs_of(words);
        }
    }
    transform(&mut work.data, twiddles);
    for (s, value) in work.data.iter().enumerate() {
        let row = out_rows.at(s);
        // Below 24·p, so that a product with a canonical factor is below 1.3·p.
        let value = match factors {
            Some(factors) => value.normal().times(Eight::splat(factors[row].limbs())).below_prime(),
            None => value.normal().canonical(),
        };
        value.store_words(out.row(row));
    }
}

/// Element `c` of block `l` becomes element `l` of column `c`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn turned(blocks: &[Block; 8]) -> [[std::arch::x86_64::__m512i; 4]; 8] {
    let zero = std::arch::x86_64::_mm512_setzero_si512();
    let mut rows = [[zero; 8]; 4];
    for l in 0..8 {
        let words = blocks[l].rows();
        for j in 0..4 {
            rows[j][l] = words[j];
        }
    }
    let mut columns = [[zero; 4]; 8];
    for j in 0..4 {
        let turned = square(&rows[j]);
        for c in 0..8 {
            columns[c][j] = turned[c];
        }
    }
    columns
}
