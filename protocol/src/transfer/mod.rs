//! The encrypted transfer of a test set: what goes over the wire, how it is checked, and what proves a fault.
//!
//! ```text
//! test set ──payload──▶ chunks of words ──cipher──▶ cipher words, ctRoot
//! cipher words, keys ──open──▶ examples, or the first fault as evidence for the contract `TransferJudge`
//! ```
//!
//! | module | content |
//! |---|---|
//! | [`words`] | 32-byte words, tags, and the one way to hash them |
//! | [`chunks`] | which chunk holds what |
//! | [`secret`], [`keys`] | key, salt, keys of record, seed |
//! | [`shuffle`], [`places`] | the permutation from positions to examples, or a list of some, and where each is |
//! | [`input_chain`], [`payload`] | the hash chain over the words of an input, and the chunks that carry it |
//! | [`cipher`] | keystream, and the leaves over what it encrypts |
//! | [`ciphertext`] | what a receiver reads, wherever it is kept |
//! | [`fault`] | what can be wrong with an example |
//! | [`evidence`], [`judge`] | a fault with what the contract needs to see it, and the contract's rules |
//! | [`abi`] | the contract's types |
//! | [`open`] | decrypts and checks a set of positions |
//! | [`bitmap`] | the result that a provider posts |
//! | [`policy`] | when to proceed |

pub mod abi;
pub mod bitmap;
pub mod chunks;
pub mod cipher;
pub mod ciphertext;
pub mod evidence;
pub mod fault;
pub mod input_chain;
pub mod judge;
pub mod keys;
pub mod open;
pub mod payload;
pub mod places;
pub mod policy;
pub mod secret;
pub mod shuffle;
pub mod words;
