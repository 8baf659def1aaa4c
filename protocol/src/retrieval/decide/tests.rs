use super::*;
use proptest::prelude::*;

const NONE: Facts = Facts {
    accepts: false,
    declines: false,
    withdraws: false,
    approves: false,
    overrules: false,
    has_answers: false,
    reveals: false,
    can_prove: false,
    can_prove_all: false,
    handed_over: false,
    received: false,
    judgement: Judgement::Unknown,
    demands: false,
    may_be_overruled: false,
    publishes: false,
    has_failed: false,
    is_settled: false,
};

const PARTIES: [Party; 4] = [Party::Requester, Party::Responder, Party::Authority, Party::Watcher];

fn at(party: Party, state: AuditState, now: u64) -> Situation<'static> {
    Situation {
        party,
        state,
        now,
        deadline: 1_000,
        window: 800,
        overrule_by: 0,
        is_approved: false,
        demands: &[],
    }
}

fn demand(number: u64, state: DemandState) -> Demand {
    Demand {
        number,
        state,
        deadline: 1_000,
        settle_after: if state == DemandState::Delivered { 1_500 } else { 1_000 },
        handed_over: false,
        received: false,
        judgement: Judgement::Unknown,
        rests: false,
    }
}

/// What a party does about one demand, the responder one that has handed its documents over.
fn about(party: Party, demand: Demand, now: u64) -> Action {
    let demands = [demand];
    let delivering = Situation {
        demands: &demands,
        deadline: 5_000,
        ..at(party, AuditState::Delivering, now)
    };
    let facts = Facts {
        handed_over: true,
        publishes: true,
        ..NONE
    };
    next(&delivering, &facts)
}

#[test]
fn a_request_is_taken_refused_or_cleared_away() {
    let requested = |party, now| at(party, AuditState::Requested, now);
    let takes = Facts { accepts: true, ..NONE };
    assert_eq!(next(&requested(Party::Responder, 1_000), &takes), Action::Accept);
    assert_eq!(next(&requested(Party::Responder, 1_001), &takes), Action::Wait);
    assert_eq!(
        next(&requested(Party::Responder, 1), &NONE),
        Action::Wait,
        "silence is free"
    );
    let refuses = Facts {
        declines: true,
        ..takes
    };
    assert_eq!(next(&requested(Party::Responder, 1), &refuses), Action::Decline);
    assert_eq!(next(&requested(Party::Requester, 1_000), &NONE), Action::Send);
    let published = Facts {
        handed_over: true,
        ..NONE
    };
    assert_eq!(next(&requested(Party::Requester, 1), &published), Action::Wait);
    let withdraws = Facts {
        withdraws: true,
        ..NONE
    };
    assert_eq!(next(&requested(Party::Requester, 1), &withdraws), Action::Cancel);
    for party in [Party::Requester, Party::Watcher] {
        assert_eq!(next(&requested(party, 1_001), &NONE), Action::Cancel);
    }
    let approves = Facts { approves: true, ..NONE };
    assert_eq!(next(&requested(Party::Authority, 1_000), &approves), Action::Approve);
    assert_eq!(next(&requested(Party::Authority, 1_001), &approves), Action::Wait);
    let approved = Situation {
        is_approved: true,
        ..requested(Party::Authority, 1)
    };
    assert_eq!(next(&approved, &approves), Action::Wait);
}

#[test]
fn answers_are_posted_in_time_or_the_audit_times_out() {
    let accepted = |party, now| at(party, AuditState::Accepted, now);
    let ready = Facts {
        has_answers: true,
        ..NONE
    };
    assert_eq!(next(&accepted(Party::Responder, 1), &NONE), Action::Run);
    assert_eq!(next(&accepted(Party::Responder, 1_000), &ready), Action::Answer);
    assert_eq!(next(&accepted(Party::Responder, 1_001), &ready), Action::Wait);
    for party in [Party::Requester, Party::Watcher] {
        assert_eq!(next(&accepted(party, 1_000), &NONE), Action::Wait);
        assert_eq!(next(&accepted(party, 1_001), &NONE), Action::Timeout);
    }
}

