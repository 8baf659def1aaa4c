//! An anvil process that dies with its guard.

use super::client::Chain;
use crate::home::Repository;
use eyre::WrapErr;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How anvil is started.
#[derive(Debug, Clone, Default)]
pub struct DevnetOptions {
    /// Port to listen on; any free one if `None`.
    pub port: Option<u16>,
    /// Seconds between blocks; a block per transaction if `None`.
    pub block_time: Option<u64>,
    /// Outlive this program, once [`Devnet::detach`] is called.
    pub detach: bool,
}

/// A running anvil; killed when dropped, unless detached.
#[derive(Debug)]
pub struct Devnet {
    child: Option<Child>,
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
        let mut command = Command::new(&program);
        command.args(["--silent", "--host", "127.0.0.1", "--port", &port.to_string()]);
        if let Some(seconds) = options.block_time {
            command.args(["--block-time", &seconds.to_string()]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        if options.detach {
            // Out of this terminal's process group: Ctrl-C must not reach it.
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        let child = command
            .spawn()
            .wrap_err_with(|| format!("cannot start {}", program.display()))?;
        let mut devnet = Self {
            pid: child.id(),
            child: Some(child),
            port,
        };
        let began = Instant::now();
        loop {
            if let Some(status) = devnet.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                devnet.child = None;
                eyre::bail!("anvil ended at once ({status}); is port {port} in use?");
            }
            match Chain::connect(&devnet.url(), None).await {
                Ok(chain) => return Ok((devnet, chain)),
                Err(error) if began.elapsed() > PATIENCE => return Err(error.wrap_err("anvil does not answer")),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

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
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> eyre::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").wrap_err("no free port")?;
    Ok(listener.local_addr()?.port())
}
