//! An anvil process that dies with its guard.

use super::client::Chain;
use crate::repository::Repository;
use eyre::WrapErr;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

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
    pub async fn start(repository: &Repository, options: &DevnetOptions) -> eyre::Result<(Self, Chain)> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let program = repository.anvil()?;
        let port = match options.port {
            Some(port) => port,
            None => free_port()?,
        };
        // The rules of the main chain, with what a transaction may use (EIP-7825).
        let rules = ["--silent", "--hardfork", "osaka", "--enable-tx-gas-limit"];
        let mut arguments: Vec<String> = rules.map(str::to_owned).to_vec();
        arguments.extend(["--host", LOCALHOST, "--port"].map(str::to_owned));
        arguments.push(port.to_string());
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
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command
            .spawn()
            .wrap_err_with(|| format!("cannot start {}", program.display()))?;
        let mut devnet = Self {
            pid: child.id(),
            leash: child.stdin.take(),
            child: Some(child),
            port,
        };
        let began = Instant::now();
        loop {
            if let Some(status) = devnet.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                devnet.child = None;
                eyre::bail!("anvil ended at once ({status}); is port {port} in use?");
            }
            // Whose refusals are looked at more often than a command would.
            if TcpStream::connect((LOCALHOST, port)).is_ok() || began.elapsed() > PATIENCE {
                let chain = Chain::connect(&devnet.url(), None).await;
                return Ok((devnet, chain.wrap_err("anvil does not answer")?));
            }
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

fn free_port() -> eyre::Result<u16> {
    let listener = TcpListener::bind((LOCALHOST, 0)).wrap_err("no free port")?;
    Ok(listener.local_addr()?.port())
}
