//! I7 and B: results that are false, results that nobody can check, challenges that ask for nothing.

use super::play::{gain, probed, set};
use super::Size;
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Game, Rule, Sign, Unit};
use crate::engagement::Engagement;
use crate::error::Error;
use crate::fees::Climate;
use crate::plot::{curve, Plot};
use crate::terms::{answer_ether, wei, Terms, ETHER};
use crate::world::World;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    let prices = Terms::cheap_gas().prices;
    for value in [0.0, prices.fault()] {
        let before = ("I7a", "lies about a set that it fails, not aborts", aborts as Move);
        let after = ("I7b", "lies when its count failed, not concedes", concedes as Move);
        let limits = [
            prices.conviction_before_proceeding(value),
            prices.conviction_after_failing(value),
        ];
        for ((condition, what, honest), limit) in [before, after].into_iter().zip(limits) {
            for &multiple in size.multiples() {
                let found = multiple * limit;
                if found <= 1.0 {
                    let strategy = format!("{what}; V = {value} ETH");
                    let case = Case::new(
                        condition,
                        strategy,
                        Terms::cheap_gas(),
                        size.games(20),
                        move |world, game| lie_against(world, game, found, value, honest),
                    );
                    all.push(case.at("d that deters it", multiple, Gains::Below));
                }
            }
        }
    }
    let fault = prices.fault();
    for times in [0.0, 0.5, 1.0, 2.0, 4.0, 8.0] {
        let value = times * fault;
        let case = Case::new(
            "I7b",
            "share of lies found that makes lying as good as conceding",
            Terms::cheap_gas(),
            1,
            move |world, _| break_even(world, value),
        );
        let case = case
            .point(format!("V = {value} ETH"))
            .unit(Unit::Share)
            .rule(Rule::Shown);
        all.push(case.predict(Sign::Gain).mark("conviction", "simulated", value));
    }
    all.extend(challenges(size));
    all
}

type Move = fn(&mut World) -> Result<(), Error>;

/// The provider has failed all of its proven set, and knows.
fn failed(world: &mut World) -> Result<Engagement, Error> {
    let right = set(world, false);
    let engagement = probed(world, Agent::Consumer, &right)?;
    engagement.proceed(world)?;
    engagement.infer_rest(world);
    Ok(engagement)
}

fn aborts(world: &mut World) -> Result<(), Error> {
    let right = set(world, false);
    probed(world, Agent::Consumer, &right)?.abort(world)
}

fn concedes(world: &mut World) -> Result<(), Error> {
    failed(world)?.concede(world)
}

/// All bits are set; the consumer finds out, or believes it.
fn lies(world: &mut World, is_found: bool, value: f64) -> Result<(), Error> {
    let mut engagement = failed(world)?;
    let all: Vec<usize> = (0..engagement.size()).collect();
    engagement.post(world, &all)?;
    if is_found {
        let position = engagement.wrong()[0];
        engagement.challenge(world, Agent::Consumer, position)?;
        return engagement.convict(world, Agent::Consumer, position);
    }
    engagement.accept_result(world)?;
    world.book(Agent::Provider, Cause::Outside, wei(value).cast_signed());
    Ok(())
}

fn lie_against(world: &mut World, game: &Game, found: f64, value: f64, honest: Move) -> Result<i128, Error> {
    let is_found = game.is_in(found);
    let lies = gain(world, &[Agent::Provider], |world| lies(world, is_found, value))?;
    Ok(lies - gain(world, &[Agent::Provider], honest)?)
}

/// What a lie earns is linear in the chance to be found.
fn break_even(world: &mut World, value: f64) -> Result<i128, Error> {
    let honest = gain(world, &[Agent::Provider], concedes)?;
    let missed = gain(world, &[Agent::Provider], |world| lies(world, false, value))? - honest;
    let found = gain(world, &[Agent::Provider], |world| lies(world, true, value))? - honest;
    Ok(((missed as f64 / (missed - found) as f64) * ETHER) as i128)
}

/// Where gas decides: ten gwei.
fn dear(bond: f64) -> Terms {
    Terms {
        bond: 2.0 * (bond * 5e8).round() / 1e9,
        ..Terms::at_cost(Terms::cheap_gas().prices, Climate::DEAR)
    }
}

