//! I10: consumers of PRIVATE rounds that are silent, and how long their rounds stay open.

use super::play::gain;
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Gains, Game, Rule, Sign, Unit};
use crate::error::Error;
use crate::fees::Climate;
use crate::plot::Plot;
use crate::round::{Ask, Round};
use crate::terms::Terms;
use crate::world::World;
use assay_economics::cost::gas_ether;
use assay_protocol::abi::Privacy;
use assay_protocol::prediction::amounts::{publish_gas, QUIET_GAS};

const K: u32 = 64;

fn terms(climate: Climate) -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    (prices.proof, prices.inference) = (0.02, 0.000_001);
    Terms {
        proof_cost: 0.01,
        ..Terms::at_cost(prices, climate)
    }
}

fn ask(price: f64) -> Ask {
    Ask {
        predictions: K,
        cap: 1,
        deposit: 0.05,
        price,
        privacy: Privacy::PRIVATE,
    }
}

/// π that the half of the gas costs which the quiet bond does not bring.
fn limit() -> f64 {
    let gas = publish_gas(&QUIET_GAS, K);
    gas_ether(gas - gas / 2, Climate::DEAR.mean as f64 / 1e9)
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for &multiple in size.multiples() {
        let price = multiple * limit();
        let strategy = "publishes for a silent consumer, not lets the round lapse";
        let case = Case::new("I10", strategy, terms(Climate::DEAR), size.games(8), move |world, _| {
            let published = gain(world, &[Agent::Provider], |world| published(world, price))?;
            Ok(published - gain(world, &[Agent::Provider], |world| lapsed(world, price))?)
        });
        all.push(case.at("π that pays for it", multiple, Gains::Above));
    }
    let price = 2.0 * limit();
    let case = |strategy: &str, who: Agent| {
        Case::new("I10", strategy, terms(Climate::DEAR), size.games(4), move |world, _| {
            let deviates = gain(world, &[who], |world| published(world, price))?;
            Ok(deviates - gain(world, &[who], |world| confirmed(world, price))?)
        })
        .point("π = 2 × what pays")
    };
    all.push(case("consumer is silent, not confirms", Agent::Consumer));
    all.push(case("provider withholds outputs, then publishes", Agent::Provider));
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let case = Case::new(
            "time to close",
            "consumers that are silent",
            terms(Climate::CHEAP),
            size.games(8),
            move |world, game| time_to_close(world, game, share),
        );
        let case = case
            .point(format!("{} %", 100.0 * share))
            .unit(Unit::Hours)
            .rule(Rule::Shown);
        all.push(
            case.predict(Sign::Gain)
                .mark("closing", "PRIVATE rounds", 100.0 * share),
        );
    }
    all
}

fn confirmed(world: &mut World, price: f64) -> Result<(), Error> {
    Round::served(world, ask(price), [].into())?.confirm(world)
}

fn published(world: &mut World, price: f64) -> Result<(), Error> {
    let round = Round::served(world, ask(price), [].into())?;
    round.silence(world)?;
    world.wait_for_gas(world.site.terms.climate.mean);
    round.publish(world)?;
    round.finalize(world)
}

fn lapsed(world: &mut World, price: f64) -> Result<(), Error> {
    Round::served(world, ask(price), [].into())?.timeout(world, Agent::Provider)
}

fn time_to_close(world: &mut World, game: &Game, share: f64) -> Result<i128, Error> {
    if game.is_in(share) {
        published(world, limit())?;
    } else {
        confirmed(world, limit())?;
    }
    Ok(i128::from(world.last_duration) * 1_000_000_000_000_000_000 / 3600)
}

pub(super) fn plots() -> Vec<Plot> {
    vec![Plot {
        name: "closing",
        title: "Time from offer to end of PRIVATE rounds",
        x: "consumers that are silent, percent",
        y: "hours",
        curves: Vec::new(),
    }]
}
