//! Opens the examples whose keys are out, and judges them.

use crate::accuracy::provider::advice;
use crate::accuracy::provider::held::Held;
use crate::accuracy::provider::moves::{price_of_abort, ABORT, PROCEED_ANYWAY};
use crate::accuracy::provider::proceed::proceed_by;
use crate::accuracy::provider::received::encrypted;
use crate::capacity::{has_budget, require_registered};
use crate::engagement::facts::PROBED;
use crate::engagement::play::require_time;
use crate::engagement::{Desk, Sent};
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::State;
use serde::Serialize;

/// What the probe showed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Probed {
    /// Of the engagement.
    pub id: B256,
    /// Examples that were opened: N1 in FULL, all in SIMPLE.
    pub opened: usize,
    /// Of those that were opened.
    pub correct: usize,
    /// Right probes from which on proceeding is advised; absent if not even all of them are enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// `proceed` or `abort`; `none` after bad data.
    pub advice: &'static str,
    /// The fault that the consumer was convicted of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_data: Option<String>,
    /// `proceed`, `abort` or the evidence; absent if nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Probed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(what) = &self.bad_data {
            return write!(f, "bad data, proven to the contract: {what}");
        }
        writeln!(f, "{} of {} right", self.correct, self.opened)?;
        match self.threshold {
            Some(t) => writeln!(f, "proceed from {t} on")?,
            None => writeln!(
                f,
                "no probe of this size makes proceeding safe against a chosen test set"
            )?,
        }
        match self.sent {
            Some(_) => write!(f, "done: {}", self.advice),
            None => write!(f, "next: assay mp {} {}", self.advice, self.id),
        }
    }
}

/// What to do about what a probe shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct AfterProbe {
    /// Send `proceed` or `abort`.
    pub act: bool,
    /// Right probes from which on to proceed, if not the advised number.
    pub at_least: Option<u32>,
}

/// Opens what is out, and decides if asked to.
pub async fn probe(desk: &Desk, id: B256, prover: &Prover, decision: AfterProbe) -> eyre::Result<Probed> {
    let e = encrypted(desk, id).await?;
    require_state(id, &e, &[State::Probing])?;
    require_time(&desk.market, &e).await?;
    if decision.act {
        // Known before the work is done, not after it.
        desk.market.require_settled(id, &e).await?;
    }
    let mut held = Held::open(desk, id, &e, None).await?;
    if let Some(accusation) = held.check(&desk.report)? {
        let sent = accusation.send(desk).await?;
        return Ok(Probed {
            id,
            opened: 0,
            correct: 0,
            threshold: None,
            advice: "none",
            bad_data: Some(accusation.evidence.to_string()),
            sent: Some(sent),
        });
    }
    require_registered(prover, &held.engagement.terms)?;
    if let Some(asked) = decision.at_least.filter(|asked| *asked as usize > held.len()) {
        let what = format!("--at-least {asked} of {} open examples can never be right", held.len());
        return Err(usage(what));
    }
    let correct = held.correct(prover, &desk.report)?.len();
    let threshold = decision
        .at_least
        .or_else(|| advice::threshold(&desk.market, e.mode, e.targetBps));
    let needed = desk.market.needed(e.mode, e.targetBps);
    let is_advised = threshold.is_some_and(|t| correct >= t as usize);
    let can_prove = has_budget(prover, needed, &desk.report)?;
    let enough = is_advised && can_prove;
    let advice = if enough { "proceed" } else { "abort" };
    let sent = {
        let mut journal = desk.journal(id)?;
        // `proceed` answers what was probed, not what the chain says by then.
        journal.set_fact(&PROBED, &e.guard)?;
        let why = if !can_prove {
            Some(format!("the model cannot make the {needed} proofs that are needed"))
        } else if is_advised {
            None
        } else {
            let from = threshold.map_or_else(
                || "no number would be enough".into(),
                |t| format!("proceed from {t} on"),
            );
            Some(format!("{correct} of {} open examples were right: {from}", held.len()))
        };
        if decision.act && enough {
            // Decided here and now, whatever was advised before; until it is sent, that stays.
            proceed_by(desk, &mut journal, id, &PROCEED_ANYWAY).await?
        } else {
            if enough {
                desk.account
                    .require_real("the advice to abort, if there is any, is forgotten: nothing would be sent")?;
            }
            advice::note(&mut journal, e.guard, why)?;
            None
        }
    };
    let sent = if decision.act && !enough {
        desk.report.note(price_of_abort(&desk.market.amounts(e.mode)));
        desk.play(id, &ABORT).await?.sent()
    } else {
        sent
    };
    Ok(Probed {
        id,
        opened: held.len(),
        correct,
        threshold,
        advice,
        bad_data: None,
        sent,
    })
}
