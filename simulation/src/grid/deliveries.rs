//! I9: demands for documents, publications that neither side wants, documents that are not handed over.

use super::hiding::{dear, fair, terms};
use super::play::gain;
use super::Size;
use crate::audit::{Ask, Audit};
use crate::books::{Agent, Cause};
use crate::case::{Case, Gains, Rule};
use crate::corpus::{Contents, Corpus};
use crate::demand::Demand;
use crate::error::Error;
use crate::terms::wei;
use crate::world::World;

/// Documents that match, all of which are demanded.
const DEMANDED: u32 = 3;

/// v, ether.
const WORTH: f64 = 0.5;

/// What becomes of a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The ciphertext is handed over, and acknowledged.
    Acknowledged,
    /// It is not handed over, or not acknowledged: the responder publishes it.
    Published,
}

/// When gas costs five times as much as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spike {
    Never,
    /// When the documents are demanded; the responder waits for cheap gas before it publishes.
    AtDemand,
    /// When the responder publishes, at once.
    AtPublication,
}

/// Little is drawn, much is handed over.
fn audit(world: &mut World, bond: f64) -> Result<Audit, Error> {
    let contents = Contents {
        size: 8,
        matching: DEMANDED,
        input_words: 32,
        is_real: true,
    };
    let ask = Ask {
        samples: 1,
        bond,
        price: fair(&world.site.terms, 1),
    };
    let corpus = Corpus::commit(world, contents)?;
    Audit::delivering(world, corpus, ask)
}

/// An audit with a demand that the responder answers. Whoever demanded also settles.
fn demanded(world: &mut World, end: End, spike: Spike) -> Result<(), Error> {
    let audit = audit(world, 0.1)?;
    if spike == Spike::AtDemand {
        world.spike();
    }
    let mut demand = Demand::open(world, &audit)?;
    demand.deliver(world, false)?;
    match end {
        End::Acknowledged => demand.acknowledge(world)?,
        End::Published => demand.publish(world, spike == Spike::AtPublication)?,
    }
    demand.settle(world, Agent::Requester)?;
    audit.confirm(world)
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for (spike, point) in [
        (Spike::Never, "gas as usual"),
        (Spike::AtDemand, "gas 5 × when demanded"),
        (Spike::AtPublication, "gas 5 × when published"),
    ] {
        for (who, strategy) in [
            (Agent::Requester, "requester does not acknowledge, not acknowledges"),
            (
                Agent::Responder,
                "responder withholds a ciphertext, then publishes, not hands it over",
            ),
        ] {
            let case = Case::new("audit demands", strategy, dear(), size.games(4), move |world, _| {
                let published = gain(world, &[who], |world| demanded(world, End::Published, spike))?;
                Ok(published - gain(world, &[who], |world| demanded(world, End::Acknowledged, spike))?)
            });
            all.push(case.point(point));
        }
    }
    for (who, strategy) in [
        (Agent::Requester, "requester demands what it was handed over"),
        (Agent::Responder, "responder of whom that is demanded"),
    ] {
        let case = Case::new("audit demands", strategy, dear(), size.games(4), move |world, _| {
            let demanded = gain(world, &[who], |world| demanded(world, End::Acknowledged, Spike::Never))?;
            Ok(demanded - gain(world, &[who], |world| audit(world, 0.1)?.confirm(world))?)
        });
        let case = case.point("gas as usual");
        all.push(match who {
            Agent::Requester => case,
            _ => case.rule(Rule::Shown),
        });
    }
    for is_garbage in [false, true] {
        for &multiple in size.multiples() {
            let bond = multiple * WORTH * f64::from(DEMANDED);
            let what = if is_garbage {
                "other documents than"
            } else {
                "none of the"
            };
            let strategy = format!("delivers {what} {DEMANDED} demanded; v = {WORTH} ETH");
            let case = Case::new("audit deliveries", strategy, terms(), size.games(2), move |world, _| {
                let kept = gain(world, &[Agent::Responder], |world| keeps(world, bond, is_garbage))?;
                Ok(kept - gain(world, &[Agent::Responder], |world| audit(world, bond)?.confirm(world))?)
            });
            all.push(case.at("v of the demanded", multiple, Gains::Below));
        }
    }
    all
}

/// The responder keeps what it has shown to match: by silence, or by a ciphertext of something else.
fn keeps(world: &mut World, bond: f64, is_garbage: bool) -> Result<(), Error> {
    let audit = audit(world, bond)?;
    let worth = f64::from(DEMANDED) * WORTH;
    world.book(Agent::Responder, Cause::Outside, wei(worth).cast_signed());
    let mut demand = Demand::open(world, &audit)?;
    if !is_garbage {
        return demand.settle(world, Agent::Requester);
    }
    demand.deliver(world, true)?;
    demand.acknowledge(world)?;
    demand.accuse(world)
}
