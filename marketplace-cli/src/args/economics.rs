//! Prices of a market and costs of a proof, for questions that need no deployment.

use crate::args::fees::with_unit;
use crate::context::Context;
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_chain::terms::{refunds_nobody, MarketTerms, RoundMarketTerms};
use assay_economics::accuracy::Terms;
use assay_economics::cost::{Prices, Proof};
use assay_economics::share::Share;
use assay_protocol::abi::QuietGas;
use assay_protocol::units::in_ether;
use clap::Args;
use eyre::WrapErr;
use std::path::PathBuf;

/// Where a question's numbers come from: a file, a chain, or options; options come before the others.
#[derive(Debug, Clone, Default, Args)]
pub struct MarketArgs {
    /// Terms to read, as assay deploy takes them [default: those of the deployment, if --rpc-url names a node]
    #[arg(help_heading = "Market", long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// E: ether per labelled input
    #[arg(help_heading = "Market", long, value_name = "ETHER", value_parser = ether_amount)]
    price_input: Option<f64>,
    /// Z: ether per proof
    #[arg(help_heading = "Market", long, value_name = "ETHER", value_parser = ether_amount)]
    price_proof: Option<f64>,
    /// P: ether per inference
    #[arg(help_heading = "Market", long, value_name = "ETHER", value_parser = ether_amount)]
    price_inference: Option<f64>,
    /// Fee of each side when an engagement locks, ether
    #[arg(help_heading = "Market", long, value_name = "ETHER", value_parser = ether_amount)]
    fee: Option<f64>,
    /// N1: examples of the probe set
    #[arg(help_heading = "Market", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2048))]
    n1: Option<u32>,
    /// N2: examples of the proven set
    #[arg(help_heading = "Market", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    n2: Option<u32>,
    /// Strikes that a Fault burns [default: those of the terms, else 10]
    #[arg(help_heading = "Market", long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    fault_strikes: Option<u16>,
    /// B: bond of a challenge, ether
    #[arg(help_heading = "Market", long, value_name = "ETHER", value_parser = ether_amount)]
    challenge_bond: Option<f64>,
}

/// What is known of a market.
#[derive(Debug, Clone)]
pub struct Market {
    /// Prices in ether, and sizes.
    pub terms: Terms,
    /// B, ether.
    pub challenge_bond: Option<f64>,
    /// Whether fees and strikes are burned.
    pub treasury_refunds_nobody: Option<bool>,
    /// Seconds of the window to respond.
    pub respond_seconds: Option<u64>,
    /// Its prediction market, if one is known.
    pub rounds: Option<RoundMarket>,
}

/// What is known of a prediction market.
#[derive(Debug, Clone)]
pub struct RoundMarket {
    /// Z, ether.
    pub proof: f64,
    /// ε, ether.
    pub fee: f64,
    /// G.
    pub answer_gas: u64,
    /// Seconds of the window to respond.
    pub respond_seconds: u64,
    /// What the quiet bond counts, if the market was asked.
    pub quiet: Option<QuietGas>,
}

impl RoundMarket {
    fn of_terms(proof: u128, terms: &RoundMarketTerms) -> Self {
        Self {
            proof: in_ether(proof),
            fee: in_ether(terms.fee),
            answer_gas: terms.answer_gas.into(),
            respond_seconds: terms.respond_window,
            quiet: None,
        }
    }

    fn of(rounds: &Rounds) -> Self {
        let p = &rounds.params;
        Self {
            proof: in_ether(p.priceProof),
            fee: in_ether(p.fee),
            answer_gas: p.answerGas.into(),
            respond_seconds: p.windows.respond,
            quiet: Some(p.quiet.clone()),
        }
    }
}

