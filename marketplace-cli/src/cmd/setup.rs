use crate::context::Context;
use crate::prover_api::{load_arch, verifier_key, SrsChoice};
use alloy::primitives::B256;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay setup digits.arch.json --srs dev\n\n\
    Everything is cached by hash under the user's cache directory; a damaged entry is found and made again.")]
pub struct Args {
    /// Architecture file, see assay plan
    arch: PathBuf,
    /// Reference string: dev (unsafe), or a snarkjs .ptau file
    #[arg(long, value_name = "dev|FILE", default_value = "dev")]
    srs: SrsChoice,
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

pub fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let frozen = load_arch(&args.arch)?;
    let began = Instant::now();
    let srs = args.srs.load(frozen.layout.k, &ctx.out)?;
    let key = verifier_key(&frozen, srs, &ctx.out)?;
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
