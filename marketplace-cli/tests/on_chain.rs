//! Commands and libraries on a chain of their own. One program, since linking one for each file takes longer than most of them run:
//! `cargo test --test on_chain fees::` runs those of `fees.rs`.

mod capacity;
mod delivery;
mod deploy;
mod described;
mod devnet;
mod documents;
mod fees;
mod node;
mod node_support;
mod read;
mod read_limits;
mod release;
mod remote_signers;
mod snapshots;
mod stuck;
mod support;
mod unjournaled;
mod verdict;
