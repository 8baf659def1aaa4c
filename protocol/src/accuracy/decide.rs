//! What a party does next about one engagement: `protocols.md` 6.3, 6.5 and 8 as a function.

use crate::abi::{Adjudication, Mode, State};

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Has the model and proves.
    Provider,
    /// Has the test set and pays.
    Consumer,
}

impl Party {
    /// As it stands in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Consumer => "consumer",
        }
    }
}

/// What the chain says. Times are Unix seconds of the newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Whose move is asked for.
    pub party: Party,
    /// Of the engagement; it says who is to move.
    pub state: State,
    /// How the provider gets the examples.
    pub mode: Mode,
    /// Whether each example is proven on chain, or a posted result stands unless challenged.
    pub adjudication: Adjudication,
    /// Time of the newest block.
    pub now: u64,
    /// Last second in which whoever is to move may.
    pub deadline: u64,
    /// Seconds that this state lasts at most.
    pub window: u64,
}

impl Situation {
    fn is_late(&self) -> bool {
        self.now > self.deadline
    }

    /// Whether half of the window is over: nothing that can be done is left for later.
    pub fn is_half_over(&self) -> bool {
        self.deadline.saturating_sub(self.now) <= self.window / 2
    }

    /// Whether an eighth of the window is left: what has not succeeded by now is given up.
    pub fn is_nearly_over(&self) -> bool {
        self.deadline.saturating_sub(self.now) <= self.window / 8
    }

    /// Whether so little is left that even what is under way comes too late.
    fn is_last_moment(&self) -> bool {
        self.deadline.saturating_sub(self.now) <= self.window / 32
    }
}

/// How many proofs the provider has on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proofs {
    /// Fewer than the target needs.
    #[default]
    TooFew,
    /// As many as the target needs.
    Enough,
    /// All that are asked for, or that can be made.
    All,
}

/// What the consumer knows about a posted result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Judgement {
    /// The proofs have not been looked at, or not all of them could be.
    #[default]
    Unknown,
    /// Every claim is proven.
    Good,
    /// Some claim is not.
    Doubtful,
}

/// What the party knows besides, and what it was told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The offer may be accepted.
    pub accepts: bool,
    /// What this party owes the other in this state is where the other finds it.
    pub handed_over: bool,
    /// The set in clear is here.
    pub received: bool,
    /// Of the examples that count.
    pub proofs: Proofs,
    /// The model gets fewer examples right than the target needs.
    pub is_hopeless: bool,
    /// More than one try in this state failed, for other reasons than an unreachable node.
    pub has_failed: bool,
    /// The proofs of this engagement are being made right now.
    pub is_being_proven: bool,
    /// First deadline of the open challenges.
    pub challenge: Option<u64>,
    /// Some open challenge can be answered: its proof is here.
    pub can_answer: bool,
    /// As many positions are proven on chain as the target needs.
    pub is_met: bool,
    /// Of the posted result.
    pub judgement: Judgement,
    /// The consumer has open challenges of its own.
    pub has_objected: bool,
    /// Proofs may have come since the consumer looked.
    pub has_news: bool,
    /// The consumer puts the ciphertext on chain if it is not acknowledged.
    pub publishes: bool,
    /// Part of it is there.
    pub is_publishing: bool,
    /// The consumer can check proofs.
    pub checks: bool,
    /// The consumer acts against claims that are not proven.
    pub objects: bool,
    /// What a closed engagement left has been fetched.
    pub is_settled: bool,
}

/// What to do next; each is one command, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing for now.
    Wait,
    /// Take the offer and lock the bond.
    Accept,
    /// Say that the ciphertext has arrived.
    Ack,
    /// Acknowledge published data that cannot be had: an abort is cheaper than silence.
    AckUnseen,
    /// Open the probe set, then proceed or abort.
    Probe,
    /// Give up before anything is proven, for a price.
    Abort,
    /// Make the proofs.
    Prove,
    /// Submit the proofs.
    Submit,
    /// Post the result and hand the proofs over.
    Claim,
    /// Give up: the target is not reached.
    Concede,
    /// Answer an open challenge with its proof.
    Answer,
    /// Hand over what is due: leaf hashes, ciphertext, set.
    Send,
    /// Put the ciphertext on chain.
    Publish,
    /// Open what was committed to, on chain.
    Reveal,
    /// Check the proofs of a posted result.
    Check,
    /// Agree to a posted result before its time is over.
    AcceptResult,
    /// Challenge what is not proven, or demand all proofs.
    Object,
    /// Close what the other side let expire, or finalise a result.
    Timeout,
    /// Fetch credit and bonds.
    Settle,
}

impl Action {
    /// As it stands in events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Accept => "accept",
            Self::Ack => "ack",
            Self::AckUnseen => "ackUnseen",
            Self::Probe => "probe",
            Self::Abort => "abort",
            Self::Prove => "prove",
            Self::Submit => "submit",
            Self::Claim => "post",
            Self::Concede => "concede",
            Self::Answer => "answer",
            Self::Send => "send",
            Self::Publish => "publish",
            Self::Reveal => "reveal",
            Self::Check => "verify",
            Self::AcceptResult => "acceptResult",
            Self::Object => "object",
            Self::Timeout => "timeout",
            Self::Settle => "settle",
        }
    }
}

