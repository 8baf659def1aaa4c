//! Documents opened to their originals: what the responder hands over off chain in one file, and how anybody checks it.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `file` | the file | nothing |
//! | `known` | hashes of a source's own files | nothing |
//! | [`open`](mod@open) | responder: writes an opening | `file` |
//! | [`check`](mod@check) | anybody: compares one with the chain | `file`, `known` |
//! | [`received`] | whoever is handed documents: which of them are right | `file`, `check` |

pub mod check;
pub(crate) mod file;
mod known;
pub mod open;
pub mod received;
#[cfg(test)]
mod tests;

pub use file::longest;
