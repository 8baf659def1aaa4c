//! Offers an engagement and escrows its money.

use crate::args::sending::TryArgs;
use crate::args::target::TargetArgs;
use crate::args::time::seconds;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::consumer::open::{open, require_ready, Ask};
use assay_marketplace::verifier::check::Trust;
use assay_protocol::abi::{Adjudication, Mode};
use assay_protocol::target::percent;
use clap::ValueEnum;
use std::path::PathBuf;

/// A target below this is more likely a slip, such as percent for hundredths of a percent.
const SELDOM_MEANT_BPS: u16 = 5_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay mc open 0x9a… --set my-set --target 90% --arch digits.arch.json --keystore me.json\n  \
    assay mc open 0x9a… --set my-set --target 90% --arch digits.arch.json --mode full --keystore me.json\n\n\
    Escrows the deposit and the fee. Repeating the command with the same set finds the offer instead of making another.\n\
    Be reachable until the engagement closes: once a provider accepts, the examples are due.")]
pub struct Args {
    /// Model to verify
    model_id: B256,
    /// Test set, see assay mc test-set build
    #[arg(long, value_name = "DIR")]
    set: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// How the provider gets the examples, and which of them count
    #[arg(long, value_enum, default_value_t = ModeArg::Clear)]
    mode: ModeArg,
    /// How the result is settled [default: direct where the market demands it, else optimistic]
    #[arg(long, value_enum)]
    adjudication: Option<AdjudicationArg>,
    /// Seconds in which the provider may accept
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value_t = 1800)]
    expires_in: u64,
    /// Offer images again that an earlier provider has seen
    #[arg(long)]
    allow_reuse: bool,
    #[command(flatten)]
    trust: crate::args::trust::TrustArgs,
    #[command(flatten)]
    keys: TryArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    /// In clear after the acceptance; all count
    Clear,
    /// Encrypted; a random part is opened for probing, the rest counts
    Full,
    /// Encrypted, all opened at once; all count
    Simple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AdjudicationArg {
    /// Each counted example is proven on chain
    Direct,
    /// A claimed result stands unless somebody challenges it
    Optimistic,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Clear => Self::CLEAR,
            ModeArg::Full => Self::FULL,
            ModeArg::Simple => Self::SIMPLE,
        }
    }
}

impl From<AdjudicationArg> for Adjudication {
    fn from(adjudication: AdjudicationArg) -> Self {
        match adjudication {
            AdjudicationArg::Direct => Self::DIRECT,
            AdjudicationArg::Optimistic => Self::OPTIMISTIC,
        }
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let trust = Trust::from(args.trust);
    trust.require_given()?;
    let target_bps = args.target.bps();
    if target_bps < SELDOM_MEANT_BPS {
        args.keys
            .consent()
            .require(
                &ctx.out,
                format_args!("the target is {}, less than half of the examples", percent(target_bps)),
            )
            .await?;
    }
    let desk = ctx.paying_desk(&args.keys).await?;
    let model = desk.market.model(args.model_id).await?;
    require_ready(&desk, &args.set, &model).await?;
    trust.require(&desk.market.chain, &model.record, &ctx.out).await?;
    let ask = Ask {
        model_id: args.model_id,
        mode: args.mode.into(),
        adjudication: args.adjudication.map(Into::into),
        target_bps,
        expires_in: args.expires_in,
        allow_reuse: args.allow_reuse,
    };
    let result = open(&desk, &args.set, ask).await?;
    ctx.out.result(&result, &result)
}
