//! Every inequality by name: whether it holds, by which numbers, in a sentence. Amounts are in ether.

use crate::accuracy::{Opened, Terms};
use crate::audits::{fair_price, hiding_factor};
use crate::cost::{gas_ether, Cost, Prices, Proof};
use crate::error::Error;
use crate::rounds::{capacity, Round};
use crate::tuning::unprofitable_threshold;
use crate::words::{number, percent};

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// It depends on a number that was not given; the sentence says from where on it holds.
    Open,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Such as `I3 CLEAR v=1`.
    pub name: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was compared, if it was given.
    pub value: Option<f64>,
    /// With what, if there is one number.
    pub limit: Option<f64>,
    /// What that means.
    pub sentence: String,
}

/// Amounts are read from decimal numbers: this much, relative to the limit, is how they were rounded.
const ROUNDING: f64 = 1e-12;

fn reaches(value: f64, limit: f64) -> bool {
    value >= limit - ROUNDING * limit.abs()
}

impl Condition {
    /// Of a value that has to reach a limit; `sentences` say what follows if it does and if it does not.
    fn at_least(name: &'static str, value: f64, limit: f64, [holds, fails]: [String; 2]) -> Self {
        let does = reaches(value, limit);
        Self {
            name,
            verdict: if does { Verdict::Holds } else { Verdict::Fails },
            value: Some(value),
            limit: Some(limit),
            sentence: if does { holds } else { fails },
        }
    }

    fn given(name: &'static str, value: Option<f64>, limit: f64, [holds, fails, open]: [String; 3]) -> Self {
        match value {
            Some(value) => Self::at_least(name, value, limit, [holds, fails]),
            None => Self {
                name,
                verdict: Verdict::Open,
                value: None,
                limit: Some(limit),
                sentence: open,
            },
        }
    }

    fn fact(name: &'static str, verdict: Verdict, value: Option<f64>, sentence: String) -> Self {
        Self {
            name,
            verdict,
            value,
            limit: None,
            sentence,
        }
    }
}

/// What proofs and gas cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// One proof, and its answer on chain.
    pub proof: Proof,
    /// Prices of both.
    pub prices: Prices,
}

impl Costs {
    /// c of a proof in ether, without gas.
    fn compute(&self) -> f64 {
        Cost::of(1, self.proof, self.prices).compute / self.prices.ether
    }

    /// Ether that an answer costs on chain.
    fn answer(&self) -> f64 {
        let cost = Cost::of(1, self.proof, self.prices);
        (cost.gas + cost.data) / self.prices.ether
    }
}

/// An accuracy market, and what is assumed about those who use it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccuracyCase {
    /// Prices in ether, and sizes.
    pub terms: Terms,
    /// Share of the proven set that has to be correct, for I5.
    pub target: f64,
    /// q of I1: share of an honest provider's engagements that are aborted.
    pub aborts: f64,
    /// v of I4: what an opened example is worth to who should not have it, as a share of E.
    pub example_value: f64,
    /// V of I7: what a false verdict is worth outside.
    pub verdict_value: f64,
    /// d of I7: probability that a liar is convicted, if known; 1 with a consumer that checks.
    pub conviction: Option<f64>,
    /// B, if the market has one.
    pub challenge_bond: Option<f64>,
    /// Whether fees and strikes go where they refund nobody, if known.
    pub treasury_refunds_nobody: Option<bool>,
    /// Of proofs and gas.
    pub costs: Costs,
}

impl AccuracyCase {
    /// With what is assumed unless somebody knows better: a target of 75 %, no aborts, opened examples worth what they cost, a
    /// false verdict worth nothing outside.
    pub fn new(terms: Terms, costs: Costs) -> Self {
        Self {
            terms,
            target: 0.75,
            aborts: 0.0,
            example_value: 1.0,
            verdict_value: 0.0,
            conviction: None,
            challenge_bond: None,
            treasury_refunds_nobody: None,
            costs,
        }
    }
}

