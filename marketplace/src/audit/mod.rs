//! Audits of corpora: a requester asks which documents match, a responder answers for each and proves a sample of its zeros.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`predicate`] | the network that decides, as the chain names it | nothing |
//! | [`anybody`] | what anybody may ask and close | `predicate` |

pub mod anybody;
pub mod predicate;
