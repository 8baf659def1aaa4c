//! Where a server listens, and the program that serves: in clear to this machine alone, else with TLS; one server a store.

use crate::serve_support;
use crate::snapshots;

use alloy::primitives::Address;
use alloy::signers::local::PrivateKeySigner;
use assay_exchange::blob::BlobKind;
use assay_exchange::client::{Client, ClientError, ClientOptions};
use assay_exchange::listening::{ListenError, Tls};
use assay_exchange::parties::Parties;
use assay_exchange::server::{Options, ServeError, Server};
use serve_support::{raw, World, ENGAGEMENT, SEGMENT};
use std::fs;
use std::sync::Arc;

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
    trusting
        .download(&blob, &into, bytes.len() as u64, |_| ())
        .await
        .unwrap();
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
