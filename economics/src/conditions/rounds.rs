//! I8a to I8d, I10 and I11 of a round of predictions.

use super::condition::{Condition, Verdict};
use super::costs::Costs;
use crate::cost::gas_ether;
use crate::rounds::Round;
use crate::words::{number, percent};

/// A round of predictions, and what is assumed about its parties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoundCase {
    /// Amounts in ether.
    pub round: Round,
    /// g: what one false answer is worth to the provider outside.
    pub gain: f64,
    /// q: probability that the consumer contests at least one index drawn at random, if known.
    pub contests: Option<f64>,
    /// Probability that the provider misses the window to respond though it could prove, if known.
    pub misses: Option<f64>,
    /// G: gas per contested index that a contest brings at the base fee.
    pub answer_gas: u64,
    /// Of outputs that are PRIVATE.
    pub publication: Option<Publication>,
    /// What each side pays when the round is served.
    pub fee: f64,
    /// Of proofs and gas.
    pub costs: Costs,
}

/// Publishing the outputs of a silent consumer, in gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// What it costs.
    pub gas: u64,
    /// What of the quiet bond is the provider's then.
    pub earned: u64,
    /// What the whole of the quiet bond Q pays for.
    pub bond: u64,
}

/// I8a to I8d, I10 and I11 of a round.
pub fn round(case: &RoundCase) -> Vec<Condition> {
    let round = &case.round;
    let m = number(round.provider_deposit);
    let lying = {
        let q = round.deterring_probability(case.gain);
        let about = format!(
            "at M = {m} ETH false answers, worth {} ETH each outside, do not pay if at least {} of rounds are contested at random",
            number(case.gain),
            percent(q)
        );
        let fails = match case.contests {
            Some(contests) => {
                let enough = round.deterring_deposit(case.gain, contests);
                format!(
                    "{about}: {} are; M = {} ETH would deter",
                    percent(contests),
                    number(enough)
                )
            }
            None => about.clone(),
        };
        Condition::given("I8a", case.contests, q, [about.clone(), fails, about])
    };
    let late = {
        let f = round.contest_belief();
        let about = format!(
            "contesting pays from a chance of {} on that an output is not proven in time",
            percent(f)
        );
        let verdict = match case.misses {
            Some(misses) if misses > f => Verdict::Fails,
            Some(_) => Verdict::Holds,
            None => Verdict::Open,
        };
        let sentence = match case.misses.filter(|misses| *misses > f) {
            Some(misses) => format!("{about}: this provider is late with {}", percent(misses)),
            None => about,
        };
        Condition {
            limit: Some(f),
            ..Condition::fact("I8b", verdict, case.misses, sentence)
        }
    };
    vec![
        lying,
        late,
        contest_price(case),
        contest_gas(case),
        floor(round),
        publication(case),
        capital(case),
    ]
}

fn contest_price(case: &RoundCase) -> Condition {
    let (z, c) = (case.round.proof, case.costs.compute());
    let holds = format!(
        "a contested output pays for its proof: Z {} ETH, proving {} ETH",
        number(z),
        number(c)
    );
    let fails = format!(
        "a contested output costs the provider more than it pays: Z {} ETH, proving {} ETH",
        number(z),
        number(c)
    );
    Condition::at_least("I8c Z", z, c, [holds, fails])
}

fn contest_gas(case: &RoundCase) -> Condition {
    /// A base fee may rise so far within the window to respond.
    const MARGIN: f64 = 1.25;
    let (given, needed) = (case.answer_gas as f64, MARGIN * case.costs.proof.gas as f64);
    let holds = format!("a contest brings the gas of its answer with a quarter to spare: G {given}");
    let fails =
        format!("a contest does not bring the gas of its answer with a quarter to spare: G {given}, not {needed}");
    Condition::at_least("I8c G", given, needed, [holds, fails])
}

fn floor(round: &Round) -> Condition {
    let (m, floor) = (round.provider_deposit, round.contest_deposit());
    let holds = format!(
        "the provider has no less at stake than its consumer: M {} ETH, 2CZ {} ETH",
        number(m),
        number(floor)
    );
    let fails = format!(
        "the contract refuses M = {} ETH below 2CZ = {} ETH",
        number(m),
        number(floor)
    );
    Condition::at_least("I8d", m, floor, [holds, fails])
}

