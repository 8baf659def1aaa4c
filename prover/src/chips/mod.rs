//! The chips: one file a topic, with all of it.
//!
//! `configure` makes the gates, `fixed` fills the fixed columns, `phase_1` and `phase_2` the witness; a chip has those it needs.
//!
//! | chip | topic |
//! |---|---|
//! | `tensor` | activations, and their sums over an image row |
//! | `weights` | committed numbers, and their sums over the channels |
//! | `garbage` | coefficients of spatial layers that are no output |
//! | `folded` | cells of a row folded by γ: garbage, image words |
//! | `lookup` | ranges and clips, as one sum |
//! | `poseidon` | the commitment to the image |
//! | `output` | which of the next three makes the output |
//! | `argmax` | the class |
//! | `top5` | five classes |
//! | `logits` | every logit |
//! | `arith` | what joins the sums of the others to the layers' identities |
//! | `narrow` | those of the narrow form |
//!
//! `gates` is the only way to a constraint, `expression` what it is written with.

mod argmax;
pub(crate) mod arith;
mod expression;
pub(crate) mod folded;
pub(crate) mod garbage;
pub(crate) mod gates;
mod logits;
pub(crate) mod lookup;
pub(crate) mod narrow;
pub(crate) mod output;
pub(crate) mod poseidon;
pub(crate) mod tensor;
mod top5;
pub(crate) mod weights;
