//! What anybody may do about rounds.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `timeout` | how a round ends whose time has passed | nothing |
//! | `fields` | what every view of a round says | nothing |
//! | [`show`] | what the chain says of a round | `fields` |
//! | [`list`] | the rounds of a model | `fields` |

mod fields;
pub mod list;
pub mod show;
mod timeout;

pub use fields::Fields;