#[test]
fn the_salt_is_shown_for_confirmed_answers_only() {
    let answered = |party, now| at(party, AuditState::Answered, now);
    assert_eq!(next(&answered(Party::Requester, 1), &NONE), Action::Wait);
    let reveals = Facts { reveals: true, ..NONE };
    assert_eq!(next(&answered(Party::Requester, 1_000), &reveals), Action::Reveal);
    // Its own silence pays the responder, which therefore closes.
    assert_eq!(next(&answered(Party::Requester, 1_001), &reveals), Action::Wait);
    assert_eq!(next(&answered(Party::Responder, 1_000), &NONE), Action::Wait);
    assert_eq!(next(&answered(Party::Responder, 1_001), &NONE), Action::Timeout);
}

#[test]
fn proofs_are_collected_until_half_of_the_window() {
    let sampled = |party, now| at(party, AuditState::Sampled, now);
    let some = Facts {
        can_prove: true,
        ..NONE
    };
    let all = Facts {
        can_prove_all: true,
        ..some
    };
    assert_eq!(next(&sampled(Party::Responder, 1), &NONE), Action::Prove);
    assert_eq!(next(&sampled(Party::Responder, 599), &some), Action::Prove);
    assert_eq!(next(&sampled(Party::Responder, 600), &some), Action::SubmitProofs);
    assert_eq!(next(&sampled(Party::Responder, 1), &all), Action::SubmitProofs);
    // A damaged file is made again, but in the end everything is tried.
    let failed = Facts {
        has_failed: true,
        ..all
    };
    assert_eq!(next(&sampled(Party::Responder, 899), &failed), Action::Prove);
    assert_eq!(next(&sampled(Party::Responder, 900), &failed), Action::SubmitProofs);
    assert_eq!(next(&sampled(Party::Responder, 1_001), &all), Action::Wait);
    for party in [Party::Requester, Party::Watcher] {
        assert_eq!(next(&sampled(party, 1_001), &NONE), Action::Timeout);
    }
}

#[test]
fn an_authority_overrules_as_long_as_it_may() {
    let ruling = Facts {
        overrules: true,
        ..NONE
    };
    for state in [AuditState::Answered, AuditState::Sampled] {
        assert_eq!(next(&at(Party::Authority, state, 1_000), &ruling), Action::Overrule);
        assert_eq!(next(&at(Party::Authority, state, 1_001), &ruling), Action::Wait);
        assert_eq!(next(&at(Party::Authority, state, 1), &NONE), Action::Wait);
    }
    let delivering = |now| Situation {
        overrule_by: 500,
        ..at(Party::Authority, AuditState::Delivering, now)
    };
    assert_eq!(next(&delivering(500), &ruling), Action::Overrule);
    assert_eq!(next(&delivering(501), &ruling), Action::Wait);
}

#[test]
fn documents_are_handed_over_and_looked_at() {
    let delivering = |party, now| at(party, AuditState::Delivering, now);
    assert_eq!(next(&delivering(Party::Responder, 1), &NONE), Action::Send);
    let sent = Facts {
        handed_over: true,
        ..NONE
    };
    assert_eq!(next(&delivering(Party::Responder, 1_000), &sent), Action::Wait);
    assert_eq!(next(&delivering(Party::Responder, 1_001), &sent), Action::Finalize);
    assert_eq!(next(&delivering(Party::Requester, 1), &NONE), Action::Wait);
    let received = Facts { received: true, ..NONE };
    assert_eq!(next(&delivering(Party::Requester, 1), &received), Action::Check);
    let good = Facts {
        judgement: Judgement::Good,
        ..received
    };
    assert_eq!(next(&delivering(Party::Requester, 1_001), &good), Action::Confirm);
    let missing = Facts {
        judgement: Judgement::Doubtful,
        demands: true,
        ..NONE
    };
    assert_eq!(next(&delivering(Party::Requester, 1_000), &missing), Action::Demand);
    assert_eq!(next(&delivering(Party::Requester, 1_001), &missing), Action::Finalize);
    // A server that has something new at each look does not keep a demand from its time.
    let news = Facts {
        judgement: Judgement::Unknown,
        received: true,
        ..missing
    };
    assert_eq!(next(&delivering(Party::Requester, 1_000), &news), Action::Demand);
    // What is kept back could not be overruled after a confirmation.
    let kept_back = Facts {
        may_be_overruled: true,
        ..good
    };
    assert_eq!(next(&delivering(Party::Requester, 1_000), &kept_back), Action::Wait);
    assert_eq!(next(&delivering(Party::Watcher, 1_001), &NONE), Action::Finalize);
}

