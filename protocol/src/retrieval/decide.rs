//! What a party does next about one audit: the tables of states of `IRetrievalMarket` as a function.

use crate::abi::{AuditState, DemandState, DemandView};
use crate::accuracy::decide::Judgement;
use std::mem::discriminant;

/// Whose move is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// rq.
    Requester,
    /// rs.
    Responder,
    /// Who may approve a request and overrule what is withheld.
    Authority,
    /// Anybody: what needs no party.
    Watcher,
}

/// Seconds in which a responder leaves the settlement of a demand to the requester, whose money it is: of two who settle it in one
/// block the second pays for nothing.
pub const LEFT_TO_REQUESTER: u64 = 600;

/// A demand that is not settled, and what the party knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// m.
    pub number: u64,
    /// On chain.
    pub state: DemandState,
    /// Last second of the window that runs: of `deliver`, `ack` or evidence.
    pub deadline: u64,
    /// Last second in which it cannot be settled.
    pub settle_after: u64,
    /// The ciphertext is where the requester finds it.
    pub handed_over: bool,
    /// Every chunk is here, of its exact length and under ctRoot, with the leaves of the whole corpus.
    pub received: bool,
    /// What the requester found in it: doubtful if some document is bad.
    pub judgement: Judgement,
    /// What was due about it failed lately: others come first.
    pub rests: bool,
}

impl Demand {
    /// As the chain has demand `number`, of which nothing else is known; `None` once it is settled.
    pub fn of(number: u64, view: &DemandView) -> Option<Self> {
        (view.state != DemandState::Settled).then_some(Self {
            number,
            state: view.state,
            deadline: view.deadline,
            settle_after: view.settleAfter,
            handed_over: false,
            received: false,
            judgement: Judgement::Unknown,
            rests: false,
        })
    }
}

/// What the chain says. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation<'a> {
    /// Whose move is asked for.
    pub party: Party,
    /// Of the audit.
    pub state: AuditState,
    /// Time of the newest block.
    pub now: u64,
    /// Last second of the window that runs.
    pub deadline: u64,
    /// Seconds of that window, from its start.
    pub window: u64,
    /// Last second in which the authority may overrule while documents are delivered.
    pub overrule_by: u64,
    /// The authority stands behind the request already.
    pub is_approved: bool,
    /// Those not settled.
    pub demands: &'a [Demand],
}

/// What the party knows besides, and what it was told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The responder takes the request on.
    pub accepts: bool,
    /// It refuses it.
    pub declines: bool,
    /// The requester takes its request back.
    pub withdraws: bool,
    /// The authority stands behind the request.
    pub approves: bool,
    /// The authority has a ruling that it has not sent.
    pub overrules: bool,
    /// The responder knows its answers.
    pub has_answers: bool,
    /// The answers are confirmed, and the salt was never shown for others.
    pub reveals: bool,
    /// Some proof that is due is here.
    pub can_prove: bool,
    /// Every one is.
    pub can_prove_all: bool,
    /// The other side finds what it is owed: the responder the predicate, the requester the documents that match.
    pub handed_over: bool,
    /// Every document that matches and is not withheld is here, some were not looked at.
    pub received: bool,
    /// What the requester found: good if it has every document and each opens its leaf, doubtful if some are missing or wrong.
    pub judgement: Judgement,
    /// The requester may demand what is missing.
    pub demands: bool,
    /// Documents are kept back that the authority may still overrule.
    pub may_be_overruled: bool,
    /// Publishing costs less than what a Violation would take.
    pub publishes: bool,
    /// More than one try in this state failed, for other reasons than an unreachable node.
    pub has_failed: bool,
    /// What a closed audit left has been fetched.
    pub is_settled: bool,
}

