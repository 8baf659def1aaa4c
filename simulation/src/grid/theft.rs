//! I3 and I4: providers that accept, look at the examples and abort, and hide each abort behind 99 successes of themselves.

use super::play::{gain, set};
use super::Size;
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Sign};
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::plot::{curve, Plot};
use crate::terms::{wei, Terms};
use crate::world::World;
use assay_economics::accuracy::Opened;
use assay_protocol::abi::{Adjudication, Mode};

/// Fake successes an abort, for a record of 1 % of failures.
const FAKES: u32 = 99;

/// A target that one right answer meets: what a sybil asks of itself.
const ANY: u16 = 1;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for (name, mode, opened, value) in [
        ("FULL, v = 0", Mode::FULL, Opened::Probes, 0.0),
        ("FULL, v = 1", Mode::FULL, Opened::Probes, 1.0),
        ("SIMPLE, v = 1", Mode::SIMPLE, Opened::All, 1.0),
    ] {
        let limit = Terms::cheap_gas().prices.fee_against_theft(value, opened);
        let multiples = match mode {
            Mode::FULL => size.multiples(),
            _ => Size::Smoke.multiples(),
        };
        for &multiple in multiples {
            let strategy = format!("aborts, keeps the examples, fakes 99 successes; {name}");
            let case = theft("I3", strategy, mode, value, multiple * limit);
            let case = case.at("ε that deters it", multiple, Gains::Below);
            all.push(match mode {
                Mode::FULL => case.mark("theft", format!("simulated, v = {value}"), multiple * limit),
                _ => case,
            });
        }
    }
    let prices = Terms::cheap_gas().prices;
    let paper = prices.abort_payment(Opened::Probes) / 99.0;
    for (value, sign) in [(0.0, Sign::Loss), (1.0, Sign::Gain)] {
        let strategy = format!("the same at the paper's fee, v = {value}");
        let case = theft("paper ε", strategy, Mode::FULL, value, paper);
        all.push(case.point("ε = N1·P/99").predict(sign));
    }
    for (factor, value) in [(99.0, 0.0), (1.0, 1.0)] {
        let Some(limit) = prices.fee_against_griefing(factor, value, Opened::Probes) else {
            continue;
        };
        for &multiple in size.multiples() {
            let strategy = format!("aborts to harm: {factor} × the consumer's loss less its own, v = {value}");
            let case = harm("I4", strategy, factor, value, multiple * limit);
            all.push(case.at("ε that makes it as dear", multiple, Gains::Below));
        }
    }
    // The paper's 99, and what is left of it once the examples have value: a little above that fee, so that gas does not decide.
    let fee = 1.02 * prices.abort_payment(Opened::Probes);
    for (value, sign) in [(0.0, Sign::Loss), (1.0, Sign::Gain)] {
        let strategy = format!("the same at the paper's fee, v = {value}");
        let case = harm("paper 99×", strategy, 99.0, value, fee);
        all.push(case.point("ε = 1.02 × N1·P").predict(sign));
    }
    all
}

fn terms(fee: f64) -> Terms {
    let mut terms = Terms::cheap_gas();
    terms.prices.fee = fee;
    terms
}

/// What it earns more than a provider that does not enter.
fn theft(condition: &'static str, strategy: String, mode: Mode, value: f64, fee: f64) -> Case {
    let play = move |world: &mut World, _: &crate::case::Game| {
        gain(world, &[Agent::Provider, Agent::Sybil], |world| {
            abort(world, mode, value)?;
            hide(world, mode)
        })
    };
    Case::new(condition, strategy, terms(fee), 1, play)
}

/// What its consumer loses, `factor` times, less what it loses itself.
fn harm(condition: &'static str, strategy: String, factor: f64, value: f64, fee: f64) -> Case {
    let play = move |world: &mut World, _: &crate::case::Game| {
        let own = gain(world, &[Agent::Provider, Agent::Sybil], |world| hide(world, Mode::FULL))?;
        let consumer = world.profit(Agent::Consumer);
        let abort = gain(world, &[Agent::Provider], |world| abort(world, Mode::FULL, 0.0))?;
        let leaked = f64::from(world.site.terms.prices.probe) * world.site.terms.prices.example * value;
        world.book(Agent::Consumer, Cause::Outside, -wei(leaked).cast_signed());
        let harm = consumer - world.profit(Agent::Consumer);
        Ok(own + abort + harm * factor as i128)
    };
    Case::new(condition, strategy, terms(fee), 1, play)
}

/// Accepts, keeps what it sees, aborts. A model below its target needs no inference to know.
fn abort(world: &mut World, mode: Mode, value: f64) -> Result<(), Error> {
    let right = set(world, true);
    let offer = Offer::new(mode, Adjudication::OPTIMISTIC, 10_000);
    let engagement = Engagement::probing(world, Agent::Consumer, offer, &right)?;
    let prices = world.site.terms.prices;
    let seen = match mode {
        Mode::FULL => prices.probe,
        _ => prices.examples(),
    };
    let worth = f64::from(seen) * prices.example * value;
    world.book(Agent::Provider, Cause::Outside, wei(worth).cast_signed());
    engagement.abort(world)
}

/// Successes with itself: nothing is proven, and both fees are its own.
fn hide(world: &mut World, mode: Mode) -> Result<(), Error> {
    let right = set(world, true);
    let offer = Offer::new(mode, Adjudication::OPTIMISTIC, ANY);
    for _ in 0..FAKES {
        let mut engagement = Engagement::probing(world, Agent::Sybil, offer, &right)?;
        engagement.proceed(world)?;
        let correct = engagement.correct();
        engagement.post(world, &correct[..1])?;
        engagement.accept_result(world)?;
    }
    Ok(())
}

pub(super) fn plots() -> Vec<Plot> {
    let prices = Terms::cheap_gas().prices;
    let line = |value: f64| {
        let worth = prices.opened(Opened::Probes) * (prices.inference + value * prices.example);
        curve(format!("I3, v = {value}"), (0.0, 0.045), move |fee| worth - 199.0 * fee)
    };
    vec![Plot {
        name: "theft",
        title: "A provider that aborts and hides it behind 99 successes of its own",
        x: "ε, ETH",
        y: "profit an abort, ETH",
        curves: vec![line(0.0), line(1.0)],
    }]
}
