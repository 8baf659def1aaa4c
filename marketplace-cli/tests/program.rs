//! The program without a chain: arguments, help, files, servers. One program, since linking one for each file takes longer than most of
//! them run: `cargo test --test program help::` runs those of `help.rs`.

mod abi;
mod alone;
mod arguments;
mod commit;
mod described;
mod elsewhere;
mod held;
mod help;
mod import_json;
mod keystores;
mod layout;
mod mentions;
mod packaging;
mod pages;
mod plan;
mod policy;
mod round_vectors;
mod schemas;
mod serve;
mod serve_limits;
mod serve_program;
mod serve_refusals;
mod serve_support;
mod snapshots;
mod transfer;
mod transfer_support;
mod transfer_vectors;
