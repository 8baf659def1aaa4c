//! A worker: takes tasks, has a process make each proof, keeps its lease, has the bundle checked and stores it.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `work` | what a worker can do, and what it tells | nothing |
//! | `pauses` | growing pauses, and times that are not the same everywhere | nothing |
//! | [`child`] | a proof in a process of its own, from both sides | `work` |
//! | `slot` | one task after the other | `work`, `pauses` |

pub mod child;
mod pauses;
mod slot;
mod work;

pub use slot::{Options, Stop, Supervisor};
pub use work::{Attempt, Call, Event, Progress, Work};
