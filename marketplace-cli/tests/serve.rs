//! What parties hand over goes on where it was interrupted, is the file that its name says, and arrives though a server is away.

use crate::serve_support;
use crate::transfer_support;

use alloy::primitives::B256;
use assay_exchange::blob::{Blob, BlobKind, Listed, Target};
use assay_exchange::client::{part_of, ClientError};
use assay_exchange::refusal::Code;
use assay_exchange::store::Progress;
use assay_marketplace::cipher_file::CipherFile;
use serve_support::{content, raw, refused, World, ENGAGEMENT, SEGMENT};
use std::cell::RefCell;
use std::fs;
use std::time::Duration;

#[tokio::test]
async fn an_upload_that_was_interrupted_goes_on_even_at_a_new_server() {
    let mut w = World::new().await;
    let client = w.client();
    let (path, bytes) = w.file(10 * SEGMENT + 7);
    let blob = w.blob(&bytes);
    let length = bytes.len() as u64;
    for k in 0..3 {
        let segment = bytes[k * SEGMENT..][..SEGMENT].to_vec();
        client
            .append(&blob, (k * SEGMENT) as u64, length, segment)
            .await
            .unwrap();
    }
    // The fourth is cut off in the middle.
    let segment = &bytes[3 * SEGMENT..4 * SEGMENT];
    let target = format!("{}?offset={}&length={length}", Target::Blob(blob), 3 * SEGMENT);
    let head = w.head("PATCH", &target, segment, &format!("content-length: {SEGMENT}\r\n"));
    drop(raw(w.server().address(), &head, &segment[..400]).await);
    let there = Progress::Partial(3 * SEGMENT as u64);
    assert_eq!(client.progress(&blob).await.unwrap(), there);

    w.restart().await;
    let client = w.client();
    assert_eq!(client.progress(&blob).await.unwrap(), there);
    let steps = RefCell::new(Vec::new());
    let id = client
        .upload(ENGAGEMENT, BlobKind::Cipher, &path, |at| steps.borrow_mut().push(at))
        .await
        .unwrap();
    assert_eq!(id, blob.id);
    let steps = steps.into_inner();
    assert_eq!(steps[..2], [3 * SEGMENT as u64, 4 * SEGMENT as u64]);
    assert_eq!(steps.last(), Some(&length));
    assert_eq!(fs::read(w.server().store().path(&blob)).unwrap(), bytes);
    let listed = Listed { id, bytes: length };
    assert_eq!(client.list(ENGAGEMENT, BlobKind::Cipher).await.unwrap(), [listed]);
    // Sending it again sends nothing.
    let steps = RefCell::new(Vec::new());
    let again = client.upload(ENGAGEMENT, BlobKind::Cipher, &path, |at| steps.borrow_mut().push(at));
    assert_eq!(again.await.unwrap(), id);
    assert_eq!(steps.into_inner(), [length]);
}

#[tokio::test]
async fn a_damaged_upload_begins_again_by_itself() {
    let w = World::new().await;
    let client = w.client();
    let (path, bytes) = w.file(3 * SEGMENT);
    let blob = w.blob(&bytes);
    client
        .append(&blob, 0, bytes.len() as u64, vec![0; SEGMENT])
        .await
        .unwrap();
    client
        .upload(ENGAGEMENT, BlobKind::Cipher, &path, |_| ())
        .await
        .unwrap();
    assert_eq!(fs::read(w.server().store().path(&blob)).unwrap(), bytes);
}

#[tokio::test]
async fn content_that_does_not_have_its_name_is_removed() {
    let w = World::new().await;
    let client = w.client();
    let blob = w.blob(b"right");
    let sent = client.append(&blob, 0, 5, b"wrong".to_vec()).await;
    assert_eq!(refused(sent), Code::WrongHash);
    assert_eq!(client.progress(&blob).await.unwrap(), Progress::Partial(0));
    let dir = w.server().store().path(&blob);
    assert_eq!(fs::read_dir(dir.parent().unwrap()).unwrap().count(), 0);
    assert!(client.append(&blob, 0, 5, b"right".to_vec()).await.unwrap().complete);
}

