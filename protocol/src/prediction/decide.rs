//! What a party does next about one round: the table of states as a function.

use crate::abi::{Privacy, RoundState};
use crate::accuracy::decide::{Judgement, Party};

/// What the chain says. Times are Unix seconds of the newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Whose move is asked for.
    pub party: Party,
    /// Of the round.
    pub state: RoundState,
    /// Whether outputs become public.
    pub privacy: Privacy,
    /// Time of the newest block.
    pub now: u64,
    /// Last second of the window that runs: while served, the one for contests.
    pub deadline: u64,
    /// Last second for answers; 0 before the first contest.
    pub answer_by: u64,
    /// Seconds between the last contest and `answer_by`.
    pub answer_window: u64,
    /// Seconds that the provider has for publishing after the consumer's silence.
    pub publish_window: u64,
    /// Contested and not proven.
    pub unproven: u32,
    /// Nothing more can be contested.
    pub is_full: bool,
}

/// What the party knows besides, and what it was told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The offer may be served.
    pub accepts: bool,
    /// Inputs, or outputs, are where the other party finds them.
    pub handed_over: bool,
    /// The outputs are here, on chain, or where the provider hands them over.
    pub received: bool,
    /// What the consumer found out about the outputs: good if it wants none of them proven (any more).
    pub judgement: Judgement,
    /// The consumer may contest.
    pub contests: bool,
    /// Some unproven index can be answered: its proof is here.
    pub can_answer: bool,
    /// Every unproven index can be.
    pub can_answer_all: bool,
    /// Publishing earns more than it costs.
    pub publishes: bool,
    /// More than one try in this state failed, for other reasons than an unreachable node.
    pub has_failed: bool,
    /// What a closed round left has been fetched.
    pub is_settled: bool,
}

/// What to do next; each is one command, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing for now.
    Wait,
    /// Run the model, commit to its outputs and lock the deposit.
    Serve,
    /// Hand inputs or outputs over.
    Send,
    /// Put the outputs on chain.
    Publish,
    /// Look at the outputs.
    Check,
    /// Have outputs proven.
    Contest,
    /// Make the proofs.
    Prove,
    /// Send the proofs.
    Answer,
    /// Agree to the outputs: closes the round.
    Confirm,
    /// Close a round whose time for contests is over.
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
            Self::Serve => "serve",
            Self::Send => "send",
            Self::Publish => "publish",
            Self::Check => "check",
            Self::Contest => "contest",
            Self::Prove => "prove",
            Self::Answer => "answer",
            Self::Confirm => "confirm",
            Self::Finalize => "finalize",
            Self::Timeout => "timeout",
            Self::Settle => "settle",
        }
    }
}

impl Situation {
    fn is_late(&self) -> bool {
        self.now > self.deadline
    }

    fn is_overdue(&self) -> bool {
        self.unproven > 0 && self.now > self.answer_by
    }

    /// Whether half of the time for answers is over: proofs are not collected any longer.
    fn answers_are_urgent(&self) -> bool {
        self.answer_by.saturating_sub(self.now) <= self.answer_window / 2
    }

    /// Whether an eighth of it is left: what can be sent is sent.
    fn answers_are_due(&self) -> bool {
        answers_are_due(self.now, self.answer_by, self.answer_window)
    }
}

/// Whether so little of the time for answers is left that what can be sent is sent: an eighth of the window, seconds.
pub fn answers_are_due(now: u64, answer_by: u64, answer_window: u64) -> bool {
    answer_by.saturating_sub(now) <= answer_window / 8
}

/// The next action.
///
/// # Examples
/// ```
/// use assay_protocol::abi::{Privacy, RoundState};
/// use assay_protocol::accuracy::decide::{Judgement, Party};
/// use assay_protocol::prediction::decide::{next, Action, Facts, Situation};
///
/// let served = Situation {
///     party: Party::Consumer,
///     state: RoundState::Served,
///     privacy: Privacy::PUBLIC,
///     now: 1_000,
///     deadline: 4_600,
///     answer_by: 0,
///     answer_window: 3_600,
///     publish_window: 3_600,
///     unproven: 0,
///     is_full: false,
/// };
/// let facts = Facts { received: true, contests: true, ..Facts::default() };
/// assert_eq!(next(&served, &facts), Action::Check);
/// let doubts = Facts { judgement: Judgement::Doubtful, ..facts };
/// assert_eq!(next(&served, &doubts), Action::Contest);
/// ```
pub fn next(s: &Situation, f: &Facts) -> Action {
    match (s.state, s.party) {
        (RoundState::Closed, _) if f.is_settled => Action::Wait,
        (RoundState::Closed, _) => Action::Settle,
        (_, Party::Provider) => provider(s, f),
        (_, Party::Consumer) => consumer(s, f),
    }
}

