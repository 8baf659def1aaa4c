//! What a party does next about one engagement: `protocols.md` 6.3, 6.5 and 8 as a function.

use crate::chain::bindings::{Adjudication, Mode, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Provider,
    Consumer,
}

/// What the chain says. Times are Unix seconds of the newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    pub party: Party,
    pub state: State,
    pub mode: Mode,
    pub adjudication: Adjudication,
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
    /// Of every example that the model gets right.
    All,
}

/// What the consumer knows about a posted result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Judgement {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Wait,
    Accept,
    Ack,
    /// Acknowledge published data that cannot be had: an abort is cheaper than silence.
    AckUnseen,
    /// Open the probe set, then proceed or abort.
    Probe,
    Abort,
    Prove,
    /// Submit the proofs.
    Submit,
    /// Post the result and hand the proofs over.
    Claim,
    Concede,
    Answer,
    /// Hand over what is due: leaf hashes, ciphertext, set.
    Send,
    Publish,
    Reveal,
    /// Check the proofs of a posted result.
    Check,
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
        State::FullDemanded if !late && f.proofs >= Proofs::Enough && (!f.has_failed || nearly) => Action::Submit,
        State::FullDemanded if !late => Action::Prove,
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
mod tests {
    use super::*;
    use Action::*;
    use Party::{Consumer, Provider};

    const DEADLINE: u64 = 1_000_000;
    const WINDOW: u64 = 1000;

    /// Early, when half is over, at the deadline, after it.
    const TIMES: [u64; 4] = [DEADLINE - WINDOW, DEADLINE - WINDOW / 2, DEADLINE, DEADLINE + 1];

    fn at(party: Party, state: State, now: u64) -> Situation {
        Situation {
            party,
            state,
            mode: Mode::FULL,
            adjudication: Adjudication::OPTIMISTIC,
            now,
            deadline: DEADLINE,
            window: WINDOW,
        }
    }

    /// The actions at [`TIMES`].
    fn row(party: Party, state: State, facts: Facts) -> [Action; 4] {
        TIMES.map(|now| next(&at(party, state, now), &facts))
    }

    #[test]
    fn every_state_has_its_row_of_the_protocol() {
        let none = Facts::default();
        let table = [
            // state, provider, consumer; nobody knows anything or was told anything
            (State::Offered, [Wait; 4], [Send, Send, Send, Timeout]),
            (State::Locked, [Wait, Wait, Wait, Timeout], [Send, Send, Send, Wait]),
            (State::Committed, [Ack, Ack, Ack, Timeout], [Send, Send, Send, Timeout]),
            (State::Published, [Ack, Ack, Ack, Wait], [Wait, Wait, Wait, Timeout]),
            (
                State::Acked,
                [Wait, Wait, Wait, Timeout],
                [Reveal, Reveal, Reveal, Wait],
            ),
            (State::Probing, [Probe, Probe, Probe, Wait], [Wait, Wait, Wait, Timeout]),
            (
                State::Proceeded,
                [Wait, Wait, Wait, Timeout],
                [Reveal, Reveal, Reveal, Wait],
            ),
            (
                State::Proving,
                [Prove, Prove, Concede, Wait],
                [Wait, Wait, Wait, Timeout],
            ),
            (
                State::Claimed,
                [Claim, Claim, Claim, Timeout],
                [Wait, Wait, Wait, Timeout],
            ),
            (
                State::FullDemanded,
                [Prove, Prove, Prove, Wait],
                [Wait, Wait, Wait, Timeout],
            ),
            (State::Closed, [Settle; 4], [Settle; 4]),
            (State::None, [Wait; 4], [Wait; 4]),
        ];
        for (state, provider, consumer) in table {
            assert_eq!(row(Provider, state, none), provider, "{state:?}");
            assert_eq!(row(Consumer, state, none), consumer, "{state:?}");
        }
    }

    #[test]
    fn nobody_acts_for_the_other_nor_after_the_own_deadline() {
        let own = |party| match party {
            Provider => [
                Accept, Ack, AckUnseen, Probe, Abort, Prove, Submit, Claim, Concede, Answer,
            ]
            .as_slice(),
            Consumer => [Send, Publish, Reveal, Check, AcceptResult, Object].as_slice(),
        };
        let told = Facts {
            accepts: true,
            received: true,
            proofs: Proofs::All,
            publishes: true,
            checks: true,
            objects: true,
            has_failed: true,
            ..Facts::default()
        };
        for state in 0..=11u8 {
            let state = State::try_from(state).unwrap();
            for facts in [Facts::default(), told] {
                for party in [Provider, Consumer] {
                    let actions = row(party, state, facts);
                    for action in actions {
                        assert!(
                            own(party).contains(&action) || [Wait, Timeout, Settle].contains(&action),
                            "{party:?} {state:?}: {action:?}"
                        );
                    }
                    assert!(
                        !actions[..3].contains(&Timeout),
                        "{state:?}: a timeout before the deadline"
                    );
                    // Challenges have deadlines of their own.
                    if state != State::Claimed {
                        assert!(!own(party).contains(&actions[3]), "{party:?} {state:?} acts too late");
                    }
                }
            }
        }
    }

