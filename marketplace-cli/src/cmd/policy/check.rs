//! Whether a market's terms keep to every condition.

use crate::args::economics::{amount, chance, probability, CostArgs, MarketArgs};
use crate::context::Context;
use assay_chain::error::{hinted, usage};
use assay_economics::conditions::{
    accuracy, audit, load, round, AccuracyCase, AuditCase, Condition, Costs, Load, RoundCase, Verdict,
};
use assay_economics::rounds::Round;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy check --rpc-url http://127.0.0.1:8545           the deployment of the address book\n  \
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

/// What no contract knows.
#[derive(Debug, Clone, clap::Args)]
struct AssumedArgs {
    /// Share of the proven set that has to be right, for I5 [default: 75%]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = chance)]
    target: Option<f64>,
    /// Share of an honest provider's engagements that are aborted, for I1 [default: 0]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = probability)]
    aborts: Option<f64>,
    /// v of I4, as a share of an example's price [default: 1]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = amount)]
    example_value: Option<f64>,
    /// V of I7: ether that a false verdict is worth elsewhere [default: 0]
    #[arg(help_heading = "Assumptions", long, value_name = "ETHER", value_parser = amount)]
    verdict_value: Option<f64>,
    /// d of I7: probability that a lying provider is convicted
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = probability)]
    conviction: Option<f64>,
}

/// A round to check, in the words of its offer.
#[derive(Debug, Clone, clap::Args)]
struct RoundArgs {
    /// K: predictions of a round, for I8, I10 and I11
    #[arg(help_heading = "A round", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires = "provider_deposit")]
    outputs: Option<u32>,
    /// C: most of them that may be contested [default: all]
    #[arg(help_heading = "A round", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires = "outputs")]
    cap: Option<u32>,
    /// M: ether that the provider has at stake
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = amount, requires = "outputs")]
    provider_deposit: Option<f64>,
    /// Ether that the predictions of a round, or the answers of an audit, are paid
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = amount, default_value_t = 0.0)]
    price: f64,
    /// g of I8: ether that one wrong prediction is worth to the provider elsewhere
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = amount, default_value_t = 0.0)]
    gain: f64,
    /// q of I8: probability that a round has at least one prediction contested that was drawn at random
    #[arg(help_heading = "A round", long, value_name = "SHARE", value_parser = chance)]
    contests: Option<f64>,
    /// Probability that the provider is late with a proof that it could make
    #[arg(help_heading = "A round", long, value_name = "SHARE", value_parser = probability)]
    misses: Option<f64>,
    /// G: gas that a contest brings for each prediction
    #[arg(help_heading = "A round", long, value_name = "GAS", default_value_t = 1_000_000)]
    answer_gas: u64,
    /// Outputs are published at once, not handed over
    #[arg(help_heading = "A round", long, requires = "outputs")]
    public: bool,
    /// Gas of publishing the outputs of a silent consumer [default: 2550000, measured for 1024 predictions]
    #[arg(
        help_heading = "A round",
        long,
        value_name = "GAS",
        default_value_t = 2_550_000,
        hide_default_value = true
    )]
    publish_gas: u64,
}

/// An audit to check, in the words of its request.
#[derive(Debug, Clone, clap::Args)]
struct AuditArgs {
    /// z: documents that were answered with no, for I9
    #[arg(help_heading = "An audit", long, value_name = "N", requires_all = ["samples", "hidden", "bond"])]
    zeros: Option<u64>,
    /// n: how many of them are proven
    #[arg(help_heading = "An audit", long, value_name = "N", requires = "zeros", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Documents that could be hidden among them
    #[arg(help_heading = "An audit", long, value_name = "N", requires = "zeros")]
    hidden: Option<u64>,
    /// Ether that hiding one is worth
    #[arg(help_heading = "An audit", long, value_name = "ETHER", value_parser = amount, default_value_t = 1.0)]
    value: f64,
    /// b: ether that the responder has at stake
    #[arg(help_heading = "An audit", long, value_name = "ETHER", value_parser = amount, requires = "zeros")]
    bond: Option<f64>,
}

/// What a provider has promised.
#[derive(Debug, Clone, clap::Args)]
struct LoadArgs {
    /// Proofs that may be asked for in all that is open, for I12 and I13
    #[arg(help_heading = "A provider", long, value_name = "N")]
    promised: Option<u64>,
    /// Proofs that the model still carries
    #[arg(help_heading = "A provider", long, value_name = "N", default_value_t = 8197)]
    proofs_left: u64,
    /// Seconds of the shortest window to respond [default: the market's, else a day]
    #[arg(help_heading = "A provider", long, value_name = "S")]
    respond_window: Option<u64>,
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

impl RoundArgs {
    fn case(&self, proof: f64, inference: f64, costs: Costs) -> eyre::Result<Option<RoundCase>> {
        let Some((outputs, provider_deposit)) = self.outputs.zip(self.provider_deposit) else {
            return Ok(None);
        };
        let cap = self.cap.unwrap_or(outputs);
        if cap > outputs {
            return Err(usage(format!("--cap {cap} is more than the {outputs} predictions")));
        }
        Ok(Some(RoundCase {
            round: Round {
                outputs,
                cap,
                provider_deposit,
                price: self.price,
                proof,
                inference,
            },
            gain: self.gain,
            contests: self.contests,
            misses: self.misses,
            answer_gas: self.answer_gas,
            publish_gas: (!self.public).then_some(self.publish_gas),
            costs,
        }))
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
    if let Some(case) = args.round.case(terms.proof, terms.inference, costs)? {
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
        let respond_seconds = args.load.respond_window.or(market.respond_seconds).unwrap_or(DAY);
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
