//! Stories of several commands on a chain with real proofs: one program, since linking one for each takes longer than many of them run.
//! `cargo test --test stories kill::` runs those of `kill.rs`.

mod accuracy_full;
mod accuracy_simple;
mod advice;
mod audit_watch;
mod audits;
mod audits_disturbed;
mod bad_data;
mod corpora;
mod disturbed;
mod evidence;
mod farm;
mod installed;
mod kill;
mod old_journal;
mod openings;
mod outputs;
mod own_network;
mod predictions;
mod real_network;
mod real_proof_fixture;
mod responder;
mod results;
mod watch;