/// What to do next; each is one command, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing for now.
    Wait,
    /// Stand behind the request.
    Approve,
    /// Take the request back, or clear away what expired.
    Cancel,
    /// Refuse it.
    Decline,
    /// Take it on and lock the bond.
    Accept,
    /// Run the predicate on all documents.
    Run,
    /// Post pages of answers and what is withheld, the last with the seal.
    Answer,
    /// Show the salt.
    Reveal,
    /// Make the proofs.
    Prove,
    /// Send them.
    SubmitProofs,
    /// Make withheld documents ones that may be demanded.
    Overrule,
    /// Hand over what the other side is owed: the predicate, or the documents that match.
    Send,
    /// Look at them.
    Check,
    /// Demand those that are missing.
    Demand,
    /// Encrypt what this demand asks for and commit to it.
    Deliver(u64),
    /// Hand its ciphertext over.
    SendParcel(u64),
    /// Fetch it, or read it from the chain, and look at every chunk, then at every document once it is acknowledged.
    CheckParcel(u64),
    /// Acknowledge it.
    Acknowledge(u64),
    /// Put it on chain.
    Publish(u64),
    /// Show that it is bad.
    Dispute(u64),
    /// Settle the demand.
    SettleDemand(u64),
    /// Agree: closes the audit.
    Confirm,
    /// Close an audit whose time for demands is over.
    Finalize,
    /// Close what the other side let expire.
    Timeout,
    /// Fetch credit.
    Settle,
}

impl Action {
    /// As it stands in events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Approve => "approve",
            Self::Cancel => "cancel",
            Self::Decline => "decline",
            Self::Accept => "accept",
            Self::Run => "run",
            Self::Answer => "answer",
            Self::Reveal => "reveal",
            Self::Prove => "prove",
            Self::SubmitProofs => "submitProofs",
            Self::Overrule => "overrule",
            Self::Send => "send",
            Self::Check => "check",
            Self::Demand => "demand",
            Self::Deliver(_) => "deliver",
            Self::SendParcel(_) => "sendParcel",
            Self::CheckParcel(_) => "checkParcel",
            Self::Acknowledge(_) => "acknowledge",
            Self::Publish(_) => "publish",
            Self::Dispute(_) => "dispute",
            Self::SettleDemand(_) => "settleDemand",
            Self::Confirm => "confirm",
            Self::Finalize => "finalize",
            Self::Timeout => "timeout",
            Self::Settle => "settle",
        }
    }

    /// How long it can wait: first comes what is too late after a deadline, then what others may do as well, and last what the other
    /// side's server has a part in, which may take as long and fail as often as the other side likes.
    fn rank(&self) -> u8 {
        match self {
            Self::CheckParcel(_) | Self::SendParcel(_) => 2,
            Self::SettleDemand(_) => 1,
            _ => 0,
        }
    }

    /// The demand that it is about.
    pub fn demand(&self) -> Option<u64> {
        match self {
            Self::Deliver(m)
            | Self::SendParcel(m)
            | Self::CheckParcel(m)
            | Self::Acknowledge(m)
            | Self::Publish(m)
            | Self::Dispute(m)
            | Self::SettleDemand(m) => Some(*m),
            _ => None,
        }
    }
}

