//! Digits to sums of buckets.

use assay_lanes::points::NEGATED;
use rayon::prelude::*;

use super::adder::Adder;
use super::tree::Tree;
use crate::spare::{resize, Spare};

/// Points that are added together: a tree of that many has levels in the second level of the cache, and batches of 1,024 and more.
const SEGMENT: usize = 1 << 14;

/// The points of one bucket range of a few windows, sorted by bucket.
struct Segment<'a, P> {
    indices: &'a [u32],
    counts: &'a [u32],
    sums: &'a mut [P],
}

/// Buffers, one a task.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    counts: Vec<u32>,
    places: Vec<u32>,
    indices: Vec<u32>,
}

/// The digits of some windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct SomeDigits<'a> {
    /// The index of each row's point.
    pub(super) rows: &'a [u32],
    /// The digits of each window, row by row.
    pub(super) windows: &'a [&'a [u32]],
    /// Log₂ of the buckets of a window.
    pub(super) log_buckets: usize,
}

/// Writes the sums of the buckets, window after window, `2^log_buckets` each: bucket `b` has the rows with digit `±(b + 1)`.
pub(super) fn sums<A: Adder>(
    adder: &A,
    points: &[A::Point],
    digits: SomeDigits<'_>,
    sorting: &mut Sorting,
    trees: &Spare<Tree<A>>,
    sums: &mut Vec<A::Point>,
) {
    let SomeDigits {
        rows,
        windows,
        log_buckets,
    } = digits;
    let total = windows.len() << log_buckets;
    let Sorting {
        counts,
        places,
        indices,
    } = sorting;
    counts.clear();
    counts.resize(total, 0);
    for (window, digits) in windows.iter().enumerate() {
        let counts = &mut counts[window << log_buckets..(window + 1) << log_buckets];
        for &digit in &digits[..rows.len()] {
            let size = digit & !NEGATED;
            if size != 0 {
                counts[size as usize - 1] += 1;
            }
        }
    }
    places.clear();
    let mut place = 0u32;
    for count in counts.iter() {
        places.push(place);
        place += count;
    }
    indices.resize(place as usize, 0);
    for (window, digits) in windows.iter().enumerate() {
        let places = &mut places[window << log_buckets..(window + 1) << log_buckets];
        for (&digit, &row) in digits.iter().zip(rows) {
            let size = digit & !NEGATED;
            if size != 0 {
                let place = &mut places[size as usize - 1];
                indices[*place as usize] = row | digit & NEGATED;
                *place += 1;
            }
        }
    }
    resize(sums, total, A::INFINITY);
    segments(indices, counts, sums).into_par_iter().for_each(|segment| {
        trees.with(|tree| tree.sums(adder, points, segment.indices, segment.counts, segment.sums));
    });
}

/// Ranges of whole buckets with about [`SEGMENT`] points; a bucket with more has a segment of its own.
fn segments<'a, P>(mut indices: &'a [u32], mut counts: &'a [u32], mut sums: &'a mut [P]) -> Vec<Segment<'a, P>> {
    let mut segments = Vec::new();
    while !counts.is_empty() {
        let (mut buckets, mut size) = (0, 0);
        while buckets < counts.len() && (buckets == 0 || size + counts[buckets] as usize <= SEGMENT) {
            size += counts[buckets] as usize;
            buckets += 1;
        }
        let (these, rest) = indices.split_at(size);
        indices = rest;
        let (these_counts, rest) = counts.split_at(buckets);
        counts = rest;
        let (these_sums, rest) = sums.split_at_mut(buckets);
        sums = rest;
        segments.push(Segment {
            indices: these,
            counts: these_counts,
            sums: these_sums,
        });
    }
    segments
}
