//! I8a: providers that invent answers, and consumers that contest at random.

use super::play::gain;
use super::Size;
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Game, Rule, Sign, Unit};
use crate::error::Error;
use crate::plot::{curve, Plot};
use crate::round::{Ask, Round};
use crate::terms::{wei, Terms};
use crate::world::World;
use assay_economics::accuracy::Terms as AccuracyPrices;
use assay_economics::rounds::Round as Prices;
use assay_protocol::abi::Privacy;
use rand::seq::index::sample;
use std::collections::BTreeSet;

const K: u32 = 8;

/// Games of a run: with half of them contested, each index is once.
const GAMES: u32 = 16;

/// K of the rounds in which contests look for lies.
const OF: u32 = 32;

/// A round of lies, and who looks.
#[derive(Debug, Clone, Copy)]
struct Lie {
    /// m.
    wrong: u32,
    /// g, ether.
    worth: f64,
    /// q.
    contested: f64,
    ask: Ask,
}

/// The strike of a Fault, N1·E, and Z are small beside M, so that M decides.
fn terms() -> Terms {
    let terms = Terms::cheap_gas();
    let prices = AccuracyPrices {
        example: 0.11,
        proof: 0.1,
        probe: 1,
        ..terms.prices
    };
    Terms::at_cost(prices, terms.climate)
}

/// A strike of 4 ether.
fn with_strike() -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    prices.proof = 0.1;
    Terms::at_cost(prices, Terms::cheap_gas().climate)
}

/// C = 1; the price is what the inferences cost, or nothing.
fn ask(deposit: f64, price: f64) -> Ask {
    Ask {
        predictions: K,
        cap: 1,
        deposit,
        price,
        privacy: Privacy::PUBLIC,
    }
}

fn prices(deposit: f64) -> Prices {
    let terms = terms();
    Prices {
        outputs: K,
        cap: 1,
        provider_deposit: deposit,
        price: 0.0,
        proof: terms.prices.proof,
        inference: terms.prices.inference,
    }
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    const WORTH: f64 = 0.5;
    let mut all = Vec::new();
    for contested in [1.0, 0.5] {
        for wrong in [1, 4, 8] {
            let limit = prices(0.0).deterring_deposit(WORTH, contested);
            for &multiple in size.multiples() {
                let lie = Lie {
                    wrong,
                    worth: WORTH,
                    contested,
                    ask: ask(multiple * limit, 0.0),
                };
                let strategy = format!("invents {wrong} of {K}; q = {contested}, g = {WORTH} ETH");
                let case = case("I8a", strategy, lie);
                all.push(case.at("M that deters it", multiple, Gains::Below));
            }
        }
    }
    all.push(with_all_that_is_lost());
    all.extend(paper());
    all.extend(plotted(size));
    all.extend(detected(size));
    all
}

/// What is lost besides M: the price, the contest's 2Z, a strike.
fn with_all_that_is_lost() -> Case {
    let (contested, price) = (0.5, f64::from(K) * with_strike().prices.inference);
    let limit = prices(0.0).deterring_deposit(0.0, contested);
    let lie = Lie {
        wrong: K,
        worth: 0.0,
        contested,
        ask: ask(0.5 * limit, price),
    };
    let strategy = format!("invents all; q = {contested}, π = {price} ETH, a strike of 4 ETH");
    let case = Case {
        terms: with_strike(),
        ..case("I8a", strategy, lie)
    };
    case.point("0.5 × M that deters it")
}

/// M = βKZ with β = 2, the paper's deposit: enough only for a consumer that contests often enough.
fn paper() -> Vec<Case> {
    let (worth, deposit) = (0.05, 2.0 * f64::from(K) * terms().prices.proof);
    let limit = prices(deposit).deterring_probability(worth);
    let case = |multiple: f64| {
        let lie = Lie {
            wrong: K,
            worth,
            contested: multiple * limit,
            ask: ask(deposit, 0.0),
        };
        let case = case("paper β", format!("invents all; M = 2KZ, g = {worth}"), lie);
        case.at("q that deters it", multiple, Gains::Below)
    };
    [0.0, 0.5, 2.0].map(case).into()
}

