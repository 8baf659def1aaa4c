//! What proofs of a new model reveal.

use assay_prover::model::OutputMode;
use clap::ValueEnum;

/// The output mode of a model that is imported or made.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// What a proof reveals, and what makes the answer right
    #[arg(long, value_enum, default_value_t = MetricArg::Top1)]
    metric: MetricArg,
    /// Let proofs reveal every logit instead: for assay prove and assay verify only, no market takes it
    #[arg(long, conflicts_with = "metric")]
    logits: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricArg {
    /// The class; right if it is the label
    Top1,
    /// Five classes, without their order; right if the label is among them; from 6 classes on
    Top5,
    /// A bit, of a network with 2 classes; right if it is the label, 0 or 1
    Bin,
}

impl From<&OutputArgs> for OutputMode {
    fn from(args: &OutputArgs) -> Self {
        match args.metric {
            _ if args.logits => Self::Logits,
            MetricArg::Top1 => Self::Top1,
            MetricArg::Top5 => Self::Top5,
            MetricArg::Bin => Self::Bit,
        }
    }
}