fn publication(case: &RoundCase) -> Condition {
    let name = "I10";
    let Some(publication) = case.publication else {
        return Condition::fact(
            name,
            Verdict::Holds,
            None,
            "outputs are PUBLIC: nobody can be silent about them".into(),
        );
    };
    let gwei = case.costs.prices.gwei;
    let price = case.round.price;
    let [part, cost] = [publication.earned, publication.gas].map(|gas| gas_ether(gas, gwei));
    let holds = format!(
        "publishing the outputs of a silent consumer pays: π {} ETH and {} ETH of Q, gas {} ETH",
        number(price),
        number(part),
        number(cost)
    );
    let fails = format!(
        "a consumer that has the outputs can stay silent: publishing them costs {} ETH and brings π {} ETH and {} ETH of Q",
        number(cost),
        number(price),
        number(part)
    );
    Condition::at_least(name, price + part, cost, [holds, fails])
}

fn capital(case: &RoundCase) -> Condition {
    let round = &case.round;
    let bond = gas_ether(case.publication.map_or(0, |p| p.bond), case.costs.prices.gwei);
    let capital = round.capital() + bond;
    let sentence = format!(
        "an open round locks {} ETH: 2CZ {}, π {} and Q {} of the consumer, M {} of the provider; each side pays a fee of {} ETH",
        number(capital),
        number(round.contest_deposit()),
        number(round.price),
        number(bond),
        number(round.provider_deposit),
        number(case.fee)
    );
    Condition::fact("I11", Verdict::Holds, Some(capital), sentence)
}

#[cfg(test)]
mod tests {
    use super::super::condition::failing;
    use super::super::costs::of_the_page;
    use super::*;

    #[test]
    fn every_round_condition_fails_where_it_should() {
        let publication = Publication {
            gas: 2_550_000,
            earned: 1_275_000,
            bond: 1_415_000,
        };
        let good = RoundCase {
            round: Round {
                outputs: 1024,
                cap: 59,
                provider_deposit: 0.5,
                price: 0.01,
                proof: 0.002,
                inference: 0.00001,
            },
            gain: 0.0,
            contests: Some(0.1),
            misses: Some(0.001),
            answer_gas: 1_000_000,
            publication: Some(publication),
            fee: 0.0001,
            costs: of_the_page(),
        };
        let fails = |case: RoundCase| failing(&round(&case));
        assert_eq!(fails(good), "");
        assert_eq!(
            fails(RoundCase {
                contests: Some(0.02),
                ..good
            }),
            "I8a"
        );
        assert_eq!(fails(RoundCase { gain: 0.001, ..good }), "I8a");
        assert_eq!(
            fails(RoundCase {
                misses: Some(0.01),
                ..good
            }),
            "I8b"
        );
        assert_eq!(
            fails(RoundCase {
                answer_gas: 791_998,
                ..good
            }),
            "I8c G"
        );
        let round = |change: fn(&mut Round)| {
            let mut case = good;
            change(&mut case.round);
            fails(case)
        };
        assert_eq!(round(|r| r.proof = 1e-7), "I8b | I8c Z");
        assert_eq!(round(|r| r.cap = 126), "I8d");
        // 2.55 M gas at two gwei, of which the quiet bond pays half.
        assert_eq!(round(|r| r.price = 0.00255), "");
        assert_eq!(round(|r| r.price = 0.00254), "I10");
        let without_bond = |price| {
            let round = Round { price, ..good.round };
            fails(RoundCase {
                round,
                publication: Some(Publication {
                    earned: 0,
                    ..publication
                }),
                ..good
            })
        };
        assert_eq!([without_bond(0.0051), without_bond(0.005)], ["", "I10"]);
        assert_eq!(
            fails(RoundCase {
                publication: None,
                ..good
            }),
            ""
        );
        let capital = |publication| {
            let found = super::round(&RoundCase { publication, ..good });
            found[6].value.expect("a value")
        };
        assert!((capital(Some(publication)) - capital(None) - 0.00283).abs() < 1e-12);
        let open = super::round(&RoundCase {
            contests: None,
            misses: None,
            ..good
        });
        assert!(open[..2]
            .iter()
            .all(|c| c.verdict == Verdict::Open && c.limit.is_some()));
    }
}
