//! Measures what the README quotes; results on stdout, progress on stderr.

use assay_bench::prove;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures the prover and the generated contracts on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "bench",
    after_help = "Example:\n  scripts/bench prove mobilenet_v2_035_96 --json"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One proof of a network with random weights, from keys to a call of the generated contract
    Prove(prove::Args),
}

fn main() -> ExitCode {
    let Command::Prove(args) = Cli::parse().command;
    match prove::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
