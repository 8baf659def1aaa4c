//! Options of every command.

use alloy::primitives::{Address, B256};
use clap::Args;
use std::path::PathBuf;

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Print the result as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Directory of this program's state [default: $XDG_STATE_HOME/assay or ~/.local/state/assay]
    #[arg(long, global = true, value_name = "DIR", env = "ASSAY_HOME")]
    pub home: Option<PathBuf>,
    /// Node to talk to
    #[arg(long, global = true, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub rpc_url: Option<String>,
    /// Blocks a transaction must be deep to count, itself included [default: 1 on a devnet; elsewhere 12, but secrets and what
    /// cannot be taken back wait for the node's finalized block, if it has one]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub confirmations: Option<u64>,
    /// Address book of the chain [default: the one that this program wrote when it deployed]
    #[arg(long, global = true, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// Address of the accuracy market, instead of the address book's
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub market: Option<Address>,
    /// Trust contracts that are not this release's: the digest that the refusal prints
    #[arg(long, global = true, value_name = "HASH")]
    pub trust_deployment: Option<B256>,
    /// Prove without AVX-512, whatever the processor has; ASSAY_PORTABLE=1 says the same
    #[arg(long, global = true)]
    pub portable: bool,
    /// Say nothing but results, warnings, questions and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say which state directory, node and contracts are used, and how long it took
    #[arg(long, short, global = true)]
    pub verbose: bool,
}