#[test]
fn a_responder_delivers_then_publishes_what_is_not_acknowledged() {
    let rs = |demand, now| about(Party::Responder, demand, now);
    assert_eq!(rs(demand(4, DemandState::Demanded), 1_000), Action::Deliver(4));
    assert_eq!(rs(demand(4, DemandState::Demanded), 1_001), Action::Wait);
    let delivered = demand(4, DemandState::Delivered);
    assert_eq!(rs(delivered, 1), Action::SendParcel(4));
    let sent = Demand {
        handed_over: true,
        ..delivered
    };
    assert_eq!(rs(sent, 1_000), Action::Wait);
    assert_eq!(rs(sent, 1_001), Action::Publish(4));
    assert_eq!(rs(sent, 1_500), Action::Publish(4));
    assert_eq!(rs(sent, 1_501), Action::Wait, "it is lost");
    assert_eq!(rs(demand(4, DemandState::Acked), 1_000), Action::Wait);
    assert_eq!(
        rs(demand(4, DemandState::Acked), 1_600),
        Action::Wait,
        "the requester's daemon settles it in this block"
    );
    assert_eq!(rs(demand(4, DemandState::Acked), 1_601), Action::SettleDemand(4));
}

#[test]
fn a_requester_acknowledges_what_it_has_and_disputes_what_is_bad() {
    let rq = |demand, now| about(Party::Requester, demand, now);
    let delivered = demand(4, DemandState::Delivered);
    assert_eq!(rq(delivered, 1), Action::Wait, "nothing is there: silence");
    let there = Demand {
        handed_over: true,
        ..delivered
    };
    assert_eq!(rq(there, 1), Action::CheckParcel(4));
    let received = Demand {
        received: true,
        ..there
    };
    assert_eq!(rq(received, 1_000), Action::Acknowledge(4));
    assert_eq!(rq(received, 1_001), Action::Wait);
    assert_eq!(rq(received, 1_501), Action::SettleDemand(4));
    let acked = demand(4, DemandState::Acked);
    assert_eq!(rq(acked, 1), Action::CheckParcel(4));
    let judged = |judgement| Demand { judgement, ..acked };
    assert_eq!(rq(judged(Judgement::Doubtful), 1_000), Action::Dispute(4));
    assert_eq!(rq(judged(Judgement::Good), 1_000), Action::Wait);
    assert_eq!(rq(judged(Judgement::Good), 1_001), Action::SettleDemand(4));
    assert_eq!(rq(demand(4, DemandState::Demanded), 1_000), Action::Wait);
    assert_eq!(rq(demand(4, DemandState::Demanded), 1_001), Action::SettleDemand(4));
}

fn delivering(demands: &[Demand], now: u64) -> Situation<'_> {
    Situation {
        demands,
        deadline: 5_000,
        ..at(Party::Requester, AuditState::Delivering, now)
    }
}

