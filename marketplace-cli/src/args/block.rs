//! The block that is read at.

use assay_chain::block::Which;
use clap::Args;

/// When a document shows things as they were.
#[derive(Debug, Clone, Copy, Args)]
pub struct BlockArgs {
    /// Read it as it was at this block, named by number or hash, or finalized [default: the newest]
    #[arg(long, value_name = "N")]
    block: Option<Which>,
}

impl From<BlockArgs> for Which {
    fn from(args: BlockArgs) -> Self {
        args.block.unwrap_or_default()
    }
}
