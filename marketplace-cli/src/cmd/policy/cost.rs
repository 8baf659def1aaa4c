//! What proofs cost in time, gas and money.

use crate::args::economics::CostArgs;
use crate::context::Context;
use assay_economics::cost::{gas_ether, Cost};
use assay_economics::words::number;
use assay_protocol::units::grouped;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy cost --proofs 299                              each in a transaction of its own, at 1 gwei\n  \
    assay policy cost --proofs 299 --gwei 0.01 --gwei-per-byte 1     on an L2 that pays for its data\n  \
    assay policy cost --proofs 600 --gwei 0                     a consumer that verifies by itself\n\n\
    Defaults are measured where they are ours and assumed where they are the world's: state your own prices.")]
pub struct Args {
    /// Proofs
    #[arg(long, value_name = "N", default_value_t = 1)]
    proofs: u64,
    #[command(flatten)]
    costs: CostArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Costs {
    proofs: u64,
    hours: f64,
    cores: f64,
    gas: u64,
    gas_ether: f64,
    compute_dollars: f64,
    gas_dollars: f64,
    data_dollars: f64,
    dollars: f64,
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "time        {} hours on {} cores",
            number(self.hours),
            number(self.cores)
        )?;
        writeln!(f, "gas         {}, {} ETH", grouped(self.gas), number(self.gas_ether))?;
        writeln!(
            f,
            "money       ${} = compute ${} + gas ${} + data ${}",
            number(self.dollars),
            number(self.compute_dollars),
            number(self.gas_dollars),
            number(self.data_dollars)
        )
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (proof, prices) = (args.costs.proof(), args.costs.prices());
    let cost = Cost::of(args.proofs, proof, prices);
    let gas = args.proofs.saturating_mul(proof.gas);
    let costs = Costs {
        proofs: args.proofs,
        hours: args.proofs as f64 * proof.seconds / 3600.0,
        cores: proof.cores,
        gas,
        gas_ether: gas_ether(gas, prices.gwei),
        compute_dollars: cost.compute,
        gas_dollars: cost.gas,
        data_dollars: cost.data,
        dollars: cost.total(),
    };
    ctx.out.result(&costs, &costs)
}
