//! Accuracy engagements.
//!
//! | module | content |
//! |---|---|
//! | [`decide`] | what a party does next |
//! | [`demand`] | how many proofs are asked of a provider |

pub mod decide;
pub mod demand;