impl Situation<'_> {
    fn is_late(&self) -> bool {
        self.now > self.deadline
    }

    /// Whether half of the window is over: proofs are not collected any longer.
    fn is_urgent(&self) -> bool {
        self.deadline.saturating_sub(self.now) <= self.window / 2
    }

    /// Whether an eighth of it is left: what can be sent is sent.
    fn is_due(&self) -> bool {
        self.deadline.saturating_sub(self.now) <= self.window / 8
    }

    /// What is due about a demand, whoever failed at it before.
    fn about(&self, f: &Facts, d: &Demand) -> Action {
        match self.party {
            // It was closed over a Violation: of what its demands hold nothing is the responder's.
            Party::Responder if self.state == AuditState::Closed => Action::Wait,
            _ if self.state == AuditState::Closed => Action::SettleDemand(d.number),
            Party::Requester => requester_about(self.now, d),
            Party::Responder => responder_about(self.now, d, f.publishes),
            Party::Watcher if self.now > d.settle_after => Action::SettleDemand(d.number),
            Party::Watcher | Party::Authority => Action::Wait,
        }
    }

    /// The first thing to do about a demand: of what is equally pressing that of the earliest deadline.
    fn about_demands(&self, f: &Facts) -> Option<Action> {
        let awake = self.demands.iter().filter(|demand| !demand.rests);
        let actions = awake.map(|demand| (demand.deadline, demand.number, self.about(f, demand)));
        let open = actions.filter(|(.., action)| *action != Action::Wait);
        open.min_by_key(|(deadline, number, action)| (action.rank(), *deadline, *number))
            .map(|(.., action)| action)
    }

    /// The demands about which the same is due as `action`, which is about one of them, those whose time is over first: one after
    /// another they would keep what has a deadline waiting. At most `most`, so that what else becomes due is seen in time.
    pub fn alike(&self, f: &Facts, action: Action, most: usize) -> Vec<u64> {
        let awake = self.demands.iter().filter(|demand| !demand.rests);
        let mut alike: Vec<_> = awake
            .filter(|demand| discriminant(&self.about(f, demand)) == discriminant(&action))
            .map(|demand| (demand.deadline, demand.number))
            .collect();
        alike.sort_unstable();
        alike.truncate(most);
        alike.into_iter().map(|(_, number)| number).collect()
    }
}

/// The next action.
///
/// # Examples
/// ```
/// use assay_protocol::abi::AuditState;
/// use assay_protocol::retrieval::decide::{next, Action, Facts, Party, Situation};
///
/// let answered = Situation {
///     party: Party::Requester,
///     state: AuditState::Answered,
///     now: 1_000,
///     deadline: 4_600,
///     window: 3_600,
///     overrule_by: 0,
///     is_approved: false,
///     demands: &[],
/// };
/// assert_eq!(next(&answered, &Facts::default()), Action::Wait);
/// assert_eq!(next(&answered, &Facts { reveals: true, ..Facts::default() }), Action::Reveal);
/// ```
pub fn next(s: &Situation<'_>, f: &Facts) -> Action {
    if s.state == AuditState::Closed {
        return closed(s, f);
    }
    match s.party {
        Party::Requester => requester(s, f),
        Party::Responder => responder(s, f),
        Party::Authority => authority(s, f),
        Party::Watcher => watcher(s, f),
    }
}

/// Each demand of a closed audit still holds its B: a requester that fetched its money before that would be done with it.
fn closed(s: &Situation<'_>, f: &Facts) -> Action {
    match s.party {
        Party::Authority => Action::Wait,
        Party::Requester | Party::Watcher if !s.demands.is_empty() => s.about_demands(f).unwrap_or(Action::Wait),
        Party::Requester | Party::Responder if !f.is_settled => Action::Settle,
        _ => Action::Wait,
    }
}

fn requester(s: &Situation<'_>, f: &Facts) -> Action {
    match s.state {
        AuditState::Requested if s.is_late() || f.withdraws => Action::Cancel,
        // Without its weights nobody can run the predicate.
        AuditState::Requested if !f.handed_over => Action::Send,
        AuditState::Answered if f.reveals && !s.is_late() => Action::Reveal,
        // Its own silence: the responder is paid.
        AuditState::Answered => Action::Wait,
        AuditState::Accepted | AuditState::Sampled if s.is_late() => Action::Timeout,
        AuditState::Delivering => match s.about_demands(f) {
            // What is not demanded in time is lost, and whoever hands parcels over decides how long it takes to look at one.
            Some(Action::CheckParcel(_)) if f.demands && !s.is_late() => Action::Demand,
            Some(action) => action,
            None => requester_delivering(s, f),
        },
        _ => Action::Wait,
    }
}

