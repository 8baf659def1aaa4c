//! What follows from silence, as [`assay_protocol::standing`] says it, and as the contracts do it: each window passes, somebody who is
//! neither party closes, and outcome, money and strikes are compared. `Published` is not among the states: nothing here encrypts a set.

use super::deployed::world;
use crate::audit::{self, Audit};
use crate::books::{Agent, Cause};
use crate::corpus::{Contents, Corpus};
use crate::demand::Demand;
use crate::engagement::{Engagement, Offer};
use crate::error::Error;
use crate::round::{self, Round};
use crate::site::Contract;
use crate::terms::DELIVERY;
use crate::world::World;
use alloy::primitives::{B256, U256};
use alloy::sol_types::{SolCall, SolEnum};
use assay_protocol::abi::{
    Adjudication, AuditState, AuditView, DemandView, EngagementView, IAccuracyMarket as accuracy,
    IPredictionMarket as prediction, IRetrievalMarket as retrieval, Mode, Privacy, RoundState, RoundView, State,
};
use assay_protocol::retrieval::amounts::demand_fee;
use assay_protocol::standing::{of_audit, of_demand, of_engagement, of_round, Pays, Standing, Strikes};
use std::collections::BTreeSet;

/// What two parties have of it: consumer and provider, wei.
fn held(world: &World, parties: [Agent; 2]) -> [i128; 2] {
    parties.map(|agent| world.books.of(agent, Cause::Escrow))
}

/// Lets the window pass to its last second, in which nobody can close, and to the next, in which an outsider does; then compares what
/// the parties have, and what the provider's stake lost, with what was said.
fn close<C: SolCall>(world: &mut World, parties: [Agent; 2], said: Standing, market: Contract, call: &C) {
    if !said.is_closable {
        assert!(world.now <= said.closes, "{said:?}");
        world.wait(said.closes - world.now);
        let early = world.act(Agent::Outsider, market, call, 0);
        assert!(matches!(early, Err(Error::Reverted { .. })), "{early:?}: {said:?}");
        world.wait(1);
    }
    let [consumer, provider] = held(world, parties);
    world.act(Agent::Outsider, market, call, 0).unwrap();
    let after = held(world, parties);
    match said.silence.pays() {
        Pays::Back | Pays::Own => assert_eq!(after, [0, 0], "{said:?}"),
        Pays::Consumer => assert_eq!(after, [-provider, provider], "{said:?}"),
        Pays::Provider => assert_eq!(after, [consumer, -consumer], "{said:?}"),
        Pays::Earned => {
            assert!(after[1] > 0 && after[0] == -after[1], "{after:?}: {said:?}");
            assert!(after[0] >= consumer, "the rest is the consumer's: {said:?}");
        }
        Pays::Nothing => panic!("{said:?}"),
    }
    let strikes = match said.silence.strikes() {
        Strikes::None => 0,
        Strikes::One => 1,
        Strikes::Reserved => i128::from(world.site.terms.prices.fault_strikes),
    };
    let lost = world.books.of(Agent::Provider, Cause::Strikes);
    assert_eq!(lost, -strikes * world.site.strike.cast_signed(), "{said:?}");
}

const PARTIES: [Agent; 2] = [Agent::Consumer, Agent::Provider];

fn engagement(world: &mut World, id: B256) -> EngagementView {
    world
        .view(Contract::Accuracy, &accuracy::engagementCall { id })
        .unwrap()
}

