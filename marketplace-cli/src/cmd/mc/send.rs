//! Hands the leaf hashes, or the set in clear, over to the provider.

use crate::args::sending::SendArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::consumer::hand_over::{send, send_leaves};
use assay_marketplace::accuracy::consumer::transfer;
use assay_marketplace::delivery::{Delivery, Place};
use assay_marketplace::engagement::Desk;
use assay_protocol::abi::{Mode, State};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay mc send 0x3f… --to /mnt/shared/3f\n  \
    assay mc send 0x3f… --to https://provider.example:8700 --keystore me.json      if the transfer is encrypted\n\n\
    The acceptance must have its confirmations, see --confirmations. In an engagement in clear images, labels and salts go over as they are; else\n\
    they are encrypted, the ciphertext's root goes on chain, and only then the file into the directory or to the server\n\
    (assay serve, of either party). Before the acceptance of an encrypted engagement only the leaf hashes go over. Files\n\
    in a directory are readable by whom your umask allows, and who has a ciphertext can read the set once its keys are\n\
    on chain. What was handed over once is not offered again.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// New directory that the provider reads, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    to: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Test set [default: the one that was offered]
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let (id, set) = (args.id, args.set.as_deref());
    let e = site.market.engagement(id).await?;
    if e.mode == Mode::CLEAR {
        let result = send(&site, id, set, args.to.directory()?).await?;
        return ctx.out.result(&result, &result);
    }
    let account = ctx.account(&site.market.chain, &args.keys).await?;
    let desk = Desk::new(site, account);
    let to = Delivery::open(&args.to, id, &args.server.into(), e.mp, desk.account.key())?;
    if e.state == State::Offered {
        let result = send_leaves(&desk, id, set, &to).await?;
        return ctx.out.result(&result, &result);
    }
    let result = transfer::send(&desk, id, set, &to).await?;
    ctx.out.result(&result, &result)
}
