//! Two parties and strangers at a real server: what is interrupted goes on, and what is not signed for exactly this is
//! refused.

use crate::serve_support;
use crate::snapshots;
use crate::transfer_support;

use alloy::primitives::{keccak256, Address, B256};
use alloy::signers::local::PrivateKeySigner;
use assay_exchange::auth::{now, Stamp};
use assay_exchange::blob::{Blob, BlobKind, Listed, Target};
use assay_exchange::client::{part_of, Client, ClientError, ClientOptions};
use assay_exchange::listening::{ListenError, Tls};
use assay_exchange::parties::Parties;
use assay_exchange::refusal::Code;
use assay_exchange::server::{Options, ServeError, Server};
use assay_exchange::store::{Limits, Progress};
use assay_marketplace::cipher_file::CipherFile;
use serve_support::{content, raw, World, ENGAGEMENT, READ, SEGMENT};
use std::cell::RefCell;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Code {
    match result.unwrap_err() {
        ClientError::Refused(refusal) => refusal.error,
        other => panic!("{other}"),
    }
}

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

#[cfg(unix)]
#[tokio::test]
async fn the_program_serves_until_it_is_told_to_end() {
    use std::process::Stdio;
    use tokio::io::{AsyncBufReadExt, BufReader};
    use tokio::process::Command;
    let dir = tempfile::tempdir().unwrap();
    let (key, operator) = (PrivateKeySigner::random(), Address::repeat_byte(0x0b));
    let parties = dir.path().join("parties.json");
    fs::write(&parties, format!("{{\"{ENGAGEMENT}\": [\"{}\"]}}", key.address())).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args([
            "--json",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--operator",
            &operator.to_string(),
            "--parties",
        ])
        .arg(&parties)
        .env("ASSAY_HOME", dir.path().join("home"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let serving: serde_json::Value = serde_json::from_str(&line).unwrap();
    snapshots::assert_shape(&["serve"], &serving);
    let client = Client::new(ClientOptions::new(serving["url"].as_str().unwrap(), operator), key).unwrap();
    let path = dir.path().join("leaves");
    fs::write(&path, b"content").unwrap();
    let id = client
        .upload(ENGAGEMENT, BlobKind::Leaves, &path, |_| ())
        .await
        .unwrap();
    let stored = dir.path().join(format!("home/files/{ENGAGEMENT}/leaves/{id}"));
    assert_eq!(fs::read(stored).unwrap(), b"content");
    let process = program.id().unwrap().to_string();
    assert!(Command::new("kill").arg(process).status().await.unwrap().success());
    assert!(program.wait().await.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn one_server_has_a_store_whatever_it_is_called() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("parties.json"), "{}").unwrap();
    let serve = |store: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        let operator = Address::ZERO.to_string();
        command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--operator", &operator]);
        command.arg("--parties").arg(path("parties.json"));
        command.arg("--store").arg(path(store)).arg("--home").arg(path("home"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let serving = |mut child: std::process::Child| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.contains("operator"), "{line}");
        child
    };
    let end = |mut child: std::process::Child| {
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let first = serving(serve("store").spawn().unwrap());
    std::os::unix::fs::symlink(path("store"), path("link")).unwrap();
    for store in ["store", "link"] {
        let second = serve(store).output().unwrap();
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{said}");
        assert!(
            said.contains("serve.lock is in use") && said.contains("another --store"),
            "{said}"
        );
    }
    let other = serving(serve("other").spawn().unwrap());
    end(first);
    let next = serving(serve("link").spawn().unwrap());
    end(next);
    end(other);
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

#[tokio::test]
async fn nothing_but_the_loopback_interface_is_served_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let options = Options::new(listen.parse().unwrap(), dir.path().join("store"), Address::ZERO);
        let started = Server::start(&options, Parties::default(), Arc::new(|_| ())).await;
        assert!(
            matches!(started, Err(ServeError::Listen(ListenError::Plain(_)))),
            "{listen}"
        );
    }
    assert!(!dir.path().join("store").exists());
}

#[tokio::test]
async fn tls_serves_those_who_trust_the_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let tls = Tls {
            cert: dir.path().join(format!("{name}.pem")),
            key: dir.path().join(format!("{name}.key")),
        };
        fs::write(&tls.cert, made.cert.pem()).unwrap();
        fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        tls
    };
    let (tls, other) = (made("server"), made("other"));
    let w = World::with(|options| {
        options.listen.tls = Some(tls.clone());
        options.listen.address = "0.0.0.0:0".parse().unwrap();
    })
    .await;
    let port = w.server().address().port();
    let client = |ca: Option<&Tls>| {
        let options = ClientOptions {
            ca: ca.map(|tls| tls.cert.clone()),
            tries: 1,
            segment_bytes: SEGMENT,
            ..ClientOptions::new(format!("https://localhost:{port}"), w.operator)
        };
        Client::new(options, w.key.clone()).unwrap()
    };
    let (path, bytes) = w.file(3 * SEGMENT);
    let trusting = client(Some(&tls));
    let id = trusting
        .upload(ENGAGEMENT, BlobKind::Cipher, &path, |_| ())
        .await
        .unwrap();
    let into = w.dir.path().join("fetched");
    let blob = w.blob(&bytes);
    assert_eq!(id, blob.id);
    trusting.download(&blob, &into, LARGE as u64, |_| ()).await.unwrap();
    assert_eq!(fs::read(&into).unwrap(), bytes);

    for wrong in [client(None), client(Some(&other))] {
        let error = wrong.list(ENGAGEMENT, BlobKind::Cipher).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable(_)), "{error}");
    }
    // Nobody is answered in clear.
    let head = w.head("GET", &format!("/v1/{ENGAGEMENT}/cipher"), b"", "");
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let answer = raw(address, &head, b"").await.bytes().await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    let broken = Tls {
        key: tls.cert.clone(),
        ..tls
    };
    let mut options = Options::new("127.0.0.1:0".parse().unwrap(), dir.path().join("s"), Address::ZERO);
    options.listen.tls = Some(broken);
    let started = Server::start(&options, Parties::default(), Arc::new(|_| ())).await;
    assert!(matches!(started, Err(ServeError::Listen(ListenError::Tls { .. }))));
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
