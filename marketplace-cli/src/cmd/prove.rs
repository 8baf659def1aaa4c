//! Proves one inference, off any market.

use crate::args::model::ModelArgs;
use crate::context::Context;
use alloy::primitives::{B256, U256};
use assay_chain::error::usage;
use assay_durable::profile::Profile;
use assay_durable::report::Reporter;
use assay_marketplace::job::Job;
use assay_marketplace::proving::stated::{verify, Answer, Decoded, Stated};
use assay_marketplace::proving::ModelFiles;
use assay_marketplace::testset::read_image;
use assay_protocol::testset::input_commit;
use assay_protocol::testset::ImageSize;
use assay_prover::model::OutputMode;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay prove --model digits.assay --image models/digits/heldout/0042_7.png --out 42.proof\n\n\
    Proves one image outside of any engagement. The input's salt is drawn afresh and written beside the proof, with the\n\
    statement, as OUT.input.json: who has it can check what the input was."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// PNG image of the model's size
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// What the proof is bound to, below the scalar order; 0 binds it to nothing
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    ctx: U256,
    /// Where the proof goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write what the time was spent on, for a browser's trace viewer (about:tracing, ui.perfetto.dev)
    #[arg(long, value_name = "FILE")]
    profile_out: Option<PathBuf>,
}

/// `OUT.input.json`: opens the input commitment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputOpening {
    pub(crate) input_salt: InputSalt,
    pub(crate) input_commit: B256,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proven {
    proof: PathBuf,
    output: OutputMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<u32>,
    #[serde(flatten)]
    answer: Decoded,
    ctx: B256,
    input_commit: B256,
    weights_commit: B256,
    vk_digest: B256,
    proof_bytes: usize,
    prove_s: f64,
}

pub(crate) async fn run(mut args: Args, ctx: &Context) -> eyre::Result<()> {
    let Some(path) = args.profile_out.take() else {
        return prove(args, ctx, &ctx.out).await;
    };
    let profile = Profile::begin();
    let done = prove(args, ctx, &profile.of((*ctx.out).clone())).await;
    // Also of work that failed: it tells where.
    let saved = profile.save(&path);
    done?;
    Ok(saved?)
}

async fn prove(args: Args, ctx: &Context, report: &Reporter) -> eyre::Result<()> {
    if args.ctx >= assay_protocol::ids::SCALAR_ORDER {
        return Err(usage("--ctx is not below the scalar order"));
    }
    let prover = ModelFiles::from(args.model)
        .prover_off_chain(async || ctx.named_chain().await, report)
        .await?;
    let shape = prover.frozen.architecture.input;
    let size = ImageSize {
        height: shape.h as u32,
        width: shape.w as u32,
    };
    let image = read_image(&args.image, size)?;
    let salt = InputSalt::random();
    let commit = input_commit(&image, &salt);
    let opening = InputOpening {
        input_salt: salt,
        input_commit: commit.into(),
    };
    let opening_path = PathBuf::from(format!("{}.input.json", args.out.display()));
    assay_durable::file::write_atomic(&opening_path, &serde_json::to_vec_pretty(&opening)?, true)?;

    let outputs = prover.outputs_of(&image)?;
    let stated = Stated {
        ctx: args.ctx.to_be_bytes(),
        weights_commit: prover.weights_commit()?.to_be_bytes(),
        input_commit: commit.to_be_bytes(),
        outputs: outputs.iter().map(|word| word.to_be_bytes()).collect(),
    };
    let mode = prover.frozen.architecture.output;
    let answer = Answer::of(mode, &outputs).ok_or_else(|| eyre::eyre!("the model gives {} words", outputs.len()))?;
    let began = Instant::now();
    let turn = Job::new(&prover, &ctx.home).turn(None, || true, report)?;
    let turn = turn.ok_or_else(|| eyre::eyre!("nobody told it to end"))?;
    let bundle = turn.prove(&image, &salt, stated.ctx, report)?;
    let prove_s = began.elapsed().as_secs_f64();
    verify(prover.verifier_key(), &bundle, &stated)?;
    bundle.save(&args.out).wrap_err("cannot write the proof")?;
    let proven = Proven {
        proof: args.out,
        output: mode,
        class: answer.class().map(|class| class.saturating_to()),
        answer: Decoded::from(&answer),
        ctx: stated.ctx.into(),
        input_commit: stated.input_commit.into(),
        weights_commit: stated.weights_commit.into(),
        vk_digest: prover.vk_digest(),
        proof_bytes: bundle.proof().len(),
        prove_s,
    };
    let text = format!(
        "{answer}, {} bytes, {:.1} s\n{}",
        proven.proof_bytes,
        proven.prove_s,
        proven.proof.display()
    );
    ctx.out.result(&proven, text)
}
