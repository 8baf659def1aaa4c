//! Models: imported, measured, opened, checked, or random; and what the chain says of registered ones.

mod check;
mod layers;
mod open;
mod show;
mod test;

use crate::args::image_size::image_size;
use crate::args::output::OutputArgs;
use crate::context::Context;
use assay_marketplace::model::import::{import_model, require_free, save};
use assay_protocol::testset::ImageSize;
use assay_prover::import::{ImportOptions, ImportReport};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::model::{Model, OutputMode};
use clap::Subcommand;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import a network from an ONNX file: a float one is quantised, a quantised one keeps its scales
    #[command(
        after_help = "Example:\n  assay model import models/digits/mobilenet_v2_035_96.onnx \\\n    \
        --calibration models/digits/calibration --out digits.assay\n\n\
        What proofs of the model reveal is part of its architecture and fixed from here on; the metric that it is registered with\n\
        follows. An answer is right if the class is the label (top1), the label is one of five classes, whose order stays hidden\n\
        (top5, from 6 classes on), or the bit is the label, 0 or 1 (bin, 2 classes). Logits serve assay prove and assay verify.\n\n\
        A quantised file (QDQ or QOperator of onnxruntime, full-integer TFLite through tf2onnx) needs no images; with --calibration the\n\
        report says for each layer how far its integers are from the file's own.\n\n\
        Operators that are not supported, and networks for which some image would have no proof, are errors that name the\n\
        node and the layer."
    )]
    Import {
        /// Network: Conv, batch norm, Clip or ReLU6, Add, Concat, average pool, Gemm; Softmax or ArgMax at the end
        onnx: PathBuf,
        /// Folder of PNG images: they set the activations' ranges of a float network, and both networks are compared on them
        #[arg(long, value_name = "DIR")]
        calibration: Option<PathBuf>,
        /// Where the model goes; keep it secret
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        output: OutputArgs,
        /// Multipliers are rounded to fractions of 2^N, 9 to 24. Up to 16 a circuit has 2^N rows at least: a smaller N makes proofs of
        /// small networks faster and rounding coarser. From 17 on it has 2^(N-8) rows at least and more columns: 24 meets the integers of a
        /// quantised file, all but some next to halfway
        #[arg(long, value_name = "N", default_value_t = ImportOptions::default().shift)]
        shift: u32,
        /// Height and width of the image, of a network that leaves them open: one number for both, or HEIGHTxWIDTH
        #[arg(long, value_name = "SIZE", value_parser = image_size)]
        input_size: Option<ImageSize>,
        /// Replace the file that is there; never one with a secret file
        #[arg(long)]
        force: bool,
    },
    /// What the chain says of a registered model, or a file of one
    Show(show::ShowArgs),
    /// The models of the registry
    List(show::ListArgs),
    /// Measure how often a model is right, and which targets that allows
    Test(test::Args),
    /// Provider: write what shows others the weights behind a commitment
    Open(Box<open::Args>),
    /// Check that weights are those of a commitment
    Check(check::Args),
    /// Make a MobileNet v2 with random weights, to measure with
    #[command(after_help = "Examples:\n  \
        assay model random --out paper.assay                               the paper's first row: 0.35, 96, 1001 classes\n  \
        assay model random --width 0.5 --resolution 224 --out larger.assay")]
    Random {
        /// Width multiplier
        #[arg(long, default_value_t = 0.35)]
        width: f64,
        /// Side of the image, pixels
        #[arg(long, default_value_t = 96)]
        resolution: usize,
        #[arg(long, default_value_t = 1001)]
        classes: usize,
        /// The same seed gives the same weights
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        output: OutputArgs,
        /// Where the model goes
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Serialize)]
struct Imported {
    model: PathBuf,
    report: ImportReport,
}

#[derive(Serialize)]
struct Made {
    model: PathBuf,
    parameters: usize,
    activations: usize,
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Import {
                onnx,
                calibration,
                out,
                output,
                shift,
                input_size,
                force,
            } => {
                require_free(&out, force)?;
                let options = ImportOptions {
                    shift,
                    input_size: input_size.map(|size| [size.height as usize, size.width as usize]),
                    output: OutputMode::from(&output),
                    ..ImportOptions::default()
                };
                let (_, report) = import_model(&onnx, calibration.as_deref(), &options, &out, &ctx.out)?;
                let text = report.to_table();
                ctx.out.result(&Imported { model: out, report }, text)
            }
            Self::Show(args) => show::show(args, ctx).await,
            Self::List(args) => show::list(args, ctx).await,
            Self::Test(args) => test::run(args, ctx).await,
            Self::Open(args) => open::run(*args, ctx).await,
            Self::Check(args) => check::run(args, ctx).await,
            Self::Random {
                width,
                resolution,
                classes,
                seed,
                output,
                out,
            } => {
                let mut architecture = mobilenet_v2(width, resolution, classes);
                architecture.output = OutputMode::from(&output);
                let model = Model::random(architecture, seed)?;
                save(&model, &out)?;
                let made = Made {
                    parameters: model.architecture.parameter_count(),
                    activations: model.architecture.activation_count(),
                    model: out,
                };
                let text = format!(
                    "{} parameters, {} activations in {}",
                    made.parameters,
                    made.activations,
                    made.model.display()
                );
                ctx.out.result(&made, text)
            }
        }
    }
}
