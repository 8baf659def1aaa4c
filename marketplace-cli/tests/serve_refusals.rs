//! Two parties and strangers at a real server: what is not signed for exactly this is refused, and so is what nobody may have.

use crate::serve_support;

use alloy::primitives::{keccak256, Address, B256};
use alloy::signers::local::PrivateKeySigner;
use assay_exchange::auth::{now, Stamp};
use assay_exchange::blob::{Blob, BlobKind, Listed, Target};
use assay_exchange::refusal::Code;
use serve_support::{raw, refused, World, ENGAGEMENT};
use std::fs;
use std::time::Duration;

#[tokio::test]
async fn only_parties_of_the_engagement_are_served() {
    let w = World::new().await;
    let (path, bytes) = w.file(10);
    let blob = w.blob(&bytes);
    let stranger = w.client_of(PrivateKeySigner::random(), w.operator);
    let sent = stranger.upload(ENGAGEMENT, BlobKind::Cipher, &path, |_| ()).await;
    assert_eq!(refused(sent), Code::Forbidden);
    assert_eq!(
        refused(stranger.list(ENGAGEMENT, BlobKind::Cipher).await),
        Code::Forbidden
    );
    let into = w.dir.path().join("fetched");
    let fetched = stranger.download(&blob, &into, 10, |_| ()).await;
    assert_eq!(refused(fetched), Code::Forbidden);

    let other = B256::repeat_byte(9);
    let party = w.client();
    assert_eq!(refused(party.list(other, BlobKind::Cipher).await), Code::Forbidden);
    w.parties.allow(other, [w.key.address()]);
    assert!(party.list(other, BlobKind::Cipher).await.unwrap().is_empty());
    w.parties.remove(other);
    assert_eq!(refused(party.list(other, BlobKind::Cipher).await), Code::Forbidden);

    // Signed for another server.
    let elsewhere = w.client_of(w.key.clone(), Address::repeat_byte(7));
    assert_eq!(
        refused(elsewhere.list(ENGAGEMENT, BlobKind::Cipher).await),
        Code::Forbidden
    );
    assert!(!w.server().store().path(&blob).exists());
}

#[tokio::test]
async fn a_reader_lists_and_fetches_and_puts_nothing_there() {
    let w = World::new().await;
    let key = PrivateKeySigner::random();
    w.parties.allow_to_read(ENGAGEMENT, [key.address()]);
    let reader = w.client_of(key.clone(), w.operator);
    let (path, bytes) = w.file(10);
    let (party, kind) = (w.client(), BlobKind::Parcels);
    let id = party.upload(ENGAGEMENT, kind, &path, |_| ()).await.unwrap();
    let blob = Blob {
        engagement: ENGAGEMENT,
        kind,
        id,
    };
    assert_eq!(reader.list(ENGAGEMENT, kind).await.unwrap(), [Listed { id, bytes: 10 }]);
    let into = w.dir.path().join("fetched");
    reader.download(&blob, &into, 10, |_| ()).await.unwrap();
    assert_eq!(fs::read(&into).unwrap(), bytes);

    let (other, content) = w.file(11);
    let sent = reader.upload(ENGAGEMENT, kind, &other, |_| ()).await;
    assert_eq!(refused(sent), Code::ReadOnly);
    // Nor anything of one that it could go on with, or that is there already.
    for content in [content, bytes] {
        let id = keccak256(&content);
        let sent = reader.append(&Blob { id, ..blob }, 0, 10, content[..5].to_vec()).await;
        let said = sent.unwrap_err().to_string();
        assert!(
            said.contains("may list and fetch") && said.contains("put none there"),
            "{said}"
        );
    }
    assert_eq!(reader.list(ENGAGEMENT, kind).await.unwrap().len(), 1);
    let elsewhere = reader.list(B256::repeat_byte(9), kind).await;
    assert_eq!(refused(elsewhere), Code::Forbidden);
    w.parties.allow(ENGAGEMENT, [key.address()]);
    reader.upload(ENGAGEMENT, kind, &other, |_| ()).await.unwrap();
}

#[tokio::test]
async fn a_request_counts_once_and_only_as_it_was_signed() {
    let w = World::new().await;
    let address = w.server().address();
    let body = b"content";
    let blob = w.blob(body);
    let target = format!("{}?offset=0&length=7", Target::Blob(blob));
    let length = "content-length: 7\r\n";
    let send = |head: String, body: &'static [u8]| async move { raw(address, &head, body).await.text().await };

    let unsigned = format!("PATCH {target} HTTP/1.1\r\nhost: x\r\n{length}connection: close\r\n\r\n");
    let answer = send(unsigned, body).await;
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("\"unsigned\""),
        "{answer}"
    );

    let answer = send(w.head("PATCH", &target, body, length), b"another").await;
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("other-body"),
        "{answer}"
    );
    assert!(!w.server().store().path(&blob).exists());

    // Another offset, another method, another file: another signer, as far as the server sees.
    let head = w.head("PATCH", &target, body, length);
    for changed in [
        head.replace("offset=0", "offset=1"),
        head.replacen("PATCH", "GET", 1),
        head.replace(&blob.id.to_string(), &B256::ZERO.to_string()),
        head.replace("/cipher/", "/proofs/"),
    ] {
        assert_ne!(changed, head);
        let answer = send(changed, body).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }

    let answer = send(head.clone(), body).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"complete\":true"),
        "{answer}"
    );
    let answer = send(head, body).await;
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("\"replayed\""),
        "{answer}"
    );

    let list = format!("/v1/{ENGAGEMENT}/cipher");
    let read = w.head("GET", &list, b"", "");
    let answer = send(read.clone(), b"").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = send(read, b"").await;
    assert!(answer.contains("\"replayed\""), "{answer}");
}

