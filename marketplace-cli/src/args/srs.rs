//! The reference string.

use assay_marketplace::proving::reference_string::{SrsChoice, SrsUse};
use clap::Args;

/// The string under which keys are made.
#[derive(Debug, Clone, Args)]
pub struct SrsArgs {
    /// Reference string: dev (unsafe, refused where no devnet is), or a snarkjs .ptau file
    #[arg(
        help_heading = "Reference string",
        long = "srs",
        value_name = "dev|FILE",
        default_value = "dev"
    )]
    pub choice: SrsChoice,
    /// Use the development reference string on a chain that is no devnet
    #[arg(help_heading = "Reference string", long)]
    pub allow_unsafe_srs: bool,
}

impl From<SrsArgs> for SrsUse {
    fn from(args: SrsArgs) -> Self {
        Self {
            choice: args.choice,
            allow_unsafe: args.allow_unsafe_srs,
        }
    }
}
