//! Trustless retrieval: what a responder commits to, what an audit hashes, samples, delivers and pays, and what a party does next.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`corpora`] | documents, their leaves and the tree over them | `ids`, `merkle`, `testset` |

pub mod corpora;

pub use corpora::MAX_DOCUMENTS;