#[tokio::test]
async fn a_request_of_another_time_is_refused() {
    let w = World::new().await;
    let list = format!("/v1/{ENGAGEMENT}/cipher");
    for (time, status) in [
        (now() - 61_000, "HTTP/1.1 401"),
        (now() + 90_000, "HTTP/1.1 401"),
        (now() + 30_000, "HTTP/1.1 200"),
    ] {
        let stamp = Stamp {
            time,
            ..Stamp::new(b"")
        };
        let answer = raw(w.server().address(), &w.stamped(&stamp, "GET", &list, ""), b"").await;
        let answer = answer.text().await;
        assert!(answer.starts_with(status), "{answer}");
        assert_eq!(answer.contains("\"stale\""), status.ends_with("401"), "{answer}");
    }
}

#[tokio::test]
async fn what_was_served_before_a_restart_is_not_served_after_it() {
    let mut w = World::new().await;
    let head = w.head("GET", &format!("/v1/{ENGAGEMENT}/cipher"), b"", "");
    let answer = raw(w.server().address(), &head, b"").await.text().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    tokio::time::sleep(Duration::from_millis(5)).await;
    w.restart().await;
    let answer = raw(w.server().address(), &head, b"").await.text().await;
    assert!(answer.contains("\"stale\""), "{answer}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_store() {
    let w = World::new().await;
    let secret = w.dir.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    let id = keccak256(b"secret");
    for target in [
        "/../secret".to_owned(),
        "/v1/../../secret".to_owned(),
        format!("/v1/{ENGAGEMENT}/../../secret"),
        format!("/v1/{ENGAGEMENT}/cipher/../../../secret"),
        format!("/v1/{ENGAGEMENT}/cipher/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret"),
        format!("/v1/{ENGAGEMENT}/cipher/..%2f..%2f..%2fsecret"),
        format!("/v1/{ENGAGEMENT}/%2e%2e/{id}"),
        format!("/v1/{ENGAGEMENT}/cipher/{id}/../../../../secret"),
        format!("/v1/{ENGAGEMENT}/cipher/{id}.part"),
        format!("/v1/{ENGAGEMENT}/cipher/{id}%00"),
        format!("/v1//{ENGAGEMENT}/cipher/{id}"),
        format!("//v1/{ENGAGEMENT}/cipher/{id}"),
    ] {
        for method in ["GET", "HEAD", "PATCH"] {
            let head = w.head(method, &target, b"", "");
            let answer = raw(w.server().address(), &head, b"").await.text().await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{method} {target}: {answer}");
        }
    }
    assert_eq!(fs::read_dir(w.dir.path().join("store")).unwrap().count(), 0);
}

#[tokio::test]
async fn requests_that_the_protocol_does_not_have_are_refused() {
    let w = World::new().await;
    let blob = Target::Blob(w.blob(b"right"));
    let list = format!("/v1/{ENGAGEMENT}/cipher");
    for (method, target, status) in [
        ("DELETE", blob.to_string(), "405"),
        ("PATCH", list, "405"),
        ("PATCH", blob.to_string(), "400"),
        ("PATCH", format!("{blob}?offset=0"), "400"),
        ("PATCH", format!("{blob}?offset=-1&length=2"), "400"),
        ("PATCH", format!("{blob}?offset=0&length=5&x=1"), "400"),
        ("PATCH", format!("{blob}?offset=0&length=5"), "400"),
    ] {
        let head = w.head(method, &target, b"", "");
        let answer = raw(w.server().address(), &head, b"").await.text().await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{method} {target}: {answer}"
        );
    }
}

#[tokio::test]
async fn whoever_watches_hears_of_every_request() {
    let w = World::new().await;
    let client = w.client();
    client.list(ENGAGEMENT, BlobKind::Leaves).await.unwrap();
    let stranger = PrivateKeySigner::random();
    let denied = w.client_of(stranger.clone(), w.operator);
    denied.list(ENGAGEMENT, BlobKind::Leaves).await.unwrap_err();
    let events = w.events.lock().unwrap();
    let seen: Vec<_> = events.iter().map(|e| (e.party, e.status.as_u16())).collect();
    assert_eq!(seen, [(Some(w.key.address()), 200), (Some(stranger.address()), 403)]);
    assert_eq!(events[0].target, format!("/v1/{ENGAGEMENT}/leaves"));
}
