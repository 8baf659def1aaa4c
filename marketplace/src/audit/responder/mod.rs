//! What a responder does in audits.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`taken`] | what it keeps of an audit that it took on | nothing |
//! | [`policy`] | what it takes on | nothing |
//! | `judge` | a request judged | `policy`, `taken` |
//! | [`accept`] | a request taken on | `judge`, `policy`, `taken` |
//! | [`decline`] | a request refused | nothing |
//! | [`answer`] | answers posted, documents withheld | `taken` |
//! | [`prove`] | proofs of what was drawn and named | `taken` |
//! | [`submit`] | they sent | `taken`, `prove` |
//! | [`hand_over`] | the documents that match, off chain | `taken` |
//! | [`parcels`] | the ciphertexts of demands | `taken` |
//! | [`deliver`] | what was demanded, encrypted for the requester | `parcels` |
//! | [`publish`] | deliveries that were not acknowledged, on chain | `parcels` |

pub mod accept;
pub mod answer;
pub mod decline;
pub mod deliver;
pub mod hand_over;
mod judge;
pub mod parcels;
pub mod policy;
pub mod prove;
pub mod publish;
pub mod submit;
pub mod taken;