/// I0 to I7, the bond of a challenge, the price of a proof, the treasury.
pub fn accuracy(case: &AccuracyCase) -> Vec<Condition> {
    let terms = &case.terms;
    let mut all = vec![order(terms)];
    let modes = [
        (
            Opened::Probes,
            ["I1 FULL", "I3 FULL v=0", "I3 FULL v=1", "I4 FULL g=1", "I4 FULL g=99"],
        ),
        (
            Opened::All,
            [
                "I1 CLEAR",
                "I3 CLEAR v=0",
                "I3 CLEAR v=1",
                "I4 CLEAR g=1",
                "I4 CLEAR g=99",
            ],
        ),
    ];
    all.extend(modes.map(|(opened, names)| earning(case, opened, names[0])));
    all.push(going_on(terms));
    for (opened, names) in modes {
        all.push(theft(terms, 0.0, opened, names[1]));
        all.push(theft(terms, 1.0, opened, names[2]));
    }
    for (opened, names) in modes {
        all.push(griefing(case, 1.0, opened, names[3]));
        all.push(griefing(case, 99.0, opened, names[4]));
    }
    all.extend([tuning(case), silence(terms), lying(case), conceding(case)]);
    all.extend([bond(case), proof_price(case), treasury(case)]);
    all
}

fn order(terms: &Terms) -> Condition {
    let (e, z, p) = (number(terms.example), number(terms.proof), number(terms.inference));
    let (verdict, sentence) = if terms.is_ordered() {
        let sentence = format!("E {e} > Z {z} > P {p} > 0: no end of an engagement overdraws a deposit");
        (Verdict::Holds, sentence)
    } else {
        let sentence = format!("E {e}, Z {z}, P {p} are not E > Z > P > 0: the contracts refuse them");
        (Verdict::Fails, sentence)
    };
    Condition::fact("I0", verdict, None, sentence)
}

fn earning(case: &AccuracyCase, opened: Opened, name: &'static str) -> Condition {
    let (fee, limit) = (case.terms.fee, (1.0 - case.aborts) * case.terms.surplus(opened));
    // A fee of just the limit leaves nothing.
    let earns = fee < limit;
    let sentence = if earns {
        let most = percent(case.terms.max_abort(opened));
        format!("an honest provider earns while less than {most} of its engagements are aborted")
    } else {
        let (fee, limit) = (number(fee), number(limit));
        format!("an honest provider loses: the fee {fee} ETH is not below {limit} ETH")
    };
    Condition {
        limit: Some(limit),
        ..Condition::fact(
            name,
            if earns { Verdict::Holds } else { Verdict::Fails },
            Some(fee),
            sentence,
        )
    }
}

fn going_on(terms: &Terms) -> Condition {
    let limit = terms.max_failure(Opened::Probes);
    let sentence = format!(
        "after its probe a provider goes on up to a risk of failing of {}",
        percent(limit)
    );
    let verdict = if limit > 0.0 { Verdict::Holds } else { Verdict::Fails };
    Condition::fact("I2", verdict, Some(limit), sentence)
}

fn theft(terms: &Terms, v: f64, opened: Opened, name: &'static str) -> Condition {
    let fee = terms.fee_against_theft(v, opened);
    let worth = if v > 0.0 {
        "the examples that it saw (worth E each)"
    } else {
        "the pay of an abort"
    };
    let examples = terms.opened(opened);
    let holds = format!(
        "a provider that only wants {worth} does not enter: the fee {} ETH is not below {} ETH",
        number(terms.fee),
        number(fee)
    );
    let fails = format!(
        "a provider that only wants {worth} gains: {examples} examples are opened, and the fee {} ETH is below {} ETH",
        number(terms.fee),
        number(fee)
    );
    Condition::at_least(name, terms.fee, fee, [holds, fails])
}

fn griefing(case: &AccuracyCase, factor: f64, opened: Opened, name: &'static str) -> Condition {
    let (terms, v) = (&case.terms, case.example_value);
    let found = terms.griefing_factor(v, opened);
    let worth = format!("an opened example being worth {} E", number(v));
    let holds = format!(
        "a provider that aborts to harm loses {} times what its consumer does, {worth}",
        number(found)
    );
    let needed = match terms.fee_against_griefing(factor, v, opened) {
        Some(fee) => format!("{} times takes a fee of {} ETH", number(factor), number(fee)),
        None => "no fee is enough".into(),
    };
    let fails = format!("{holds}; {needed}");
    Condition::at_least(name, found, factor, [holds, fails])
}

