//! The events of an audit taken in their order, each by the rules of the market: what they lead to is recomputed, not read.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`course`] | how far an audit has come | nothing |
//! | `request` | asked, approved, taken on or refused | `course` |
//! | `answers` | pages, what is withheld and overruled | `course` |
//! | `sample` | the salt, what is due, what was shown of it | `course` |
//! | `demands` | documents demanded and delivered | `course` |
//! | `ending` | how it closed, and who got what | `course` |
//! | [`play`](mod@play) | all of them in order | all above |

mod answers;
pub mod course;
mod demands;
mod ending;
pub mod play;
mod request;
mod sample;
#[cfg(test)]
pub(crate) mod tests;
