//! What a model consumer does.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`test_set`] | builds a test set | nothing |
//! | [`open`], [`cancel`] | an offer, and back | nothing |
//! | [`hand_over`] | leaf hashes, or the set in clear | nothing |
//! | [`transfer`] | ciphertext and keys | `hand_over` |
//! | [`verify`], [`object`] | the proofs behind a posted result, and what follows | `hand_over` |

pub mod cancel;
pub mod hand_over;
pub mod object;
pub mod open;
pub mod test_set;
pub mod transfer;
pub mod verify;
