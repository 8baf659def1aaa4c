//! What a consumer does in rounds.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`open`] | an offer with its escrow | nothing |
//! | [`send`] | inputs to the provider | nothing |
//! | [`check`] | outputs received and looked at | nothing |
//! | [`contest`] | proofs asked for | `check` |
//! | [`moves`] | calls that only move a round, as rows | nothing |

pub mod check;
pub mod contest;
pub mod moves;
pub mod open;
pub mod send;
