//! The whole path once, on real input: register, open, accept, send, prove, submit, settle, withdraw, read the verdict.

mod attack;
mod audits;
mod clear;
mod ending;
mod farm;
mod farmed;
mod full;
mod ledger;
mod rounds;
mod stage;
mod subject;

use crate::context::Context;
use assay_chain::error::usage;
use clap::ValueEnum;
use eyre::WrapErr;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay demo --keep /tmp/assay-demo\n  assay demo --protocol accuracy-full\n  \
    assay demo --model my.assay --images my-heldout\n  assay demo --protocol predict\n  assay demo --protocol audit\n  \
    assay demo --farm 3\n\n\
    Needs the repository: the digits model and images in models/digits, the compiled contracts, anvil. Ends with code 1\n\
    unless the verdict is PROVEN, or the rounds are Upheld and Fault, or the audits Complete and Violation; false proofs were refused on chain; and every balance is\n\
    right to the wei. On a terminal the chain runs on, so that what happened can be read."
)]
pub struct Args {
    /// Which protocol to play
    #[arg(long, value_enum, default_value_t = Protocol::AccuracySimple)]
    protocol: Protocol,
    #[command(flatten)]
    subject: subject::SubjectArgs,
    /// Have so many worker processes make the proofs, from a queue on a PostgreSQL of its own; the first one is killed in the middle
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    farm: Option<u16>,
    /// New directory for everything the demo makes [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    stay: ending::StayArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// Hand-over in clear, every counted example proven on chain
    AccuracySimple,
    /// Encrypted transfer, coin-tossed probe set, claimed result with challenge and full demand
    AccuracyFull,
    /// Two rounds of predictions: one that is contested and proven, one in which a cheaper model is served and caught
    Predict,
    /// Two audits of one corpus: one that bounds what was hidden, one in which a document is hidden and missed
    Audit,
}

impl Protocol {
    fn is_of_accuracy(self) -> bool {
        matches!(self, Self::AccuracySimple | Self::AccuracyFull)
    }

    /// Examples that are looked at before, and do not count.
    fn probes(self) -> u32 {
        u32::from(self == Self::AccuracyFull)
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    if args.farm.is_some() && args.protocol != Protocol::AccuracySimple {
        return Err(usage("--farm is for the protocol accuracy-simple"));
    }
    let mut args = args;
    if args.farm.is_some() {
        args.subject.examples.get_or_insert(12);
    }
    let source = subject::Source::of(&args.subject, args.protocol.is_of_accuracy(), args.protocol.probes())?;
    let temp;
    let work = match &args.keep {
        Some(dir) => {
            std::fs::create_dir(dir).wrap_err_with(|| format!("cannot create {}", dir.display()))?;
            dir.clone()
        }
        None => {
            temp = tempfile::tempdir().wrap_err("no temporary directory")?;
            temp.path().to_owned()
        }
    };
    if args.protocol == Protocol::Audit {
        return audits::play(ctx, &work, args.subject.seed)
            .await?
            .end(ctx, &work, args.stay)
            .await;
    }
    let stage = stage::Stage::set(ctx, &work, source).await?;
    match args.protocol {
        Protocol::Predict => rounds::play(stage).await?.end(ctx, &work, args.stay).await,
        Protocol::AccuracySimple => clear::play(stage, args.farm).await?.end(ctx, &work, args.stay).await,
        _ => full::play(stage).await?.end(ctx, &work, args.stay).await,
    }
}
