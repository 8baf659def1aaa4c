//! What a model provider does.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`offers`] | what is open on a model | nothing |
//! | [`advice`] | what the numbers advise | nothing |
//! | [`guard`] | what a call answers | `advice` |
//! | [`findings`] | what was found about a held set | nothing |
//! | [`received`] | the ciphertext that was acknowledged, opened | `findings` |
//! | [`held`] | the examples of an engagement, checked | `findings`, `received` |
//! | [`capacity`] | proofs that are promised, and whether they can be made | nothing |
//! | [`moves`] | steps that only move an engagement, as rows | `guard` |
//! | [`accept`], [`ack`], [`probe`], [`proceed`] | steps before proving | all above |
//! | [`set`], [`prepared`], [`wanted`], [`prove`] | the proven set, what to prove of it, the proofs | all above |
//! | [`submit`], [`post`], [`answer`] | proofs on chain, or a claim | all above |

pub mod accept;
pub mod ack;
pub mod advice;
pub mod answer;
pub mod capacity;
pub mod findings;
pub mod guard;
pub mod held;
pub mod moves;
pub mod offers;
pub mod post;
pub mod prepared;
pub mod probe;
pub mod proceed;
pub mod prove;
pub mod received;
pub mod set;
pub mod submit;
pub mod wanted;