fn requester_about(now: u64, d: &Demand) -> Action {
    let is_late = now > d.deadline;
    match d.state {
        _ if now > d.settle_after => Action::SettleDemand(d.number),
        // Without every chunk nothing bad could be shown: silence, and the responder publishes.
        DemandState::Delivered if !is_late && d.received => Action::Acknowledge(d.number),
        DemandState::Delivered if !is_late && d.handed_over => Action::CheckParcel(d.number),
        // However often it failed: nothing else brings the escrow back.
        DemandState::Acked if d.judgement == Judgement::Doubtful => Action::Dispute(d.number),
        DemandState::Acked if d.judgement == Judgement::Unknown => Action::CheckParcel(d.number),
        _ => Action::Wait,
    }
}

fn requester_delivering(s: &Situation<'_>, f: &Facts) -> Action {
    let is_open = !s.demands.is_empty();
    match f.judgement {
        // As long as something may be overruled it may be demanded.
        Judgement::Good if !is_open && !f.may_be_overruled => Action::Confirm,
        // Before it looks again: the responder decides what there is to look at.
        Judgement::Doubtful | Judgement::Unknown if f.demands && !s.is_late() => Action::Demand,
        Judgement::Unknown if f.received && !s.is_late() => Action::Check,
        _ if s.is_late() && !is_open => Action::Finalize,
        _ => Action::Wait,
    }
}

fn responder(s: &Situation<'_>, f: &Facts) -> Action {
    match s.state {
        AuditState::Requested if s.is_late() => Action::Wait,
        AuditState::Requested if f.declines => Action::Decline,
        AuditState::Requested if f.accepts => Action::Accept,
        AuditState::Accepted if s.is_late() => Action::Wait,
        AuditState::Accepted if f.has_answers => Action::Answer,
        AuditState::Accepted => Action::Run,
        AuditState::Answered if s.is_late() => Action::Timeout,
        // Its proofs earn nothing any more.
        AuditState::Sampled if s.is_late() => Action::Wait,
        AuditState::Sampled => {
            // Together they cost less than one by one.
            let sends = f.can_prove_all || (f.can_prove && s.is_urgent());
            // A file may be damaged: those are made again, and if none is, the next try is the first one.
            if sends && (!f.has_failed || s.is_due()) {
                Action::SubmitProofs
            } else {
                Action::Prove
            }
        }
        AuditState::Delivering => match s.about_demands(f) {
            Some(action) => action,
            None if !f.handed_over && !s.is_late() => Action::Send,
            None if s.is_late() && s.demands.is_empty() => Action::Finalize,
            None => Action::Wait,
        },
        _ => Action::Wait,
    }
}

fn responder_about(now: u64, d: &Demand, publishes: bool) -> Action {
    let is_late = now > d.deadline;
    match d.state {
        // Where it is late itself, only the other side gains.
        DemandState::Acked if now > d.settle_after.saturating_add(LEFT_TO_REQUESTER) => Action::SettleDemand(d.number),
        DemandState::Demanded if !is_late => Action::Deliver(d.number),
        DemandState::Delivered if !is_late && !d.handed_over => Action::SendParcel(d.number),
        DemandState::Delivered if is_late && now <= d.settle_after && publishes => Action::Publish(d.number),
        _ => Action::Wait,
    }
}

fn authority(s: &Situation<'_>, f: &Facts) -> Action {
    match s.state {
        AuditState::Requested if f.approves && !s.is_approved && !s.is_late() => Action::Approve,
        AuditState::Answered | AuditState::Sampled if f.overrules && !s.is_late() => Action::Overrule,
        AuditState::Delivering if f.overrules && s.now <= s.overrule_by => Action::Overrule,
        _ => Action::Wait,
    }
}

/// What anybody may do once a time is over.
fn watcher(s: &Situation<'_>, f: &Facts) -> Action {
    match s.state {
        AuditState::Requested if s.is_late() => Action::Cancel,
        AuditState::Accepted | AuditState::Answered | AuditState::Sampled if s.is_late() => Action::Timeout,
        AuditState::Delivering => match s.about_demands(f) {
            Some(settle) => settle,
            None if s.is_late() && s.demands.is_empty() => Action::Finalize,
            None => Action::Wait,
        },
        _ => Action::Wait,
    }
}

#[cfg(test)]
mod tests;