#[tokio::test]
async fn a_download_goes_on_where_it_ended() {
    let w = World::new().await;
    let client = w.client();
    let (path, bytes) = w.file(100_000);
    let id = w.server().store().add(ENGAGEMENT, BlobKind::Proofs, &path).unwrap();
    let blob = Blob {
        engagement: ENGAGEMENT,
        kind: BlobKind::Proofs,
        id,
    };
    let into = w.dir.path().join("deep/fetched");
    fs::create_dir(into.parent().unwrap()).unwrap();
    fs::write(part_of(&into), &bytes[..60_000]).unwrap();
    let steps = RefCell::new(Vec::new());
    let step = |at| steps.borrow_mut().push(at);
    client.download(&blob, &into, 100_000, step).await.unwrap();
    let steps = steps.into_inner();
    assert_eq!((steps[0], *steps.last().unwrap()), (60_000, 100_000));
    assert_eq!(fs::read(&into).unwrap(), bytes);
    assert!(!part_of(&into).exists());

    // Only the rest is fetched: what was there and wrong is noticed by the hash, and not kept.
    fs::write(part_of(&into), [0; 50_000]).unwrap();
    fs::remove_file(&into).unwrap();
    let error = client.download(&blob, &into, 100_000, |_| ()).await.unwrap_err();
    assert!(
        matches!(error, ClientError::WrongHash { expected, .. } if expected == id),
        "{error}"
    );
    assert!(!into.exists() && !part_of(&into).exists());
    // More than the file has is of another one.
    fs::write(part_of(&into), [0; 100_001]).unwrap();
    client.download(&blob, &into, 100_000, |_| ()).await.unwrap();
    assert_eq!(fs::read(&into).unwrap(), bytes);

    let error = client.download(&blob, &into, 99_999, |_| ()).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::TooLarge {
            bytes: 100_000,
            limit: 99_999
        }
    ));
    let absent = Blob { id: B256::ZERO, ..blob };
    let nowhere = into.with_extension("no");
    let missing = client.download(&absent, &nowhere, 100, |_| ()).await;
    assert_eq!(refused(missing), Code::NotFound);
}

#[tokio::test]
async fn ranges_of_a_file_are_served() {
    let w = World::new().await;
    let (path, bytes) = w.file(1000);
    w.server().store().add(ENGAGEMENT, BlobKind::Cipher, &path).unwrap();
    let target = Target::Blob(w.blob(&bytes)).to_string();
    let get = |range: &str| {
        let head = w.head("GET", &target, b"", &format!("range: {range}\r\n"));
        let address = w.server().address();
        async move { raw(address, &head, b"").await.bytes().await }
    };
    let answer = get("bytes=990-").await;
    assert!(answer.starts_with(b"HTTP/1.1 206") && answer.ends_with(&bytes[990..]));
    assert!(String::from_utf8_lossy(&answer).contains("content-range: bytes 990-999/1000"));
    let answer = get("bytes=0-9").await;
    assert!(answer.starts_with(b"HTTP/1.1 206") && answer.ends_with(&bytes[..10]));
    assert!(get("bytes=1000-").await.starts_with(b"HTTP/1.1 416"));
    assert!(get("nonsense").await.starts_with(b"HTTP/1.1 416"));
}

#[tokio::test]
async fn an_encrypted_test_set_travels_and_is_the_one_that_was_committed_to() {
    let w = World::new().await;
    let delivery = transfer_support::Sender::honest(20, 1000, 8).deliver();
    let client = w.client();
    let id = client
        .upload(ENGAGEMENT, BlobKind::Cipher, &delivery.path, |_| ())
        .await
        .unwrap();
    let [listed] = client.list(ENGAGEMENT, BlobKind::Cipher).await.unwrap()[..] else {
        panic!("one file was sent");
    };
    assert_eq!(listed.id, id);
    let blob = Blob {
        engagement: ENGAGEMENT,
        kind: BlobKind::Cipher,
        id,
    };
    let into = w.dir.path().join("set.ct");
    client.download(&blob, &into, listed.bytes, |_| ()).await.unwrap();
    CipherFile::open(&into, delivery.layout, ENGAGEMENT, delivery.ct_root).unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let mut w = World::new().await;
    let (path, bytes) = w.file(2 * SEGMENT);
    let blob = w.blob(&bytes);
    let client = w.client();
    let sending = tokio::spawn({
        let (client, path) = (client.clone(), path.clone());
        let address = w.server().address();
        w.stop().shutdown(Duration::ZERO).await.unwrap();
        w.options.listen.address = address;
        async move { client.upload(ENGAGEMENT, BlobKind::Cipher, &path, |_| ()).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!sending.is_finished());
    w.start().await;
    assert_eq!(sending.await.unwrap().unwrap(), blob.id);
    assert_eq!(fs::read(w.server().store().path(&blob)).unwrap(), content(2 * SEGMENT));
}
