//! From which probe on a provider should go on.

use crate::args::economics::MarketArgs;
use crate::args::target::TargetArgs;
use crate::context::Context;
use assay_chain::error::usage;
use assay_economics::belief::{Belief, Prior};
use assay_economics::tuning::{griefing_threshold, unprofitable_threshold};
use assay_economics::words::percent;
use assay_protocol::transfer::policy::{Advice, Caution, Stakes};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy proceed --target 75% --rpc-url http://127.0.0.1:8545\n  \
    assay policy proceed --target 60% --correct 82 --price-input 1 --price-proof 0.1 --price-inference 0.001 --fee 0.1 \
    --n1 100 --n2 600\n\n\
    In the full mode a provider sees N1 examples before it decides. Two things speak against going on: that its model fails on\n\
    the rest (I2), and that the consumer chose a set that passes the probe and fails after (I5).")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Probes that were right
    #[arg(long, value_name = "N")]
    correct: Option<u32>,
    /// Examples that the model got right before
    #[arg(long, value_name = "N", default_value_t = 0)]
    known_correct: u32,
    /// Examples that the model got wrong before
    #[arg(long, value_name = "N", default_value_t = 0)]
    known_wrong: u32,
    #[command(flatten)]
    market: MarketArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Threshold {
    probes: u32,
    needed: u32,
    proven: u32,
    max_failure: f64,
    unprofitable: Option<u32>,
    griefing_1: Option<u32>,
    griefing_100: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proceed: Option<bool>,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "needed      {} of {} proven examples", self.needed, self.proven)?;
        writeln!(
            f,
            "risk        going on pays up to a probability of failing of {}",
            percent(self.max_failure)
        )?;
        let rows = [
            ("earns nothing by tuning its set", self.unprofitable),
            ("loses by that as much as the provider", self.griefing_1),
            ("loses a hundred times as much", self.griefing_100),
        ];
        for (what, threshold) in rows {
            match threshold {
                Some(c) => writeln!(f, "probe       from {c} of {} right on, a consumer {what}", self.probes)?,
                None => writeln!(
                    f,
                    "probe       no number of {} right means that a consumer {what}",
                    self.probes
                )?,
            }
        }
        if let Some(failure) = self.failure {
            writeln!(f, "this probe  fails after with {}", percent(failure))?;
        }
        match self.proceed {
            Some(true) => writeln!(f, "advice      go on"),
            Some(false) => writeln!(f, "advice      abort"),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let terms = args.market.read(ctx).await?.terms;
    let stakes = Stakes {
        terms,
        target_bps: args.target.bps(),
    };
    if let Some(correct) = args.correct.filter(|correct| *correct > terms.probe) {
        return Err(usage(format!(
            "--correct {correct} is more than the {} probes",
            terms.probe
        )));
    }
    let prior = Prior {
        correct: args.known_correct,
        wrong: args.known_wrong,
    };
    if u64::from(prior.correct) + u64::from(prior.wrong) > u64::from(u32::MAX / 2) {
        return Err(usage(
            "--known-correct and --known-wrong are more than two thousand million examples",
        ));
    }
    let needed = stakes.needed();
    let belief = args.correct.map(|correct| Belief::new(prior, correct, terms.probe));
    let advice = args
        .correct
        .map(|correct| stakes.decide(correct, prior, Caution::Unprofitable));
    let result = Threshold {
        probes: terms.probe,
        needed,
        proven: terms.proven,
        max_failure: stakes.max_failure(),
        unprofitable: unprofitable_threshold(&terms, needed),
        griefing_1: griefing_threshold(&terms, needed, 1.0),
        griefing_100: griefing_threshold(&terms, needed, 100.0),
        failure: belief.map(|belief| belief.failure(needed, terms.proven)),
        proceed: advice.map(|advice| advice == Advice::Proceed),
    };
    ctx.out.result(&result, &result)
}
