//! Whose move it is in an engagement, a round or an audit, until when, and what follows if nobody makes one: the contracts' tables of
//! outcomes in words.
//!
//! A window's last second is its deadline: a party may act while `now <= deadline`, anybody closes from `now > deadline` on.
//! The crate `simulation` lets each window pass on the contracts themselves and compares what they did with what stands here.

mod silence;
#[cfg(test)]
mod tests;

pub use silence::{Ending, Pays, Strikes};

use crate::abi::{
    Adjudication, AuditOutcome, AuditState, AuditView, DemandState, DemandView, EngagementView, Mode, Outcome, Privacy,
    RoundOutcome, RoundState, RoundView,
    State::{Acked, Claimed, Committed, FullDemanded, Locked, Offered, Probing, Proceeded, Proving, Published},
};
use crate::accuracy::decide::Party;

/// Whose move it is, and what follows if nobody makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// `None` where only time has to pass, where anybody closes, or where nothing happens any more.
    pub mover: Option<Party>,
    /// What it does.
    pub to_do: &'static str,
    /// The last second in which it can, Unix time; 0 if no window runs.
    pub until: u64,
    /// What anybody brings about once `closes` is over.
    pub silence: Ending,
    /// The last second in which nobody can bring that about by closing, Unix time; later than `until` where another party moves in between. 0 if
    /// nothing has to pass first.
    pub closes: u64,
    /// Whether anybody can close now. Nobody but who closes has a move then.
    pub is_closable: bool,
}

const CONSUMER: Option<Party> = Some(Party::Consumer);
const PROVIDER: Option<Party> = Some(Party::Provider);

/// A party has until a second for a move, after which anybody closes.
fn of(mover: Option<Party>, to_do: &'static str, until: u64, silence: Ending, now: u64) -> Standing {
    before(mover, to_do, until, until, silence, now)
}

/// As [`of`], where anybody closes only when a later second is over.
fn before(mover: Option<Party>, to_do: &'static str, until: u64, closes: u64, silence: Ending, now: u64) -> Standing {
    let is_closable = now > closes;
    let (mover, to_do) = if is_closable { (None, "") } else { (mover, to_do) };
    Standing {
        mover,
        to_do,
        until,
        silence,
        closes,
        is_closable,
    }
}

/// Anybody closes at once.
const fn closable(silence: Ending) -> Standing {
    Standing {
        mover: None,
        to_do: "",
        until: 0,
        silence,
        closes: 0,
        is_closable: true,
    }
}

const OVER: Standing = Standing {
    mover: None,
    to_do: "",
    until: 0,
    silence: Ending::Nothing,
    closes: 0,
    is_closable: false,
};

/// Of an engagement, at this time. `first` is the deadline of the open challenge that is due first, if there is one.
pub fn of_engagement(e: &EngagementView, first: Option<u64>, now: u64) -> Standing {
    let of = |mover, to_do, outcome| of(mover, to_do, e.deadline, Ending::Engagement(outcome), now);
    let challenged = |to_do, first| {
        let silence = Ending::Engagement(Outcome::Fault);
        before(PROVIDER, to_do, first, first, silence, now)
    };
    match (e.state, first) {
        (Offered, _) => of(PROVIDER, "accept the offer", Outcome::Cancelled),
        (Locked, _) => of(CONSUMER, "commit to the transfer", Outcome::McSilent),
        (Committed, _) => of(
            PROVIDER,
            "acknowledge the transfer; if it does not, the consumer may publish it until then",
            Outcome::NoAck,
        ),
        (Published, _) => of(
            PROVIDER,
            "acknowledge the transfer that was published",
            Outcome::MpSilent,
        ),
        (Acked, _) => of(CONSUMER, "open the examples for probing", Outcome::McSilent),
        (Probing, _) if e.mode == Mode::CLEAR => of(
            PROVIDER,
            "check the set that the consumer hands over, then proceed or abort",
            Outcome::MpSilent,
        ),
        (Probing, _) => of(PROVIDER, "proceed, abort, or prove bad data", Outcome::MpSilent),
        (Proceeded, _) => of(CONSUMER, "open the examples that count", Outcome::McSilent),
        (Proving, _) if e.adjudication == Adjudication::OPTIMISTIC => {
            of(PROVIDER, "post the result, or concede", Outcome::MpSilent)
        }
        (Proving, _) => of(PROVIDER, "prove, or concede", Outcome::MpSilent),
        (Claimed, Some(first)) => challenged(
            "answer the open challenges, the first of which is due then; others may be made while the window for them lasts",
            first,
        ),
        (FullDemanded, Some(first)) => challenged(
            "answer the open challenges, the first of which is due then, and prove what was demanded",
            first,
        ),
        (Claimed, None) => of(
            CONSUMER,
            "accept the result, challenge it, or demand proofs; anybody may challenge",
            Outcome::Passed,
        ),
        (FullDemanded, None) => of(PROVIDER, "prove what was demanded", Outcome::Fault),
        _ => OVER,
    }
}

