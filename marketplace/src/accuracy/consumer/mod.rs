//! What a model consumer does.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`test_set`] | builds a test set | nothing |
//! | [`open`] | an offer | nothing |
//! | [`moves`] | steps that only move an engagement, as rows | nothing |
//! | [`hand_over`] | leaf hashes, or the set in clear | nothing |
//! | [`transfer`] | ciphertext and keys | `hand_over` |
//! | [`verify`], [`object`] | the proofs behind a posted result, and what follows | `hand_over` |

pub mod hand_over;
pub mod moves;
pub mod object;
pub mod open;
pub mod test_set;
pub mod transfer;
pub mod verify;
