//! Audits that both sides walk away from: they end by calls that anybody may make, after how long.

use super::hiding::{fair, terms};
use super::Size;
use crate::audit::{Ask, Audit};
use crate::books::Agent;
use crate::case::{Case, Rule, Sign, Unit};
use crate::corpus::{Contents, Corpus};
use crate::demand::Demand;
use crate::error::Error;
use crate::world::World;
use std::collections::BTreeSet;

/// The last move that one of the two sides makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Last {
    Request,
    Acceptance,
    Answers,
    Salt,
    Proofs,
    Demand,
    Delivery,
    Acknowledgement,
}

impl Last {
    /// In the order of an audit.
    pub(crate) const ALL: [Self; 8] = [
        Self::Request,
        Self::Acceptance,
        Self::Answers,
        Self::Salt,
        Self::Proofs,
        Self::Demand,
        Self::Delivery,
        Self::Acknowledgement,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Request => "the request",
            Self::Acceptance => "accepting",
            Self::Answers => "the answers",
            Self::Salt => "the salt",
            Self::Proofs => "the proofs",
            Self::Demand => "a demand",
            Self::Delivery => "its delivery",
            Self::Acknowledgement => "its acknowledgement",
        }
    }
}

/// What is at stake.
pub(crate) const BOND: f64 = 1.0;

/// Both sides go on to a move and no further; an outsider ends what can be ended.
pub(crate) fn abandoned(world: &mut World, last: Last) -> Result<Audit, Error> {
    let contents = Contents {
        size: 6,
        matching: 2,
        input_words: 4,
        is_real: true,
    };
    let ask = Ask {
        samples: 1,
        bond: BOND,
        price: fair(&world.site.terms, 1),
    };
    let corpus = Corpus::commit(world, contents)?;
    let mut audit = Audit::request(world, Agent::Requester, corpus, ask)?;
    if last == Last::Request {
        audit.cancel(world, Agent::Outsider)?;
        return Ok(audit);
    }
    audit.accept(world)?;
    if last > Last::Acceptance {
        audit.answer(world, BTreeSet::new())?;
    }
    if last > Last::Answers {
        audit.reveal(world)?;
    }
    if last < Last::Proofs {
        audit.timeout(world, Agent::Outsider)?;
        return Ok(audit);
    }
    audit.prove(world);
    audit.submit(world, Agent::Responder)?;
    if last > Last::Proofs {
        let mut demand = Demand::open(world, &audit)?;
        if last > Last::Demand {
            demand.deliver(world, false)?;
        }
        if last > Last::Delivery {
            demand.acknowledge(world)?;
        }
        demand.settle(world, Agent::Outsider)?;
    }
    if last == Last::Proofs || last == Last::Acknowledgement {
        audit.finalize(world, Agent::Outsider)?;
    }
    Ok(audit)
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let case = |last: Last| {
        let strategy = format!("nobody moves after {}, an outsider ends the audit", last.name());
        let case = Case::new("audit end", strategy, terms(), size.games(1), move |world, _| {
            let begin = world.now;
            abandoned(world, last)?;
            Ok(i128::from(world.now - begin) * 1_000_000_000_000_000_000 / 3600)
        });
        let case = case.point("windows of a day").unit(Unit::Hours);
        case.predict(Sign::Gain).rule(Rule::Shown)
    };
    Last::ALL.map(case).into()
}
