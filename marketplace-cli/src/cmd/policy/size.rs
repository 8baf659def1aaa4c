//! How many samples a statement needs.

use crate::args::economics::ConfidenceArgs;
use crate::context::Context;
use assay_economics::binomial::{samples, Sides};
use assay_economics::share::Share;
use assay_economics::words::percent;
use assay_economics::{hoeffding, hypergeometric};
use assay_protocol::units::grouped;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy size --failure-rate 1%              without a failure, that many show that less than 1 % are wrong\n  \
    assay policy size --failure-rate 5% --failures 2 as many, if two of them may fail\n  \
    assay policy size --failure-rate 1% --of 10000   of a corpus of 10,000, exact\n  \
    assay policy size --margin 2.5%                  to know an accuracy within 2.5 points")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["failure_rate", "margin"])))]
pub struct Args {
    /// Share of failures to exclude (Clopper-Pearson)
    #[arg(long, value_name = "SHARE")]
    failure_rate: Option<Share>,
    /// How far a measured accuracy may be from the true one (Hoeffding)
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["failures", "of"])]
    margin: Option<Share>,
    /// Samples that may fail
    #[arg(long, value_name = "N", default_value_t = 0)]
    failures: u64,
    /// Size of the corpus, if the samples are drawn from one without replacement
    #[arg(long, value_name = "N", conflicts_with = "failures")]
    of: Option<u64>,
    #[command(flatten)]
    confidence: ConfidenceArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sized {
    one_sided: u64,
    two_sided: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_corpus: Option<u64>,
    #[serde(skip)]
    sentence: String,
}

impl fmt::Display for Sized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sentence)?;
        writeln!(f, "one-sided   {}", grouped(self.one_sided))?;
        writeln!(
            f,
            "two-sided   {}   half of the doubt on either side",
            grouped(self.two_sided)
        )?;
        match self.of_corpus {
            Some(n) => writeln!(f, "of a corpus {}   exact, one-sided", grouped(n)),
            None => Ok(()),
        }
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let delta = &args.confidence.delta;
    let sure = percent(1.0 - delta.value());
    let sized = match (&args.failure_rate, &args.margin) {
        (Some(rate), _) => Sized {
            one_sided: samples(rate, delta, Sides::One, args.failures)?,
            two_sided: samples(rate, delta, Sides::Two, args.failures)?,
            of_corpus: args.of.map(|of| hypergeometric::samples(of, rate, delta)).transpose()?,
            sentence: format!(
                "samples, {} failed, that show with {sure} confidence that less than {} fail",
                args.failures,
                percent(rate.value())
            ),
        },
        (None, margin) => {
            let margin = margin.as_ref().unwrap_or(delta);
            Sized {
                one_sided: hoeffding::samples(margin, delta, Sides::One),
                two_sided: hoeffding::samples(margin, delta, Sides::Two),
                of_corpus: None,
                sentence: format!(
                    "samples that show an accuracy within {} with {sure} confidence",
                    percent(margin.value())
                ),
            }
        }
    };
    ctx.out.result(&sized, &sized)
}
