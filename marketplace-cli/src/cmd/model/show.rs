//! What the chain says of registered models, and what a file says of one.

use super::layers;
use crate::args::block::BlockArgs;
use crate::args::listing::ListingArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::model::{list, show};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay model show 0x9a… --arch digits.arch.json\n  assay model show 0x9a… --json --block 19000000\n  \
    assay model show digits.assay\n\n\
    Of a file: layers, shapes, parameters and multiply-adds, and no number of the model. Of a registered model: what the chain says.\n\
    Counts are those of the registry: what is proven, what nobody objected to, and rounds are never added up. With --json one\n\
    versioned document, see marketplace/DOCUMENTS.md."
)]
pub struct ShowArgs {
    /// Registered model, or a file: a model, or an architecture (.json)
    #[arg(value_name = "ID|FILE")]
    subject: Subject,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// What is to be shown.
#[derive(Clone, Debug)]
enum Subject {
    Registered(B256),
    File(PathBuf),
}

impl std::str::FromStr for Subject {
    type Err = String;

    /// Whoever has a file of such a name gives it with its folder.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("0x") {
            return Ok(Self::File(text.into()));
        }
        let id = text.parse().map_err(|e| format!("no id of a model: {e}"))?;
        Ok(Self::Registered(id))
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay model list\n  assay model list --json | jq -r .models[].id")]
pub struct ListArgs {
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let id = match args.subject {
        Subject::File(path) => return layers::show(&path, ctx),
        Subject::Registered(id) => id,
    };
    let site = ctx.site().await?;
    let result = show::show(&site, id, &args.trust.into(), args.block.into()).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let result = list::list(&site, args.block.into()).await?;
    ctx.out.list(&result, &*result, args.listing.csv)
}
