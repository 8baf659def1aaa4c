//! The arithmetic behind the markets: how many samples, which deposits, what it costs.

mod bound;
mod check;
mod cost;
mod deposit;
mod griefing;
mod proceed;
mod size;
mod tables;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// How many samples a statement needs
    Size(size::Args),
    /// What a sample shows
    Bound(bound::Args),
    /// From which probe on a provider should go on
    Proceed(proceed::Args),
    /// What it costs a provider to harm its consumer, or to take its examples
    Griefing(griefing::Args),
    /// Which deposit deters lying
    Deposit(deposit::Args),
    /// What proofs cost in time, gas and money
    Cost(cost::Args),
    /// Whether a market's terms keep to every condition
    Check(Box<check::Args>),
    /// The paper's tables with our costs, and what is wrong with them
    Tables(tables::Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Size(args) => size::run(args, ctx),
            Self::Bound(args) => bound::run(args, ctx),
            Self::Proceed(args) => proceed::run(args, ctx).await,
            Self::Griefing(args) => griefing::run(args, ctx).await,
            Self::Deposit(args) => deposit::run(args, ctx),
            Self::Cost(args) => cost::run(args, ctx),
            Self::Check(args) => check::run(*args, ctx).await,
            Self::Tables(args) => tables::run(args, ctx),
        }
    }
}
