//! What a party does next, row by row.

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
fn a_demand_waits_for_the_answers_to_challenges() {
    let challenged = Facts {
        challenge: Some(DEADLINE - 100),
        can_answer: true,
        proofs: Proofs::Enough,
        ..Facts::default()
    };
    let demand = |facts| row(Provider, State::FullDemanded, facts);
    assert_eq!(
        demand(challenged),
        [Answer, Answer, Answer, Wait],
        "the most urgent first"
    );
    let lost = Facts {
        can_answer: false,
        ..challenged
    };
    assert_eq!(demand(lost), [Submit, Submit, Submit, Wait], "what is there counts");
    let met = Facts { is_met: true, ..lost };
    assert_eq!(demand(met), [Prove, Prove, Prove, Wait], "its proof is made again");
    let answered = Facts {
        challenge: None,
        ..challenged
    };
    assert_eq!(demand(answered), [Submit, Submit, Submit, Wait]);
    // The consumer need not wait for the demand's own deadline.
    for (now, action) in [
        (DEADLINE - 100, Wait),
        (DEADLINE - 99, Timeout),
        (DEADLINE + 1, Timeout),
    ] {
        assert_eq!(next(&at(Consumer, State::FullDemanded, now), &challenged), action);
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
