use super::*;
use crate::abi::State;
use alloy::sol_types::{SolEnum, SolStruct, SolType};
use std::fmt::Debug;

/// What a contract says of nothing.
fn nothing<T: SolStruct>() -> T {
    let words = T::ENCODED_SIZE.expect("a static struct");
    <T as SolType>::abi_decode(&vec![0; words]).expect("zeros are a view")
}

/// All values but the first, which is none.
fn values<T: SolEnum + Debug>() -> Vec<T> {
    let some = 1..u8::try_from(T::COUNT).unwrap();
    some.map(|value| T::try_from(value).unwrap_or_else(|_| panic!("{value} is no value")))
        .collect()
}

/// A party has a move or anybody may close, never both; what is over has neither.
fn check(standing: Standing, is_over: bool) {
    assert_eq!(standing.to_do.is_empty(), standing.mover.is_none(), "{standing:?}");
    assert!(!(standing.mover.is_some() && standing.is_closable), "{standing:?}");
    assert_eq!(is_over, standing.silence == Ending::Nothing, "{standing:?}");
    assert!(standing.until <= standing.closes, "{standing:?}");
    let is_said = standing.silence.outcome().is_none_or(|outcome| {
        let sentence = standing.silence.to_string();
        sentence.ends_with(&format!(" ({outcome})"))
    });
    assert!(is_said, "{standing:?}");
}

#[test]
fn a_party_moves_up_to_its_last_second_and_anybody_closes_from_the_next_one_on() {
    for state in values::<State>() {
        for (mode, first) in [(Mode::CLEAR, None), (Mode::FULL, Some(4))] {
            let mut view: EngagementView = nothing();
            (view.state, view.mode, view.deadline) = (state, mode, 5);
            let is_over = state == State::Closed;
            for now in 0..8 {
                let standing = of_engagement(&view, first, now);
                check(standing, is_over);
                assert_eq!(standing.is_closable, !is_over && now > standing.closes);
                assert_eq!(standing.mover.is_some(), !is_over && now <= standing.until);
            }
        }
    }
    for state in values::<AuditState>() {
        let mut view: AuditView = nothing();
        (view.state, view.deadline) = (state, 5);
        for now in [5, 6] {
            check(of_audit(&view, now), state == AuditState::Closed);
        }
        for demanded in values::<DemandState>() {
            let mut demand: DemandView = nothing();
            (demand.state, demand.deadline, demand.settleAfter) = (demanded, 5, 7);
            for now in [5, 6, 8] {
                check(of_demand(&view, &demand, now), demanded == DemandState::Settled);
            }
        }
    }
    for state in values::<RoundState>() {
        for (contested, privacy) in [(0, Privacy::PUBLIC), (1, Privacy::PRIVATE), (2, Privacy::PUBLIC)] {
            let mut view: RoundView = nothing();
            (view.state, view.contested, view.privacy, view.contestCap) = (state, contested, privacy, 2);
            (view.proven, view.deadline, view.answerBy) = (contested / 2 * 2, 5, 6);
            for now in [5, 6, 9] {
                check(of_round(&view, 2, now), state == RoundState::Closed);
            }
        }
    }
}

#[test]
fn outputs_of_a_private_round_are_the_providers_to_publish_once_the_consumer_had_its_time() {
    let mut view: RoundView = nothing();
    (view.state, view.privacy, view.deadline) = (RoundState::Rooted, Privacy::PRIVATE, 5);
    let at = |now| of_round(&view, 2, now);
    assert_eq!((at(5).mover, at(5).until, at(5).closes), (CONSUMER, 5, 7));
    assert_eq!((at(6).mover, at(6).until), (PROVIDER, 7));
    assert!(!at(7).is_closable && at(8).is_closable && at(8).mover.is_none());
}

#[test]
fn nobody_waits_where_all_that_may_be_contested_is_proven() {
    let mut view: RoundView = nothing();
    (view.state, view.contested, view.proven, view.contestCap) = (RoundState::Served, 2, 2, 2);
    view.deadline = 5;
    let standing = of_round(&view, 2, 0);
    assert!(standing.is_closable && standing.until == 0);
}

#[test]
fn nothing_is_to_be_delivered_in_an_audit_that_is_closed() {
    let (mut audit, mut demand): (AuditView, DemandView) = (nothing(), nothing());
    (demand.state, demand.deadline, demand.settleAfter) = (DemandState::Demanded, 5, 5);
    audit.state = AuditState::Delivering;
    assert_eq!(of_demand(&audit, &demand, 5).mover, PROVIDER);
    audit.state = AuditState::Closed;
    let standing = of_demand(&audit, &demand, 5);
    assert!(standing.mover.is_none() && standing.is_closable);
    assert_eq!(standing.silence, Ending::Demand { is_paid: false });
}
