//! What a model provider does.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`guard`] | whose engagement it is, the time, what a call answers | nothing |
//! | [`offers`] | what is open on a model | nothing |
//! | [`demand`] | how many proofs are asked for, as functions | nothing |
//! | [`advice`] | what the numbers advise | nothing |
//! | [`findings`] | what was found about a held set | nothing |
//! | [`received`] | the ciphertext that was acknowledged, opened | `findings`, `guard` |
//! | [`held`] | the examples of an engagement, checked | `findings`, `received` |
//! | [`capacity`] | proofs that are promised, and whether they can be made | nothing |
//! | [`accept`], [`ack`], [`probe`], [`proceed`], [`abort`], [`concede`] | steps before proving, and ways out | all above |
//! | [`set`], [`prepared`], [`prove`] | the proven set, what to prove of it, the proofs | all above |
//! | [`submit`], [`post`], [`answer`] | proofs on chain, or a claim | all above |

pub mod abort;
pub mod accept;
pub mod ack;
pub mod advice;
pub mod answer;
pub mod capacity;
pub mod concede;
pub mod demand;
pub mod findings;
pub mod guard;
pub mod held;
pub mod offers;
pub mod post;
pub mod prepared;
pub mod probe;
pub mod proceed;
pub mod prove;
pub mod received;
pub mod set;
pub mod submit;
