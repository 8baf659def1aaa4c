//! An anvil process that dies with its guard.

use super::client::Chain;
use crate::keys::KEY_VARIABLE;
use crate::packages;
use alloy::eips::BlockId;
use alloy::providers::Provider;
use eyre::WrapErr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

const LOCALHOST: &str = "127.0.0.1";

/// How anvil is started.
#[derive(Debug, Clone, Default)]
pub struct DevnetOptions {
    /// Port to listen on; any free one if `None`.
    pub port: Option<u16>,
    /// Chain id, if not the one of devnets.
    pub chain_id: Option<u64>,
    /// Seconds between blocks; a block per transaction if `None`.
    pub block_time: Option<u64>,
    /// Outlive this program, once [`Devnet::detach`] is called.
    pub detach: bool,
}

/// Has a devnet mine a block `seconds` after its newest one, and go on from there. Blocks run ahead of the clock, as no two of them
/// have the same second: time is not let pass by the clock.
///
/// # Errors
/// If the node is no anvil, or does not answer.
pub async fn mine_after(chain: &Chain, seconds: u64) -> eyre::Result<()> {
    let newest = chain.time_of(BlockId::latest()).await?;
    let provider = &chain.provider;
    provider
        .raw_request::<_, serde_json::Value>("evm_setNextBlockTimestamp".into(), [newest + seconds])
        .await?;
    provider
        .raw_request::<_, serde_json::Value>("evm_mine".into(), [(); 0])
        .await?;
    Ok(())
}

/// A running anvil; killed when dropped, unless detached.
#[derive(Debug)]
pub struct Devnet {
    child: Option<Child>,
    /// Anvil ends when this pipe closes, so also when this program is killed.
    leash: Option<ChildStdin>,
    pid: u32,
    port: u16,
}

impl Devnet {
    /// Starts anvil and waits until it answers.
    pub async fn start(options: &DevnetOptions) -> eyre::Result<(Self, Chain)> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let program = packages::anvil()?;
        // The rules of the main chain, with what a transaction may use (EIP-7825).
        let rules = ["--hardfork", "osaka", "--enable-tx-gas-limit"];
        let mut arguments: Vec<String> = rules.map(str::to_owned).to_vec();
        arguments.extend(["--host", LOCALHOST, "--port"].map(str::to_owned));
        // Zero is any free port: one that is looked for beforehand may be somebody else's by then.
        arguments.push(options.port.unwrap_or_default().to_string());
        if let Some(seconds) = options.block_time {
            arguments.extend(["--block-time".to_owned(), seconds.to_string()]);
        }
        if let Some(id) = options.chain_id {
            arguments.extend(["--chain-id".to_owned(), id.to_string()]);
        }
        let mut command = if options.detach {
            detached(&program)
        } else {
            leashed(&program)
        };
        let said = NamedTempFile::new().wrap_err("cannot make a temporary file")?;
        command.args(arguments).stdout(said.reopen()?).stderr(Stdio::null());
        // It needs nobody's key.
        command.env_remove(KEY_VARIABLE);
        let mut child = command
            .spawn()
            .wrap_err_with(|| format!("cannot start {}", program.display()))?;
        let mut devnet = Self {
            pid: child.id(),
            leash: child.stdin.take(),
            child: Some(child),
            port: 0,
        };
        let began = Instant::now();
        loop {
            if let Some(status) = devnet.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                devnet.child = None;
                let port = options.port.map(|port| format!("; is port {port} in use?"));
                eyre::bail!("anvil ended at once ({status}){}", port.unwrap_or_default());
            }
            if let Some(port) = listens_on(&std::fs::read_to_string(said.path())?) {
                devnet.port = port;
                let chain = Chain::connect(&devnet.url(), None)
                    .await
                    .wrap_err("anvil does not answer")?;
                // Or the file, which has no name any more, grows with every request.
                let () = chain
                    .provider
                    .raw_request("anvil_setLoggingEnabled".into(), [false])
                    .await?;
                return Ok((devnet, chain));
            }
            eyre::ensure!(began.elapsed() < PATIENCE, "anvil does not say where it listens");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Plain http on the loopback interface.
    pub fn url(&self) -> String {
        format!("http://{LOCALHOST}:{}", self.port)
    }

    /// Of anvil's process, also once it is detached.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Lets anvil outlive this guard.
    pub fn detach(&mut self) {
        self.child = None;
    }

    /// Waits until anvil ends by itself.
    pub async fn ended(&mut self) -> eyre::Result<()> {
        while let Some(child) = &mut self.child {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                eyre::bail!("anvil ended ({status})");
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let leashed = self.leash.take().is_some();
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing to kill.
            if !leashed {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

/// Anvil by itself, in a process group of its own: Ctrl-C in this terminal must not reach it.
fn detached(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// Anvil under a shell that kills it when its standard input, a pipe from here, closes.
fn leashed(program: &Path) -> Command {
    const SCRIPT: &str = r#"exec 3<&0
"$0" "$@" </dev/null 3<&- &
anvil=$!
{ read -r _ <&3; kill "$anvil"; } 2>/dev/null &
wait "$anvil""#;
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg(program).stdin(Stdio::piped());
    command
}

/// The port that anvil says it listens on.
pub fn listens_on(said: &str) -> Option<u16> {
    let line = said.lines().find_map(|line| line.strip_prefix("Listening on "))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}