/// Closes it in the state that it is in; `challenged` is a position with an open challenge.
fn close_engagement(world: &mut World, id: B256, state: State, challenged: Option<u32>) {
    let view = engagement(world, id);
    assert_eq!(view.state, state);
    let first = challenged.map(|position| {
        let call = accuracy::challengeAtCall { id, position };
        world.view(Contract::Accuracy, &call).unwrap().deadline
    });
    let said = of_engagement(&view, first, world.now);
    let market = Contract::Accuracy;
    match (state, challenged) {
        (_, Some(position)) => {
            let call = accuracy::timeoutChallengeCall { id, position };
            close(world, PARTIES, said, market, &call);
        }
        (State::Offered, _) => close(world, PARTIES, said, market, &accuracy::cancelCall { id }),
        (State::Claimed, _) => close(world, PARTIES, said, market, &accuracy::finalizeCall { id }),
        _ => close(world, PARTIES, said, market, &accuracy::timeoutCall { id }),
    }
    let outcome = format!("{:?}", engagement(world, id).outcome);
    assert_eq!(said.silence.outcome(), Some(outcome), "{said:?}");
}

#[test]
fn silence_in_an_engagement_ends_it_as_its_standing_says() {
    use Adjudication::{DIRECT, OPTIMISTIC};
    let offers = [
        (Mode::CLEAR, DIRECT),
        (Mode::SIMPLE, OPTIMISTIC),
        (Mode::FULL, OPTIMISTIC),
        (Mode::FULL, DIRECT),
    ];
    let mut seen = BTreeSet::new();
    for (mode, adjudication) in offers {
        let offer = Offer::new(mode, adjudication, 10_000);
        for last in 0..10 {
            let mut world = world();
            let w = &mut world;
            let mut e = Engagement::open(w, Agent::Consumer, offer, &[true; 12]).unwrap();
            let is_clear = mode == Mode::CLEAR;
            // The states that a mode passes through, in their order.
            let mut path = vec![State::Offered];
            if !is_clear {
                path.extend([State::Locked, State::Committed, State::Acked]);
            }
            path.push(State::Probing);
            if mode == Mode::FULL {
                path.push(State::Proceeded);
            }
            path.push(State::Proving);
            if adjudication == OPTIMISTIC {
                path.extend([State::Claimed, State::FullDemanded]);
            }
            let Some(state) = path.get(last).copied() else { break };
            let reached = |of: State| path.iter().take(last + 1).any(|state| *state == of);
            if state != State::Offered {
                e.accept(w).unwrap();
            }
            if reached(State::Committed) {
                e.commit(w).unwrap();
            }
            if reached(State::Acked) {
                e.acknowledge(w).unwrap();
            }
            if reached(State::Probing) && !is_clear {
                e.reveal(w).unwrap();
            }
            match (reached(State::Proving), state) {
                (true, _) => e.proceed(w).unwrap(),
                (_, State::Proceeded) => e.go_on(w).unwrap(),
                _ => {}
            }
            if reached(State::Claimed) {
                let correct = e.correct();
                e.post(w, &correct).unwrap();
            }
            if reached(State::FullDemanded) {
                e.demand(w).unwrap();
            }
            close_engagement(w, e.id, state, None);
            seen.insert(state as u8);
        }
    }
    // All but none, `Published` and the end.
    assert_eq!(seen.len(), State::COUNT - 3, "{seen:?}");
}

#[test]
fn a_challenge_that_nobody_answers_ends_an_engagement_as_its_standing_says() {
    for is_demanded in [false, true] {
        let mut world = world();
        let w = &mut world;
        let offer = Offer::new(Mode::FULL, Adjudication::OPTIMISTIC, 10_000);
        let mut e = Engagement::probing(w, Agent::Consumer, offer, &[true; 12]).unwrap();
        e.proceed(w).unwrap();
        let correct = e.correct();
        e.post(w, &correct).unwrap();
        e.challenge(w, Agent::Outsider, 0).unwrap();
        let state = if is_demanded {
            e.demand(w).unwrap();
            State::FullDemanded
        } else {
            State::Claimed
        };
        close_engagement(w, e.id, state, Some(0));
    }
}

fn round(world: &mut World, id: B256) -> RoundView {
    world.view(Contract::Prediction, &prediction::roundCall { id }).unwrap()
}

