//! Files that survive a crash, and how long work says where it is.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`read`] | files of others, read within limits | nothing |
//! | [`file`](mod@file) | files that are never half written | `read` |
//! | [`lock`] | locks that end with their process | `file` |
//! | [`directory`] | directories that appear whole, or are private | `file`, `lock` |
//! | [`turn`] | turns at work, the most urgent first | `file`, `lock` |
//! | [`cache`] | files that can be computed again, verified by hash | `file` |
//! | [`progress`] | phases of long work, reported to whoever shows them | nothing |
//! | [`report`] | lines, bars and phases for whoever shows them | `progress` |
//! | [`profile`] | what phases took, as a trace for a browser's viewer | `file`, `progress`, `report` |

pub mod cache;
pub mod directory;
pub mod file;
pub mod lock;
pub mod profile;
pub mod progress;
pub mod read;
pub mod report;
pub mod turn;