/// For the plot: all invented, q from 0 to 1, three deposits.
fn plotted(size: Size) -> Vec<Case> {
    let worth = 0.5;
    let limit = prices(0.0).deterring_deposit(worth, 0.5);
    let mut all = Vec::new();
    for multiple in [0.5, 1.0, 2.0] {
        for contested in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let lie = Lie {
                wrong: K,
                worth,
                contested,
                ask: ask(multiple * limit, 0.0),
            };
            let mut case = case("I8a plot", format!("invents all; M = {:.1} ETH", multiple * limit), lie);
            case.games = size.games(8);
            let case = case.point(format!("q = {contested}")).rule(Rule::Shown);
            let deters = contested * multiple >= 0.5;
            let case = case.predict(if deters { Sign::Loss } else { Sign::Gain });
            all.push(case.mark("lying", format!("M = {:.1} ETH", multiple * limit), contested));
        }
    }
    all
}

fn case(condition: &'static str, strategy: String, lie: Lie) -> Case {
    Case::new(condition, strategy, terms(), GAMES, move |world, game| {
        let lies = played(world, game, lie)?;
        Ok(lies - played(world, game, Lie { wrong: 0, ..lie })?)
    })
}

fn played(world: &mut World, game: &Game, lie: Lie) -> Result<i128, Error> {
    let contested = game.is_in(lie.contested).then(|| game.draws(lie.contested, K));
    gain(world, &[Agent::Provider], |world| {
        let mut round = Round::served(world, lie.ask, (0..lie.wrong).collect())?;
        if let Some(index) = contested {
            round.contest(world, &[index].into())?;
        }
        // What is not true is worth something whether it is found or not: it was served.
        let worth = f64::from(lie.wrong) * lie.worth;
        world.book(Agent::Provider, Cause::Outside, wei(worth).cast_signed());
        round.settle(world)
    })
}

/// How often a contest of n indices misses m invented ones of 32.
fn detected(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for wrong in [2u32, 8] {
        for drawn in [1u32, 2, 4, 8, 12] {
            let play = move |world: &mut World, _: &Game| undetected(world, OF, wrong, drawn);
            let case = Case::new(
                "random contests",
                format!("invents {wrong} of {OF}"),
                terms(),
                size.games(30),
                play,
            );
            let exact = (0..drawn)
                .map(|i| f64::from(OF - wrong - i) / f64::from(OF - i))
                .product();
            let case = case
                .point(format!("n = {drawn}, exactly {:.2} %", 100.0 * exact))
                .unit(Unit::Share);
            let case = case.predict(Sign::Gain).rule(Rule::Band(exact));
            all.push(case.mark("detection", format!("{wrong} of {OF} invented"), f64::from(drawn)));
        }
    }
    all
}

fn undetected(world: &mut World, of: u32, wrong: u32, drawn: u32) -> Result<i128, Error> {
    let any = |world: &mut World, n: u32| -> BTreeSet<u32> {
        let places = sample(&mut world.rng, of as usize, n as usize);
        places.into_iter().map(|i| i as u32).collect()
    };
    let ask = Ask {
        predictions: of,
        cap: drawn,
        deposit: 2.0 * f64::from(drawn) * world.site.terms.prices.proof,
        ..ask(0.0, 0.0)
    };
    let invented = any(world, wrong);
    let mut round = Round::served(world, ask, invented)?;
    let indices = any(world, drawn);
    round.contest(world, &indices)?;
    let missed = !round.unprovable();
    round.settle(world)?;
    Ok(if missed { 1_000_000_000_000_000_000 } else { 0 })
}

pub(super) fn plots() -> Vec<Plot> {
    let limit = prices(0.0).deterring_deposit(0.5, 0.5);
    let gain = f64::from(K) * (terms().prices.inference + 0.5);
    let lines = [0.5, 1.0, 2.0].map(|multiple| {
        let deposit = multiple * limit;
        curve(format!("I8a, M = {deposit:.1} ETH"), (0.0, 1.0), |q| gain - q * deposit)
    });
    let missed = |wrong: u32| {
        let exact = move |n: u32| (0..n).map(|i| f64::from(OF - wrong - i) / f64::from(OF - i)).product();
        let points = (0..=14).map(|n| (f64::from(n), exact(n))).collect();
        (format!("exact, {wrong} of {OF}"), points)
    };
    vec![
        Plot {
            name: "lying",
            title: "A provider that invents all answers, against honest play",
            x: "q: share of rounds in which an index is contested",
            y: "profit a round, ETH",
            curves: lines.into(),
        },
        Plot {
            name: "detection",
            title: "Rounds with invented answers that no contest finds",
            x: "n: indices contested at random",
            y: "share of rounds",
            curves: vec![missed(2), missed(8)],
        },
    ]
}
