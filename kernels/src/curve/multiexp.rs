//! All of it.

use assay_lanes::points::NEGATED;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::Group;
use rayon::prelude::*;

use super::adder::Adder;
use super::buckets::{self, SomeDigits, Sorting};
use super::digits::Digits;
use super::magnitude::{Magnitude, MOST_BITS};
use super::tree::Tree;
use super::weighted::{self, Joining};
use super::windows::{divided, Windows};
use crate::spare::{resize, Spare};

/// Digits that a task should have: windows of few rows are done several at a time, so that their batches are long enough.
const DIGITS_OF_A_TASK: usize = 1 << 15;
/// Points and scalars that one thread takes at a time.
const ROWS_TOGETHER: usize = 1 << 10;

/// Buffers of multi-exponentiations.
pub(crate) struct Buffers<A: Adder> {
    inputs: Spare<Inputs<A>>,
    tasks: Spare<Task<A>>,
    trees: Spare<Tree<A>>,
}

impl<A: Adder> Default for Buffers<A> {
    fn default() -> Self {
        Self {
            inputs: Spare::default(),
            tasks: Spare::default(),
            trees: Spare::default(),
        }
    }
}

/// What all windows read.
struct Inputs<A: Adder> {
    magnitudes: Vec<Magnitude>,
    points: Vec<A::Point>,
    rows: Vec<u32>,
    digits: Digits,
}

impl<A: Adder> Default for Inputs<A> {
    fn default() -> Self {
        Self {
            magnitudes: Vec::new(),
            points: Vec::new(),
            rows: Vec::new(),
            digits: Digits::default(),
        }
    }
}

/// What one task works in.
struct Task<A: Adder> {
    sorting: Sorting,
    joining: Joining,
    points: Vec<A::Point>,
    tree: Tree<A>,
}

impl<A: Adder> Default for Task<A> {
    fn default() -> Self {
        Self {
            sorting: Sorting::default(),
            joining: Joining::default(),
            points: Vec::new(),
            tree: Tree::default(),
        }
    }
}

/// `Σ scalars_i·bases_i`.
pub(super) fn multiexp<A: Adder>(adder: &A, scalars: &[Fr], bases: &[G1Affine], buffers: &Buffers<A>) -> G1 {
    assert_eq!(scalars.len(), bases.len(), "a base for each scalar");
    assert!(bases.len() < NEGATED as usize, "indices of 31 bits");
    buffers.inputs.with(|inputs| {
        let Inputs {
            magnitudes,
            points,
            rows,
            digits,
        } = inputs;
        resize(magnitudes, scalars.len(), Magnitude::ZERO);
        let parts = magnitudes
            .par_chunks_mut(ROWS_TOGETHER)
            .zip(scalars.par_chunks(ROWS_TOGETHER))
            .zip(bases.par_chunks(ROWS_TOGETHER));
        parts.for_each(|((magnitudes, scalars), bases)| {
            let mut integers = [[0; 4]; ROWS_TOGETHER];
            adder.integers(scalars, &mut integers[..scalars.len()]);
            for ((magnitude, integer), base) in magnitudes.iter_mut().zip(integers).zip(bases) {
                // No point of the curve has y = 0: that is infinity, whose multiples are nothing.
                *magnitude = if bool::from(base.y.is_zero()) {
                    Magnitude::ZERO
                } else {
                    Magnitude::new(integer)
                };
            }
        });
        resize(points, bases.len(), A::INFINITY);
        let packed = points
            .par_chunks_mut(ROWS_TOGETHER)
            .zip(bases.par_chunks(ROWS_TOGETHER));
        packed.for_each(|(points, bases)| adder.pack(bases, points));

        let mut rows_of_length = [0; MOST_BITS + 1];
        for magnitude in magnitudes.iter() {
            rows_of_length[magnitude.bits()] += 1;
        }
        let mut sum = G1::identity();
        for lengths in divided(&rows_of_length) {
            rows.clear();
            let all = (0u32..).zip(magnitudes.iter());
            rows.extend(
                all.filter(|(_, magnitude)| lengths.contains(&magnitude.bits()))
                    .map(|(row, _)| row),
            );
            if !rows.is_empty() {
                let windows = Windows::cheapest(rows.len(), *lengths.end());
                digits.cut(magnitudes, rows, windows);
                sum += of_digits(adder, points, rows, digits, windows, buffers);
            }
        }
        sum
    })
}

/// The part of `rows`.
fn of_digits<A: Adder>(
    adder: &A,
    points: &[A::Point],
    rows: &[u32],
    digits: &Digits,
    windows: Windows,
    buffers: &Buffers<A>,
) -> G1 {
    let all: Vec<usize> = (0..windows.count).collect();
    let tasks = all.par_chunks(DIGITS_OF_A_TASK.div_ceil(rows.len()));
    let sums: Vec<Vec<G1>> = tasks
        .map(|some| {
            buffers.tasks.with(|task| {
                let windows_digits: Vec<&[u32]> = some.iter().map(|&window| digits.window(window)).collect();
                let log_buckets = windows.log_buckets;
                let digits = SomeDigits {
                    rows,
                    windows: &windows_digits,
                    log_buckets,
                };
                let Task {
                    sorting,
                    joining,
                    points: sums,
                    tree,
                } = task;
                buckets::sums(adder, points, digits, sorting, &buffers.trees, sums);
                weighted::windows(adder, sums, log_buckets, joining, tree)
            })
        })
        .collect();
    sums.iter().flatten().rev().fold(G1::identity(), |sum, window| {
        (0..windows.bits).fold(sum, |sum, _| sum.double()) + window
    })
}
