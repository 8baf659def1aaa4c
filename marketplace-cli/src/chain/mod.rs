//! Everything that talks to a chain, or hashes what a chain hashes.

pub mod account;
pub mod client;
pub mod deploy;
pub mod devnet;
pub mod fees;
pub mod history;
pub mod keys;
pub mod market;
pub mod node_url;
mod origin;
mod refusal;
mod rehearsal;
pub mod release;
pub mod revert;
