//! Proofs that engagements, rounds and audits ask for: what is still to be proven, one proof's worth of it as a file, and who makes
//! it.
//!
//! | module | content |
//! |---|---|
//! | [`task`] | one proof to be made, with all that it takes besides the model: a file for whoever makes it |
//! | [`claims`] | what asks for proofs, cut into tasks once, and where a proof goes; made here, one after the other |
//! | [`farm`] | made elsewhere: asked for, looked at until they are there, given up |

pub mod claims;
pub mod farm;
pub mod task;
