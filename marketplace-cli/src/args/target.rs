//! The accuracy that an offer asks for.

use assay_protocol::target::parse;
use clap::Args;

/// What an offer requires, given in one way.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub struct TargetArgs {
    /// Required accuracy, for example 75% or 97.5%
    #[arg(long, value_name = "PERCENT", value_parser = parse)]
    target: Option<u16>,
    /// The same in hundredths of a percent, 1..10000, for scripts
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u16).range(1..=10000))]
    target_bps: Option<u16>,
}

impl TargetArgs {
    /// Hundredths of a percent; 100 % if the command line was not read by clap, which demands one of the two.
    pub fn bps(&self) -> u16 {
        self.target.or(self.target_bps).unwrap_or(10_000)
    }
}

/// What a provider accepts, given in one way.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub struct MaxTargetArgs {
    /// Highest target to accept, for example 90%: well below the model's own accuracy
    #[arg(long, value_name = "PERCENT", value_parser = parse)]
    max_target: Option<u16>,
    /// The same in hundredths of a percent, for scripts
    #[arg(long, value_name = "BPS")]
    max_target_bps: Option<u16>,
}

impl MaxTargetArgs {
    /// Whether there is any limit.
    pub fn is_given(&self) -> bool {
        self.max_target.or(self.max_target_bps).is_some()
    }

    /// Hundredths of a percent; any target if none was given.
    pub fn bps(&self) -> u16 {
        self.max_target.or(self.max_target_bps).unwrap_or(10_000)
    }
}
