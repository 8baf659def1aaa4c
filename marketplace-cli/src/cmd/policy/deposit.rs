//! Which deposit deters lying.

use crate::args::economics::{chance, ether_amount, positive_ether};
use crate::context::Context;
use assay_chain::error::usage;
use assay_economics::audits::hiding_factor;
use assay_economics::rounds::Round;
use assay_economics::words::{number, percent};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy deposit --outputs 4096 --cap 59 --contests 10% --price-proof 0.002 --price-inference 0.00001\n  \
    assay policy deposit --zeros 9900 --samples 299 --hidden 100 --value 0.5\n\n\
    The first is about a round of predictions: a provider that serves wrong ones does not gain, however many, if its deposit is\n\
    K(P + g)/q. The second is about an audit: hiding documents does not pay if the bond is their worth over the chance to be found.")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["outputs", "zeros"])))]
pub struct Args {
    /// K: predictions of a round
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires_all = ["price_proof", "price_inference"])]
    outputs: Option<u32>,
    /// C: most of them that may be contested [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires = "outputs")]
    cap: Option<u32>,
    /// q: probability that a round has at least one prediction contested that was drawn at random
    #[arg(long, value_name = "SHARE", value_parser = chance, default_value = "1")]
    contests: f64,
    /// g: ether that one wrong prediction is worth to the provider elsewhere
    #[arg(long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 0.0)]
    gain: f64,
    /// Z: ether of each side per contested prediction
    #[arg(long, value_name = "ETHER", value_parser = positive_ether)]
    price_proof: Option<f64>,
    /// P: ether that one inference costs the provider
    #[arg(long, value_name = "ETHER", value_parser = ether_amount)]
    price_inference: Option<f64>,
    /// Ether that the predictions of a round are paid
    #[arg(long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 0.0)]
    price: f64,
    /// z: documents that were answered with no
    #[arg(long, value_name = "N", requires_all = ["samples", "hidden"])]
    zeros: Option<u64>,
    /// n: how many of them are proven
    #[arg(long, value_name = "N", requires = "zeros", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Documents that could be hidden among them
    #[arg(long, value_name = "N", requires = "zeros")]
    hidden: Option<u64>,
    /// Ether that hiding one is worth
    #[arg(long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 1.0)]
    value: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "of")]
enum Deposit {
    #[serde(rename_all = "camelCase")]
    Round {
        deposit: f64,
        against_lying: f64,
        least: f64,
        contest_belief: f64,
        consumer_locks: f64,
        price: f64,
    },
    #[serde(rename_all = "camelCase")]
    Audit { bond: f64, factor: f64, value: f64 },
}

impl fmt::Display for Deposit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Round {
                deposit,
                against_lying,
                least,
                contest_belief,
                consumer_locks,
                price,
            } => {
                writeln!(f, "deposit     {} ETH of the provider", number(*deposit))?;
                writeln!(
                    f,
                    "            {} ETH so that wrong predictions do not pay, {} ETH is the contract's least (2CZ)",
                    number(*against_lying),
                    number(*least)
                )?;
                writeln!(
                    f,
                    "consumer    {} ETH for its contests, {} ETH for the predictions",
                    number(*consumer_locks),
                    number(*price)
                )?;
                writeln!(
                    f,
                    "contests    pay from a chance of {} on that a prediction is not proven in time: more deposit, more contests",
                    percent(*contest_belief)
                )
            }
            Self::Audit { bond, factor, value } => {
                writeln!(f, "bond        {} ETH", number(*bond))?;
                writeln!(
                    f,
                    "            {} times what hiding one document is worth, {} ETH",
                    number(*factor),
                    number(*value)
                )
            }
        }
    }
}

fn round(args: &Args, outputs: u32, proof: f64, inference: f64) -> eyre::Result<Deposit> {
    let cap = args.cap.unwrap_or(outputs);
    if cap > outputs {
        return Err(usage(format!("--cap {cap} is more than the {outputs} predictions")));
    }
    let round = Round {
        outputs,
        cap,
        provider_deposit: 0.0,
        price: args.price,
        proof,
        inference,
    };
    let (against_lying, least) = (
        round.deterring_deposit(args.gain, args.contests),
        round.contest_deposit(),
    );
    let deposit = against_lying.max(least);
    let locked = Round {
        provider_deposit: deposit,
        ..round
    };
    Ok(Deposit::Round {
        deposit,
        against_lying,
        least,
        contest_belief: locked.contest_belief(),
        consumer_locks: least,
        price: args.price,
    })
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let round_terms = (args.outputs, args.price_proof, args.price_inference);
    let deposit =
        match (round_terms, (args.zeros, args.samples, args.hidden)) {
            ((Some(outputs), Some(proof), Some(inference)), _) => round(&args, outputs, proof, inference)?,
            (_, (Some(zeros), Some(samples), Some(hidden))) => {
                let factor = hiding_factor(zeros, hidden, samples)?;
                Deposit::Audit {
                    bond: factor * args.value,
                    factor,
                    value: args.value,
                }
            }
            _ => return Err(usage(
                "a round has --outputs, --price-proof and --price-inference, an audit --zeros, --samples and --hidden",
            )),
        };
    ctx.out.result(&deposit, &deposit)
}
