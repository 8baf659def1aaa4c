//! What it costs a provider to harm its consumer, or to take its examples.

use crate::args::economics::{amount, positive, MarketArgs};
use crate::context::Context;
use assay_economics::accuracy::{Opened, Terms};
use assay_economics::words::{number, percent};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy griefing --rpc-url http://127.0.0.1:8545\n  \
    assay policy griefing --terms terms.json --factor 10 --example-value 0.5\n\n\
    A provider that accepts and aborts has cost its consumer a fee, the pay of the abort, and the examples that it saw. To keep a\n\
    record of 1 % of failures it has to buy 99 successes of itself for every abort, 199 fees in all.")]
pub struct Args {
    /// Times that the provider should lose what its consumer does
    #[arg(long, value_name = "FACTOR", value_parser = positive, default_value_t = 99.0)]
    factor: f64,
    /// What an opened example is worth to who should not have it, as a share of its price
    #[arg(long, value_name = "SHARE", value_parser = amount, default_value_t = 1.0)]
    example_value: f64,
    #[command(flatten)]
    market: MarketArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Harm {
    fee: f64,
    wanted_factor: f64,
    full: Mode,
    clear: Mode,
    profitable_tuning: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    opened: f64,
    factor: f64,
    fee_for_factor: Option<f64>,
    theft_up_to: f64,
    fee_against_theft: f64,
}

impl Mode {
    fn new(terms: &Terms, opened: Opened, args: &Args) -> Self {
        Self {
            opened: terms.opened(opened),
            factor: terms.griefing_factor(args.example_value, opened),
            fee_for_factor: terms.fee_against_griefing(args.factor, args.example_value, opened),
            theft_up_to: terms.max_theft(opened),
            fee_against_theft: terms.fee_against_theft(args.example_value, opened),
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, mode) in [("full", &self.full), ("clear, simple", &self.clear)] {
            let for_factor = match mode.fee_for_factor {
                Some(fee) => format!("{} ETH", number(fee)),
                None => "no fee".into(),
            };
            writeln!(
                f,
                "{name}: an abort has opened {} examples; the fee is {} ETH",
                mode.opened,
                number(self.fee)
            )?;
            writeln!(
                f,
                "  harm      the provider loses {} times what its consumer does; {} times takes {for_factor}",
                number(mode.factor),
                number(self.wanted_factor)
            )?;
            let theft = match mode.theft_up_to {
                v if v < 0.0 => "gains by aborting alone".into(),
                v => format!("gains if an example is worth more than {} of its price", percent(v)),
            };
            writeln!(
                f,
                "  theft     a provider that only wants examples {theft}; against it: {} ETH",
                number(mode.fee_against_theft)
            )?;
        }
        writeln!(
            f,
            "tuned sets: a consumer earns if its set passes the probe and fails after with more than {}",
            percent(self.profitable_tuning)
        )
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let terms = args.market.read(ctx).await?.terms;
    let harm = Harm {
        fee: terms.fee,
        wanted_factor: args.factor,
        full: Mode::new(&terms, Opened::Probes, &args),
        clear: Mode::new(&terms, Opened::All, &args),
        profitable_tuning: terms.profitable_tuning(),
    };
    ctx.out.result(&harm, &harm)
}
