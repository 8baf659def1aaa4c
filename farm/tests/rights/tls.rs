//! A queue over a network: a server with a certificate, whose authority and name are checked.

use crate::support::{offer, task, until, Server, MODEL};
use assay_farm::local::Local;
use assay_farm::queue::{Budget, Settings};
use assay_farm::{FarmError, Queue, QueueUrl, Role};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{chown, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Whoever may use the queue over the network, and how it proves it.
const PASSWORD: &str = "hunter2";

/// A server that listens on the loopback interface, where it takes whoever comes with TLS and the password, and nobody else.
struct Listening {
    process: Child,
    port: u16,
    directory: tempfile::TempDir,
}

impl Listening {
    /// With this certificate, and the queue in its database.
    async fn start(certificate: &str, key: &str) -> Self {
        // Its files are made, and the queue in them, as always.
        let Server { local, directory } = Server::start().await;
        Queue::set_up(&local.url(), &Settings::default())
            .await
            .expect("a queue");
        let owner = Queue::connect(&local.url(), Role::Owner)
            .await
            .expect("the owner connects");
        let total = Budget { used: 0, total: 10 };
        owner.hand_over(&MODEL, total).await.expect("a budget");
        owner.submit(&[task(0)]).await.expect("queued");
        let password = format!("CREATE ROLE remote LOGIN PASSWORD '{PASSWORD}' IN ROLE assay_worker");
        crate::support::sql(&local.url(), &password).await;
        drop((owner, local));
        let data = directory.path().join("data");
        let user = fs::metadata(&data).expect("made");
        for (name, text) in [
            ("server.crt", certificate),
            ("server.key", key),
            ("pg_hba.conf", "hostssl farm remote 127.0.0.1/32 scram-sha-256\n"),
        ] {
            let path = data.join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("our own");
            chown(&path, Some(user.uid()), Some(user.gid())).expect("the server's");
        }
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        let programs = Local::find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules")]);
        let process = Command::new(programs.expect("PostgreSQL").join("postgres"))
            .arg("-D")
            .arg(&data)
            .args([
                "-p",
                &port.to_string(),
                "-c",
                "ssl=on",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .uid(user.uid())
            .gid(user.gid())
            .spawn();
        Self {
            process: process.expect("it starts"),
            port,
            directory,
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("our own");
        path
    }

    /// As a worker, who names the server so and trusts this authority.
    async fn connect(&self, host: &str, authority: &Path, password: &Path) -> Result<Queue, FarmError> {
        let url = format!(
            "postgres://remote@{host}:{}/farm?sslmode=verify-full&sslrootcert={}&passwordfile={}",
            self.port,
            authority.display(),
            password.display()
        );
        Queue::connect(&QueueUrl::parse(&url).expect("an address"), Role::Worker).await
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_over_a_network_has_the_right_name_and_authority_or_nobody_talks_to_it() {
    let (known, stranger) = (authority(), authority());
    let key = KeyPair::generate().expect("a key");
    let named = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = named.signed_by(&key, &known).expect("a certificate");
    let server = Listening::start(&certificate.pem(), &key.serialize_pem()).await;
    let [known, stranger] =
        [("known", known.pem()), ("stranger", stranger.pem())].map(|(name, text)| server.file(name, &text));
    let password = server.file("password", PASSWORD);
    until("the server listens", || async {
        server.connect("localhost", &known, &password).await.is_ok()
    })
    .await;

    let worker = server.connect("localhost", &known, &password).await.unwrap();
    let taken = worker.take(&offer()).await.unwrap().expect("a task");
    worker.finish(&taken, b"bundle", 1.0, None).await.unwrap();

    // Whoever answers with another name, or a certificate of somebody else, is not told the password.
    for (host, authority) in [("127.0.0.1", &known), ("localhost", &stranger)] {
        let error = server.connect(host, authority, &password).await.expect_err("refused");
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
    let wrong = server.file("wrong", "hunter3");
    let error = server.connect("localhost", &known, &wrong).await.expect_err("refused");
    assert!(matches!(error, FarmError::WrongPassword { .. }), "{error}");
    let none = server.file("none", "no certificate\n");
    let error = server
        .connect("localhost", &none, &password)
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("holds no certificates"), "{error}");

    // Without TLS the server takes nobody, and to another machine this program does not even try.
    let plain = format!(
        "postgres://remote@127.0.0.1:{}/farm?passwordfile={}",
        server.port,
        password.display()
    );
    let error = Queue::connect(&QueueUrl::parse(&plain).expect("an address"), Role::Worker)
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("no encryption"), "{error}");
    let far = QueueUrl::parse("postgres://remote@192.0.2.1/farm").expect_err("refused");
    assert!(far.to_string().contains("add ?sslmode=verify-full"), "{far}");
}
