//! Audits of which one side is silent, and requests that nobody means.

use super::hiding::{commitments, dear, fair};
use super::play::gain;
use super::Size;
use crate::audit::{Ask, Audit};
use crate::books::Agent;
use crate::case::{Case, Rule, Sign};
use crate::corpus::Corpus;
use crate::error::Error;
use crate::world::World;
use std::collections::BTreeSet;

/// n.
const SAMPLES: u32 = 4;

/// Requests of a spammer in a game.
const SPAM: u32 = 5;

fn ask() -> Ask {
    Ask {
        samples: SAMPLES,
        bond: 1.0,
        price: fair(&dear(), SAMPLES),
    }
}

fn corpus(world: &mut World) -> Result<Corpus, Error> {
    Corpus::commit(world, commitments(20, 2))
}

fn answered(world: &mut World) -> Result<Audit, Error> {
    let corpus = corpus(world)?;
    Audit::answered(world, corpus, ask(), BTreeSet::new())
}

type Play = fn(&mut World) -> Result<i128, Error>;

fn case(size: Size, condition: &'static str, strategy: &str, point: &str, play: Play) -> Case {
    let case = Case::new(condition, strategy, dear(), size.games(4), move |world, _| play(world));
    case.point(point)
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let silence = |strategy: &str, play: Play| case(size, "audit silence", strategy, "π = n·(c + gas)", play);
    let requests = |strategy: &str, play: Play| case(size, "audit requests", strategy, "π = 0, b = 0", play);
    vec![
        silence(
            "requester reads the answers and reveals no salt, not asks nothing",
            |world| gain(world, &[Agent::Requester], unchecked),
        ),
        silence("honest responder whose requester reveals no salt", |world| {
            let corpus = corpus(world)?;
            gain(world, &[Agent::Responder], |world| {
                let audit = Audit::answered(world, corpus, ask(), BTreeSet::new())?;
                audit.timeout(world, Agent::Responder)
            })
        })
        .predict(Sign::Gain)
        .rule(Rule::Honest),
        silence("responder accepts and does not answer, not declines", |world| {
            let corpus = corpus(world)?;
            let audit = Audit::request(world, Agent::Requester, corpus, ask())?;
            gain(world, &[Agent::Responder], |world| {
                audit.accept(world)?;
                audit.timeout(world, Agent::Requester)
            })
        }),
        silence("responder answers truly and proves nothing, not proves", |world| {
            let silent = gain(world, &[Agent::Responder], |world| {
                let mut audit = answered(world)?;
                audit.reveal(world)?;
                audit.timeout(world, Agent::Requester)
            })?;
            Ok(silent - gain(world, &[Agent::Responder], proven)?)
        }),
        silence("outsider sends the responder's proofs", |world| {
            let mut audit = answered(world)?;
            audit.reveal(world)?;
            audit.prove(world);
            let copied = gain(world, &[Agent::Outsider], |world| audit.submit(world, Agent::Outsider))?;
            audit.confirm(world)?;
            Ok(copied)
        }),
        requests("outsider requests five audits and withdraws them", |world| {
            spam(world, Agent::Outsider)
        }),
        requests("responder of whom five audits are requested and withdrawn", |world| {
            spam(world, Agent::Responder)
        })
        .predict(Sign::Nothing)
        .rule(Rule::Honest),
    ]
}

fn unchecked(world: &mut World) -> Result<(), Error> {
    answered(world)?.timeout(world, Agent::Responder)
}

fn proven(world: &mut World) -> Result<(), Error> {
    let mut audit = answered(world)?;
    audit.reveal(world)?;
    audit.settle(world)
}

/// What requests that are withdrawn again cost one of those whom they concern.
fn spam(world: &mut World, who: Agent) -> Result<i128, Error> {
    let corpus = corpus(world)?;
    let nothing = Ask {
        samples: 1,
        bond: 0.0,
        price: 0.0,
    };
    gain(world, &[who], |world| {
        for _ in 0..SPAM {
            let audit = Audit::request(world, Agent::Outsider, corpus.clone(), nothing)?;
            audit.cancel(world, Agent::Outsider)?;
        }
        Ok(())
    })
}
