//! I5: consumers that choose a test set on which the provider passes the probe and fails afterwards.

use super::play::gain;
use super::Size;
use crate::books::Agent;
use crate::case::{Case, Sign};
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::plot::Plot;
use crate::terms::{Terms, ANSWER_TIME};
use crate::world::World;
use assay_economics::accuracy::{Opened, Terms as Prices};
use assay_economics::tuning::{unprofitable_threshold, Evasion};
use assay_protocol::abi::{Adjudication, Mode};
use assay_protocol::ids::needed_correct;
use rand::seq::SliceRandom;

const TARGET: u16 = 7500;

const OFFER: Offer = Offer::new(Mode::FULL, Adjudication::OPTIMISTIC, TARGET);

fn prices() -> Prices {
    Prices {
        example: 1.0,
        proof: 0.5,
        inference: 0.4,
        fee: 2.0,
        probe: 20,
        proven: 20,
        fault_strikes: 10,
    }
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let prices = prices();
    let terms = Terms {
        prices,
        inference_cost: prices.inference,
        ..Terms::cheap_gas()
    };
    let needed = needed_correct(TARGET, prices.proven);
    let Some(safe) = unprofitable_threshold(&prices, needed) else {
        return Vec::new();
    };
    let evasion = Evasion::new(prices.probe, prices.proven, needed);
    let limit = prices.profitable_tuning();
    let case = |threshold: u32| {
        let chance = evasion.probability(threshold);
        let right = (needed + threshold - 1) as usize;
        let play = move |world: &mut World, _: &crate::case::Game| {
            gain(world, &[Agent::Consumer], |world| play(world, right, threshold))
        };
        let case = Case::new("I5", "tunes its test set", terms, size.games(40), play);
        let sign = if chance < limit { Sign::Loss } else { Sign::Gain };
        let mut case = case
            .point(format!(
                "c = {threshold} of {}, s(c) {:.2} × its limit",
                prices.probe,
                chance / limit
            ))
            .predict(sign)
            .mark("tuning", "simulated", f64::from(threshold));
        case.far = chance >= 2.0 * limit;
        case
    };
    (safe.saturating_sub(3).max(1)..=prices.probe.min(safe + 2))
        .map(case)
        .collect()
}

/// The provider asks for `threshold` right probes before it goes on.
fn play(world: &mut World, right: usize, threshold: u32) -> Result<(), Error> {
    let n = world.site.terms.prices.examples() as usize;
    let mut set: Vec<bool> = (0..n).map(|i| i < right).collect();
    set.shuffle(&mut world.rng);
    let mut engagement = Engagement::probing(world, Agent::Consumer, OFFER, &set)?;
    if engagement.infer(world) < threshold as usize {
        return engagement.abort(world);
    }
    engagement.proceed(world)?;
    engagement.infer_rest(world);
    let correct = engagement.correct();
    world.wait(correct.len() as u64 * ANSWER_TIME);
    if correct.len() < engagement.needed() {
        return engagement.concede(world);
    }
    engagement.prove(world, correct.len());
    engagement.post(world, &correct)?;
    engagement.accept_result(world)
}

pub(super) fn plots() -> Vec<Plot> {
    let prices = prices();
    let evasion = Evasion::new(prices.probe, prices.proven, needed_correct(TARGET, prices.proven));
    let (a, d) = (prices.abort_payment(Opened::Probes), prices.deposit());
    let profit = |c: u32| {
        let chance = evasion.probability(c);
        (f64::from(c), chance * d - (1.0 - chance) * a - prices.fee)
    };
    vec![Plot {
        name: "tuning",
        title: "A consumer that tunes its test set",
        x: "c: probes that the provider asks to be right, of 20",
        y: "profit an engagement, ETH",
        curves: vec![("s(c)·D − (1 − s(c))·A − ε".into(), (13..=20).map(profit).collect())],
    }]
}
