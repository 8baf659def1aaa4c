//! Which retrieval market is meant.

use alloy::primitives::Address;
use clap::Args;

/// The retrieval market, which no registry names.
#[derive(Debug, Clone, Copy, Args)]
pub struct RetrievalArgs {
    /// Address of the retrieval market, instead of the address book's
    #[arg(long, value_name = "ADDRESS")]
    pub retrieval: Option<Address>,
}
