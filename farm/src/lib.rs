//! A farm of provers: long independent tasks in a queue on PostgreSQL, with leases, results and the budget of openings in one
//! transaction.
//!
//! What is proven is opaque here: claims and bundles are bytes, statements are hashes, and the caller verifies.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`error`] | what can go wrong, in one sentence each | nothing |
//! | [`address`] | where the queue is | `error` |
//! | `password` | where its password is | `address` |
//! | `connection` | one connection, with TLS | `password` |
//! | [`queue`] | what owners and workers do with it; what matters is in `sql/functions.sql` | `connection` |
//! | [`local`] | a PostgreSQL of one's own | `address` |
//! | [`supervisor`] | a worker: a process a proof | `queue` |

pub mod address;
mod connection;
pub mod error;
pub mod local;
mod password;
pub mod queue;
pub mod supervisor;

pub use address::QueueUrl;
pub use error::FarmError;
pub use queue::{Queue, Role};
