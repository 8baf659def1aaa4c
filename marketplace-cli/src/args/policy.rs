//! Rounds, audits and providers that `assay policy check` is asked about, and what is assumed about the rest of the world.

use crate::args::economics::{amount, chance, ether_amount, probability, Market};
use crate::args::time::seconds;
use assay_chain::error::usage;
use assay_economics::conditions::{Costs, Publication, RoundCase};
use assay_economics::rounds::Round;
use assay_protocol::prediction::amounts::{publish_gas, quiet_gas, QUIET_GAS};
use clap::Args;

/// What no contract knows.
#[derive(Debug, Clone, Args)]
pub struct AssumedArgs {
    /// Share of the proven set that has to be right, for I5 [default: 75%]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = chance)]
    pub target: Option<f64>,
    /// Share of an honest provider's engagements that are aborted, for I1 [default: 0]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = probability)]
    pub aborts: Option<f64>,
    /// v of I4, as a share of an example's price [default: 1]
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = amount)]
    pub example_value: Option<f64>,
    /// V of I7: ether that a false verdict is worth elsewhere [default: 0]
    #[arg(help_heading = "Assumptions", long, value_name = "ETHER", value_parser = ether_amount)]
    pub verdict_value: Option<f64>,
    /// d of I7: probability that a lying provider is convicted
    #[arg(help_heading = "Assumptions", long, value_name = "SHARE", value_parser = probability)]
    pub conviction: Option<f64>,
}

/// A round to check, in the words of its offer.
#[derive(Debug, Clone, Args)]
pub struct RoundArgs {
    /// K: predictions of a round, for I8, I10 and I11
    #[arg(help_heading = "A round", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires = "provider_deposit")]
    pub outputs: Option<u32>,
    /// C: most of them that may be contested [default: all]
    #[arg(help_heading = "A round", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), requires = "outputs")]
    pub cap: Option<u32>,
    /// M: ether that the provider has at stake
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = ether_amount, requires = "outputs")]
    pub provider_deposit: Option<f64>,
    /// Ether that the predictions of a round, or the answers of an audit, are paid
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 0.0)]
    pub price: f64,
    /// g of I8: ether that one wrong prediction is worth to the provider elsewhere
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 0.0)]
    pub gain: f64,
    /// q of I8: probability that a round has at least one prediction contested that was drawn at random
    #[arg(help_heading = "A round", long, value_name = "SHARE", value_parser = chance)]
    pub contests: Option<f64>,
    /// Probability that the provider is late with a proof that it could make
    #[arg(help_heading = "A round", long, value_name = "SHARE", value_parser = probability)]
    pub misses: Option<f64>,
    /// Fee of each side when a round is served, ether [default: the market's, else none]
    #[arg(help_heading = "A round", long, value_name = "ETHER", value_parser = ether_amount)]
    pub round_fee: Option<f64>,
    /// G: gas that a contest brings for each prediction [default: the market's, else 1000000]
    #[arg(help_heading = "A round", long, value_name = "GAS")]
    pub answer_gas: Option<u64>,
    /// Outputs are published at once, not handed over
    #[arg(help_heading = "A round", long, requires = "outputs")]
    pub public: bool,
    /// Gas of publishing the outputs of a silent consumer [default: as the market counts it, else 73000 and 2250 for each]
    #[arg(help_heading = "A round", long, value_name = "GAS")]
    pub publish_gas: Option<u64>,
    /// Gas that the provider's part of the quiet bond pays for [default: half of what the market counts for a publication]
    #[arg(help_heading = "A round", long, value_name = "GAS")]
    pub quiet_gas: Option<u64>,
}

/// An audit to check, in the words of its request.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// z: documents that were answered with no, for I9
    #[arg(help_heading = "An audit", long, value_name = "N", requires_all = ["samples", "hidden", "bond"])]
    pub zeros: Option<u64>,
    /// n: how many of them are proven
    #[arg(help_heading = "An audit", long, value_name = "N", requires = "zeros", value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,
    /// Documents that could be hidden among them
    #[arg(help_heading = "An audit", long, value_name = "N", requires = "zeros")]
    pub hidden: Option<u64>,
    /// Ether that hiding one is worth
    #[arg(help_heading = "An audit", long, value_name = "ETHER", value_parser = ether_amount, default_value_t = 1.0)]
    pub value: f64,
    /// b: ether that the responder has at stake
    #[arg(help_heading = "An audit", long, value_name = "ETHER", value_parser = ether_amount, requires = "zeros")]
    pub bond: Option<f64>,
}

/// What a provider has promised.
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    /// Proofs that may be asked for in all that is open, for I12 and I13
    #[arg(help_heading = "A provider", long, value_name = "N")]
    pub promised: Option<u64>,
    /// Proofs that the model still carries
    #[arg(help_heading = "A provider", long, value_name = "N", default_value_t = 8197)]
    pub proofs_left: u64,
    /// Seconds of the shortest window to respond [default: the market's, else a day]
    #[arg(help_heading = "A provider", long, value_name = "S", value_parser = seconds)]
    pub respond_window: Option<u64>,
}

impl RoundArgs {
    /// The round that the options describe, if they describe one.
    ///
    /// # Errors
    /// If more may be contested than there are.
    pub fn case(&self, market: &Market, costs: Costs) -> eyre::Result<Option<RoundCase>> {
        let Some((outputs, provider_deposit)) = self.outputs.zip(self.provider_deposit) else {
            return Ok(None);
        };
        let cap = self.cap.unwrap_or(outputs);
        if cap > outputs {
            return Err(usage(format!("--cap {cap} is more than the {outputs} predictions")));
        }
        let rounds = market.rounds.as_ref();
        Ok(Some(RoundCase {
            round: Round {
                outputs,
                cap,
                provider_deposit,
                price: self.price,
                proof: rounds.map_or(market.terms.proof, |rounds| rounds.proof),
                inference: market.terms.inference,
            },
            gain: self.gain,
            contests: self.contests,
            misses: self.misses,
            answer_gas: self
                .answer_gas
                .or(rounds.map(|rounds| rounds.answer_gas))
                .unwrap_or(1_000_000),
            publication: (!self.public).then(|| self.publication(market, outputs)),
            fee: self.round_fee.or(rounds.map(|rounds| rounds.fee)).unwrap_or(0.0),
            costs,
        }))
    }

    /// As the contract counts it.
    fn publication(&self, market: &Market, outputs: u32) -> Publication {
        let asked = market.rounds.as_ref().and_then(|rounds| rounds.quiet.as_ref());
        let quiet = asked.unwrap_or(&QUIET_GAS);
        let counted = publish_gas(quiet, outputs);
        Publication {
            gas: self.publish_gas.unwrap_or(counted),
            earned: self.quiet_gas.unwrap_or(counted / 2),
            bond: quiet_gas(quiet, outputs),
        }
    }
}
