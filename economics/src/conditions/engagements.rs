//! I0 to I7 of an accuracy market, the bond of a challenge, the price of a proof, the treasury.

use super::condition::{reaches, Condition, Verdict};
use super::costs::Costs;
use crate::accuracy::{Opened, Terms};
use crate::tuning::unprofitable_threshold;
use crate::words::{number, percent};

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

#[cfg(test)]
mod tests {
    use super::super::condition::failing;
    use super::super::costs::of_the_page;
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
        AccuracyCase {
            challenge_bond: Some(0.002),
            treasury_refunds_nobody: Some(true),
            ..AccuracyCase::new(terms, of_the_page())
        }
    }

    #[test]
    fn every_accuracy_condition_fails_where_it_should() {
        let fails = |case: AccuracyCase| failing(&accuracy(&case));
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
}