fn tuning(case: &AccuracyCase) -> Condition {
    let terms = &case.terms;
    // A count of examples, so that thousandths of one are how the target was rounded.
    let needed = (case.target * f64::from(terms.proven) - 1e-9).ceil().max(1.0) as u32;
    let target = percent(case.target);
    let possible = terms.probe > 0 && terms.proven > 0 && needed <= terms.proven;
    match possible.then(|| unprofitable_threshold(terms, needed)).flatten() {
        Some(c) => Condition::fact(
            "I5",
            Verdict::Holds,
            Some(f64::from(c)),
            format!(
                "at a target of {target} tuning a test set earns its consumer nothing if the provider asks for {c} of {} probes right",
                terms.probe
            ),
        ),
        None => Condition::fact(
            "I5",
            Verdict::Fails,
            None,
            format!(
                "at a target of {target} {} probes, even all right, do not rule out a set that was tuned to pass them and fail after: more probes do",
                terms.probe
            ),
        ),
    }
}

fn silence(terms: &Terms) -> Condition {
    let (d, r) = (
        terms.deposit(),
        terms
            .success_payment(Opened::Probes)
            .max(terms.success_payment(Opened::All)),
    );
    let holds = format!(
        "silence costs a deposit, {} ETH, more than anything it could avoid",
        number(d)
    );
    let fails = format!(
        "silence costs a deposit, {} ETH, less than the {} ETH it can avoid",
        number(d),
        number(r)
    );
    Condition::at_least("I6", d, r, [holds, fails])
}

fn lying(case: &AccuracyCase) -> Condition {
    let d = case.terms.conviction_before_proceeding(case.verdict_value);
    conviction("I7a", case, d, "a provider that could still abort")
}

fn conceding(case: &AccuracyCase) -> Condition {
    let d = case.terms.conviction_after_failing(case.verdict_value);
    conviction("I7b", case, d, "a provider that finds that it failed")
}

fn conviction(name: &'static str, case: &AccuracyCase, limit: f64, who: &str) -> Condition {
    let worth = number(case.verdict_value);
    let about = format!(
        "where a false verdict is worth {worth} ETH, {who} is honest if a lie is found with a probability above {}",
        percent(limit)
    );
    let (holds, open) = (
        about.clone(),
        format!("{about}; a consumer that checks the proofs finds all"),
    );
    let fails = format!("{about}: have all proven on chain");
    Condition::given(name, case.conviction, limit, [holds, fails, open])
}

fn bond(case: &AccuracyCase) -> Condition {
    let (name, answer) = ("B", case.costs.answer());
    let Some(bond) = case.challenge_bond.filter(|_| answer > 0.0) else {
        let sentence = "the bond of a challenge should be 0.8 to 1.5 times the gas of an answer".into();
        return Condition::fact(name, Verdict::Open, case.challenge_bond, sentence);
    };
    let times = bond / answer;
    let is_fair = reaches(times, 0.8) && reaches(1.5, times);
    let consequence = match times {
        _ if is_fair => "neither withholding proofs nor frivolous challenges pay",
        t if t > 1.0 => "a provider gains by withholding proofs; 0.8 to 1.5 is fair",
        _ => "frivolous challenges are cheap; 0.8 to 1.5 is fair",
    };
    let sentence = format!(
        "the bond of a challenge, {} ETH, is {} times the gas of an answer, {} ETH: {consequence}",
        number(bond),
        number(times),
        number(answer)
    );
    let verdict = if is_fair { Verdict::Holds } else { Verdict::Fails };
    Condition {
        limit: Some(1.0),
        ..Condition::fact(name, verdict, Some(times), sentence)
    }
}

fn proof_price(case: &AccuracyCase) -> Condition {
    let (compute, gas) = (case.costs.compute(), case.costs.answer());
    let z = number(case.terms.proof);
    let cost = format!(
        "proving it costs {} ETH and its gas costs {} ETH",
        number(compute),
        number(gas)
    );
    let holds = format!("a proof earns {z} ETH; {cost}");
    let fails = format!("a proof earns only {z} ETH, but {cost}");
    Condition::at_least("Z", case.terms.proof, compute + gas, [holds, fails])
}

