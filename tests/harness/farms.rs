//! A farm on a PostgreSQL of its own, and workers that a test may kill.

use crate::{assay, root, text, Devnet, Party, Setting};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a test waits for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(240);

/// `assay farm up --local`; ends with it.
#[derive(Debug)]
pub struct Farm {
    /// What `--queue` is told.
    pub queue: String,
    /// What `--tasks` is told.
    pub tasks: PathBuf,
    process: Child,
    /// Not inside the devnet's: where this is root, another user runs the server, who must be able to enter all folders above.
    _directory: TempDir,
}

/// A worker; killed when dropped.
#[derive(Debug)]
pub struct Worker(Child);

impl Farm {
    /// Starts the server, and makes the queue with leases of so many seconds.
    ///
    /// # Panics
    /// If there is no PostgreSQL.
    pub fn up(setting: &Setting, lease: u32) -> Self {
        Self::beside(&setting.devnet, lease)
    }

    /// The same for whoever has this devnet.
    ///
    /// # Panics
    /// If there is no PostgreSQL.
    pub fn beside(devnet: &Devnet, lease: u32) -> Self {
        let directory = tempfile::Builder::new().prefix("assay-farm").tempdir();
        let directory = directory.expect("a temporary directory");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(directory.path(), mode).expect("our own directory");
        }
        let tasks = devnet.path("tasks");
        let process = Command::new(assay())
            .current_dir(root())
            .args([
                "farm",
                "up",
                "--local",
                "--json",
                "--lease",
                &lease.to_string(),
                "--dir",
            ])
            .arg(directory.path().join("pg"))
            .args(["--home", text(&devnet.path("farm-home")), "--tasks", text(&tasks)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = process.expect("assay runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it can be read");
        let up: Value = serde_json::from_str(&line).expect("a queue; PostgreSQL is needed");
        Self {
            queue: up["queue"].as_str().expect("an address").to_owned(),
            tasks,
            process,
            _directory: directory,
        }
    }

    /// Options of commands that use it.
    pub fn options(&self) -> [&str; 4] {
        ["--queue", &self.queue, "--tasks", text(&self.tasks)]
    }

    /// Starts a worker with copies of the model's files in a directory of its own, as on another machine.
    pub fn worker(&self, setting: &Setting, name: &str) -> Worker {
        self.worker_of(setting.provider(), name, &setting.model, &setting.arch)
    }

    /// The same of a party's model with this architecture file.
    pub fn worker_of(&self, party: Party<'_>, name: &str, model: &Path, arch: &Path) -> Worker {
        let home = party.devnet.path(name);
        let copy = ["farm", "copy", "--to", text(&home)];
        let copy = party.reads(&[&copy[..], &["--model", text(model), "--arch", text(arch)]].concat());
        let [model, arch] = ["model", "arch"].map(|key| PathBuf::from(copy[key].as_str().expect("a path")));
        let process = Command::new(assay())
            .current_dir(root())
            .args(["farm", "worker", "--quiet", "--name", name])
            .args(["--model", text(&model), "--arch", text(&arch), "--home", text(&home)])
            .args(self.options())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Worker(process.expect("assay runs"))
    }

    /// What `assay farm status` says.
    pub fn status(&self, setting: &Setting) -> Value {
        self.status_for(setting.provider())
    }

    /// The same, said to a party.
    pub fn status_for(&self, party: Party<'_>) -> Value {
        party.reads(&[&["farm", "status"][..], &self.options()].concat())
    }

    /// Runs statements as the database's superuser.
    ///
    /// # Panics
    /// If one fails.
    pub fn sql(&self, text: &str) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.queue, tokio_postgres::NoTls)
                .await
                .expect("a connection");
            tokio::spawn(connection);
            client.batch_execute(text).await.expect("each statement works");
        });
    }

    /// Waits until the status is as it shall be.
    ///
    /// # Panics
    /// If it does not come to that.
    pub fn until(&self, setting: &Setting, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = std::time::Instant::now();
        loop {
            let status = self.status(setting);
            if is_so(&status) {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "{status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the server, as if its machine went away.
    pub fn goes_away(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        }
        let _ = self.process.wait();
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        self.goes_away();
    }
}

impl Worker {
    /// As a power cut would: its own process and, with that, the one that proves.
    pub fn is_lost(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits until it has ended after it was told to; whether it ended well.
    pub fn ends(mut self) -> bool {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        self.0.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.is_lost();
    }
}