impl MarketArgs {
    /// The market that the options, the file or the deployment describe; asks a node only if it has to.
    ///
    /// # Errors
    /// If a number is missing, the file holds no terms, or the node has no such market.
    pub async fn read(&self, ctx: &Context) -> eyre::Result<Market> {
        let base = match (&self.terms, self.own()) {
            (Some(path), _) => {
                let text = std::fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
                let terms: MarketTerms =
                    serde_json::from_slice(&text).wrap_err_with(|| format!("{} holds no terms", path.display()))?;
                Market {
                    terms: terms.economic_terms(),
                    challenge_bond: Some(in_ether(terms.challenge_bond)),
                    treasury_refunds_nobody: Some(refunds_nobody(terms.treasury)),
                    respond_seconds: Some(terms.respond_window),
                    rounds: terms
                        .rounds
                        .as_ref()
                        .map(|rounds| RoundMarket::of_terms(terms.price_proof, rounds)),
                }
            }
            (None, Some(terms)) => Market {
                terms,
                challenge_bond: None,
                treasury_refunds_nobody: None,
                respond_seconds: None,
                rounds: None,
            },
            (None, None) if ctx.globals.rpc_url.is_some() => {
                let market = ctx.market().await?;
                let claim = &market.params.claim;
                Market {
                    terms: market.economic_terms(),
                    challenge_bond: Some(in_ether(claim.challengeBond)),
                    treasury_refunds_nobody: Some(refunds_nobody(market.params.treasury)),
                    respond_seconds: Some(claim.respondWindow),
                    rounds: Rounds::if_any(&market).await?.as_ref().map(RoundMarket::of),
                }
            }
            (None, None) => return Err(hinted(
                "no market to ask about",
                "name a node with --rpc-url, a file with --terms (assay deploy --print-terms writes one), or all of \
                     --price-input, --price-proof, --price-inference, --fee, --n1 and --n2",
            )),
        };
        let terms = &base.terms;
        Ok(Market {
            terms: Terms {
                example: self.price_input.unwrap_or(terms.example),
                proof: self.price_proof.unwrap_or(terms.proof),
                inference: self.price_inference.unwrap_or(terms.inference),
                fee: self.fee.unwrap_or(terms.fee),
                probe: self.n1.unwrap_or(terms.probe),
                proven: self.n2.unwrap_or(terms.proven),
                fault_strikes: self.fault_strikes.unwrap_or(terms.fault_strikes),
            },
            challenge_bond: self.challenge_bond.or(base.challenge_bond),
            rounds: base.rounds.map(|rounds| RoundMarket {
                proof: self.price_proof.unwrap_or(rounds.proof),
                ..rounds
            }),
            ..base
        })
    }

    /// The terms, if the options give all that has no default.
    fn own(&self) -> Option<Terms> {
        Some(Terms {
            example: self.price_input?,
            proof: self.price_proof?,
            inference: self.price_inference?,
            fee: self.fee?,
            probe: self.n1?,
            proven: self.n2?,
            fault_strikes: self.fault_strikes.unwrap_or(10),
        })
    }
}

/// What one proof takes, and what that costs.
#[derive(Debug, Clone, Copy, Args)]
pub struct CostArgs {
    /// Seconds of one proof [default: 16, MobileNet v2 (0.35, 96) without AVX-512 as scripts/bench measures it]
    #[arg(help_heading = "Costs", long, value_name = "S", value_parser = positive, default_value_t = Proof::measured().seconds, hide_default_value = true)]
    proof_seconds: f64,
    /// Cores that a proof takes
    #[arg(help_heading = "Costs", long, value_name = "N", value_parser = positive, default_value_t = Proof::measured().cores)]
    cores: f64,
    /// Gas of an answer in a transaction of its own [default: 791998, as scripts/demo measures it; verification is 638306 of it]
    #[arg(help_heading = "Costs", long, value_name = "GAS", default_value_t = Proof::measured().gas, hide_default_value = true)]
    gas_of_answer: u64,
    /// Bytes of an answer, for an L2 [default: 6100, of which the proof is 4512]
    #[arg(help_heading = "Costs", long, value_name = "N", default_value_t = Proof::measured().bytes, hide_default_value = true)]
    bytes: u64,
    /// Dollars per core and hour [default: 0.05, assumed]
    #[arg(help_heading = "Costs", long, value_name = "USD", value_parser = amount, default_value_t = Prices::ASSUMED_CORE_HOUR, hide_default_value = true)]
    core_hour: f64,
    /// Price of gas, gwei
    #[arg(help_heading = "Costs", long, value_name = "GWEI", value_parser = gwei_amount, default_value_t = 1.0)]
    gwei: f64,
    /// Price of a byte that an L2 posts, gwei; 0 on L1
    #[arg(help_heading = "Costs", long, value_name = "GWEI", value_parser = gwei_amount, default_value_t = 0.0)]
    gwei_per_byte: f64,
    /// Dollars per ether [default: 3000, assumed]
    #[arg(help_heading = "Costs", long, value_name = "USD", value_parser = positive, default_value_t = Prices::ASSUMED_ETHER, hide_default_value = true)]
    ether_price: f64,
}

