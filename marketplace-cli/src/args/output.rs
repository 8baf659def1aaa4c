//! What proofs of a new model reveal.

use assay_prover::model::OutputMode;
use clap::ValueEnum;

/// The output mode of a model that is imported or made.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// What a proof reveals: the class, five classes, or a bit of two classes
    #[arg(long, value_enum, default_value_t = MetricArg::Top1)]
    metric: MetricArg,
    /// Let proofs reveal every logit instead; no market takes that
    #[arg(long, conflicts_with = "metric")]
    logits: bool,
}

// Without help of their own: that would make every option of the command take a paragraph.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricArg {
    Top1,
    Top5,
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
