//! How the files of an engagement, a round or an audit get from one party to the other: through a directory that both see, or over a
//! server.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `place` | where files are handed over, and who serves there | nothing |
//! | `files` | what files of each kind are called in a directory, and how many of them are looked at | nothing |
//! | `handed` | files put there, and fetched | `place`, `files` |
//! | `proofs` | proofs by what they are about | nothing |
//!
//! # Soundness
//! Nothing that comes is believed here. Whoever receives compares it with what the chain commits to, and may find several
//! candidates: each party can put files on a server.

mod files;
mod handed;
mod place;
mod proofs;

pub use files::{
    parcel_name, CIPHER_FILE, DOCUMENTS_FILE, INPUTS_FILE, LEAVES_FILE, MAX_PACKAGE_BYTES, OUTPUTS_FILE, PACKAGE_FILE,
    PREDICATE_FILE,
};
pub use handed::Delivery;
pub use place::{Place, ServerIdentity};
pub use proofs::{proofs_by_context, MAX_PROOF_BYTES};
