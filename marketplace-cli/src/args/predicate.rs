//! How the keys of a predicate are made.

use crate::args::srs::SrsArgs;
use assay_marketplace::audit::published::KeyUse;
use assay_prover::proof::Memory;
use clap::Args;

/// The reference string of a predicate, and what proving with it keeps in memory.
#[derive(Debug, Clone, Args)]
pub struct PredicateKeyArgs {
    /// The reference string that the predicate's key is made under.
    #[command(flatten)]
    pub srs: SrsArgs,
    /// Keep what every proof has in common (fast), or compute it each time (small) [default: by the machine's memory]
    #[arg(help_heading = "Model", long, value_name = "small|fast")]
    pub memory: Option<Memory>,
}

impl From<PredicateKeyArgs> for KeyUse {
    fn from(args: PredicateKeyArgs) -> Self {
        Self {
            srs: args.srs.into(),
            memory: args.memory,
        }
    }
}
