//! What anybody may do about audits.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`timeout`] | how an audit, or a demand in it, ends whose time has passed | nothing |
//! | `fields` | what every view of an audit says | nothing |
//! | [`verdict`] | what an audit that has ended shows | nothing |
//! | [`show`] | what the chain says of an audit | `fields`, `verdict` |
//! | [`list`] | the audits of a corpus | `fields`, `verdict` |

mod fields;
pub mod list;
pub mod show;
pub mod timeout;
pub mod verdict;

pub use fields::Fields;
