//! I9: responders that hide documents, and what an honest one is paid.
//!
//! What is hidden is worth v whether it is found or not, as the condition has it, and the price is what the proofs cost.

use super::play::gain;
use super::Size;
use crate::audit::{Ask, Audit};
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Rule, Sign};
use crate::corpus::{Contents, Corpus};
use crate::error::Error;
use crate::fees::Climate;
use crate::plot::{curve, Plot};
use crate::terms::{answer_ether, wei, Terms};
use crate::world::World;
use assay_economics::audits::{fair_price, hiding_factor};
use assay_economics::hypergeometric::detection;
use std::collections::BTreeSet;

/// Documents: if all that match are hidden, so many are answered with no.
const ZEROS: u32 = 16;

/// R.
const MATCHING: u32 = 6;

/// n.
const SAMPLES: u32 = 4;

/// v, ether.
const WORTH: f64 = 0.5;

/// Seeds times games of one document that is hidden: found one time in four, so that chance is loud.
const GAMES: u32 = 30;

/// A responder that hides some of the documents that match.
#[derive(Debug, Clone, Copy)]
struct Hiding {
    matching: u32,
    hidden: u32,
    bond: f64,
}

impl Hiding {
    /// What it earns more than one that hides nothing.
    fn gains(self, world: &mut World) -> Result<i128, Error> {
        let hidden = self.played(world, self.hidden)?;
        Ok(hidden - self.played(world, 0)?)
    }

    fn played(self, world: &mut World, many: u32) -> Result<i128, Error> {
        let contents = commitments(ZEROS, self.matching);
        let ask = Ask {
            samples: SAMPLES,
            bond: self.bond,
            price: fair(&world.site.terms, SAMPLES),
        };
        gain(world, &[Agent::Responder], |world| {
            let corpus = Corpus::commit(world, contents)?;
            let hidden = corpus.any(world, many);
            let mut audit = Audit::answered(world, corpus, ask, hidden)?;
            let worth = f64::from(many) * WORTH;
            world.book(Agent::Responder, Cause::Outside, wei(worth).cast_signed());
            audit.reveal(world)?;
            audit.settle(world)
        })
    }

    fn case(self, size: Size, strategy: String) -> Case {
        Case::new("I9 bond", strategy, terms(), size.games(GAMES), move |world, _| {
            self.gains(world)
        })
    }
}

/// A corpus of which nothing is handed over on chain.
pub(super) fn commitments(size: u32, matching: u32) -> Contents {
    Contents {
        size,
        matching,
        input_words: 2,
        is_real: false,
    }
}

/// π at which the proofs of a sample cost what they bring.
pub(crate) fn fair(terms: &Terms, samples: u32) -> f64 {
    fair_price(u64::from(samples), terms.proof_cost + answer_ether(terms.climate))
}

/// A proof costs a tenth of an ether, gas next to nothing.
pub(super) fn terms() -> Terms {
    let mut prices = Terms::cheap_gas().prices;
    prices.proof = 0.1;
    Terms::at_cost(prices, Climate::CHEAP)
}

/// A proof costs what its gas does, and gas is what decides.
pub(super) fn dear() -> Terms {
    Terms {
        proof_cost: (answer_ether(Climate::DEAR) * 1e4).round() / 1e4,
        ..Terms::at_cost(Terms::cheap_gas().prices, Climate::DEAR)
    }
}

/// b of I9 against hiding all of so many.
fn deterring(matching: u32) -> f64 {
    let factor = hiding_factor(u64::from(ZEROS), u64::from(matching), u64::from(SAMPLES));
    WORTH * factor.expect("counts of a corpus")
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for matching in [MATCHING, 1] {
        for &multiple in size.multiples() {
            let hiding = Hiding {
                matching,
                hidden: matching,
                bond: multiple * deterring(matching),
            };
            let what = match matching {
                1 => "the only one that matches".to_owned(),
                _ => format!("all {matching} that match"),
            };
            let strategy = format!("hides {what} of {ZEROS} documents, {SAMPLES} are drawn; v = {WORTH} ETH");
            let case = hiding.case(size, strategy);
            let case = case.at("b that deters it", multiple, Gains::Below);
            all.push(case.mark("hiding", format!("{matching} hidden, simulated"), hiding.bond));
        }
    }
    for hidden in [1, 3] {
        let hiding = Hiding {
            matching: MATCHING,
            hidden,
            bond: deterring(MATCHING),
        };
        let case = hiding.case(size, format!("hides {hidden} of {MATCHING} that match"));
        all.push(case.point("b that deters hiding all"));
    }
    let hiding = Hiding {
        matching: MATCHING,
        hidden: MATCHING,
        bond: deterring(1),
    };
    let case = hiding.case(size, format!("hides all {MATCHING} that match"));
    all.push(case.point("b that deters hiding one").predict(Sign::Gain));
    all.extend(paid(size));
    all
}

/// An honest responder at prices around what its proofs cost, where gas decides.
fn paid(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for samples in [16, 1] {
        for &multiple in size.multiples() {
            let ask = Ask {
                samples,
                bond: 0.1,
                price: multiple * fair(&dear(), samples),
            };
            let strategy = format!("honest responder, {samples} drawn");
            let case = Case::new("I9 price", strategy, dear(), size.games(4), move |world, _| {
                let corpus = Corpus::commit(world, commitments(20, 2))?;
                gain(world, &[Agent::Responder], |world| honest(world, corpus, ask))
            });
            all.push(case.at("n·(c + gas)", multiple, Gains::Above).rule(Rule::Honest));
        }
    }
    all
}

/// The responder proves when gas is cheap; its requester confirms.
fn honest(world: &mut World, corpus: Corpus, ask: Ask) -> Result<(), Error> {
    let mut audit = Audit::answered(world, corpus, ask, BTreeSet::new())?;
    audit.reveal(world)?;
    world.wait_for_gas(world.site.terms.climate.mean);
    audit.settle(world)
}

pub(super) fn plots() -> Vec<Plot> {
    let line = |hidden: u32| {
        let found = detection(u64::from(ZEROS), u64::from(hidden), u64::from(SAMPLES)).expect("counts of a corpus");
        let worth = f64::from(hidden) * WORTH;
        curve(format!("I9, {hidden} hidden"), (0.0, 7.0), move |bond| {
            worth - found * bond
        })
    };
    vec![Plot {
        name: "hiding",
        title: "A responder that hides documents, against an honest one",
        x: "b, ETH",
        y: "profit an audit, ETH",
        curves: vec![line(MATCHING), line(1)],
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 1 − C(10, 4)/C(16, 4) = 1 − 210/1820, and 4 of 16.
    #[test]
    fn the_bonds_of_the_grid_are_those_of_the_condition() {
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value}, not {expected}");
        near(deterring(MATCHING), 3.0 * 1820.0 / 1610.0);
        near(deterring(1), 2.0);
    }
}
