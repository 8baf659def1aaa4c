//! All of it.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::Group;
use rayon::prelude::*;

use super::adder::Adder;
use super::buckets;
use super::digits::Digits;
use super::magnitude::{Magnitude, MOST_BITS};
use super::tree::Tree;
use super::weighted;
use super::windows::{division, Windows};
use assay_lanes::points::NEGATED;

/// Digits that a task should have: windows of few rows are done several at a time, so that their batches are long enough.
const DIGITS_OF_A_TASK: usize = 1 << 15;
/// Points that one thread packs at a time.
const PACKED_TOGETHER: usize = 1 << 10;

/// `Σ scalars_i·bases_i`.
pub(super) fn multiexp<A: Adder>(adder: &A, scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    assert_eq!(scalars.len(), bases.len(), "a base for each scalar");
    assert!(bases.len() < NEGATED as usize, "indices of 31 bits");
    let (magnitudes, lengths): (Vec<Magnitude>, Vec<u8>) = scalars
        .par_iter()
        .zip(bases)
        .map(|(scalar, base)| {
            let magnitude = Magnitude::new(scalar);
            // No point of the curve has y = 0: that is infinity, whose multiples are nothing.
            let length = if bool::from(base.y.is_zero()) {
                0
            } else {
                magnitude.bits() as u8
            };
            (magnitude, length)
        })
        .unzip();
    let mut rows_of_length = [0; MOST_BITS + 1];
    for &length in &lengths {
        rows_of_length[length as usize] += 1;
    }
    let divided_at = division(&rows_of_length);
    let longest = rows_of_length.iter().rposition(|&rows| rows > 0).unwrap_or(0);
    let mut points = vec![A::INFINITY; bases.len()];
    let packed = points
        .par_chunks_mut(PACKED_TOGETHER)
        .zip(bases.par_chunks(PACKED_TOGETHER));
    packed.for_each(|(points, bases)| adder.pack(bases, points));

    let short = (1, divided_at);
    let long = (divided_at + 1, longest);
    [short, long]
        .into_iter()
        .map(|(from, to)| {
            let rows: Vec<u32> = (0u32..)
                .zip(&lengths)
                .filter(|(_, &length)| (from..=to).contains(&(length as usize)))
                .map(|(row, _)| row)
                .collect();
            of_rows(adder, &points, &magnitudes, &rows, to)
        })
        .sum()
}

/// The part of `rows`, whose magnitudes have at most `bits` bits.
fn of_rows<A: Adder>(adder: &A, points: &[A::Point], magnitudes: &[Magnitude], rows: &[u32], bits: usize) -> G1 {
    if rows.is_empty() {
        return G1::identity();
    }
    let windows = Windows::cheapest(rows.len(), bits);
    let digits = Digits::new(magnitudes, rows, windows);
    let all: Vec<usize> = (0..windows.count).collect();
    let sums: Vec<Vec<G1>> = all
        .par_chunks(DIGITS_OF_A_TASK.div_ceil(rows.len()))
        .map_init(Tree::<A>::default, |tree, some| {
            let digits: Vec<&[u32]> = some.iter().map(|&window| digits.window(window)).collect();
            let buckets = buckets::sums(adder, points, rows, &digits, windows.log_buckets);
            weighted::windows(adder, buckets, windows.log_buckets, tree)
        })
        .collect();
    sums.iter().flatten().rev().fold(G1::identity(), |sum, window| {
        (0..windows.bits).fold(sum, |sum, _| sum.double()) + window
    })
}
