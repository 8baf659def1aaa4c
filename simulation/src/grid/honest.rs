//! Honest play in every mode and market, and I1: an honest provider earns while its fee is below what success leaves.

use super::play::{gain, set};
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Gains, Rule, Sign};
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::round::{Ask, Round};
use crate::terms::Terms;
use crate::world::World;
use assay_economics::accuracy::{Opened, Terms as Prices};
use assay_protocol::abi::{Adjudication, Mode, Privacy};

/// Share of an honest provider's engagements that are aborted.
const ABORTS: f64 = 0.25;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for (name, mode, adjudication) in [
        ("CLEAR", Mode::CLEAR, Adjudication::DIRECT),
        ("FULL, direct", Mode::FULL, Adjudication::DIRECT),
        ("SIMPLE, direct", Mode::SIMPLE, Adjudication::DIRECT),
        ("FULL, optimistic", Mode::FULL, Adjudication::OPTIMISTIC),
    ] {
        let offer = Offer::new(mode, adjudication, 10_000);
        let play = move |world: &mut World| engagement(world, offer, true);
        all.push(case(size, format!("honest provider, {name}"), terms(), play));
    }
    for (name, privacy) in [("PUBLIC", Privacy::PUBLIC), ("PRIVATE", Privacy::PRIVATE)] {
        let strategy = format!("honest provider, {name} round, one index contested");
        all.push(case(size, strategy, Terms::cheap_gas(), move |world| {
            round(world, privacy)
        }));
    }
    let limit = (1.0 - ABORTS) * terms().prices.surplus(Opened::Probes);
    let offer = Offer::new(Mode::FULL, Adjudication::DIRECT, 10_000);
    for &multiple in size.multiples() {
        let mut terms = terms();
        terms.prices.fee = multiple * limit;
        let play = move |world: &mut World, game: &crate::case::Game| {
            let passes = !game.is_in(ABORTS);
            gain(world, &[Agent::Provider], |world| engagement(world, offer, passes))
        };
        let case = Case::new("I1", "honest provider, a quarter aborted", terms, size.games(8), play);
        all.push(
            case.at("ε at which it earns nothing", multiple, Gains::Below)
                .rule(Rule::Honest),
        );
    }
    all
}

fn terms() -> Terms {
    let prices = Prices {
        probe: 2,
        proven: 4,
        ..Terms::cheap_gas().prices
    };
    Terms {
        prices,
        ..Terms::cheap_gas()
    }
}

fn case(
    size: Size,
    strategy: String,
    terms: Terms,
    play: impl Fn(&mut World) -> Result<(), Error> + Send + Sync + 'static,
) -> Case {
    let play = move |world: &mut World, _: &crate::case::Game| gain(world, &[Agent::Provider], &play);
    let case = Case::new("honest", strategy, terms, size.games(4), play);
    case.point("prices at cost").predict(Sign::Gain).rule(Rule::Honest)
}

/// The set passes, or the provider sees that it does not and aborts.
fn engagement(world: &mut World, offer: Offer, passes: bool) -> Result<(), Error> {
    let right = set(world, passes);
    let mut engagement = Engagement::probing(world, Agent::Consumer, offer, &right)?;
    if engagement.infer(world) == 0 {
        return engagement.abort(world);
    }
    engagement.proceed(world)?;
    let correct = engagement.correct();
    engagement.prove(world, correct.len());
    if offer.adjudication == Adjudication::DIRECT {
        return engagement.submit(world, &correct);
    }
    engagement.post(world, &correct)?;
    engagement.accept_result(world)
}

fn round(world: &mut World, privacy: Privacy) -> Result<(), Error> {
    let ask = Ask {
        predictions: 8,
        cap: 1,
        deposit: 1.0,
        price: 8.0 * world.site.terms.prices.inference * 1.01,
        privacy,
    };
    let mut round = Round::served(world, ask, [].into())?;
    round.contest(world, &[5].into())?;
    round.settle(world)
}