/// The next action. What cannot fail for the party is done at once; what gives up something because the other side did
/// nothing (abort, publish, object) when half of the window is over; what gives up because own tries failed (abort, concede)
/// when an eighth of it is left.
///
/// # Examples
/// ```
/// use assay_protocol::abi::{Adjudication, Mode, State};
/// use assay_protocol::accuracy::decide::{next, Action, Facts, Judgement, Party, Situation};
///
/// let situation = Situation {
///     party: Party::Consumer,
///     state: State::Claimed,
///     mode: Mode::SIMPLE,
///     adjudication: Adjudication::OPTIMISTIC,
///     now: 1_000,
///     deadline: 8_200,
///     window: 7_200,
/// };
/// let facts = Facts { checks: true, objects: true, has_news: true, ..Facts::default() };
/// // A result was posted: look at its proofs, and challenge those that are missing only when half of the window is over.
/// assert_eq!(next(&situation, &facts), Action::Check);
/// let doubts = Facts { judgement: Judgement::Doubtful, has_news: false, ..facts };
/// assert_eq!(next(&situation, &doubts), Action::Wait);
/// assert_eq!(next(&Situation { now: 4_700, ..situation }, &doubts), Action::Object);
/// ```
pub fn next(s: &Situation, f: &Facts) -> Action {
    match s.state {
        State::Closed if f.is_settled => Action::Wait,
        State::Closed => Action::Settle,
        _ if s.party == Party::Provider => provider(s, f),
        _ => consumer(s, f),
    }
}

fn provider(s: &Situation, f: &Facts) -> Action {
    let (late, half, nearly) = (s.is_late(), s.is_half_over(), s.is_nearly_over());
    match s.state {
        State::Offered if f.accepts && !late => Action::Accept,
        // The consumer's moves; a published ciphertext is the provider's own duty.
        State::Locked | State::Committed | State::Acked | State::Proceeded if late => Action::Timeout,
        State::Published if !late && nearly && f.has_failed => Action::AckUnseen,
        State::Committed | State::Published if !late => Action::Ack,
        State::Probing if !late => match s.mode {
            Mode::CLEAR if f.is_hopeless || nearly => Action::Abort,
            Mode::CLEAR if f.is_being_proven || (f.received && !half) => Action::Prove,
            Mode::CLEAR if half => Action::Abort,
            Mode::CLEAR => Action::Wait,
            _ if f.has_failed && nearly => Action::Abort,
            _ => Action::Probe,
        },
        State::Proving if !late => {
            let claim = match s.adjudication {
                Adjudication::OPTIMISTIC => Action::Claim,
                _ => Action::Submit,
            };
            match f.proofs {
                // Some of them may be damaged: those are made again.
                Proofs::All | Proofs::Enough if f.has_failed && !nearly => Action::Prove,
                Proofs::All => claim,
                Proofs::Enough if half => claim,
                _ if f.is_hopeless && half => Action::Concede,
                _ if f.is_hopeless => Action::Wait,
                Proofs::TooFew if nearly && (!f.is_being_proven || s.is_last_moment()) => Action::Concede,
                _ => Action::Prove,
            }
        }
        State::Claimed => match f.challenge {
            Some(_) if f.can_answer && (!f.has_failed || nearly) => Action::Answer,
            Some(_) => Action::Prove,
            None if late => Action::Timeout,
            None if !f.handed_over => Action::Claim,
            None => Action::Wait,
        },
        // Challenges are due before the demand is.
        State::FullDemanded if !late => match f.challenge {
            Some(_) if f.can_answer && (!f.has_failed || nearly) => Action::Answer,
            _ if !f.is_met && f.proofs >= Proofs::Enough && (!f.has_failed || nearly) => Action::Submit,
            _ => Action::Prove,
        },
        _ => Action::Wait,
    }
}

fn consumer(s: &Situation, f: &Facts) -> Action {
    let (late, half) = (s.is_late(), s.is_half_over());
    match s.state {
        State::Offered if late => Action::Timeout,
        State::Offered if s.mode != Mode::CLEAR && !f.handed_over => Action::Send,
        State::Locked if !late => Action::Send,
        State::Acked | State::Proceeded if !late => Action::Reveal,
        // The provider's moves.
        State::Committed | State::Published | State::Probing | State::Proving | State::FullDemanded if late => {
            Action::Timeout
        }
        State::FullDemanded if f.challenge.is_some_and(|deadline| s.now > deadline) => Action::Timeout,
        // The first chunk begins another window.
        State::Committed if f.publishes && (half || f.is_publishing) => Action::Publish,
        State::Committed if !f.handed_over => Action::Send,
        State::Probing if s.mode == Mode::CLEAR && !f.handed_over => Action::Send,
        State::Claimed => match f.challenge {
            Some(deadline) if s.now > deadline => Action::Timeout,
            None if late => Action::Timeout,
            _ if late || !f.checks => Action::Wait,
            // Challenges of others do not keep this party from its own.
            challenge => match f.judgement {
                Judgement::Good if challenge.is_none() => Action::AcceptResult,
                Judgement::Good => Action::Wait,
                // Which looks again before it objects.
                Judgement::Doubtful if f.objects && half && !f.has_objected => Action::Object,
                Judgement::Doubtful if half => Action::Wait,
                _ if f.has_news => Action::Check,
                _ => Action::Wait,
            },
        },
        _ => Action::Wait,
    }
}

#[cfg(test)]
mod tests;
