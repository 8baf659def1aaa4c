//! What is open on chain and in no journal of a state directory: its daemons say so.

use crate::support;

use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::journal::Journal;
use assay_marketplace::accuracy::consumer::moves::CANCEL;
use assay_marketplace::accuracy::consumer::open::Opened;
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::delivery::{Place, ServerIdentity};
use assay_marketplace::engagement::PayingDesk;
use assay_marketplace::watch::consumer::{Consumer, ConsumerOrders, Objection};
use assay_marketplace::watch::event::{Announcer, Subject};
use assay_marketplace::watch::models::Unjournaled;
use assay_marketplace::watch::station::Station;
use assay_marketplace::watch::turn::Role;
use assay_protocol::abi::IAccuracyMarket;
use std::sync::mpsc::{channel, Receiver};
use support::World;

const ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

fn station(w: &World, desk: PayingDesk) -> (Station, Receiver<Said>) {
    let (heard, said) = channel();
    let announce = Announcer::new(move |event| Ok(heard.send((event.event, event.subject))?));
    let place = Place::Path(w.dir.path().into());
    (Station::new(desk, place, ServerIdentity::default(), announce), said)
}

/// An event, and what it is about.
type Said = (&'static str, Option<Subject>);

fn unjournaled(id: B256) -> Said {
    ("unjournaled", Some(Subject("engagement", id)))
}

/// Accepted after the backup that a state directory came out of, or from another one.
async fn accept_elsewhere(w: &World, offer: &Opened) {
    let call = IAccuracyMarket::acceptCall {
        id: offer.id,
        guard: offer.offer_hash,
    };
    let call = w.mc.paying(&call, w.market.entry_wei());
    let mut elsewhere = Journal::open(&w.dir.path().join("elsewhere.json")).unwrap();
    let sent = w.mp.account.send(&mut elsewhere, "accept", &call, &w.mp.report);
    sent.await.unwrap();
}

#[tokio::test]
async fn what_was_accepted_and_has_no_journal_is_said_once() {
    let w = World::new().await;
    let (lost, kept) = (w.opened(1).await, w.opened(2).await);
    accept(&w.mp, kept.id, &ANY, None).await.unwrap();
    accept_elsewhere(&w, &lost).await;
    let (station, said) = station(&w, w.as_of(&w.mp, &w.mp.account).await);
    let unjournaled_ids = Unjournaled::default();
    let ids = async |model, from| {
        let all = w.market.engagement_ids(model).await?;
        Ok(all.into_iter().skip(usize::try_from(from)?).collect())
    };
    for _ in 0..2 {
        unjournaled_ids.tell(&station, &ids).await.unwrap();
    }
    assert_eq!(said.try_iter().collect::<Vec<_>>(), [unjournaled(lost.id)]);
}

/// Of a consumer also what nobody has taken, and what it asked of any model; nothing of other consumers.
#[tokio::test]
async fn what_was_asked_for_and_has_no_journal_is_said_when_a_daemon_begins() {
    let w = World::new().await;
    let (locked, offered) = (w.opened(1).await, w.opened(2).await);
    accept_elsewhere(&w, &locked).await;
    let says = async |home: &PayingDesk, account: &Account| {
        let (station, said) = station(&w, w.as_of(home, account).await);
        let consumer = Consumer::new(ConsumerOrders {
            model: None,
            objection: Objection::None,
            max_challenges: 0,
            publishes: false,
            withdraw_to: account.address(),
        });
        for _ in 0..2 {
            consumer.observe(&station).await.unwrap();
        }
        said.try_iter().collect::<Vec<_>>()
    };
    let account = &w.mc.account;
    assert!(says(&w.mc, account).await.is_empty());
    assert!(says(&w.other, &w.other.account).await.is_empty());
    assert_eq!(says(&w.other, account).await, [locked.id, offered.id].map(unjournaled));
    w.mc.play(offered.id, &CANCEL).await.unwrap();
    assert_eq!(says(&w.other, account).await, [unjournaled(locked.id)]);
}
