//! When a daemon looks.

use crate::args::time::up_to_an_hour;
use assay_marketplace::watch::patrol::Schedule;
use std::time::Duration;

/// When to look.
#[derive(Debug, Clone, clap::Args)]
pub struct PatrolArgs {
    /// Seconds between two looks at the chain
    #[arg(help_heading = "Watching", long, value_name = "SECONDS", default_value_t = 12, value_parser = up_to_an_hour)]
    pub every: u64,
    /// Do what is due now, with the proofs that it needs, and end
    #[arg(help_heading = "Watching", long)]
    pub once: bool,
}

impl From<PatrolArgs> for Schedule {
    fn from(args: PatrolArgs) -> Self {
        Self {
            every: Duration::from_secs(args.every),
            once: args.once,
        }
    }
}
