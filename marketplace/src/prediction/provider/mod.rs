//! What a provider does in rounds.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`serve`] | judge an offer, run the model, lock | nothing |
//! | [`publish`] | outputs on chain, or to the consumer | nothing |
//! | [`prove`] | the proofs of contested outputs | nothing |
//! | [`answer`] | those proofs on chain | `prove` |

pub mod answer;
pub mod prove;
pub mod publish;
pub mod serve;
