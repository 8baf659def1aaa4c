//! Which rounds a provider serves.

use crate::args::fees::ether;
use alloy::primitives::Address;
use assay_marketplace::prediction::provider::serve::ServePolicy;

/// What is served.
#[derive(Debug, Clone, clap::Args)]
pub struct ServingArgs {
    /// Serve only these consumers
    #[arg(help_heading = "What to serve", long = "consumer", value_name = "ADDRESS")]
    pub consumers: Vec<Address>,
    /// Least price of a round, in ether
    #[arg(help_heading = "What to serve", long, value_name = "ETHER", value_parser = ether, default_value = "0")]
    pub min_price: u128,
    /// Highest deposit to lock for a round, in ether [default: whatever is asked for]
    #[arg(help_heading = "What to serve", long, value_name = "ETHER", value_parser = ether)]
    pub max_deposit: Option<u128>,
    /// Serve though contests bring less than the gas of an answer
    #[arg(help_heading = "What to serve", long)]
    pub force: bool,
}

impl From<ServingArgs> for ServePolicy {
    fn from(args: ServingArgs) -> Self {
        Self {
            consumers: args.consumers,
            min_price: args.min_price,
            max_deposit: args.max_deposit,
            answers_at_a_loss: args.force,
        }
    }
}
