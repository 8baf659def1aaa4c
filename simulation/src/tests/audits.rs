//! Audits: how they end, what their parties get, and what nobody can do.

use super::deployed::world;
use crate::audit::{Ask, Audit};
use crate::books::{Agent, Books, Cause};
use crate::corpus::{Contents, Corpus};
use crate::demand::Demand;
use crate::error::Error;
use crate::grid::abandoned::{abandoned, Last, BOND};
use crate::grid::hiding::fair;
use crate::terms::wei;
use crate::world::World;
use alloy::primitives::U256;
use assay_economics::cost::Proof;
use assay_protocol::abi::AuditOutcome;
use assay_protocol::retrieval::amounts::{demand_row, row};
use std::collections::BTreeSet;

const CONTENTS: Contents = Contents {
    size: 9,
    matching: 3,
    input_words: 10,
    is_real: true,
};

fn ask(samples: u32) -> Ask {
    Ask {
        samples,
        bond: BOND,
        price: 0.25,
    }
}

fn delivering(world: &mut World) -> Audit {
    let corpus = Corpus::commit(world, CONTENTS).unwrap();
    Audit::delivering(world, corpus, ask(2)).unwrap()
}

fn escrow(books: &Books, agent: Agent) -> i128 {
    books.of(agent, Cause::Escrow)
}

/// What the responder has of it, and the requester.
fn paid(world: &World) -> [i128; 2] {
    [Agent::Responder, Agent::Requester].map(|agent| escrow(&world.books, agent))
}

#[test]
fn every_audit_ends_by_calls_of_anybody_and_pays_its_row() {
    let outcomes = [
        AuditOutcome::Cancelled,
        AuditOutcome::Timeout,
        AuditOutcome::Unchecked,
        AuditOutcome::Violation,
        AuditOutcome::Complete,
        AuditOutcome::Violation,
        AuditOutcome::Violation,
        AuditOutcome::Complete,
    ];
    for (last, outcome) in Last::ALL.into_iter().zip(outcomes) {
        let mut world = world();
        let price = wei(fair(&world.site.terms, 1));
        let audit = abandoned(&mut world, last).unwrap();
        assert_eq!(audit.view(&mut world).unwrap().outcome, outcome, "{last:?}");
        let bond = match outcome {
            AuditOutcome::Cancelled => 0,
            _ => wei(BOND),
        };
        let row = row(outcome, price, bond).unwrap();
        let gained = |paid: U256, put_in: u128| paid.to::<u128>() as i128 - put_in as i128;
        let expected = [gained(row.responder, bond), gained(row.requester, price)];
        let books = world.finish().unwrap();
        let found = [Agent::Responder, Agent::Requester].map(|agent| escrow(&books, agent));
        assert_eq!(found, expected, "{last:?}");
        assert_eq!(escrow(&books, Agent::Outsider), 0, "{last:?}");
    }
}

#[test]
fn what_matches_cannot_be_proven_and_all_of_a_sample_must_be() {
    let mut world = world();
    let corpus = Corpus::commit(&mut world, CONTENTS).unwrap();
    let hidden = corpus.any(&mut world, 1);
    // As many are drawn as were answered with no: the one that is hidden is among them.
    let mut audit = Audit::answered(&mut world, corpus, ask(7), hidden).unwrap();
    audit.reveal(&mut world).unwrap();
    assert!(audit.is_caught());
    let refused = audit.submit(&mut world, Agent::Responder);
    assert!(matches!(refused, Err(Error::Reverted { .. })), "{refused:?}");
    let early = audit.confirm(&mut world);
    assert!(matches!(early, Err(Error::Reverted { .. })), "{early:?}");
    audit.settle(&mut world).unwrap();
    assert_eq!(audit.view(&mut world).unwrap().outcome, AuditOutcome::Violation);
    assert_eq!(paid(&world), [-wei(BOND).cast_signed(), wei(BOND).cast_signed()]);
    world.finish().unwrap();
}

#[test]
fn a_publication_pays_the_responder_half_of_what_it_used() {
    let mut world = world();
    let audit = delivering(&mut world);
    let before = paid(&world);
    let mut demand = Demand::open(&mut world, &audit).unwrap();
    demand.deliver(&mut world, false).unwrap();
    let early = demand.publish_now(&mut world);
    assert!(
        matches!(early, Err(Error::Reverted { .. })),
        "the requester may yet acknowledge"
    );
    demand.publish(&mut world, false).unwrap();
    demand.settle(&mut world, Agent::Outsider).unwrap();
    let view = demand.view(&mut world).unwrap();
    assert!(view.published && view.spent > 0);
    let row = demand_row(false, true, view.paid, view.spent);
    let after = paid(&world);
    assert_eq!(after[0] - before[0], row.responder.to::<u128>().cast_signed());
    assert_eq!(before[1] - after[1], row.responder.to::<u128>().cast_signed());
    audit.confirm(&mut world).unwrap();
    world.finish().unwrap();
}

#[test]
fn other_documents_convict_and_the_right_ones_do_not() {
    for is_garbage in [false, true] {
        let mut world = world();
        let audit = delivering(&mut world);
        let mut demand = Demand::open(&mut world, &audit).unwrap();
        demand.deliver(&mut world, is_garbage).unwrap();
        demand.acknowledge(&mut world).unwrap();
        let accused = demand.accuse(&mut world);
        if is_garbage {
            accused.unwrap();
            assert_eq!(paid(&world), [-wei(BOND).cast_signed(), wei(BOND).cast_signed()]);
        } else {
            assert!(matches!(accused, Err(Error::Play { .. })), "{accused:?}");
            demand.settle(&mut world, Agent::Requester).unwrap();
            audit.confirm(&mut world).unwrap();
        }
        world.finish().unwrap();
    }
}

#[test]
fn a_demand_that_is_left_open_is_an_error() {
    let mut world = world();
    let audit = delivering(&mut world);
    let mut demand = Demand::open(&mut world, &audit).unwrap();
    demand.deliver(&mut world, false).unwrap();
    assert_eq!(world.finish().err(), Some(Error::NotClosed { open: 2 }));
}

/// The cost model's answer is that of a larger corpus, with a page of 512 bytes.
#[test]
fn a_proof_of_a_sample_costs_about_the_gas_that_the_cost_model_says() {
    let mut world = world();
    let corpus = Corpus::commit(&mut world, CONTENTS).unwrap();
    let mut audit = Audit::answered(&mut world, corpus, ask(1), BTreeSet::new()).unwrap();
    audit.reveal(&mut world).unwrap();
    let before = world.gas;
    audit.submit(&mut world, Agent::Responder).unwrap();
    let gas = (world.gas - before) as f64 / Proof::measured().gas as f64;
    assert!((0.85..1.1).contains(&gas), "{gas} of the measured one");
    audit.confirm(&mut world).unwrap();
    world.finish().unwrap();
}