fn close_round(world: &mut World, id: B256, state: RoundState) {
    let view = round(world, id);
    assert_eq!(view.state, state);
    let params = world.view(Contract::Prediction, &prediction::paramsCall {}).unwrap();
    let said = of_round(&view, params.windows.publish, world.now);
    let (market, is_proven) = (Contract::Prediction, view.contested == view.proven);
    match state {
        RoundState::Offered => close(world, PARTIES, said, market, &prediction::cancelCall { id }),
        RoundState::Served if is_proven => close(world, PARTIES, said, market, &prediction::finalizeCall { id }),
        _ => close(world, PARTIES, said, market, &prediction::timeoutCall { id }),
    }
    let outcome = format!("{:?}", round(world, id).outcome);
    assert_eq!(said.silence.outcome(), Some(outcome), "{said:?}");
}

#[test]
fn silence_in_a_round_ends_it_as_its_standing_says() {
    let ask = |privacy| round::Ask {
        predictions: 8,
        cap: 2,
        deposit: 2.0,
        price: 0.4,
        privacy,
    };
    for privacy in [Privacy::PUBLIC, Privacy::PRIVATE] {
        let mut w = world();
        let offered = Round::open(&mut w, ask(privacy)).unwrap();
        close_round(&mut w, offered.id, RoundState::Offered);
        let mut w = world();
        let mut rooted = Round::open(&mut w, ask(privacy)).unwrap();
        rooted.serve(&mut w, [].into()).unwrap();
        close_round(&mut w, rooted.id, RoundState::Rooted);
    }
    // Contested are none, one without its proof, one with it, and all that may be.
    for (contested, is_proven) in [(0, true), (1, false), (1, true), (2, true)] {
        let mut w = world();
        let mut served = Round::served(&mut w, ask(Privacy::PUBLIC), [].into()).unwrap();
        if contested > 0 {
            served.contest(&mut w, &(0..contested).collect()).unwrap();
        }
        if contested > 0 && is_proven {
            served.answer(&mut w, Agent::Provider).unwrap();
        }
        close_round(&mut w, served.id, RoundState::Served);
    }
}

const AUDITED: [Agent; 2] = [Agent::Requester, Agent::Responder];

fn audit_view(world: &mut World, id: B256) -> AuditView {
    world.view(Contract::Retrieval, &retrieval::auditCall { id }).unwrap()
}

fn demand_view(world: &mut World, id: B256, m: U256) -> DemandView {
    world
        .view(Contract::Retrieval, &retrieval::demandAtCall { id, m })
        .unwrap()
}

/// A request of which so many moves were made.
fn audited(world: &mut World, moves: usize) -> Audit {
    let contents = Contents {
        size: 9,
        matching: 3,
        input_words: 10,
        is_real: true,
    };
    let ask = audit::Ask {
        samples: 2,
        bond: 1.0,
        price: 0.25,
    };
    let corpus = Corpus::commit(world, contents).unwrap();
    let mut audit = Audit::request(world, Agent::Requester, corpus, ask).unwrap();
    if moves > 0 {
        audit.accept(world).unwrap();
    }
    if moves > 1 {
        audit.answer(world, BTreeSet::new()).unwrap();
    }
    if moves > 2 {
        audit.reveal(world).unwrap();
    }
    if moves > 3 {
        audit.submit(world, Agent::Responder).unwrap();
    }
    audit
}

