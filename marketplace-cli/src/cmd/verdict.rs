//! Reads the public result of engagements.

use crate::args::block::BlockArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::anybody::verdict::{Listed, Shown};
use assay_marketplace::document::read;
use assay_marketplace::verifier::check::Trust;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What an engagement showed, and what it did not
    #[command(after_help = "Examples:\n  \
        assay verdict show 0x3f… --arch digits.arch.json --rpc-url http://127.0.0.1:8545\n  \
        assay verdict show 0x3f… --trust-codehash 0x51…\n  \
        assay verdict show 0x3f… --trust-codehash 0x51… --json --block 19000000\n\n\
        Whether proofs show anything depends on the contract that checked them: with --arch it is made anew and compared, with\n\
        --trust-codehash it must have code that you compared before. Without either nothing is called proven.\n\n\
        With --json one versioned document, see marketplace/DOCUMENTS.md.")]
    Show {
        /// Engagement
        id: B256,
        #[command(flatten)]
        block: BlockArgs,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Every engagement of a model that its provider accepted, by assurance
    #[command(after_help = "Examples:\n  \
        assay verdict list 0x9a… --arch digits.arch.json\n  \
        assay verdict list 0x9a… --arch digits.arch.json --json | jq .proven\n  \
        assay verdict list 0x9a… --offers            and open offers, which cost nothing to make")]
    List {
        /// Model
        model_id: B256,
        /// Open offers too
        #[arg(long)]
        offers: bool,
        #[command(flatten)]
        block: BlockArgs,
        #[command(flatten)]
        trust: TrustArgs,
    },
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        let site = ctx.site().await?;
        match self {
            Self::Show { id, block, trust } => {
                let trust = &Trust::from(trust);
                let of = |site| async move { Shown::read(&site, id, trust).await };
                let result = read(&site, block.into(), of).await?;
                ctx.out.result(&result, &result)
            }
            Self::List {
                model_id,
                offers,
                block,
                trust,
            } => {
                let trust = &Trust::from(trust);
                let of = |site| async move { Listed::read(&site, model_id, trust, offers).await };
                let result = read(&site, block.into(), of).await?;
                ctx.out.result(&result, &result)
            }
        }
    }
}
