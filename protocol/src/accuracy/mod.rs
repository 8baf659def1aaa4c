//! Accuracy engagements.
//!
//! | module | content |
//! |---|---|
//! | [`decide`] | what a party does next |

pub mod decide;
