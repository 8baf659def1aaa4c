//! The witness as plain columns; nothing here computes or constrains.
//!
//! | module | content |
//! |---|---|
//! | [`phase1`] | one proof's numbers, and the columns that hold them |
//! | [`phase2`] | what the challenges make of them |

pub mod phase1;
pub mod phase2;

pub use phase1::{Inputs, Witness};
