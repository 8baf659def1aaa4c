//! An encrypted engagement on anvil whose files travel over a real server with a certificate of its own.

use crate::support;

use alloy::primitives::Address;
use assay_exchange::blob::BlobKind;
use assay_exchange::listening::Tls;
use assay_exchange::parties::Parties;
use assay_exchange::server::{Event, Options, Server};
use assay_marketplace::accuracy::consumer::hand_over::send_leaves;
use assay_marketplace::accuracy::consumer::open::{open, Ask};
use assay_marketplace::accuracy::consumer::transfer::{reveal, send};
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::accuracy::provider::ack::ack;
use assay_marketplace::delivery::{Delivery, Place, ServerIdentity};
use assay_protocol::abi::{Mode, State};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::World;

const ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

fn says<T: std::fmt::Debug>(result: eyre::Result<T>, part: &str) {
    let error = format!("{:#}", result.expect_err(part));
    assert!(error.contains(part), "{error}");
}

#[tokio::test]
async fn leaves_and_ciphertext_travel_over_a_server() {
    let w = World::new().await;
    let m = &w.market;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let tls = Tls {
        cert: w.dir.path().join("server.pem"),
        key: w.dir.path().join("server.key"),
    };
    fs::write(&tls.cert, made.cert.pem()).unwrap();
    fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    // The provider serves, so the consumer need not name the operator.
    let store = w.dir.path().join("store");
    let mut options = Options::new("127.0.0.1:0".parse().unwrap(), store, w.mp.address());
    options.listen.tls = Some(tls.clone());
    let (parties, requests) = (Parties::default(), Arc::new(Mutex::new(Vec::<Event>::new())));
    let heard = requests.clone();
    let server = Server::start(
        &options,
        parties.clone(),
        Arc::new(move |event| heard.lock().unwrap().push(event)),
    )
    .await
    .unwrap();
    let place: Place = format!("https://{}", server.address()).parse().unwrap();
    let served_by = |address: Option<Address>| ServerIdentity {
        address,
        ca: Some(tls.cert.clone()),
    };

    let ask = Ask {
        mode: Mode::FULL,
        ..w.ask()
    };
    let set = w.test_set(1);
    let id = open(&w.mc, &set, ask).await.unwrap().id;
    parties.allow(id, [w.mp.address(), w.mc.address()]);
    let to = Delivery::open(&place, id, &served_by(None), w.mp.address(), w.mc.account.key()).unwrap();
    let own = served_by(Some(w.mp.address()));
    let from = Delivery::open(&place, id, &own, w.mc.address(), w.mp.account.key()).unwrap();

    // Nothing is there; then somebody puts other leaves there first.
    says(accept(&w.mp, id, &ANY, Some(&from)).await, "there are no leaf hashes");
    let wrong = w.test_set(9).join("leaves.json");
    to.put(BlobKind::Leaves, &wrong, &w.mc.report).await.unwrap();
    says(
        accept(&w.mp, id, &ANY, Some(&from)).await,
        "do not lead to the test root",
    );
    let sent = send_leaves(&w.mc, id, None, &to).await.unwrap();
    assert_eq!((sent.leaves, sent.to), (4, place.to_string()));
    accept(&w.mp, id, &ANY, Some(&from)).await.unwrap();

    let large = w.dir.path().join("large");
    fs::write(&large, vec![0; 1 << 20]).unwrap();
    to.put(BlobKind::Cipher, &large, &w.mc.report).await.unwrap();
    says(ack(&w.mp, id, &from).await, "is in state Locked");
    let committed = send(&w.mc, id, None, &to).await.unwrap();
    let other = Delivery::open(&place, id, &own, w.mc.address(), w.other.account.key()).unwrap();
    says(
        other.get(BlobKind::Cipher, w.dir.path(), 1 << 30, &w.mp.report).await,
        "refuses",
    );
    // A server that was emptied is noticed before anything is acknowledged; sending again repairs it.
    server.store().forget(id).unwrap();
    says(ack(&w.mp, id, &from).await, "there is no ciphertext");
    assert_eq!(m.engagement(id).await.unwrap().state, State::Committed);
    assert!(send(&w.mc, id, None, &to).await.unwrap().sent.is_some());
    let acknowledged = ack(&w.mp, id, &from).await.unwrap();
    assert_eq!(acknowledged.ct_root, committed.ct_root);
    reveal(&w.mc, id).await.unwrap();
    assert_eq!(m.engagement(id).await.unwrap().state, State::Probing);

    // What was fetched is not fetched again.
    let before = requests.lock().unwrap().len();
    let into = w.dir.path().join("again");
    let fetched = from.get(BlobKind::Cipher, &into, 1 << 30, &w.mp.report).await.unwrap();
    let between = requests.lock().unwrap().len();
    assert_eq!(
        from.get(BlobKind::Cipher, &into, 1 << 30, &w.mp.report).await.unwrap(),
        fetched
    );
    assert_eq!(fetched.len(), 1);
    assert_eq!((between - before, requests.lock().unwrap().len() - between), (3, 1));
    server.shutdown(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn a_directory_without_the_ciphertext_or_with_another_is_refused() {
    let w = World::new().await;
    let ask = Ask {
        mode: Mode::SIMPLE,
        ..w.ask()
    };
    let id = open(&w.mc, &w.test_set(1), ask).await.unwrap().id;
    let shared = w.dir.path().join("shared");
    let delivery = Delivery::at(&shared, id);
    send_leaves(&w.mc, id, None, &delivery).await.unwrap();
    accept(&w.mp, id, &ANY, Some(&delivery)).await.unwrap();
    send(&w.mc, id, None, &delivery).await.unwrap();
    let file = shared.join("transfer.cipher");
    let mut bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    says(ack(&w.mp, id, &delivery).await, "there is no ciphertext");
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    says(ack(&w.mp, id, &delivery).await, "is not what the consumer committed to");
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    ack(&w.mp, id, &delivery).await.unwrap();
}
