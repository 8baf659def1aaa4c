//! What a requester does in audits.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`request`] | a request with its price | nothing |
//! | [`publish`] | the predicate's opening, handed over | nothing |
//! | [`guard`] | what its calls answer | nothing |
//! | [`reveal`] | the salt, and documents named | `guard` |
//! | [`receive`] | documents that were handed over, looked at | `guard` |
//! | [`demand`] | documents that are missing, demanded | `guard`, `receive` |
//! | [`parcel`] | a delivery fetched, acknowledged, opened | `receive` |
//! | [`dispute`] | a bad delivery shown | `parcel` |
//! | [`moves`] | calls that only move an audit, as rows | `guard` |

pub mod demand;
pub mod dispute;
pub mod guard;
pub mod moves;
pub mod parcel;
pub mod publish;
pub mod receive;
pub mod request;
pub mod reveal;
