//! A PostgreSQL for the tests of one file, with a database a test.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub(crate) mod proving;

use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Budget, Hash, NewTask, Offer, Settings, Skill};
use assay_farm::{Queue, QueueUrl, Role};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Mutex;

pub(crate) const MODEL: Hash = [7; 32];
pub(crate) const LAYOUT: &str = "v1/aa";
pub(crate) const GB: u64 = 1 << 30;

/// A server in a temporary directory, which goes when the last test that uses it ends.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) local: Local,
    pub(crate) directory: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
        let programs = Local::find(&[modules]).expect("PostgreSQL");
        let directory = tempfile::tempdir().expect("a directory");
        let local = Local::start(&programs, directory.path(), Durable::No)
            .await
            .expect("it starts");
        Self { local, directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

static SERVER: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());

/// The server of this file's tests.
pub(crate) async fn server() -> Arc<Server> {
    let mut held = SERVER.lock().await;
    if let Some(server) = held.upgrade() {
        return server;
    }
    let server = Arc::new(Server::start().await);
    *held = Arc::downgrade(&server);
    server
}

/// A queue in a database of its own.
#[derive(Debug)]
pub(crate) struct Farm {
    pub(crate) url: QueueUrl,
    pub(crate) owner: Queue,
    pub(crate) worker: Queue,
    pub(crate) server: Arc<Server>,
}

impl Farm {
    /// With the usual settings and `total` openings of [`MODEL`].
    pub(crate) async fn new(name: &str, total: u64) -> Self {
        Self::with(name, total, &Settings::default()).await
    }

    pub(crate) async fn with(name: &str, total: u64, settings: &Settings) -> Self {
        let server = server().await;
        let url = empty(name).await;
        Self::on(server, url, total, settings).await
    }

    /// In this empty database.
    pub(crate) async fn on(server: Arc<Server>, url: QueueUrl, total: u64, settings: &Settings) -> Self {
        Queue::set_up(&url, settings).await.expect("a queue");
        let owner = Queue::connect(&url, Role::Owner).await.expect("the owner connects");
        let worker = Queue::connect(&url, Role::Worker).await.expect("a worker connects");
        owner
            .hand_over(&MODEL, Budget { used: 0, total })
            .await
            .expect("a budget");
        Self {
            url,
            owner,
            worker,
            server,
        }
    }

    /// Runs statements as the superuser.
    pub(crate) async fn sql(&self, text: &str) {
        sql(&self.url, text).await;
    }

    /// Ends the leases of all that is running.
    pub(crate) async fn expire(&self) {
        self.sql(
            "UPDATE assay_farm.task SET lease_until = now() - interval '1 s', second_until = now() - interval '1 s' WHERE state = 'running'",
        )
        .await;
    }

    /// A number that a statement gives.
    pub(crate) async fn number(&self, statement: &str) -> i64 {
        let client = client(&self.url).await;
        client.query_one(statement, &[]).await.expect("a row").get(0)
    }

    /// Granted numbers, ascending.
    pub(crate) async fn starts(&self) -> Vec<i64> {
        let client = client(&self.url).await;
        let rows = client
            .query("SELECT number FROM assay_farm.start ORDER BY number", &[])
            .await;
        rows.expect("rows").iter().map(|row| row.get(0)).collect()
    }
}

/// An empty database, for its superuser; of a server that the caller holds.
pub(crate) async fn empty(name: &str) -> QueueUrl {
    let server = server().await;
    let url = server.local.url();
    sql(&url, &format!("CREATE DATABASE {name}")).await;
    url.with_database(name)
}

pub(crate) async fn client(url: &QueueUrl) -> tokio_postgres::Client {
    let text = url.to_string();
    let (client, connection) = tokio_postgres::connect(&text, tokio_postgres::NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}

pub(crate) async fn sql(url: &QueueUrl, text: &str) {
    client(url).await.batch_execute(text).await.expect(text);
}

/// A statement that stands for `number`.
pub(crate) fn statement(number: u64) -> Hash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

pub(crate) fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs()
}

/// A task that anybody can do within two hours.
pub(crate) fn task(number: u64) -> NewTask {
    NewTask {
        engagement: "e1".into(),
        statement: statement(number),
        model_id: MODEL,
        layout: LAYOUT.into(),
        memory: GB,
        deadline: now() + 7200,
        claim: number.to_be_bytes().to_vec(),
    }
}

pub(crate) fn tasks(numbers: std::ops::Range<u64>) -> Vec<NewTask> {
    numbers.map(task).collect()
}

pub(crate) fn skill() -> Skill {
    Skill {
        model_id: MODEL,
        layout: LAYOUT.into(),
        seconds: 60.0,
    }
}

pub(crate) fn offer() -> Offer {
    Offer {
        worker: "w1".into(),
        skills: vec![skill()],
        memory: 4 * GB,
    }
}

/// Another worker, who needs no time.
pub(crate) fn idle() -> Offer {
    Offer {
        worker: "w2".into(),
        skills: vec![Skill {
            seconds: 0.0,
            ..skill()
        }],
        ..offer()
    }
}

/// Asks until it is so; a minute at the longest.
pub(crate) async fn until<F: std::future::Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within a minute: {what}");
}