fn provider(s: &Situation, f: &Facts) -> Action {
    match (s.state, s.privacy) {
        (RoundState::Offered, _) if f.accepts && !s.is_late() => Action::Serve,
        (RoundState::Rooted, Privacy::PUBLIC) if !s.is_late() => Action::Publish,
        (RoundState::Rooted, Privacy::PUBLIC) => Action::Timeout,
        // The consumer may still confirm or contest.
        (RoundState::Rooted, _) if !s.is_late() && f.handed_over => Action::Wait,
        (RoundState::Rooted, _) if !s.is_late() => Action::Send,
        (RoundState::Rooted, _) if s.now > s.deadline.saturating_add(s.publish_window) => Action::Timeout,
        (RoundState::Rooted, _) if f.publishes => Action::Publish,
        // Its proofs earn nothing any more.
        (RoundState::Served, _) if s.is_overdue() => Action::Wait,
        (RoundState::Served, _) if s.unproven > 0 => {
            // Together they cost less than one by one.
            let sends = f.can_answer_all || (f.can_answer && s.answers_are_urgent());
            // A file may be damaged: those are made again, and if none is, the next try is the first one.
            if sends && (!f.has_failed || s.answers_are_due()) {
                Action::Answer
            } else {
                Action::Prove
            }
        }
        (RoundState::Served, _) if s.is_late() || s.is_full => Action::Finalize,
        _ => Action::Wait,
    }
}

