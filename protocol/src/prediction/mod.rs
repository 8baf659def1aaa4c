//! Rounds of predictions: what is committed to, what each outcome pays, and what a party does next.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`lanes`] | outputs packed into words | `abi` |
//! | [`outputs`] | the tree of output words, under a master salt | `lanes`, `ids`, `merkle` |
//! | [`inputs`] | the tree of input commitments | `ids`, `merkle` |
//! | [`indices`] | sets of indices as the contract takes them | nothing |
//! | [`amounts`] | deposits, and what each outcome pays | `abi` |
//! | [`decide`] | what a party does next | `abi`, `accuracy::decide` |

pub mod amounts;
pub mod decide;
pub mod indices;
pub mod inputs;
pub mod lanes;
pub mod outputs;

pub use inputs::{MAX_PREDICTIONS, MAX_PRIVATE};
