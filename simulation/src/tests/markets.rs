//! The small grid; engagements and rounds.

use super::deployed::{code, world};
use crate::books::{Agent, Cause};
use crate::case::{Case, Rule, Sign};
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::grid::{cases, Size};
use crate::measure::measure;
use crate::report::{draw, page};
use crate::round::{Ask, Round};
use crate::verifier::{matches, truth};
use crate::{simulate, Options};
use alloy::primitives::U256;
use assay_economics::cost::Proof;
use assay_protocol::abi::{Adjudication, Mode, Privacy};

const ASK: Ask = Ask {
    predictions: 8,
    cap: 2,
    deposit: 2.0,
    price: 0.4,
    privacy: Privacy::PUBLIC,
};

#[test]
fn the_small_grid_closes_and_confirms_what_it_should() {
    let options = Options {
        seed: 1,
        seeds: 2,
        size: Size::Smoke,
    };
    let report = simulate(&code(), options, |_| ()).unwrap();
    let holds: Vec<Option<bool>> = report.claims.iter().map(|claim| claim.holds).collect();
    let expected = [true, false, true, false, true, false, false, true].map(Some);
    assert_eq!(holds, expected, "{:?}", report.claims);
    // Of one document that is found one time in four, eight games say little.
    for claim in report
        .audits
        .iter()
        .filter(|claim| claim.claim != "hiding documents pays")
    {
        let holds = !claim.assumption.contains("documents of a kilobyte");
        assert_eq!(claim.holds, Some(holds), "{claim:?}");
    }
    // Two seeds of four games may not show that a threshold is tight; they show no gain where none should be.
    for line in report.refuted() {
        let not_tight = line.predicted == Sign::Gain && line.far && line.rule == Rule::Deviating;
        let is_known = line.condition == "I8c Z" || line.strategy.contains("withholds a ciphertext");
        assert!(not_tight || is_known, "{line:?}");
    }
    assert!(
        report.refuted().any(|line| line.condition == "I8c Z"),
        "2Z pays for a contest, not Z"
    );
    let page = page(&report, "assay simulate");
    for (name, svg) in draw(&report).unwrap() {
        assert!(
            svg.starts_with("<svg") && page.contains(&format!("(economics/{name}.svg)")),
            "{name}"
        );
    }
    for line in &report.lines {
        let outside = [Cause::Gas, Cause::Compute, Cause::Capital, Cause::Outside];
        let moved = line.books.iter().filter(|(_, cause, _)| !outside.contains(cause));
        let left: f64 = moved.map(|(.., ether)| ether).sum();
        assert!(
            left.abs() < 1e-6,
            "what comes in is paid out: {left} in {}",
            line.strategy
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_line() {
    let code = code();
    let cases: Vec<Case> = cases(Size::Smoke);
    let case = cases.iter().find(|case| case.condition == "I5").unwrap();
    let lines = [3, 3, 4].map(|seed| measure(&code, case, seed, 2).unwrap());
    assert_eq!(lines[0], lines[1]);
    assert_ne!(lines[0].seeds, lines[2].seeds);
}

#[test]
fn honest_play_of_every_mode_closes() {
    for (mode, adjudication) in [
        (Mode::CLEAR, Adjudication::DIRECT),
        (Mode::FULL, Adjudication::DIRECT),
        (Mode::SIMPLE, Adjudication::DIRECT),
        (Mode::FULL, Adjudication::OPTIMISTIC),
        (Mode::SIMPLE, Adjudication::OPTIMISTIC),
    ] {
        let mut world = world();
        let offer = Offer::new(mode, adjudication, 10_000);
        let mut engagement = Engagement::probing(&mut world, Agent::Consumer, offer, &[true; 12]).unwrap();
        engagement.proceed(&mut world).unwrap();
        let correct = engagement.correct();
        if adjudication == Adjudication::DIRECT {
            engagement.submit(&mut world, &correct).unwrap();
        } else {
            engagement.post(&mut world, &correct).unwrap();
            engagement.accept_result(&mut world).unwrap();
        }
        let books = world.finish().unwrap();
        assert_eq!(
            books.of(Agent::Treasury, Cause::Fees),
            100_000_000_000_000_000,
            "both fees"
        );
    }
}

#[test]
fn what_is_left_open_is_an_error() {
    let mut world = world();
    Round::served(&mut world, ASK, [].into()).unwrap();
    assert_eq!(world.finish().err(), Some(Error::NotClosed { open: 1 }));
}

#[test]
fn a_wei_too_many_in_the_books_is_an_error() {
    let mut world = world();
    let round = Round::served(&mut world, ASK, [].into()).unwrap();
    round.confirm(&mut world).unwrap();
    world.book(Agent::Consumer, Cause::Escrow, 1);
    assert!(matches!(world.finish(), Err(Error::Unaccounted { .. })));
}

#[test]
fn what_is_not_true_cannot_be_answered() {
    let mut world = world();
    let mut round = Round::served(&mut world, ASK, [3].into()).unwrap();
    round.contest(&mut world, &[3].into()).unwrap();
    let refused = round.answer(&mut world, Agent::Provider);
    assert!(matches!(refused, Err(Error::Reverted { .. })), "{refused:?}");
    round.timeout(&mut world, Agent::Consumer).unwrap();
    let strike = world.site.strike.cast_signed();
    assert_eq!(world.books.of(Agent::Provider, Cause::Strikes), -strike);
    world.finish().unwrap();
}

/// The cost model's answer is that of a round with deeper trees, or of an engagement.
#[test]
fn an_answer_costs_the_gas_that_the_cost_model_says() {
    let mut world = world();
    let mut round = Round::served(&mut world, ASK, [].into()).unwrap();
    round.contest(&mut world, &[5].into()).unwrap();
    let before = world.gas;
    round.answer(&mut world, Agent::Provider).unwrap();
    let gas = (world.gas - before) as f64 / Proof::measured().gas as f64;
    assert!((0.85..1.05).contains(&gas), "{gas} of the measured one");
    round.confirm(&mut world).unwrap();

    let offer = Offer::new(Mode::FULL, Adjudication::OPTIMISTIC, 10_000);
    let mut engagement = Engagement::probing(&mut world, Agent::Consumer, offer, &[true; 12]).unwrap();
    engagement.proceed(&mut world).unwrap();
    let correct = engagement.correct();
    engagement.post(&mut world, &correct).unwrap();
    engagement.challenge(&mut world, Agent::Consumer, 0).unwrap();
    let before = world.gas;
    engagement.answer(&mut world, Agent::Provider, 0).unwrap();
    let gas = (world.gas - before) as f64 / Proof::measured().gas as f64;
    assert!((0.95..1.1).contains(&gas), "{gas} of the measured one");
    engagement.accept_result(&mut world).unwrap();
    world.finish().unwrap();
}

#[test]
fn truth_is_a_class_of_ten() {
    let classes: std::collections::BTreeSet<u32> = (0..200u32)
        .map(|input| truth(U256::from(5), U256::from(input)))
        .collect();
    assert_eq!(classes, (0..10).collect());
    let found = (0..200u32).filter(|document| matches(U256::from(5), U256::from(*document)));
    assert!((70..130).contains(&found.count()), "a predicate has two answers");
}

#[test]
fn every_case_predicts_a_sign_and_has_a_point() {
    for case in cases(Size::Full) {
        assert!(!case.point.is_empty() && case.games > 0, "{}", case.strategy);
        if case.far && case.point.starts_with("0.5 × ε") {
            assert_eq!(case.predicted, Sign::Gain, "{}: a lower fee deters less", case.strategy);
        }
    }
}
