//! What a sample shows.

use crate::args::economics::ConfidenceArgs;
use crate::context::Context;
use assay_chain::error::usage;
use assay_economics::binomial::{lower, upper, Sides};
use assay_economics::words::percent;
use assay_economics::{hoeffding, hypergeometric};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy bound --samples 299                        none failed: how many of all may\n  \
    assay policy bound --samples 600 --failures 120         480 of 600 right: how accurate at least\n  \
    assay policy bound --samples 299 --of 9900 --positives 100\n\
    \x20                                                       299 of 9,900 documents that were answered with no were proven:\n\
    \x20                                                       how many may be hidden, and what share was found")]
pub struct Args {
    /// Samples that were drawn
    #[arg(long, value_name = "N")]
    samples: u64,
    /// How many of them failed
    #[arg(long, value_name = "N", default_value_t = 0)]
    failures: u64,
    /// Size of the corpus that they were drawn from without replacement; none may have failed
    #[arg(long, value_name = "N")]
    of: Option<u64>,
    /// Documents that were found besides, for the recall
    #[arg(long, value_name = "N", requires = "of")]
    positives: Option<u64>,
    #[command(flatten)]
    confidence: ConfidenceArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bounded {
    confidence: f64,
    failures_at_most: f64,
    failures_between: [f64; 2],
    successes_at_least: f64,
    successes_at_least_hoeffding: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_at_most: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recall_at_least: Option<f64>,
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = self.failures_between;
        writeln!(f, "with {} confidence", percent(self.confidence))?;
        writeln!(
            f,
            "failures    at most {} (Clopper-Pearson, one-sided)",
            percent(self.failures_at_most)
        )?;
        writeln!(
            f,
            "            between {} and {} (two-sided)",
            percent(from),
            percent(to)
        )?;
        writeln!(
            f,
            "successes   at least {} (Hoeffding: {})",
            percent(self.successes_at_least),
            percent(self.successes_at_least_hoeffding)
        )?;
        if let Some(hidden) = self.hidden_at_most {
            writeln!(f, "hidden      at most {hidden} documents (exact)")?;
        }
        if let Some(recall) = self.recall_at_least {
            writeln!(f, "found       at least {} of what there is", percent(recall))?;
        }
        Ok(())
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (n, k, delta) = (args.samples, args.failures, &args.confidence.delta);
    if args.of.is_some() && k > 0 {
        return Err(usage(
            "--of bounds what a sample without a failure leaves hidden: a failure that was found is no longer hidden",
        ));
    }
    let failures_at_most = upper(k, n, delta, Sides::One)?;
    let two = [
        if k == 0 { 0.0 } else { lower(k, n, delta, Sides::Two)? },
        upper(k, n, delta, Sides::Two)?,
    ];
    let hidden = args.of.map(|of| hypergeometric::bound(of, n, delta)).transpose()?;
    let bounded = Bounded {
        confidence: 1.0 - delta.value(),
        failures_at_most,
        failures_between: two,
        successes_at_least: lower(n - k, n, delta, Sides::One)?,
        successes_at_least_hoeffding: hoeffding::lower(n - k, n, delta, Sides::One)?,
        hidden_at_most: hidden,
        recall_at_least: args.positives.zip(hidden).map(|(p, h)| hypergeometric::recall(p, h)),
    };
    ctx.out.result(&bounded, &bounded)
}