#[test]
fn silence_in_an_audit_ends_it_as_its_standing_says() {
    let states = [
        AuditState::Requested,
        AuditState::Accepted,
        AuditState::Answered,
        AuditState::Sampled,
        AuditState::Delivering,
    ];
    for (moves, state) in states.into_iter().enumerate() {
        let mut w = world();
        let id = audited(&mut w, moves).id;
        let view = audit_view(&mut w, id);
        assert_eq!(view.state, state);
        let said = of_audit(&view, w.now);
        let market = Contract::Retrieval;
        match state {
            AuditState::Requested => close(&mut w, AUDITED, said, market, &retrieval::cancelRequestCall { id }),
            AuditState::Delivering => close(&mut w, AUDITED, said, market, &retrieval::finalizeCall { id }),
            _ => close(&mut w, AUDITED, said, market, &retrieval::timeoutCall { id }),
        }
        let outcome = format!("{:?}", audit_view(&mut w, id).outcome);
        assert_eq!(said.silence.outcome(), Some(outcome), "{said:?}");
    }
}

/// Settles a demand that convicts nobody, and compares what it pays of its fee.
fn settle(world: &mut World, id: B256, m: U256, said: Standing) {
    if !said.is_closable {
        world.wait_past(said.closes);
    }
    let (before, paid) = (held(world, AUDITED), demand_view(world, id, m).paid);
    let call = retrieval::settleDemandCall { id, m };
    world.act(Agent::Outsider, Contract::Retrieval, &call, 0).unwrap();
    let after = held(world, AUDITED);
    let [back, earned] = [after[0] - before[0], after[1] - before[1]];
    assert_eq!(back + earned, paid.cast_signed(), "{said:?}");
    assert_eq!(earned > 0, said.silence.pays() == Pays::Earned, "{said:?}");
    assert_eq!(said.silence.outcome(), None);
}

#[test]
fn silence_about_a_demand_ends_it_as_its_standing_says() {
    for moves in 0..4 {
        let mut w = world();
        let audit = audited(&mut w, 4);
        let mut demand = Demand::open(&mut w, &audit).unwrap();
        if moves > 0 {
            demand.deliver(&mut w, false).unwrap();
        }
        match moves {
            2 => demand.acknowledge(&mut w).unwrap(),
            3 => demand.publish(&mut w, false).unwrap(),
            _ => {}
        }
        let (id, m) = (audit.id, U256::ZERO);
        let view = audit_view(&mut w, id);
        let said = of_demand(&view, &demand_view(&mut w, id, m), w.now);
        if moves > 1 {
            settle(&mut w, id, m, said);
            assert_eq!(audit_view(&mut w, id).state, AuditState::Delivering);
            continue;
        }
        let call = retrieval::settleDemandCall { id, m };
        close(&mut w, AUDITED, said, Contract::Retrieval, &call);
        let outcome = format!("{:?}", audit_view(&mut w, id).outcome);
        assert_eq!(said.silence.outcome(), Some(outcome), "{said:?}");
    }
}

#[test]
fn a_demand_of_a_closed_audit_is_anybodys_to_settle() {
    let mut w = world();
    let audit = audited(&mut w, 4);
    let id = audit.id;
    let ones: Vec<u32> = audit.answers.ones().collect();
    for index in &ones[..2] {
        let indices = vec![*index];
        let fee = demand_fee(&DELIVERY, 1, 10, w.base_fee().into()).to::<u128>();
        let call = retrieval::demandCall {
            id,
            guard: audit.guard(&mut w).unwrap(),
            pages: audit.answers.openings(&indices).unwrap(),
            indices,
        };
        // The base fee moves until the guard is read: what is too much returns.
        w.send(Agent::Requester, Contract::Retrieval, &call, 2 * fee).unwrap();
    }
    let closes = demand_view(&mut w, id, U256::ZERO).settleAfter;
    w.wait_past(closes);
    let first = retrieval::settleDemandCall { id, m: U256::ZERO };
    w.act(Agent::Outsider, Contract::Retrieval, &first, 0).unwrap();
    let view = audit_view(&mut w, id);
    assert_eq!(view.state, AuditState::Closed);
    let m = U256::from(1);
    let said = of_demand(&view, &demand_view(&mut w, id, m), w.now);
    assert!(said.is_closable && said.mover.is_none(), "{said:?}");
    settle(&mut w, id, m, said);
}
