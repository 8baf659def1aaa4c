//! Fourier transforms of `2^k` elements of `Fr`, `k` from 0 to 28.
//!
//! Semantics of halo2's `best_fft`, with the two scalings that a prover needs built in:
//!
//! `b_q = scale · back^q · Σ_i a_i·(shift·root^q)^i`
//!
//! | module | content | may use |
//! |---|---|---|
//! | `plan` | what is transformed, and the factors for it | nothing here |
//! | `portable` | one element at a time | `plan` |
//! | `lanes` | eight at a time, in two or three passes | `plan` |

mod lanes;
mod plan;
mod portable;

use assay_lanes::fourier::LONGEST_LOG;
use assay_lanes::Block;
use halo2_proofs::halo2curves::bn256::Fr;

use crate::path::Path;
use crate::spare::Spare;

pub use plan::Plan;

/// Fewer elements are transformed one at a time: both factors of the length must be eight at least.
const SHORTEST_IN_LANES: u32 = 6;

/// Buffers of both paths, of which one is in use.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    blocks: Spare<Vec<Block>>,
    elements: Spare<Vec<Fr>>,
}

/// Runs in the current pool.
pub(crate) fn transform(path: Path, plan: &Plan, elements: &mut [Fr], buffers: &Buffers) {
    assert_eq!(elements.len(), 1 << plan.k(), "the length of the plan");
    match path {
        Path::Lanes(ifma) if (SHORTEST_IN_LANES..=3 * LONGEST_LOG).contains(&plan.k()) => {
            lanes::transform(ifma, plan, elements, &buffers.blocks)
        }
        _ => buffers
            .elements
            .with(|input| portable::transform(plan, elements, input)),
    }
}