/// Of a round, at this time. `publish` is the market's window for publishing, seconds.
pub fn of_round(round: &RoundView, publish: u64, now: u64) -> Standing {
    let silence = |outcome| Ending::Round(outcome, round.privacy);
    let until = round.deadline;
    match round.state {
        RoundState::Offered => of(
            PROVIDER,
            "serve the round",
            until,
            silence(RoundOutcome::Cancelled),
            now,
        ),
        RoundState::Rooted if round.privacy == Privacy::PUBLIC => {
            of(PROVIDER, "publish the outputs", until, silence(RoundOutcome::Void), now)
        }
        RoundState::Rooted if now > until => of(
            PROVIDER,
            "publish the outputs; until it has, the consumer may still confirm",
            until + publish,
            silence(RoundOutcome::Void),
            now,
        ),
        RoundState::Rooted => before(
            CONSUMER,
            "check the outputs, confirm or contest; after that the provider may publish them",
            until,
            until + publish,
            silence(RoundOutcome::Void),
            now,
        ),
        RoundState::Served if round.contested > round.proven => of(
            PROVIDER,
            "prove what was contested",
            round.answerBy,
            silence(RoundOutcome::Fault),
            now,
        ),
        // Nothing is left to contest: whatever its deadline, nobody waits for it.
        RoundState::Served if round.contested == round.contestCap => closable(silence(RoundOutcome::Upheld)),
        RoundState::Served => {
            let outcome = if round.contested == 0 {
                RoundOutcome::Clean
            } else {
                RoundOutcome::Upheld
            };
            of(
                CONSUMER,
                "contest predictions, or confirm",
                until,
                silence(outcome),
                now,
            )
        }
        _ => OVER,
    }
}

/// Of an audit without open demands, at this time: its consumer is the requester, its provider the responder.
pub fn of_audit(audit: &AuditView, now: u64) -> Standing {
    let of = |mover, to_do, outcome| of(mover, to_do, audit.deadline, Ending::Audit(outcome), now);
    match audit.state {
        AuditState::Requested => of(PROVIDER, "take the request on, or decline it", AuditOutcome::Cancelled),
        AuditState::Accepted => of(PROVIDER, "answer for every document", AuditOutcome::Timeout),
        AuditState::Answered => of(CONSUMER, "reveal the salt of its sample", AuditOutcome::Unchecked),
        AuditState::Sampled => of(PROVIDER, "prove the sample", AuditOutcome::Violation),
        AuditState::Delivering => of(CONSUMER, "demand documents, or confirm", AuditOutcome::Complete),
        _ => OVER,
    }
}

/// Of a demand in an audit, at this time. In a closed audit nobody moves: anybody settles it.
pub fn of_demand(audit: &AuditView, demand: &DemandView, now: u64) -> Standing {
    let convicted = Ending::Audit(AuditOutcome::Violation);
    let until = demand.deadline;
    match demand.state {
        DemandState::None | DemandState::Settled => OVER,
        _ if audit.state == AuditState::Closed => closable(Ending::Demand { is_paid: false }),
        DemandState::Demanded => of(PROVIDER, "deliver what was demanded", until, convicted, now),
        DemandState::Delivered if now <= until => before(
            CONSUMER,
            "acknowledge the delivery; after that the responder publishes it, which the demand's fee pays half of",
            until,
            demand.settleAfter,
            convicted,
            now,
        ),
        DemandState::Delivered => of(PROVIDER, "publish the delivery", demand.settleAfter, convicted, now),
        DemandState::Acked => of(
            CONSUMER,
            "show that the delivery was bad, if it was",
            until,
            Ending::Demand {
                is_paid: demand.published,
            },
            now,
        ),
        _ => OVER,
    }
}
