//! I8b to I8d: providers that are late, and consumers that contest to harm.

use super::play::gain;
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Gains, Game, Rule, Sign};
use crate::error::Error;
use crate::fees::Climate;
use crate::plot::{curve, Plot};
use crate::round::{Ask, Round};
use crate::terms::{answer_ether, Terms};
use crate::world::World;
use assay_economics::cost::Proof;
use assay_economics::rounds::Round as Prices;
use assay_protocol::abi::Privacy;

const K: u32 = 8;

/// f of the plot.
const LATE: f64 = 0.05;

fn ask(deposit: f64, price: f64) -> Ask {
    Ask {
        predictions: K,
        cap: 1,
        deposit,
        price,
        privacy: Privacy::PUBLIC,
    }
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = late(size);
    all.extend(griefed(size));
    all.extend(bystanders(size));
    all
}

fn terms() -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    prices.proof = 0.1;
    Terms::at_cost(prices, Climate::CHEAP)
}

fn late(size: Size) -> Vec<Case> {
    let belief = |deposit: f64| {
        let terms = terms();
        let round = Prices {
            outputs: K,
            cap: 1,
            provider_deposit: deposit,
            price: price(),
            proof: terms.prices.proof,
            inference: terms.prices.inference,
        };
        round.contest_belief()
    };
    let deposit = 1.6;
    let mut all = Vec::new();
    for &multiple in size.multiples() {
        let case = against_late(
            size,
            "contests one index of a late provider",
            deposit,
            multiple * belief(deposit),
        );
        all.push(case.at("f from which it pays", multiple, Gains::Above));
    }
    for deposit in [0.4, 1.0, 2.0, 4.0, 8.0] {
        let case = against_late(size, "contests a provider that is late with 5 %", deposit, LATE);
        let pays = LATE > belief(deposit);
        let case = case
            .point(format!("M = {deposit} ETH"))
            .mark("late", "simulated", deposit);
        all.push(
            case.predict(if pays { Sign::Gain } else { Sign::Loss })
                .rule(Rule::Shown),
        );
    }
    all
}

fn price() -> f64 {
    f64::from(K) * terms().prices.inference
}

fn against_late(size: Size, strategy: &str, deposit: f64, late: f64) -> Case {
    Case::new("I8b", strategy, terms(), size.games(20), move |world, game| {
        let is_late = game.is_in(late);
        let contests = gain(world, &[Agent::Consumer], |world| {
            let mut round = Round::served(world, ask(deposit, price()), [].into())?;
            round.contest(world, &[3].into())?;
            if is_late {
                return round.timeout(world, Agent::Consumer);
            }
            round.settle(world)
        })?;
        Ok(contests - gain(world, &[Agent::Consumer], |world| quiet(world, ask(deposit, price())))?)
    })
}

fn quiet(world: &mut World, ask: Ask) -> Result<(), Error> {
    Round::served(world, ask, [].into())?.confirm(world)
}

/// Where gas decides: a proof costs about what its answer's gas does.
fn dear(proof_price: f64, answer_gas: f64) -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    (prices.proof, prices.inference) = (proof_price, 0.0001);
    Terms {
        answer_gas: answer_gas.round() as u32,
        proof_cost: compute(),
        inference_cost: prices.inference,
        ..Terms::at_cost(prices, Climate::DEAR)
    }
}

/// c, ether.
fn compute() -> f64 {
    (answer_ether(Climate::DEAR) * 1e4).round() / 1e4
}

fn griefed(size: Size) -> Vec<Case> {
    let gas = 1.25 * Proof::measured().gas as f64;
    let mut all = Vec::new();
    for &multiple in size.multiples() {
        let terms = dear(multiple * compute(), gas);
        let case = Case::new(
            "I8c Z",
            "honest provider, contested to harm",
            terms,
            size.games(8),
            |world, _| harmed(world, Agent::Provider),
        );
        all.push(case.at("c", multiple, Gains::Above).rule(Rule::Honest));
    }
    for &multiple in size.multiples() {
        let terms = dear(compute() / 2.0, multiple * gas);
        let strategy = "honest provider, contested to harm, 2Z = c";
        let case = Case::new("I8c G", strategy, terms, size.games(8), |world, _| {
            harmed(world, Agent::Provider)
        });
        all.push(
            case.at("1.25 × gas of an answer", multiple, Gains::Above)
                .rule(Rule::Honest),
        );
    }
    all
}

/// What `who` gains by a contest of a true output.
fn harmed(world: &mut World, who: Agent) -> Result<i128, Error> {
    let ask = ask(4.0 * world.site.terms.prices.proof, 0.01);
    let contested = gain(world, &[who], |world| {
        let mut round = Round::served(world, ask, [].into())?;
        let paid = world.base_fee();
        round.contest(world, &[2].into())?;
        round.prove(world);
        // The provider may wait until gas costs no more than it was paid for.
        world.wait_for_gas(paid);
        round.answer(world, Agent::Provider)?;
        round.confirm(world)
    })?;
    Ok(contested - gain(world, &[who], |world| quiet(world, ask))?)
}

fn bystanders(size: Size) -> Vec<Case> {
    let gas = 1.25 * Proof::measured().gas as f64;
    let terms = dear(compute(), gas);
    let case = |condition, strategy: &str, play: fn(&mut World, &Game) -> Result<i128, Error>| {
        Case::new(condition, strategy, terms, size.games(2), play).point("Z = c")
    };
    vec![
        case("I8c Z", "consumer contests what is true, to harm", |world, _| {
            harmed(world, Agent::Consumer)
        }),
        case("I8c Z", "outsider copies an answer", |world, _| {
            let ask = ask(4.0 * world.site.terms.prices.proof, 0.01);
            let mut round = Round::served(world, ask, [].into())?;
            round.contest(world, &[2].into())?;
            round.prove(world);
            let copied = gain(world, &[Agent::Outsider], |world| round.answer(world, Agent::Outsider))?;
            round.confirm(world)?;
            Ok(copied)
        }),
        case(
            "I8d",
            "consumer asks for less than 2CZ of its provider: refused",
            |world, _| {
                let low = ask(1.8 * world.site.terms.prices.proof, 0.01);
                gain(world, &[Agent::Consumer], |world| match Round::open(world, low) {
                    Err(Error::Reverted { .. }) => Ok(()),
                    _ => Err(Error::Play {
                        what: "an offer with M below 2CZ was taken",
                    }),
                })
            },
        )
        .point("M = 0.9 × 2CZ"),
    ]
}

pub(super) fn plots() -> Vec<Plot> {
    let toll = 2.0 * terms().prices.proof;
    vec![Plot {
        name: "late",
        title: "A consumer that contests a provider which is late with 5 %",
        x: "M, ETH",
        y: "profit a round, ETH",
        curves: vec![curve("I8b", (0.2, 8.2), |deposit| {
            LATE * (deposit + price()) - (1.0 - LATE) * toll
        })],
    }]
}
