//! Whether a market's terms keep to every condition.

use crate::args::economics::{CostArgs, MarketArgs};
use crate::args::policy::{AssumedArgs, AuditArgs, LoadArgs, RoundArgs};
use crate::context::Context;
use assay_chain::error::hinted;
use assay_economics::conditions::{
    accuracy, audit, load, round, AccuracyCase, AuditCase, Condition, Costs, Load, Verdict,
};
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy check --rpc-url http://127.0.0.1:8545           the deployment of the address book\n  \
    assay policy check --rpc-url http://127.0.0.1:8545 --outputs 1024 --cap 59 --provider-deposit 0.5   and of its rounds\n  \
    assay policy check --terms terms.json --gwei 5 --strict      before it is deployed; exit code 1 if a condition fails\n  \
    assay policy check --terms terms.json --outputs 1024 --cap 59 --provider-deposit 0.5 --contests 10%\n  \
    assay policy check --terms terms.json --zeros 9900 --samples 299 --hidden 100 --value 0.001 --bond 0.2 --price 0.5\n\n\
    One line per condition: holds, FAILS, or open where it depends on a number that nobody gave. CLEAR stands for the modes\n\
    simple and clear, in which a provider sees all examples before it decides; v is what an opened example is worth to somebody who\n\
    should not have it, as a share of its price; g is how many times its consumer's loss a griefing provider loses.")]
pub struct Args {
    /// Exit with code 1 if a condition fails
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    assumed: AssumedArgs,
    #[command(flatten)]
    round: RoundArgs,
    #[command(flatten)]
    audit: AuditArgs,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    market: MarketArgs,
    #[command(flatten)]
    costs: CostArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    conditions: Vec<Line>,
    failed: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: &'static str,
    verdict: &'static str,
    value: Option<f64>,
    limit: Option<f64>,
    sentence: String,
}

impl From<Condition> for Line {
    fn from(condition: Condition) -> Self {
        Self {
            name: condition.name,
            verdict: match condition.verdict {
                Verdict::Holds => "holds",
                Verdict::Fails => "FAILS",
                Verdict::Open => "open",
            },
            value: condition.value.filter(|value| value.is_finite()),
            limit: condition.limit.filter(|limit| limit.is_finite()),
            sentence: condition.sentence,
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.conditions {
            writeln!(f, "{:5}  {:14} {}", line.verdict, line.name, line.sentence)?;
        }
        write!(f, "{} of {} conditions fail", self.failed, self.conditions.len())
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let market = args.market.read(ctx).await?;
    let costs = Costs {
        proof: args.costs.proof(),
        prices: args.costs.prices(),
    };
    let (terms, assumed) = (market.terms, &args.assumed);
    let default = AccuracyCase::new(terms, costs);
    let mut conditions = accuracy(&AccuracyCase {
        target: assumed.target.unwrap_or(default.target),
        aborts: assumed.aborts.unwrap_or(default.aborts),
        example_value: assumed.example_value.unwrap_or(default.example_value),
        verdict_value: assumed.verdict_value.unwrap_or(default.verdict_value),
        conviction: assumed.conviction,
        challenge_bond: market.challenge_bond,
        treasury_refunds_nobody: market.treasury_refunds_nobody,
        ..default
    });
    if let Some(case) = args.round.case(&market, costs)? {
        conditions.extend(round(&case));
    }
    let audited = (args.audit.zeros, args.audit.samples, args.audit.hidden, args.audit.bond);
    if let (Some(zeros), Some(samples), Some(hidden), Some(bond)) = audited {
        conditions.extend(audit(&AuditCase {
            zeros,
            samples,
            hidden,
            value: args.audit.value,
            bond,
            price: args.round.price,
            costs,
        })?);
    }
    if let Some(promised) = args.load.promised {
        const DAY: u64 = 86_400;
        let of_rounds = market.rounds.as_ref().map(|rounds| rounds.respond_seconds);
        let shortest = market.respond_seconds.into_iter().chain(of_rounds).min();
        let respond_seconds = args.load.respond_window.or(shortest).unwrap_or(DAY);
        let provider = Load {
            proofs_left: args.load.proofs_left,
            promised,
            respond_seconds,
        };
        conditions.extend(load(&provider, costs.proof));
    }
    let failed = conditions.iter().filter(|c| c.verdict == Verdict::Fails).count();
    let checked = Checked {
        conditions: conditions.into_iter().map(Line::from).collect(),
        failed,
    };
    ctx.out.result(&checked, &checked)?;
    if args.strict && failed > 0 {
        return Err(hinted(
            format!("{failed} conditions fail"),
            "each line says from which number on its condition holds; without --strict they are only listed",
        ));
    }
    Ok(())
}