/// The other side decides whether a parcel can be fetched, and whether there is much to settle: neither keeps what has a deadline
/// waiting.
#[test]
fn what_has_a_deadline_comes_before_what_is_settled_and_that_before_what_is_fetched() {
    let ends = |deadline, demand| Demand {
        deadline,
        settle_after: deadline,
        ..demand
    };
    let fetched = ends(30, demand(0, DemandState::Acked));
    let over = ends(10, demand(1, DemandState::Demanded));
    let bad = Demand {
        judgement: Judgement::Doubtful,
        ..demand(2, DemandState::Acked)
    };
    let whole = Demand {
        received: true,
        ..demand(3, DemandState::Delivered)
    };
    let demands = [fetched, over, bad, whole];
    let mut left = demands.to_vec();
    let mut order = Vec::new();
    while !left.is_empty() {
        let action = next(&delivering(&left, 20), &NONE);
        left.retain(|demand| Some(demand.number) != action.demand());
        order.push(action);
    }
    assert_eq!(
        order,
        [
            Action::Dispute(2),
            Action::Acknowledge(3),
            Action::SettleDemand(1),
            Action::CheckParcel(0)
        ]
    );
}

#[test]
fn a_demand_that_failed_keeps_no_other_waiting() {
    let parcel = |m| Demand {
        handed_over: true,
        ..demand(m, DemandState::Delivered)
    };
    let failed = Demand {
        rests: true,
        ..parcel(0)
    };
    assert_eq!(
        next(&delivering(&[parcel(0), parcel(1)], 1), &NONE),
        Action::CheckParcel(0)
    );
    assert_eq!(
        next(&delivering(&[failed, parcel(1)], 1), &NONE),
        Action::CheckParcel(1)
    );
    // Other documents are demanded meanwhile; the audit is not over.
    let demands = Facts { demands: true, ..NONE };
    assert_eq!(next(&delivering(&[failed], 1), &demands), Action::Demand);
    // Nor does one whose parcel may take as long as the other side likes.
    assert_eq!(next(&delivering(&[parcel(0)], 1_000), &demands), Action::Demand);
    assert_eq!(next(&delivering(&[parcel(0)], 1_000), &NONE), Action::CheckParcel(0));
    let good = Facts {
        judgement: Judgement::Good,
        ..NONE
    };
    assert_eq!(next(&delivering(&[failed], 1), &good), Action::Wait);
    // Money is fetched once, behind everything that is settled.
    let closed = |demands: &[Demand]| {
        let state = AuditState::Closed;
        next(
            &Situation {
                state,
                ..delivering(demands, 1)
            },
            &NONE,
        )
    };
    assert_eq!(closed(&[failed]), Action::Wait);
    assert_eq!(closed(&[failed, parcel(1)]), Action::SettleDemand(1));
    assert_eq!(closed(&[]), Action::Settle);
}

#[test]
fn what_may_be_settled_is_settled_together() {
    let mut demands: Vec<_> = (0..5).map(|m| demand(m, DemandState::Acked)).collect();
    demands[1].rests = true;
    demands[2].settle_after = 5_000;
    demands.iter_mut().for_each(|demand| demand.judgement = Judgement::Good);
    let settle = |now, most| delivering(&demands, now).alike(&NONE, Action::SettleDemand(0), most);
    assert_eq!(settle(1_001, 9), [0, 3, 4]);
    assert_eq!(settle(1_001, 2), [0, 3]);
    assert!(settle(1_000, 9).is_empty());
}

/// Whoever demands a document at a time opens thousands of demands: those whose time ends first come first, a few at a time, and
/// one that always fails is not among them.
#[test]
fn of_many_demands_those_that_end_first_are_served_together() {
    let ends = |number: u64, deadline| Demand {
        deadline,
        ..demand(number, DemandState::Demanded)
    };
    let mut demands: Vec<_> = (0..100).map(|m| ends(m, 1_000 - m)).collect();
    demands[98].rests = true;
    demands[97].state = DemandState::Delivered;
    let s = Situation {
        party: Party::Responder,
        ..delivering(&demands, 1)
    };
    let first = next(&s, &NONE);
    assert_eq!(first, Action::Deliver(99));
    let alike = s.alike(&NONE, first, 32);
    let expected: Vec<u64> = (0..100).rev().filter(|m| ![98, 97].contains(m)).take(32).collect();
    assert_eq!(alike, expected);
}

