//! I11 to I13: what rounds take of capital, of a model's proofs, and of its prover's time.

use super::play::gain;
use super::Size;
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Rule, Sign, Unit};
use crate::error::Error;
use crate::round::{Ask, Round};
use crate::terms::{Terms, DAY, ETHER};
use crate::world::World;
use assay_economics::rounds::{capacity, Round as Prices};
use assay_protocol::abi::Privacy;

const K: u32 = 32;

/// Proofs that the model carries yet, and those that its prover makes in half a day.
const LEFT: u64 = 10;

const PROOF_SECONDS: u64 = DAY / 2 / LEFT;

fn terms() -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    (prices.proof, prices.inference) = (0.1, 0.001);
    Terms::at_cost(prices, Terms::cheap_gas().climate)
}

/// M = 2CZ.
fn ask(cap: u32) -> Ask {
    Ask {
        predictions: K,
        cap,
        deposit: 2.0 * f64::from(cap) * terms().prices.proof,
        price: f64::from(K) * terms().prices.inference * 1.02,
        privacy: Privacy::PUBLIC,
    }
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for cap in [4, 32] {
        let case = Case::new(
            "I11",
            format!("capital·time of a round over (2CZ + M + π)·time, C = {cap} of {K}"),
            terms(),
            size.games(2),
            move |world, _| capital(world, ask(cap)),
        );
        all.push(
            case.point("exactly 1")
                .unit(Unit::Share)
                .rule(Rule::Shown)
                .predict(Sign::Gain),
        );
    }
    for &multiple in size.multiples() {
        let asked = (multiple * LEFT as f64).round() as u32;
        let case = Case::new(
            "I12",
            "provider that has 10 proofs left",
            terms(),
            1,
            move |world, _| gain(world, &[Agent::Provider], |world| short_of_proofs(world, asked)),
        );
        all.push(
            case.at("proofs left, all contested", multiple, Gains::Below)
                .rule(Rule::Honest),
        );
    }
    let case = Case::new("I12", "consumer that buys a budget away", terms(), 1, |world, _| {
        let bought = gain(world, &[Agent::Consumer], |world| short_of_proofs(world, LEFT as u32))?;
        Ok(bought
            - gain(world, &[Agent::Consumer], |world| {
                Round::served(world, ask(LEFT as u32), [].into())?.confirm(world)
            })?)
    });
    all.push(case.point("all proofs left"));
    let within = capacity(DAY, PROOF_SECONDS as f64);
    for &multiple in size.multiples() {
        let asked = (multiple * within as f64).round() as u32;
        let case = Case::new(
            "I13",
            "provider whose prover stands still for half of the window",
            terms(),
            1,
            move |world, _| gain(world, &[Agent::Provider], |world| short_of_time(world, asked)),
        );
        all.push(
            case.at("what it can prove in the other half", multiple, Gains::Below)
                .rule(Rule::Honest),
        );
    }
    all
}

fn contested(world: &mut World, asked: u32) -> Result<Round, Error> {
    let mut round = Round::served(world, ask(asked), [].into())?;
    round.contest(world, &(0..asked).collect())?;
    Ok(round)
}

fn short_of_proofs(world: &mut World, asked: u32) -> Result<(), Error> {
    let round = contested(world, asked)?;
    if u64::from(asked) > LEFT {
        return round.timeout(world, Agent::Consumer);
    }
    round.settle(world)
}

fn short_of_time(world: &mut World, asked: u32) -> Result<(), Error> {
    let round = contested(world, asked)?;
    let deadline = round.answer_by(world)?;
    world.wait(DAY / 2 + u64::from(asked) * PROOF_SECONDS);
    if world.now > deadline {
        round.prove(world);
        return round.timeout(world, Agent::Consumer);
    }
    round.settle(world)
}

/// What was booked for capital, in parts of what the condition says.
fn capital(world: &mut World, ask: Ask) -> Result<i128, Error> {
    let booked = |world: &World| {
        let of = |agent| world.books.of(agent, Cause::Capital);
        -(of(Agent::Provider) + of(Agent::Consumer)) as f64
    };
    let before = booked(world);
    let round = Round::served(world, ask, [].into())?;
    round.silence(world)?;
    round.finalize(world)?;
    let terms = world.site.terms;
    let prices = Prices {
        outputs: K,
        cap: ask.cap,
        provider_deposit: ask.deposit,
        price: ask.price,
        proof: terms.prices.proof,
        inference: terms.prices.inference,
    };
    let years = world.last_duration as f64 / (365.0 * DAY as f64);
    let expected = prices.capital() * ETHER * 0.05 * years;
    Ok(((booked(world) - before) / expected * ETHER) as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prover_of_the_grid_makes_as_many_proofs_as_the_budget_has() {
        assert_eq!(capacity(DAY, PROOF_SECONDS as f64), LEFT);
    }
}
