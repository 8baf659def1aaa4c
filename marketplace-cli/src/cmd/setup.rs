//! Makes the keys of an architecture.

use crate::args::srs::SrsArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{load_arch, verifier_key};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay setup digits.arch.json --srs dev\n\n\
    Everything is cached by hash under the user's cache directory; a damaged entry is found and made again.")]
pub struct Args {
    /// Architecture file, see assay plan
    arch: PathBuf,
    #[command(flatten)]
    srs: SrsArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    arch_id: B256,
    vk_digest: B256,
    srs_id: String,
    k: u32,
    unsafe_development_string: bool,
    seconds: f64,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let frozen = load_arch(&args.arch)?;
    let began = Instant::now();
    let string = SrsUse::from(args.srs)
        .load_off_chain(async || ctx.named_chain().await, frozen.layout.k, &ctx.out)
        .await?;
    let key = verifier_key(&frozen, string, &ctx.out)?;
    let ready = Ready {
        arch_id: key.arch_id().into(),
        vk_digest: key.vk_digest().into(),
        srs_id: key.srs().id().to_string(),
        k: frozen.layout.k,
        unsafe_development_string: key.srs().is_development(),
        seconds: began.elapsed().as_secs_f64(),
    };
    let text = format!(
        "arch id     {}\nkey digest  {}\n2^{} rows, ready in {:.1} s",
        ready.arch_id, ready.vk_digest, ready.k, ready.seconds
    );
    ctx.out.result(&ready, text)
}