#[test]
fn the_demand_of_the_earliest_deadline_comes_first() {
    let later = Demand {
        deadline: 2_000,
        settle_after: 2_000,
        ..demand(0, DemandState::Demanded)
    };
    let demands = [
        later,
        demand(7, DemandState::Demanded),
        demand(8, DemandState::Demanded),
    ];
    let s = Situation {
        demands: &demands,
        ..at(Party::Responder, AuditState::Delivering, 1)
    };
    assert_eq!(next(&s, &NONE), Action::Deliver(7));
    let good = Facts {
        judgement: Judgement::Good,
        ..NONE
    };
    let s = Situation {
        party: Party::Requester,
        ..s
    };
    assert_eq!(
        next(&s, &good),
        Action::Wait,
        "no audit is confirmed over an open demand"
    );
}

#[test]
fn a_closed_audit_gives_back_what_it_holds() {
    let demands = [demand(2, DemandState::Acked)];
    for party in PARTIES {
        let closed = at(party, AuditState::Closed, 1);
        let open = Situation {
            demands: &demands,
            ..closed
        };
        let expected = match party {
            Party::Requester | Party::Responder => Action::Settle,
            _ => Action::Wait,
        };
        assert_eq!(next(&closed, &NONE), expected);
        assert_eq!(
            next(
                &closed,
                &Facts {
                    is_settled: true,
                    ..NONE
                }
            ),
            Action::Wait
        );
        let expected = match party {
            Party::Authority => Action::Wait,
            Party::Responder => Action::Settle,
            Party::Requester | Party::Watcher => Action::SettleDemand(2),
        };
        assert_eq!(next(&open, &NONE), expected);
    }
}

/// What the tables of `IRetrievalMarket` let a party do.
fn is_allowed(s: &Situation<'_>, action: Action) -> bool {
    let is_late = s.now > s.deadline;
    let of = |m: u64| s.demands.iter().find(|demand| demand.number == m).copied();
    let in_state = |m: u64, state| of(m).filter(|demand| demand.state == state);
    let is_delivering = s.state == AuditState::Delivering;
    match action {
        Action::Wait | Action::Run | Action::Prove | Action::Send | Action::Check => true,
        Action::SendParcel(m) | Action::CheckParcel(m) => is_delivering && of(m).is_some(),
        Action::Settle => s.state == AuditState::Closed,
        Action::Approve => s.state == AuditState::Requested && s.party == Party::Authority && !is_late,
        Action::Cancel => s.state == AuditState::Requested && (is_late || s.party == Party::Requester),
        Action::Decline | Action::Accept => s.state == AuditState::Requested && s.party == Party::Responder && !is_late,
        Action::Answer => s.state == AuditState::Accepted && s.party == Party::Responder && !is_late,
        Action::Reveal => s.state == AuditState::Answered && s.party == Party::Requester && !is_late,
        Action::SubmitProofs => s.state == AuditState::Sampled && !is_late,
        Action::Overrule => {
            let early = matches!(s.state, AuditState::Answered | AuditState::Sampled) && !is_late;
            s.party == Party::Authority && (early || (is_delivering && s.now <= s.overrule_by))
        }
        Action::Demand => is_delivering && s.party == Party::Requester && !is_late,
        Action::Deliver(m) => {
            let demanded = in_state(m, DemandState::Demanded).filter(|d| s.now <= d.deadline);
            is_delivering && s.party == Party::Responder && demanded.is_some()
        }
        Action::Acknowledge(m) => {
            let delivered = in_state(m, DemandState::Delivered).filter(|d| s.now <= d.deadline);
            is_delivering && s.party == Party::Requester && delivered.is_some()
        }
        Action::Publish(m) => {
            let window = |d: &Demand| d.deadline < s.now && s.now <= d.settle_after;
            is_delivering
                && s.party == Party::Responder
                && in_state(m, DemandState::Delivered).is_some_and(|d| window(&d))
        }
        Action::Dispute(m) => {
            is_delivering && in_state(m, DemandState::Acked).is_some_and(|demand| s.now <= demand.deadline)
        }
        Action::SettleDemand(m) => {
            let is_over = |demand: Demand| s.now > demand.settle_after;
            of(m).is_some_and(|demand| s.state == AuditState::Closed || (is_delivering && is_over(demand)))
        }
        Action::Confirm => is_delivering && s.party == Party::Requester && s.demands.is_empty(),
        Action::Finalize => is_delivering && s.demands.is_empty() && is_late,
        Action::Timeout => {
            let waits = matches!(
                s.state,
                AuditState::Accepted | AuditState::Answered | AuditState::Sampled
            );
            waits && is_late
        }
    }
}

