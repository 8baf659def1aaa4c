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

/// v, ether.
const WORTH: f64 = 0.5;

/// Documents that match, all of which are demanded, and how long each is.
#[derive(Debug, Clone, Copy)]
struct Demanded {
    documents: u32,
    /// L.
    words: u32,
}

/// Of a kilobyte each: what is published costs little more than the call.
const SHORT: Demanded = Demanded {
    documents: 3,
    words: 32,
};

/// An image of 96 × 96 pixels.
const IMAGE: Demanded = Demanded {
    documents: 1,
    words: 892,
};

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
fn audit(world: &mut World, demanded: Demanded, bond: f64) -> Result<Audit, Error> {
    let contents = Contents {
        size: 8,
        matching: demanded.documents,
        input_words: demanded.words,
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

/// What somebody gains by an audit from its proofs on, with a demand that the responder answers. Whoever demanded also settles.
fn answered(world: &mut World, who: Agent, demanded: Demanded, end: End, spike: Spike) -> Result<i128, Error> {
    let audit = audit(world, demanded, 0.1)?;
    gain(world, &[who], |world| {
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
    })
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for (demanded, what) in [(SHORT, "3 documents of 32 words"), (IMAGE, "1 image of 892 words")] {
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
                let strategy = format!("{strategy}; {what}");
                let case = Case::new("audit demands", strategy, dear(), size.games(4), move |world, _| {
                    let published = answered(world, who, demanded, End::Published, spike)?;
                    Ok(published - answered(world, who, demanded, End::Acknowledged, spike)?)
                });
                all.push(case.point(point));
            }
        }
    }
    for (who, strategy) in [
        (Agent::Requester, "requester demands what it was handed over"),
        (Agent::Responder, "responder of whom that is demanded"),
    ] {
        let case = Case::new("audit demands", strategy, dear(), size.games(4), move |world, _| {
            let demanded = answered(world, who, SHORT, End::Acknowledged, Spike::Never)?;
            let audit = audit(world, SHORT, 0.1)?;
            Ok(demanded - gain(world, &[who], |world| audit.confirm(world))?)
        });
        let case = case.point("gas as usual");
        all.push(match who {
            Agent::Requester => case,
            _ => case.rule(Rule::Shown),
        });
    }
    for is_garbage in [false, true] {
        for &multiple in size.multiples() {
            let bond = multiple * WORTH * f64::from(SHORT.documents);
            let what = if is_garbage { "other documents than" } else { "none of" };
            let strategy = format!("delivers {what} the {} demanded; v = {WORTH} ETH", SHORT.documents);
            let case = Case::new("audit deliveries", strategy, terms(), size.games(2), move |world, _| {
                let kept = gain(world, &[Agent::Responder], |world| keeps(world, bond, is_garbage))?;
                let honest = |world: &mut World| audit(world, SHORT, bond)?.confirm(world);
                Ok(kept - gain(world, &[Agent::Responder], honest)?)
            });
            all.push(case.at("v of the demanded", multiple, Gains::Below));
        }
    }
    all
}

/// The responder keeps what it has shown to match: by silence, or by a ciphertext of something else.
fn keeps(world: &mut World, bond: f64, is_garbage: bool) -> Result<(), Error> {
    let audit = audit(world, SHORT, bond)?;
    let worth = f64::from(SHORT.documents) * WORTH;
    world.book(Agent::Responder, Cause::Outside, wei(worth).cast_signed());
    let mut demand = Demand::open(world, &audit)?;
    if !is_garbage {
        return demand.settle(world, Agent::Requester);
    }
    demand.deliver(world, true)?;
    demand.acknowledge(world)?;
    demand.accuse(world)
}
