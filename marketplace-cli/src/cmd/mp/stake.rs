//! The stake of a model, and its transport key.

use crate::args::fees::ether as amount;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::{B256, U256};
use assay_marketplace::model::stake::{add, begins_exit, leave, require_owner, set_transport_key};
use assay_protocol::units::ether;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp topup 0x9a… --keystore me.json              up to the full stake\n  \
    assay mp topup 0x9a… --ether 1.5 --keystore me.json"
)]
pub struct TopUpArgs {
    /// Model
    model_id: B256,
    /// Amount [default: what the full stake lacks]
    #[arg(long, value_name = "ETHER", value_parser = amount, allow_negative_numbers = true)]
    ether: Option<u128>,
    #[command(flatten)]
    keys: TryArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp exit 0x9a… --keystore me.json\n\n\
    The first call starts the unbonding delay; after it, the same command takes the stake out. Open engagements must end\n\
    before. --cancel goes back.")]
pub struct ExitArgs {
    /// Model
    model_id: B256,
    /// Take the request back
    #[arg(long)]
    cancel: bool,
    #[command(flatten)]
    keys: TryArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mp transport-key 0x9a… --file transport.key --keystore me.json\n\n\
    Makes the key if the file is not there, and registers its public half."
)]
pub struct TransportKeyArgs {
    /// Model
    model_id: B256,
    /// File of the private half
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn top_up(args: TopUpArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let model = desk.market.model(args.model_id).await?;
    let amount = match args.ether {
        Some(amount) => amount,
        None => desk.market.stake_required().await?.saturating_sub(model.stake),
    };
    let result = add(&desk, args.model_id, amount).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn exit(args: ExitArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let model = desk.market.model(args.model_id).await?;
    if begins_exit(&model, args.cancel) {
        require_owner(&model, &desk.account)?;
        args.keys
            .state(
                &ctx.out,
                format_args!(
                "from now on the model can accept no offer, and its stake of {} stays locked for the unbonding delay",
                ether(U256::from(model.stake))
            ),
            )
            .await?;
    }
    let result = leave(&desk, args.model_id, &model, args.cancel).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn transport_key(args: TransportKeyArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = set_transport_key(&desk, args.model_id, &args.file).await?;
    ctx.out.result(&result, &result)
}