fn judgements() -> impl Strategy<Value = Judgement> {
    prop_oneof![
        Just(Judgement::Unknown),
        Just(Judgement::Good),
        Just(Judgement::Doubtful)
    ]
}

prop_compose! {
    fn demands()(
        state in 1..4usize, deadline in 0..100u64, publish in 0..100u64, flags: [bool; 3], judgement in judgements(),
    ) -> Demand {
        let state = [DemandState::Demanded, DemandState::Delivered, DemandState::Acked][state - 1];
        let publish = if state == DemandState::Delivered { publish } else { 0 };
        let settle_after = deadline + publish;
        let [handed_over, received, rests] = flags;
        Demand { number: 0, state, deadline, settle_after, handed_over, received, judgement, rests }
    }
}

prop_compose! {
    fn facts()(flags: [bool; 16], judgement in judgements()) -> Facts {
        let [accepts, declines, withdraws, approves, overrules, has_answers, reveals, can_prove, can_prove_all, handed_over,
            received, demands, publishes, has_failed, is_settled, may_be_overruled] = flags;
        Facts { accepts, declines, withdraws, approves, overrules, has_answers, reveals, can_prove, can_prove_all, handed_over,
            received, judgement, demands, may_be_overruled, publishes, has_failed, is_settled }
    }
}

const STATES: [AuditState; 6] = [
    AuditState::Requested,
    AuditState::Accepted,
    AuditState::Answered,
    AuditState::Sampled,
    AuditState::Delivering,
    AuditState::Closed,
];

proptest! {
    #[test]
    fn what_is_done_is_allowed(
        party in 0..4usize, state in 0..6usize, now in 0..250u64, deadline in 0..100u64, overrule_by in 0..100u64,
        is_approved: bool, mut open in prop::collection::vec(demands(), 0..4), facts in facts(),
    ) {
        for (m, demand) in (0..).zip(&mut open) {
            demand.number = m;
        }
        let state = STATES[state];
        let demands = if matches!(state, AuditState::Delivering | AuditState::Closed) { &open[..] } else { &[] };
        let s = Situation { party: PARTIES[party], state, now, deadline, window: 50, overrule_by, is_approved, demands };
        let action = next(&s, &facts);
        prop_assert!(is_allowed(&s, action), "{action:?} in {s:?}");
        prop_assert_eq!(action.demand().is_some(), format!("{action:?}").contains('('));
    }

    /// From every state, what anybody may do leads to Closed.
    #[test]
    fn watchers_alone_close_every_audit(state in 0..6usize, mut open in prop::collection::vec(demands(), 0..4)) {
        for (m, demand) in (0..).zip(&mut open) {
            (demand.number, demand.rests) = (m, false);
        }
        let mut state = STATES[state];
        if !matches!(state, AuditState::Delivering | AuditState::Closed) {
            open.clear();
        }
        for _ in 0..6 {
            let s = Situation { now: 1_001, demands: &open, ..at(Party::Watcher, state, 1_001) };
            match next(&s, &NONE) {
                Action::Wait => break,
                Action::SettleDemand(m) => {
                    let at = open.iter().position(|demand| demand.number == m).unwrap();
                    if open.remove(at).state != DemandState::Acked {
                        state = AuditState::Closed;
                    }
                }
                Action::Cancel | Action::Timeout | Action::Finalize => state = AuditState::Closed,
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(state, AuditState::Closed);
        prop_assert!(open.is_empty());
    }
}
