//! How much a server takes, how long it waits, and for how many: what strangers can keep from parties.

use crate::serve_support;

use assay_exchange::blob::{BlobKind, Target};
use assay_exchange::refusal::Code;
use assay_exchange::store::Limits;
use serve_support::{raw, refused, World, ENGAGEMENT, READ, SEGMENT};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_stored() {
    let limits = Limits {
        blob_bytes: 5 * SEGMENT as u64,
        engagement_bytes: 7 * SEGMENT as u64,
        segment_bytes: SEGMENT,
    };
    let w = World::with(|options| options.limits = limits).await;
    let client = w.client();
    let (large, _) = w.file(5 * SEGMENT + 1);
    let sent = client.upload(ENGAGEMENT, BlobKind::Cipher, &large, |_| ()).await;
    assert_eq!(refused(sent), Code::TooLarge);
    let (fits, bytes) = w.file(5 * SEGMENT);
    let blob = w.blob(&bytes);
    let long = client.append(&blob, 0, bytes.len() as u64, bytes[..SEGMENT + 1].to_vec());
    assert_eq!(refused(long.await), Code::TooLarge);
    client
        .upload(ENGAGEMENT, BlobKind::Cipher, &fits, |_| ())
        .await
        .unwrap();
    let (third, _) = w.file(3 * SEGMENT);
    let sent = client.upload(ENGAGEMENT, BlobKind::Proofs, &third, |_| ()).await;
    assert_eq!(refused(sent), Code::Quota);

    // A body of unstated length is cut off at the limit.
    let target = format!("{}?offset=0&length={}", Target::Blob(w.blob(b"x")), SEGMENT + 1);
    let body = vec![1; SEGMENT + 1];
    let mut chunked = format!("{:x}\r\n", body.len()).into_bytes();
    chunked.extend_from_slice(&body);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let head = w.head("PATCH", &target, &body, "transfer-encoding: chunked\r\n");
    let answer = raw(w.server().address(), &head, &chunked).await.text().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let w = World::with(|options| options.patience = Duration::from_millis(200)).await;
    let target = format!("{}?offset=0&length=7", Target::Blob(w.blob(b"content")));
    let head = w.head("PATCH", &target, b"content", "content-length: 7\r\n");
    let answer = raw(w.server().address(), &head, b"con").await.text().await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_waited_for_no_longer_than_a_body() {
    let w = World::with(|options| options.listen.head_patience = Duration::from_millis(200)).await;
    for head in ["", "GET / HTTP/1.1\r\n"] {
        let half = raw(w.server().address(), head, b"").await;
        let answer = tokio::time::timeout(w.options.patience / 2, half.text()).await;
        assert!(!answer.expect("the connection is closed").contains("200"));
    }
}

/// More than the buffers between two programs of one machine hold.
const LARGE: usize = 48 << 20;

#[tokio::test]
async fn a_download_under_way_ends_before_the_server_does_and_counts_as_work() {
    let mut w = World::with(|options| options.requests = 1).await;
    let (path, bytes) = w.file(LARGE);
    w.server().store().add(ENGAGEMENT, BlobKind::Cipher, &path).unwrap();
    let target = Target::Blob(w.blob(&bytes)).to_string();
    let mut under_way = raw(w.server().address(), &w.head("GET", &target, b"", ""), b"").await;
    under_way.read_some().await;

    let busy = w.head("GET", &format!("/v1/{ENGAGEMENT}/cipher"), b"", "");
    let answer = raw(w.server().address(), &busy, b"").await.text().await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");

    let address = w.server().address();
    let ending = tokio::spawn(w.stop().shutdown(Duration::from_secs(60)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!ending.is_finished(), "the server waits for its download");
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "nobody else gets in"
    );
    let answer = under_way.bytes().await;
    assert!(answer.ends_with(&bytes[LARGE - 1000..]) && answer.len() + READ >= LARGE);
    ending.await.unwrap().unwrap();
}

#[tokio::test]
async fn connections_are_bounded_even_if_they_say_nothing() {
    let w = World::with(|options| options.listen.connections = 1).await;
    let address = w.server().address();
    let silent = raw(address, "", b"").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let list = format!("/v1/{ENGAGEMENT}/cipher");
    assert_eq!(raw(address, &w.head("GET", &list, b"", ""), b"").await.text().await, "");
    drop(silent);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = raw(address, &w.head("GET", &list, b"", ""), b"").await.text().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Only here every address of 127.0.0.0/8 is one of this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn half_open_requests_of_one_host_lock_nobody_else_out() {
    let w = World::with(|options| options.listen.connections = 100).await;
    let address = w.server().address();
    let mut half_open = Vec::new();
    for _ in 0..w.options.listen.connections {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        // Those beyond the bound are closed, maybe before this is sent.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n").await;
        half_open.push(stream);
    }
    assert!(w.client().list(ENGAGEMENT, BlobKind::Cipher).await.unwrap().is_empty());
}
