//! The chips of the narrow form, see [`narrow_floor`](crate::plan::narrow_floor); weights, garbage and the rounds of the hash are
//! those of the wide one.
//!
//! | chip | topic |
//! |---|---|
//! | `tensor` | activations and the image, and their sums over an image row |
//! | `output` | numbers in range that the output is made with |
//! | `lookup` | ranges and clips, as one sum over inputs and tables |
//! | `fold` | garbage folded by γ |
//! | `hash` | the commitment to the image |
//! | `arith` | the statement, the challenges, and what joins the sums of the others |

pub(crate) mod arith;
pub(crate) mod fold;
pub(crate) mod hash;
pub(crate) mod lookup;
pub(crate) mod output;
pub(crate) mod tensor;