/// A true result with its proofs ready.
fn claimed(world: &mut World) -> Result<Engagement, Error> {
    let right = set(world, true);
    let mut engagement = probed(world, Agent::Consumer, &right)?;
    engagement.proceed(world)?;
    engagement.infer_rest(world);
    let correct = engagement.correct();
    engagement.prove(world, correct.len());
    engagement.post(world, &correct)?;
    Ok(engagement)
}

fn challenges(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    let answer = answer_ether(Climate::DEAR);
    for &multiple in size.multiples() {
        let case = Case::new(
            "B",
            "honest provider, one true position challenged",
            dear(multiple * answer),
            size.games(4),
            |world, _| {
                let engagement = claimed(world)?;
                let gained = gain(world, &[Agent::Provider], |world| {
                    engagement.challenge(world, Agent::Consumer, 0)?;
                    world.wait_for_gas(world.site.terms.climate.mean);
                    engagement.answer(world, Agent::Provider, 0)
                })?;
                engagement.accept_result(world)?;
                Ok(gained)
            },
        );
        all.push(case.at("gas of an answer", multiple, Gains::Above).rule(Rule::Honest));
    }
    let against = |who: Agent, what: &str, play: fn(&mut World, Agent) -> Result<i128, Error>| {
        let strategy = format!("{} {what}", who.name());
        Case::new(
            "B",
            strategy,
            dear(answer),
            size.games(2),
            move |world: &mut World, _: &Game| play(world, who),
        )
        .point("B = gas of an answer")
    };
    all.push(against(Agent::Consumer, "challenges what is true", frivolous));
    all.push(against(Agent::Outsider, "challenges what is true", frivolous));
    all.push(against(Agent::Outsider, "copies an answer", copied));
    all.push(against(
        Agent::Provider,
        "withholds proofs until all are demanded",
        withheld,
    ));
    all.push(against(
        Agent::Consumer,
        "demands all proofs though it has them",
        withheld,
    ));
    all.push(against(Agent::Outsider, "finds a false result that its consumer accepts", found).predict(Sign::Gain));
    all
}

fn frivolous(world: &mut World, who: Agent) -> Result<i128, Error> {
    let engagement = claimed(world)?;
    let gained = gain(world, &[who], |world| {
        engagement.challenge(world, who, 0)?;
        engagement.answer(world, Agent::Provider, 0)
    })?;
    engagement.accept_result(world)?;
    Ok(gained)
}

fn copied(world: &mut World, who: Agent) -> Result<i128, Error> {
    let engagement = claimed(world)?;
    engagement.challenge(world, Agent::Consumer, 0)?;
    let gained = gain(world, &[who], |world| engagement.answer(world, who, 0))?;
    engagement.accept_result(world)?;
    Ok(gained)
}

/// What `who` gains if all proofs are demanded, more than if the result is accepted.
fn withheld(world: &mut World, who: Agent) -> Result<i128, Error> {
    let demanded = gain(world, &[who], |world| {
        let engagement = claimed(world)?;
        engagement.demand(world)?;
        let correct = engagement.correct();
        engagement.submit_demanded(world, &correct)
    })?;
    let accepted = gain(world, &[who], |world| claimed(world)?.accept_result(world))?;
    Ok(demanded - accepted)
}

fn found(world: &mut World, who: Agent) -> Result<i128, Error> {
    let mut engagement = failed(world)?;
    let all: Vec<usize> = (0..engagement.size()).collect();
    engagement.post(world, &all)?;
    gain(world, &[who], |world| {
        engagement.challenge(world, who, 0)?;
        engagement.convict(world, who, 0)
    })
}

pub(super) fn plots() -> Vec<Plot> {
    let prices = Terms::cheap_gas().prices;
    vec![Plot {
        name: "conviction",
        title: "Share of lies that must be found, of a provider whose count failed",
        x: "V: what a false verdict is worth, ETH",
        y: "d",
        curves: vec![curve("I7b", (0.0, 8.0 * prices.fault()), |value| {
            prices.conviction_after_failing(value)
        })],
    }]
}
