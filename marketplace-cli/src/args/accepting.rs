//! Which requests a responder takes on.

use crate::args::fees::ether;
use alloy::primitives::Address;
use assay_marketplace::audit::responder::policy::AcceptPolicy;

/// What is taken on.
#[derive(Debug, Clone, clap::Args)]
pub struct AcceptingArgs {
    /// Take on requests of these alone
    #[arg(help_heading = "What to accept", long = "requester", value_name = "ADDRESS")]
    pub requesters: Vec<Address>,
    /// Recognise this authority; a request that names any other is refused, since it could be the requester's own
    #[arg(help_heading = "What to accept", long = "authority", value_name = "ADDRESS")]
    pub authorities: Vec<Address>,
    /// Least price for each document that may have to be proven, in ether
    #[arg(help_heading = "What to accept", long, value_name = "ETHER", value_parser = ether, default_value = "0")]
    pub min_price: u128,
    /// Largest bond to lock, in ether
    #[arg(help_heading = "What to accept", long, value_name = "ETHER", value_parser = ether)]
    pub max_bond: Option<u128>,
    /// Most documents to hand over: whoever writes the predicate decides what matches it
    #[arg(help_heading = "What to accept", long, value_name = "N", default_value_t = 0)]
    pub max_matches: u32,
    /// Most memory that a proof may take, in GB: whoever writes the predicate decides how large its circuit is [default: what the machine has]
    #[arg(help_heading = "What to accept", long, value_name = "GB")]
    pub max_memory: Option<u64>,
    /// Documents that match and will be withheld, at most; assay audit answer seals nothing before as many are
    #[arg(help_heading = "What to accept", long, value_name = "N", default_value_t = 0)]
    pub withhold: u32,
}

impl From<AcceptingArgs> for AcceptPolicy {
    fn from(args: AcceptingArgs) -> Self {
        Self {
            requesters: args.requesters,
            authorities: args.authorities,
            least_price: args.min_price,
            // Whoever names none locks none.
            most_bond: args.max_bond.unwrap_or(0),
            withholds: args.withhold,
            most_matches: args.max_matches,
            most_in_total: None,
            most_memory: args.max_memory.map(|gigabytes| gigabytes.saturating_mul(1_000_000_000)),
        }
    }
}
