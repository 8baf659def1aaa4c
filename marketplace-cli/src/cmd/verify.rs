//! Verifies one proof, off any market.

use crate::args::srs::SrsArgs;
use crate::context::Context;
use alloy::primitives::{B256, U256};
use assay_chain::error::{rejected, usage};
use assay_marketplace::proving::bundle::load;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::stated::{verify, Answer, Decoded, Stated};
use assay_marketplace::proving::{load_arch, verifier_key};
use assay_marketplace::testset::read_image;
use assay_protocol::testset::input_commit;
use assay_protocol::testset::ImageSize;
use assay_prover::model::OutputMode;
use eyre::WrapErr;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay verify 42.proof --arch digits.arch.json --weights-commit 0x00ab…\n  \
    assay verify 42.proof --arch digits.arch.json --image 0042_7.png --opening 42.proof.input.json\n\n\
    Exit code 3 if the proof is false or about something else. What is not given is not compared: the result says what the\n\
    proof states."
)]
pub struct Args {
    /// Proof file
    proof: PathBuf,
    /// Architecture file, see assay plan
    #[arg(long, value_name = "FILE")]
    arch: PathBuf,
    #[command(flatten)]
    srs: SrsArgs,
    /// Commitment that the model must have
    #[arg(long, value_name = "HASH")]
    weights_commit: Option<B256>,
    /// Context that the proof must be bound to
    #[arg(long, value_name = "NUMBER")]
    ctx: Option<U256>,
    /// Class that the model must answer, or have among its five
    #[arg(long)]
    class: Option<u32>,
    /// Image that the input commitment must be of
    #[arg(long, value_name = "FILE", requires = "opening")]
    image: Option<PathBuf>,
    /// The salt of that image, as assay prove wrote it
    #[arg(long, value_name = "FILE", requires = "image")]
    opening: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    valid: bool,
    output: OutputMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<U256>,
    #[serde(flatten)]
    answer: Decoded,
    ctx: B256,
    input_commit: B256,
    weights_commit: B256,
    verify_ms: f64,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let bundle = load(&args.proof)?;
    let frozen = load_arch(&args.arch)?;
    let mode = frozen.architecture.output;
    let other_number = || rejected("it has another number of public inputs");
    let stated = Stated::by(&bundle).ok_or_else(other_number)?;
    let outputs: Vec<U256> = stated.outputs.iter().map(|word| U256::from_be_bytes(*word)).collect();
    let answer = Answer::of(mode, &outputs).ok_or_else(other_number)?;
    let mut expected = stated.clone();
    if let Some(weights) = args.weights_commit {
        expected.weights_commit = weights.0;
    } else {
        ctx.out
            .warn("without --weights-commit the proof is about any model of this architecture");
    }
    expected.ctx = args.ctx.map_or(stated.ctx, |ctx| ctx.to_be_bytes());
    if let (Some(image), Some(opening)) = (&args.image, &args.opening) {
        let text = std::fs::read(opening).wrap_err_with(|| format!("cannot read {}", opening.display()))?;
        let opening: crate::cmd::prove::InputOpening =
            serde_json::from_slice(&text).map_err(|e| usage(format!("{}: {e}", opening.display())))?;
        let shape = frozen.architecture.input;
        let size = ImageSize {
            height: shape.h as u32,
            width: shape.w as u32,
        };
        expected.input_commit = input_commit(&read_image(image, size)?, &opening.input_salt).to_be_bytes();
    }
    let string = SrsUse::from(args.srs)
        .load_off_chain(async || ctx.named_chain().await, frozen.layout.k, &ctx.out)
        .await?;
    let key = verifier_key(&frozen, string, &ctx.out)?;
    let began = Instant::now();
    let names_class = args.class.is_none_or(|class| answer.names(class));
    let verified = if names_class {
        verify(&key, &bundle, &expected)
    } else {
        Err(rejected(format!("it states {answer}")))
    };
    verified.map_err(|e| differences(e, &stated, &expected, names_class))?;
    let verified = Verified {
        valid: true,
        output: mode,
        class: answer.class(),
        answer: Decoded::from(&answer),
        ctx: stated.ctx.into(),
        input_commit: stated.input_commit.into(),
        weights_commit: stated.weights_commit.into(),
        verify_ms: began.elapsed().as_secs_f64() * 1e3,
    };
    let text = format!(
        "valid: {answer}, verified in {:.1} ms\nweights {}",
        verified.verify_ms, verified.weights_commit
    );
    ctx.out.result(&verified, text)
}

/// The error with the parts of the statement that differ.
fn differences(error: eyre::Report, stated: &Stated, expected: &Stated, names_class: bool) -> eyre::Report {
    let parts = [
        (
            "the model's commitment",
            stated.weights_commit == expected.weights_commit,
        ),
        ("the context", stated.ctx == expected.ctx),
        ("the input", stated.input_commit == expected.input_commit),
        ("the class", names_class),
    ];
    let wrong: Vec<&str> = parts.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
    if wrong.is_empty() {
        return error;
    }
    error.wrap_err(format!("what differs: {}", wrong.join(", ")))
}
