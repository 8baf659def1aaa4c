//! Proofs compared with the library's, refusals, and what blinding hides. Inside the crate, because the library's random
//! polynomial is replayed, which no caller of the crate can do.

mod backends;
mod bench;
mod blinding;
mod census;
mod circuits;
mod equality;
mod faults;
mod observers;
mod oracle;
mod plain;
mod pools;
mod programs;
mod refusals;
mod remembering;
mod setup;
mod shapes;
mod statements;
mod unsatisfied;
mod witnesses;
