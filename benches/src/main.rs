//! Measures what the README quotes; results on stdout, progress on stderr.

use assay_bench::{farm, held, kernels, paper, peers, prove};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures the prover and the generated contracts on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "bench",
    after_help = "Example:\n  scripts/bench prove mobilenet_v2_035_96 --json\n  scripts/bench kernels --repeat 5\n  scripts/bench held --examples 2000\n  scripts/bench paper\n  scripts/bench peers\n  scripts/bench farm --workers 100 --tasks 1000\n  scripts/bench farm --real 200"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One proof of a network with random weights, from keys to a call of the generated contract
    Prove(prove::Args),
    /// Reading a held test set as the provider's commands do, the first time and later
    Held(held::Args),
    /// Products, transforms and multi-exponentiations: the library's, ours portable and in lanes, side by side
    Kernels(kernels::Args),
    /// The paper's networks in one go, and docs/benchmarks.md with all tables and charts
    Paper(paper::Args),
    /// A queue of proofs with a thousand workers that sleep instead of proving, or with a few that prove
    Farm(farm::Args),
    /// Two small networks by ezkl and by this program, in one go
    Peers(peers::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Prove(args) => prove::run(&args),
        Command::Held(args) => held::run(&args),
        Command::Kernels(args) => kernels::run(&args),
        Command::Paper(args) => paper::run(&args),
        Command::Farm(args) => farm::run(&args),
        Command::Peers(args) => peers::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
