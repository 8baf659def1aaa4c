//! What anybody may do about rounds.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`close`] | ends a round whose time has passed | nothing |
//! | `fields` | what every view of a round says | nothing |
//! | [`show`] | what the chain says of a round | `fields` |
//! | [`list`] | the rounds of a model | `fields` |

pub mod close;
mod fields;
pub mod list;
pub mod show;

pub use fields::Fields;