fn consumer(s: &Situation, f: &Facts) -> Action {
    match (s.state, s.privacy) {
        (RoundState::Offered, _) if s.is_late() => Action::Timeout,
        (RoundState::Offered, _) if !f.handed_over => Action::Send,
        (RoundState::Rooted, Privacy::PUBLIC) if s.is_late() => Action::Timeout,
        (RoundState::Rooted, Privacy::PRIVATE) if s.now > s.deadline.saturating_add(s.publish_window) => {
            Action::Timeout
        }
        // Silence, not a confirmation, if an opening is missing.
        (RoundState::Rooted, Privacy::PRIVATE) => match f.judgement {
            Judgement::Good => Action::Confirm,
            Judgement::Doubtful if s.is_late() || !f.contests => Action::Wait,
            Judgement::Doubtful => Action::Contest,
            Judgement::Unknown if f.received => Action::Check,
            Judgement::Unknown => Action::Wait,
        },
        (RoundState::Served, _) if s.is_overdue() => Action::Timeout,
        (RoundState::Served, _) => match f.judgement {
            Judgement::Unknown if f.received && !s.is_late() => Action::Check,
            Judgement::Doubtful if f.contests && !s.is_late() && !s.is_full => Action::Contest,
            _ if s.unproven > 0 => Action::Wait,
            Judgement::Good => Action::Confirm,
            _ if s.is_late() || s.is_full => Action::Finalize,
            _ => Action::Wait,
        },
        _ => Action::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(party: Party, state: RoundState, privacy: Privacy, now: u64) -> Situation {
        Situation {
            party,
            state,
            privacy,
            now,
            deadline: 1_000,
            answer_by: 0,
            answer_window: 1_000,
            publish_window: 500,
            unproven: 0,
            is_full: false,
        }
    }

    #[test]
    fn a_private_round_is_published_only_after_the_consumers_silence() {
        let rooted = |now| at(Party::Provider, RoundState::Rooted, Privacy::PRIVATE, now);
        let facts = Facts {
            publishes: true,
            ..Facts::default()
        };
        let handed = Facts {
            handed_over: true,
            ..facts
        };
        assert_eq!(next(&rooted(1_000), &facts), Action::Send);
        assert_eq!(next(&rooted(1_000), &handed), Action::Wait);
        assert_eq!(next(&rooted(1_001), &handed), Action::Publish);
        assert_eq!(next(&rooted(1_500), &handed), Action::Publish);
        assert_eq!(next(&rooted(1_501), &handed), Action::Timeout);
        let dear = Facts {
            publishes: false,
            ..handed
        };
        assert_eq!(next(&rooted(1_001), &dear), Action::Wait);
    }

    #[test]
    fn a_public_round_is_published_in_its_window_and_void_after() {
        for party in [Party::Provider, Party::Consumer] {
            let late = at(party, RoundState::Rooted, Privacy::PUBLIC, 1_001);
            assert_eq!(next(&late, &Facts::default()), Action::Timeout, "{party:?}");
        }
        let now = at(Party::Provider, RoundState::Rooted, Privacy::PUBLIC, 1_000);
        assert_eq!(next(&now, &Facts::default()), Action::Publish);
    }

    #[test]
    fn a_consumer_that_misses_an_opening_is_silent() {
        let rooted = |now| at(Party::Consumer, RoundState::Rooted, Privacy::PRIVATE, now);
        let missing = Facts {
            contests: true,
            ..Facts::default()
        };
        assert_eq!(next(&rooted(1), &missing), Action::Wait);
        // However often what was there did not hold: better ones may come.
        let there = Facts {
            received: true,
            has_failed: true,
            ..missing
        };
        assert_eq!(next(&rooted(1), &there), Action::Check);
        let doubts = Facts {
            judgement: Judgement::Doubtful,
            contests: true,
            ..Facts::default()
        };
        assert_eq!(next(&rooted(1_000), &doubts), Action::Contest);
        assert_eq!(next(&rooted(1_001), &doubts), Action::Wait, "only publication is left");
        let good = Facts {
            judgement: Judgement::Good,
            ..Facts::default()
        };
        assert_eq!(next(&rooted(1_001), &good), Action::Confirm);
    }

    #[test]
    fn overdue_answers_end_the_round_whoever_else_could_still_move() {
        let served = |party, now| Situation {
            unproven: 1,
            answer_by: 900,
            ..at(party, RoundState::Served, Privacy::PUBLIC, now)
        };
        let able = Facts {
            can_answer: true,
            can_answer_all: true,
            contests: true,
            ..Facts::default()
        };
        assert_eq!(next(&served(Party::Provider, 900), &able), Action::Answer);
        assert_eq!(next(&served(Party::Provider, 901), &able), Action::Wait);
        let doubts = Facts {
            judgement: Judgement::Doubtful,
            ..able
        };
        assert_eq!(next(&served(Party::Consumer, 901), &doubts), Action::Timeout);
        assert_eq!(next(&served(Party::Consumer, 900), &doubts), Action::Contest);
    }

    #[test]
    fn proofs_are_collected_until_half_of_the_time_is_over() {
        let served = |now| Situation {
            unproven: 2,
            answer_by: 2_000,
            ..at(Party::Provider, RoundState::Served, Privacy::PUBLIC, now)
        };
        let one = Facts {
            can_answer: true,
            ..Facts::default()
        };
        assert_eq!(next(&served(1_499), &one), Action::Prove);
        assert_eq!(next(&served(1_500), &one), Action::Answer);
        assert_eq!(
            next(
                &served(1_500),
                &Facts {
                    has_failed: true,
                    ..one
                }
            ),
            Action::Prove
        );
        assert_eq!(next(&served(1_500), &Facts::default()), Action::Prove);
        // What was refused is looked at anew, until there is no time for that.
        let refused = Facts {
            can_answer: true,
            can_answer_all: true,
            has_failed: true,
            ..Facts::default()
        };
        assert_eq!(next(&served(1_874), &refused), Action::Prove);
        assert_eq!(next(&served(1_875), &refused), Action::Answer);
    }

    #[test]
    fn what_is_proven_is_closed_as_soon_as_it_can_be() {
        let served = |party, now, is_full| Situation {
            is_full,
            ..at(party, RoundState::Served, Privacy::PUBLIC, now)
        };
        let none = Facts::default();
        assert_eq!(next(&served(Party::Provider, 1_000, false), &none), Action::Wait);
        assert_eq!(next(&served(Party::Provider, 1_001, false), &none), Action::Finalize);
        assert_eq!(next(&served(Party::Provider, 1, true), &none), Action::Finalize);
        let good = Facts {
            judgement: Judgement::Good,
            ..none
        };
        assert_eq!(next(&served(Party::Consumer, 1, false), &good), Action::Confirm);
        let doubts = Facts {
            judgement: Judgement::Doubtful,
            ..none
        };
        assert_eq!(next(&served(Party::Consumer, 1, false), &doubts), Action::Wait);
        assert_eq!(next(&served(Party::Consumer, 1_001, false), &doubts), Action::Finalize);
    }
}
