//! Files that survive a crash, and how long work says where it is.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`file`] | small files that are never half written | nothing |
//! | [`cache`] | files that can be computed again, verified by hash | nothing |
//! | [`progress`] | phases of long work, reported to whoever shows them | nothing |

pub mod cache;
pub mod file;
pub mod progress;
