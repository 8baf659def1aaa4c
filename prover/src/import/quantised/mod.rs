//! Networks that come quantised: with the file's own scales, zero points and weights.
//!
//! | module | content |
//! |---|---|
//! | `builder` | layers as they are made, and their rounding |
//! | `join` | channels of tensors that differ in scale → channels of tensors that do not |
//! | `layers` | operators between bytes and bytes → one layer each |
//! | `bias` | biases whose scale is not their layer's |
//! | `run` | the file's own run, operator by operator |

mod bias;
mod builder;
mod join;
mod layers;
mod run;

pub(super) use bias::check as check_biases;
pub(super) use layers::layers;
pub(super) use run::FileRun;

use super::convert::{FloatNetwork, FloatOp};

/// Whether a file says what the bytes of its activations stand for.
pub(super) fn is_quantised(network: &FloatNetwork) -> bool {
    let mut ops = network.layers.iter().map(|layer| &layer.op);
    network.integer_input.is_some() || ops.any(|op| matches!(op, FloatOp::Quantise(_)))
}
