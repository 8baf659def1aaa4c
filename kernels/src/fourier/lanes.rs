//! Eight elements at a time, in two or three passes; see [`assay_lanes::fourier`] for the equation.
//!
//! Passes of lengths `R`, `M` (1 if there are two) and `C`. The first leaves block `(c, q)` at `c·R + q`, where `c` counts eight columns of
//! the `M·C` and `q` is the row; the middle one leaves `(c', s, q)` at `(c'·M + s)·R + q`, `c'` counting eight columns of the `C`; the last
//! one reads eight `q` at once, which are neighbours, and writes them beside each other. So every task writes to a slice of its own.

use assay_lanes::fourier::{first_pass, last_pass, middle_pass, Geometric, Spaced, Work};
use assay_lanes::{strided, Block, Ifma};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

use super::plan::{square, Plan};
use crate::spare::{resize, Spare};

pub(super) fn transform(ifma: Ifma, plan: &Plan, elements: &mut [Fr], spare: &Spare<Vec<Block>>) {
    spare.with(|blocks| in_blocks(ifma, plan, elements, blocks, spare));
}

fn in_blocks(ifma: Ifma, plan: &Plan, elements: &mut [Fr], blocks: &mut Vec<Block>, spare: &Spare<Vec<Block>>) {
    let short = plan.short();
    let length = elements.len();
    let first = &short.passes[0];
    let (r, last) = (first.length(), &short.passes[short.passes.len() - 1]);
    let width = length / r;
    resize(blocks, length / 8, Block::ZERO);

    blocks
        .par_chunks_mut(r)
        .enumerate()
        .for_each_init(Work::default, |work, (c, out)| {
            let column = 8 * c as u64;
            // Term q in column i: scale · shift^i · (root^i · back)^q.
            let series = Geometric {
                start: geometric(plan.scale * plan.shift.pow_vartime([column]), plan.shift),
                step: geometric(plan.back * plan.root.pow_vartime([column]), plan.root),
            };
            first_pass(
                ifma,
                elements,
                Spaced {
                    first: 8 * c,
                    stride: width,
                },
                first,
                &series,
                work,
                out,
            );
        });

    let mut middle = 1;
    if let [_, twiddles, _] = short.passes.as_slice() {
        middle = twiddles.length();
        let groups = width / middle / 8;
        let root = square(plan.root, r.trailing_zeros());
        spare.with(|next| {
            resize(next, length / 8, Block::ZERO);
            next.par_chunks_mut(middle * r)
                .enumerate()
                .for_each_init(Work::default, |work, (c, out)| {
                    let series = Geometric {
                        start: [Fr::ONE; 8],
                        step: geometric(root.pow_vartime([8 * c as u64]), root),
                    };
                    for q in 0..r {
                        let rows = Spaced {
                            first: c * r + q,
                            stride: groups * r,
                        };
                        middle_pass(
                            ifma,
                            blocks,
                            rows,
                            twiddles,
                            &series,
                            work,
                            out,
                            Spaced { first: q, stride: r },
                        );
                    }
                });
            std::mem::swap(blocks, next);
        });
    }

    strided::columns::<_, 8>(elements, r)
        .into_par_iter()
        .enumerate()
        .for_each_init(Work::default, |work, (group, mut out)| {
            for s in 0..middle {
                let columns = Spaced {
                    first: s * r + 8 * group,
                    stride: middle * r,
                };
                let out_rows = Spaced {
                    first: s,
                    stride: middle,
                };
                last_pass(
                    ifma,
                    blocks,
                    columns,
                    last,
                    short.back.as_deref(),
                    work,
                    &mut out,
                    out_rows,
                );
            }
        });
}

/// `start·ratio^i` for `i` from 0 to 7.
fn geometric(start: Fr, ratio: Fr) -> [Fr; 8] {
    let mut terms = [start; 8];
    for i in 1..8 {
        terms[i] = terms[i - 1] * ratio;
    }
    terms
}
