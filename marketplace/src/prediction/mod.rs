//! Rounds of predictions: one operation or row for each move of the parties, and what anybody may do.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`facts`] | what the journals of rounds note | nothing |
//! | [`held`] | outputs with their salts, in a file | `facts` |
//! | [`provider`] | serve, publish, prove, answer | `facts`, `held` |
//! | [`consumer`] | open, send, check, contest, confirm | `facts`, `held` |
//! | [`anybody`] | timeouts, show, list | nothing |

pub mod anybody;
pub mod consumer;
pub mod facts;
pub mod held;
pub mod provider;
