//! Rounds of predictions: one operation or row for each move of the parties, and what anybody may do.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`facts`] | what the journals of rounds note | nothing |
//! | [`words`] | what is told in words | nothing |
//! | [`delivered`] | what was handed over | nothing |
//! | [`held`] | outputs with their salts, in a file | `facts` |
//! | [`provider`] | serve, publish, prove, answer | all above |
//! | [`consumer`] | open, send, check, contest, confirm | all above |
//! | [`anybody`] | timeouts, show, list | `words` |

pub mod anybody;
pub mod consumer;
pub mod delivered;
pub mod facts;
pub mod held;
pub mod provider;
pub mod words;
