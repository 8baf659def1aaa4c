//! The verifier contract of an architecture, and what a model's record has to say about it.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`code`] | generated, compiled, deployed, and compared with what is on chain | nothing |
//! | [`record`] | what an architecture determines of a model's record | nothing |
//! | [`check`] | how far the verifier of a record is known | `code`, `record` |
//! | [`grades`] | how far verifier and contracts are known | `check` |
//! | [`deploy`] | deployed, and entered in the address book | `code` |

pub mod check;
pub mod code;
pub mod deploy;
pub mod grades;
mod known;
pub mod record;