    #[test]
    fn a_provider_decides_by_half_of_the_window() {
        let clear = |facts| {
            TIMES.map(|now| {
                let s = Situation {
                    mode: Mode::CLEAR,
                    ..at(Provider, State::Probing, now)
                };
                next(&s, &facts)
            })
        };
        let facts = Facts::default();
        assert_eq!(clear(facts), [Wait, Abort, Abort, Wait], "nothing was delivered");
        let received = Facts {
            received: true,
            ..facts
        };
        assert_eq!(
            clear(received),
            [Prove, Abort, Abort, Wait],
            "nothing else may keep it waiting"
        );
        let begun = Facts {
            is_being_proven: true,
            ..received
        };
        assert_eq!(clear(begun), [Prove, Prove, Abort, Wait]);
        let hopeless = Facts {
            is_hopeless: true,
            ..received
        };
        assert_eq!(clear(hopeless), [Abort, Abort, Abort, Wait]);
        let failed = Facts {
            has_failed: true,
            ..facts
        };
        assert_eq!(row(Provider, State::Probing, failed), [Probe, Probe, Abort, Wait]);
        assert_eq!(row(Provider, State::Published, failed), [Ack, Ack, AckUnseen, Wait]);
    }

    #[test]
    fn proofs_are_used_as_soon_as_all_are_there_or_half_of_the_window_is_over() {
        let facts = |proofs| Facts {
            proofs,
            ..Facts::default()
        };
        assert_eq!(
            row(Provider, State::Proving, facts(Proofs::All)),
            [Claim, Claim, Claim, Wait]
        );
        assert_eq!(
            row(Provider, State::Proving, facts(Proofs::Enough)),
            [Prove, Claim, Claim, Wait]
        );
        let direct = Situation {
            adjudication: Adjudication::DIRECT,
            ..at(Provider, State::Proving, TIMES[0])
        };
        assert_eq!(next(&direct, &facts(Proofs::All)), Submit);
        assert_eq!(next(&direct, &facts(Proofs::Enough)), Prove);
        let hopeless = Facts {
            is_hopeless: true,
            ..Facts::default()
        };
        assert_eq!(row(Provider, State::Proving, hopeless), [Wait, Concede, Concede, Wait]);
        let under_way = Facts {
            is_being_proven: true,
            ..Facts::default()
        };
        let at_eighth = at(Provider, State::Proving, DEADLINE - WINDOW / 8);
        assert_eq!(next(&at_eighth, &Facts::default()), Concede);
        assert_eq!(next(&at_eighth, &under_way), Prove);
        assert_eq!(row(Provider, State::Proving, under_way), [Prove, Prove, Concede, Wait]);
        assert_eq!(
            row(Provider, State::FullDemanded, facts(Proofs::Enough)),
            [Submit, Submit, Submit, Wait]
        );
        let damaged = Facts {
            has_failed: true,
            ..facts(Proofs::Enough)
        };
        assert_eq!(
            row(Provider, State::FullDemanded, damaged),
            [Prove, Prove, Submit, Wait]
        );
        assert_eq!(row(Provider, State::Proving, damaged), [Prove, Prove, Claim, Wait]);
    }

    #[test]
    fn challenges_have_deadlines_of_their_own() {
        let challenged = Facts {
            challenge: Some(DEADLINE + 10),
            can_answer: true,
            handed_over: true,
            checks: true,
            judgement: Judgement::Good,
            ..Facts::default()
        };
        let lost = Facts {
            can_answer: false,
            ..challenged
        };
        assert_eq!(
            row(Provider, State::Claimed, lost),
            [Prove; 4],
            "its proof is made again"
        );
        // Another challenge may still be open in time.
        for (now, provider, consumer) in [
            (DEADLINE - 1, Answer, Wait),
            (DEADLINE + 10, Answer, Wait),
            (DEADLINE + 11, Answer, Timeout),
        ] {
            assert_eq!(next(&at(Provider, State::Claimed, now), &challenged), provider);
            assert_eq!(next(&at(Consumer, State::Claimed, now), &challenged), consumer);
        }
    }

    #[test]
    fn a_consumer_judges_at_once_and_objects_when_half_of_the_window_is_over() {
        let facts = |judgement| Facts {
            checks: true,
            objects: true,
            has_news: true,
            judgement,
            ..Facts::default()
        };
        let claimed = |facts| row(Consumer, State::Claimed, facts);
        assert_eq!(claimed(facts(Judgement::Unknown)), [Check, Check, Check, Timeout]);
        let good = [AcceptResult, AcceptResult, AcceptResult, Timeout];
        assert_eq!(claimed(facts(Judgement::Good)), good);
        let doubtful = facts(Judgement::Doubtful);
        assert_eq!(claimed(doubtful), [Check, Object, Object, Timeout]);
        let quiet = Facts {
            has_news: false,
            ..doubtful
        };
        assert_eq!(claimed(quiet), [Wait, Object, Object, Timeout]);
        let meek = Facts {
            objects: false,
            ..doubtful
        };
        assert_eq!(claimed(meek), [Check, Wait, Wait, Timeout]);
    }

    #[test]
    fn what_is_done_is_not_done_again() {
        let done = Facts {
            handed_over: true,
            is_settled: true,
            ..Facts::default()
        };
        for state in [State::Offered, State::Committed, State::Probing] {
            assert_eq!(row(Consumer, state, done), [Wait, Wait, Wait, Timeout], "{state:?}");
        }
        assert_eq!(row(Provider, State::Claimed, done), [Wait, Wait, Wait, Timeout]);
        for party in [Provider, Consumer] {
            assert_eq!(row(party, State::Closed, done), [Wait; 4]);
        }
        let publishes = Facts {
            publishes: true,
            ..done
        };
        let committed = |facts| row(Consumer, State::Committed, facts);
        assert_eq!(committed(publishes), [Wait, Publish, Publish, Timeout]);
        let begun = Facts {
            is_publishing: true,
            ..publishes
        };
        assert_eq!(committed(begun), [Publish, Publish, Publish, Timeout]);
        let refused = Facts {
            handed_over: false,
            ..publishes
        };
        assert_eq!(
            committed(refused),
            [Send, Publish, Publish, Timeout],
            "a server that takes nothing"
        );
    }
}
