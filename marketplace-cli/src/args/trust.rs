//! How a verifier is judged.

use crate::args::srs::SrsArgs;
use alloy::primitives::B256;
use assay_marketplace::verifier::check::Trust;
use clap::Args;
use std::path::PathBuf;

/// How the model's verifier is judged.
#[derive(Debug, Clone, Args)]
pub struct TrustArgs {
    /// Architecture that the model claims to have: key and contract are made anew from it and compared
    #[arg(help_heading = "Trust", long, value_name = "FILE")]
    pub arch: Option<PathBuf>,
    /// The reference string that the architecture's verifier is made under, to compare.
    #[command(flatten)]
    pub srs: SrsArgs,
    /// Instead of comparing, trust a verifier with this code hash that was checked before; where no devnet is, --srs names the
    /// reference string that it was checked under
    #[arg(help_heading = "Trust", long, value_name = "HASH", conflicts_with = "arch")]
    pub trust_codehash: Option<B256>,
}

impl From<TrustArgs> for Trust {
    fn from(args: TrustArgs) -> Self {
        Self {
            arch: args.arch,
            srs: args.srs.into(),
            trust_codehash: args.trust_codehash,
        }
    }
}
