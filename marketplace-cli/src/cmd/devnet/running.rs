//! Devnets that run in the background: noted when they start, so that they can be looked at and ended.

use alloy::primitives::B256;
use alloy::providers::Provider;
use assay_chain::client::Chain;
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_marketplace::home::Home;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long anvil may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is noted of a devnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Noted {
    pub(super) rpc_url: String,
    /// Of anvil.
    pub(super) pid: u32,
    /// Tells it from another one at the same address.
    pub(super) genesis: B256,
    pub(super) address_book: PathBuf,
}

/// A devnet as it is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Running {
    #[serde(flatten)]
    noted: Noted,
    chain_id: u64,
    /// Its newest block.
    block: u64,
}

/// A note of which nobody can tell what became of its devnet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unclear {
    note: PathBuf,
    why: String,
}

/// What runs, or what was ended.
#[derive(Debug, Serialize)]
pub(super) struct Devnets {
    devnets: Vec<Running>,
    unclear: Vec<Unclear>,
    #[serde(skip)]
    what: &'static str,
}

impl fmt::Display for Devnets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.devnets.is_empty() {
            write!(f, "no devnet runs in the background")?;
        }
        for Running { noted, chain_id, block } in &self.devnets {
            let (url, pid, what) = (&noted.rpc_url, noted.pid, self.what);
            writeln!(f, "{url}  {what}; process {pid}, chain {chain_id}, block {block}")?;
        }
        for Unclear { note, why } in &self.unclear {
            let note = note.display();
            write!(f, "\nunclear: {why}\n  if no devnet of yours runs there, remove {note}")?;
        }
        Ok(())
    }
}

impl Noted {
    /// Keeps the note in the state directory.
    pub(super) fn keep(&self, home: &Home) -> eyre::Result<()> {
        let port = self.rpc_url.rsplit(':').next().unwrap_or_default();
        let file = home.devnets().join(format!("{port}.json"));
        Ok(write_atomic(&file, &serde_json::to_vec_pretty(self)?, false)?)
    }

    /// The devnet behind the note; `None` if nothing is there any more, or another one.
    ///
    /// # Errors
    /// If something is there that does not answer.
    async fn find(&self) -> eyre::Result<Option<Running>> {
        // A node that is gone is not waited for.
        if TcpStream::connect(self.address()).await.is_err() {
            return Ok(None);
        }
        let chain = Chain::connect(&self.rpc_url, None).await;
        let chain = chain.wrap_err_with(|| format!("what listens at {} is no devnet", self.rpc_url))?;
        if chain.genesis != self.genesis {
            return Ok(None);
        }
        Ok(Some(Running {
            noted: self.clone(),
            chain_id: chain.id,
            block: chain.provider.get_block_number().await?,
        }))
    }

    /// Host and port.
    fn address(&self) -> &str {
        self.rpc_url.trim_start_matches("http://")
    }

    /// Ends anvil and waits until nothing listens there.
    ///
    /// # Errors
    /// If the process is no anvil: the number may be another's by now, or of another machine that shares the state directory.
    async fn end(&self) -> eyre::Result<()> {
        let pid = self.pid.to_string();
        let is_local = self.address().starts_with("127.0.0.1:");
        if !is_local || i32::try_from(self.pid).map_or(true, |pid| pid <= 1) || !is_anvil(&pid) {
            let message = format!("process {pid} is not the anvil of {}: it is left alone", self.rpc_url);
            return Err(hinted(message, "end it where it was started"));
        }
        let told = Command::new("kill").arg(&pid).stderr(Stdio::null()).status();
        let began = Instant::now();
        while TcpStream::connect(self.address()).await.is_ok() {
            if told.as_ref().is_err() || began.elapsed() > PATIENCE {
                let message = format!(
                    "the devnet at {} does not end: process {pid} is still there",
                    self.rpc_url
                );
                return Err(hinted(message, "try again, or end it yourself"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Whether a process of this machine is called so.
fn is_anvil(pid: &str) -> bool {
    let ask = || Command::new("ps").args(["-o", "comm=", "-p", pid]).output();
    let name = std::fs::read(format!("/proc/{pid}/comm")).or_else(|_| ask().map(|told| told.stdout));
    name.is_ok_and(|name| String::from_utf8_lossy(&name).trim().rsplit('/').next() == Some("anvil"))
}

/// The files of all notes of the state directory.
fn notes(home: &Home) -> eyre::Result<Vec<PathBuf>> {
    let folder = home.devnets();
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.wrap_err_with(|| format!("cannot read {}", folder.display()))?,
    };
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<eyre::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> eyre::Result<Noted> {
    let text = std::fs::read(file).wrap_err_with(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).wrap_err_with(|| format!("{} is no note of a devnet", file.display()))
}

/// What runs; notes of what does not are removed. Something else at one place hides none of the others.
pub(super) async fn status(home: &Home) -> eyre::Result<Devnets> {
    let (mut devnets, mut unclear) = (Vec::new(), Vec::new());
    for note in notes(home)? {
        let found = match read(&note) {
            Ok(noted) => noted.find().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(running)) => devnets.push(running),
            Ok(None) => std::fs::remove_file(note)?,
            Err(error) => unclear.push(Unclear {
                note,
                why: format!("{error:#}"),
            }),
        }
    }
    let what = "runs";
    Ok(Devnets { devnets, unclear, what })
}

/// Ends what runs, at this port or everywhere.
pub(super) async fn down(home: &Home, port: Option<u16>) -> eyre::Result<Devnets> {
    let Devnets {
        devnets: mut found,
        unclear,
        ..
    } = status(home).await?;
    if let Some(port) = port {
        found.retain(|running| running.noted.rpc_url.ends_with(&format!(":{port}")));
        if found.is_empty() {
            let message = format!("no devnet that was started from here listens on port {port}");
            return Err(hinted(message, "assay devnet status says which ones run"));
        }
    }
    for running in &found {
        running.noted.end().await?;
    }
    let what = "ended";
    // Forgets what is gone.
    status(home).await?;
    Ok(Devnets {
        devnets: found,
        unclear,
        what,
    })
}