fn treasury(case: &AccuracyCase) -> Condition {
    let (verdict, sentence) = match case.treasury_refunds_nobody {
        Some(true) => (Verdict::Holds, "fees and strikes are burned"),
        Some(false) => (
            Verdict::Fails,
            "fees and strikes go to an account: they deter only if it refunds nobody",
        ),
        None => (Verdict::Open, "fees and strikes deter only if they refund nobody"),
    };
    Condition::fact("TR", verdict, None, sentence.into())
}

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
    /// Gas of publishing all outputs, if they are PRIVATE.
    pub publish_gas: Option<u64>,
    /// Of proofs and gas.
    pub costs: Costs,
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
        capital(round),
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
    let Some(gas) = case.publish_gas else {
        return Condition::fact(
            name,
            Verdict::Holds,
            None,
            "outputs are PUBLIC: nobody can be silent about them".into(),
        );
    };
    let (price, cost) = (case.round.price, gas_ether(gas, case.costs.prices.gwei));
    let holds = format!(
        "publishing the outputs of a silent consumer pays: π {} ETH, gas {} ETH",
        number(price),
        number(cost)
    );
    let fails = format!(
        "a consumer that has the outputs can stay silent: publishing them costs {} ETH and brings π {} ETH",
        number(cost),
        number(price)
    );
    Condition::at_least(name, price, cost, [holds, fails])
}

fn capital(round: &Round) -> Condition {
    let sentence = format!(
        "an open round locks {} ETH: 2CZ {} and π {} of the consumer, M {} of the provider",
        number(round.capital()),
        number(round.contest_deposit()),
        number(round.price),
        number(round.provider_deposit)
    );
    Condition::fact("I11", Verdict::Holds, Some(round.capital()), sentence)
}

/// An audit of a corpus; amounts in ether.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuditCase {
    /// z: documents that were answered with no.
    pub zeros: u64,
    /// n: how many of them are proven.
    pub samples: u64,
    /// R: documents that could be hidden.
    pub hidden: u64,
    /// v: what hiding one is worth.
    pub value: f64,
    /// b: the responder's bond.
    pub bond: f64,
    /// π: what the responder is paid.
    pub price: f64,
    /// Of proofs and gas.
    pub costs: Costs,
}

/// I9: hiding does not pay, and answering does.
///
/// # Errors
/// If the counts do not go together.
pub fn audit(case: &AuditCase) -> Result<Vec<Condition>, Error> {
    let bond = case.value * hiding_factor(case.zeros, case.hidden, case.samples)?;
    let price = fair_price(case.samples, case.costs.compute() + case.costs.answer());
    let about = |verb: &str| {
        format!(
            "hiding up to {} of {} documents {verb} when {} are proven: a bond of {} ETH deters it",
            case.hidden,
            case.zeros,
            case.samples,
            number(bond)
        )
    };
    let paid = |verb: &str| {
        format!(
            "the responder {verb}: π {} ETH, its proofs {} ETH",
            number(case.price),
            number(price)
        )
    };
    Ok(vec![
        Condition::at_least("I9 bond", case.bond, bond, [about("does not pay"), about("pays")]),
        Condition::at_least("I9 price", case.price, price, [paid("does not lose"), paid("loses")]),
    ])
}

/// What a provider has promised of its model's proofs and of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Proofs that the model still carries.
    pub proofs_left: u64,
    /// Proofs that may be asked for in all open rounds and engagements together.
    pub promised: u64,
    /// Seconds of the shortest window to respond.
    pub respond_seconds: u64,
}

