//! What this machine keeps of a corpus, in a directory that only its owner can read.
//!
//! ```text
//! CORPUS/salts        order and salts of the documents; on disk before anything is committed to, and never written again
//! CORPUS/commitments  what each document was found to be; grows from the first to the last
//! CORPUS/lock         held while it is made
//! ```
//! The originals stay where they are. Whoever loses one, or `salts`, can neither open nor prove that document any more.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `salts` | order and salts | `originals` |
//! | `commitments` | hashes and commitments | nothing |
//! | `corpus` | both together, and the tree over them | `originals`, `salts`, `commitments` |
//! | `build` | a directory made, or gone on with | all |

mod build;
mod commitments;
mod corpus;
mod salts;
#[cfg(test)]
mod tests;

pub use build::{build, Built};
pub(super) use corpus::shape_of;
pub use corpus::{Original, StoredCorpus};
