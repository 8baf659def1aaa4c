//! Calls that only move or end an audit.

use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::{SendArgs, TryArgs};
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::audit::authority::approve;
use assay_marketplace::audit::requester::moves::{self, CANCEL};
use assay_marketplace::engagement::{overdue, Ended};

#[derive(Debug, clap::Args)]
pub struct IdArgs {
    /// Audit
    pub id: B256,
    #[command(flatten)]
    pub retrieval: RetrievalArgs,
    #[command(flatten)]
    pub keys: TryArgs,
}

/// As [`IdArgs`], of what hands something over or opens it.
#[derive(Debug, clap::Args)]
pub(super) struct FirmArgs {
    /// Audit
    pub id: B256,
    #[command(flatten)]
    pub retrieval: RetrievalArgs,
    #[command(flatten)]
    pub keys: SendArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay audit confirm 0x3f… --keystore me.json\n\n\
    Only if every document that is owed was received here and opens its leaf: after it nothing can be demanded any more.")]
pub struct ConfirmArgs {
    #[command(flatten)]
    id: IdArgs,
    /// Confirm though documents are missing
    #[arg(long)]
    force: bool,
}

pub(crate) async fn approve(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.retrieval, &args.keys).await?;
    let result = approve::approve(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn cancel(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.retrieval, &args.keys).await?;
    let result = Ended::from(desk.play(args.id, &CANCEL).await?);
    ctx.out.result(&result, &result)
}

pub(crate) async fn confirm(args: ConfirmArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = moves::confirm(&desk, args.id.id, args.force).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn close(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.retrieval, &args.keys).await?;
    let result = overdue::close(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