/// I12 and I13.
pub fn load(load: &Load, proof: Proof) -> Vec<Condition> {
    let (promised, within) = (load.promised as f64, capacity(load.respond_seconds, proof.seconds));
    let budget = format!(
        "{} proofs may be asked for, and the model carries {} more",
        load.promised, load.proofs_left
    );
    let speed = format!(
        "{} proofs may be asked for at once, and half of {} s is enough for {within} of {} s",
        load.promised,
        load.respond_seconds,
        number(proof.seconds)
    );
    vec![
        Condition::at_least("I12", load.proofs_left as f64, promised, [budget.clone(), budget]),
        Condition::at_least("I13", within as f64, promised, [speed.clone(), speed]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVNET: Terms = Terms {
        example: 0.01,
        proof: 0.002,
        inference: 0.00001,
        fee: 0.001,
        probe: 1,
        proven: 3,
        fault_strikes: 10,
    };

    fn case(terms: Terms) -> AccuracyCase {
        let costs = Costs {
            proof: Proof::measured(),
            prices: Prices::l1(2.0),
        };
        AccuracyCase {
            challenge_bond: Some(0.002),
            treasury_refunds_nobody: Some(true),
            ..AccuracyCase::new(terms, costs)
        }
    }

    fn failing(conditions: &[Condition]) -> Vec<&str> {
        let failing = conditions.iter().filter(|c| c.verdict == Verdict::Fails);
        failing.map(|c| c.name).collect()
    }

    #[test]
    fn every_accuracy_condition_fails_where_it_should() {
        let fails = |case: AccuracyCase| failing(&accuracy(&case)).join(" | ");
        assert_eq!(fails(case(DEVNET)), "I4 FULL g=99 | I4 CLEAR g=99 | I5");
        let paper = Terms {
            example: 1.0,
            proof: 0.1,
            inference: 0.001,
            fee: 0.1,
            probe: 100,
            proven: 600,
            fault_strikes: 10,
        };
        let burned = AccuracyCase {
            challenge_bond: None,
            ..case(paper)
        };
        assert_eq!(
            fails(burned),
            "I3 FULL v=1 | I3 CLEAR v=1 | I4 FULL g=1 | I4 FULL g=99 | I4 CLEAR g=1 | I4 CLEAR g=99"
        );
        let worthless = AccuracyCase {
            example_value: 0.0,
            ..burned
        };
        assert!(!fails(worthless).contains("I4 FULL"), "the paper's factor");
        let dear = Terms { fee: 100.1, ..paper };
        assert!(fails(AccuracyCase { terms: dear, ..burned }).starts_with("I1 FULL | I1 CLEAR"));
        assert!(fails(AccuracyCase {
            aborts: 0.999,
            ..burned
        })
        .starts_with("I1 FULL | I1 CLEAR"));
        assert!(fails(case(Terms { proof: 1.0, ..DEVNET })).contains("I0"));
        assert!(fails(AccuracyCase {
            conviction: Some(0.4),
            ..case(DEVNET)
        })
        .contains("I7b"));
        assert!(!fails(AccuracyCase {
            conviction: Some(0.5),
            ..case(DEVNET)
        })
        .contains("I7"));
        assert!(fails(AccuracyCase {
            challenge_bond: Some(0.001),
            ..case(DEVNET)
        })
        .contains("B"));
        assert!(fails(AccuracyCase {
            challenge_bond: Some(0.01),
            ..case(DEVNET)
        })
        .contains("B"));
        assert!(fails(AccuracyCase {
            treasury_refunds_nobody: Some(false),
            ..case(DEVNET)
        })
        .contains("TR"));
        let mut gas = case(DEVNET);
        gas.costs.prices.gwei = 3.0;
        assert!(fails(gas).contains("Z"));
    }

    #[test]
    fn a_fee_of_just_the_limit_deters() {
        for v in [0.0, 1.0] {
            for (opened, name) in [(Opened::Probes, "I3"), (Opened::All, "I3")] {
                let fee = DEVNET.fee_against_theft(v, opened);
                let terms = |fee| Terms { fee, ..DEVNET };
                assert_eq!(theft(&terms(fee), v, opened, name).verdict, Verdict::Holds);
                assert_eq!(theft(&terms(fee * 0.999_999), v, opened, name).verdict, Verdict::Fails);
            }
        }
    }

    #[test]
    fn every_round_condition_fails_where_it_should() {
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
            publish_gas: Some(2_550_000),
            costs: case(DEVNET).costs,
        };
        let fails = |case: RoundCase| failing(&round(&case)).join(" | ");
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
        assert_eq!(round(|r| r.price = 0.005), "I10");
        assert_eq!(
            fails(RoundCase {
                publish_gas: None,
                ..good
            }),
            ""
        );
        let open = super::round(&RoundCase {
            contests: None,
            misses: None,
            ..good
        });
        assert!(open[..2]
            .iter()
            .all(|c| c.verdict == Verdict::Open && c.limit.is_some()));
    }

    #[test]
    fn audits_and_load_fail_where_they_should() {
        let good = AuditCase {
            zeros: 9900,
            samples: 299,
            hidden: 100,
            value: 1.0,
            bond: 105.0,
            price: 1.0,
            costs: case(DEVNET).costs,
        };
        let fails = |case: AuditCase| failing(&audit(&case).unwrap()).join(" | ");
        assert_eq!(fails(good), "");
        assert_eq!(fails(AuditCase { bond: 104.8, ..good }), "I9 bond");
        assert_eq!(fails(AuditCase { price: 0.4, ..good }), "I9 price");
        assert!(audit(&AuditCase { hidden: 9901, ..good }).is_err());
        let loads = |proofs_left, promised| {
            let case = Load {
                proofs_left,
                promised,
                respond_seconds: 86_400,
            };
            failing(&load(&case, Proof::measured())).join(" | ")
        };
        assert_eq!(
            [loads(8197, 900), loads(899, 900), loads(8197, 901)],
            ["", "I12", "I13"]
        );
    }
}
