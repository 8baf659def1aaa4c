//! What a marketplace is.

use crate::args::block::BlockArgs;
use crate::context::Context;
use assay_marketplace::deployed::show;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Its contracts, compared with this release, and its parameters
    #[command(after_help = "Examples:\n  assay market show --rpc-url http://127.0.0.1:8545\n  \
        assay market show --market 0x52… --json --block 19000000\n\n\
        With --json one versioned document, see marketplace/DOCUMENTS.md. Whether the parameters deter whom they should:\n\
        assay policy check.")]
    Show {
        #[command(flatten)]
        block: BlockArgs,
    },
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Show { block } => {
                let result = show(&ctx.site().await?, block.into()).await?;
                ctx.out.result(&result, &result)
            }
        }
    }
}
