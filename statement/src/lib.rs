//! What a proof says: the words of a statement and how they are made.
//!
//! The circuit computes the same as the plain functions here.
//!
//! | module | content |
//! |---|---|
//! | [`field`] | the scalar field and its words |
//! | [`poseidon`] | the hash inside the circuit |
//! | [`input`] | the commitment to an image |
//! | [`weights`] | the commitment to a model's weights |
//! | [`instance`] | order of the public inputs |

pub mod field;
pub mod input;
pub mod instance;
pub mod poseidon;
pub mod weights;