impl CostArgs {
    /// One proof.
    pub fn proof(&self) -> Proof {
        Proof {
            seconds: self.proof_seconds,
            cores: self.cores,
            gas: self.gas_of_answer,
            bytes: self.bytes,
        }
    }

    /// Prices of what it takes.
    pub fn prices(&self) -> Prices {
        Prices {
            core_hour: self.core_hour,
            gwei: self.gwei,
            gwei_per_byte: self.gwei_per_byte,
            ether: self.ether_price,
        }
    }
}

/// How sure a statement has to be.
#[derive(Debug, Clone, Args)]
pub struct ConfidenceArgs {
    /// Probability with which the statement may be wrong, such as 5%, 0.01 or 1/20
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub delta: Share,
}

/// A number that is not negative.
pub fn amount(text: &str) -> Result<f64, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b".e-".contains(&byte));
    match text.parse::<f64>() {
        Ok(number) if is_plain && number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("a number that is not negative, such as 2, 0.5 or 1e-6".into()),
    }
}

/// As [`amount`], of ether or with another unit.
pub fn ether_amount(text: &str) -> Result<f64, String> {
    in_units(text, 1e18)
}

/// As [`amount`], of gwei or with another unit.
pub fn gwei_amount(text: &str) -> Result<f64, String> {
    in_units(text, 1e9)
}

fn in_units(text: &str, wei: f64) -> Result<f64, String> {
    match with_unit(text) {
        Some((number, unit)) => Ok(amount(number)? * unit.wei().to::<u128>() as f64 / wei),
        None => amount(text),
    }
}

/// A number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    amount(text)
        .ok()
        .filter(|number| *number > 0.0)
        .ok_or_else(|| "a number above 0, such as 2 or 0.5".into())
}

/// As [`ether_amount`], and more than nothing.
pub fn positive_ether(text: &str) -> Result<f64, String> {
    let some = ether_amount(text)?;
    if some > 0.0 {
        return Ok(some);
    }
    Err("an amount above 0, such as 0.5 or 20gwei".into())
}

/// A probability, both certainties included.
pub fn probability(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => amount(percent).map(|number| number / 100.0),
        None => amount(text),
    };
    number
        .ok()
        .filter(|number| *number <= 1.0)
        .ok_or_else(|| "a probability: 0.1 or 10%".into())
}

/// A probability above zero.
pub fn chance(text: &str) -> Result<f64, String> {
    probability(text)
        .ok()
        .filter(|number| *number > 0.0)
        .ok_or_else(|| "a probability above 0: 0.1 or 10%".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_probabilities_are_numbers_in_their_range() {
        assert_eq!(
            [amount("0"), amount("1e-6"), positive("2.5")],
            [Ok(0.0), Ok(1e-6), Ok(2.5)]
        );
        assert_eq!(
            [probability("10%"), probability("1"), chance("100%")],
            [Ok(0.1), Ok(1.0), Ok(1.0)]
        );
        assert_eq!([ether_amount("20gwei"), gwei_amount("20gwei")], [Ok(2e-8), Ok(20.0)]);
        assert_eq!([ether_amount("0.5"), gwei_amount("1.5ether")], [Ok(0.5), Ok(1.5e9)]);
        assert!(ether_amount("gwei").is_err() && gwei_amount("-1ether").is_err());
        for text in ["", "-1", "+1", "NaN", "inf", "1e999", "0x1", "1,5"] {
            assert!(
                amount(text).is_err() && positive(text).is_err() && probability(text).is_err(),
                "{text}"
            );
        }
        assert!(positive("0").is_err() && chance("0%").is_err() && probability("101%").is_err());
    }
}
