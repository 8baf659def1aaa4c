//! What anybody may do about rounds.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`close`] | ends a round whose time has passed | nothing |
//! | [`show`] | what the chain says of a round | nothing |
//! | [`list`] | the rounds of a model | nothing |

pub mod close;
pub mod list;
pub mod show;
