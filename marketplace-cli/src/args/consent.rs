//! What is asked of a person before a command does what costs money or is rarely meant.

use crate::output::Output;
use alloy::transports::BoxFuture;
use assay_chain::consent::{declined, Asked, Proposed};
use assay_chain::error::usage;
use clap::Args;
use std::fmt::Display;
use std::future::Future;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::ctrl_c;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// After so long without an answer, it is no: the journal is held meanwhile, and with it whatever a daemon has to do in time.
const PATIENCE: Duration = Duration::from_secs(120);

/// What shells say of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// What options about it are listed under.
pub(crate) const BEFORE: &str = "Before acting";

/// Whether a command asks before it acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct ConsentArgs {
    /// Do not ask before acting
    #[arg(long, help_heading = BEFORE)]
    yes: bool,
}

impl ConsentArgs {
    /// States what follows and asks on a terminal; without one, goes on.
    ///
    /// # Errors
    /// [`declined`].
    pub async fn state(self, out: &Output, what: impl Display) -> eyre::Result<()> {
        out.insist(what);
        if self.yes || !on_terminal() {
            return Ok(());
        }
        ask(out, "not confirmed; nothing was done").await
    }

    /// States what follows and asks on a terminal; without one, only `--yes` is consent.
    ///
    /// # Errors
    /// [`declined`], or that there is no terminal.
    pub async fn require(self, out: &Output, what: impl Display) -> eyre::Result<()> {
        if !self.yes && !on_terminal() {
            return Err(usage(format!("{what}: repeat with --yes if that is meant")));
        }
        self.state(out, what).await
    }
}

/// Whoever sits in front of the terminal.
#[derive(Debug, Clone)]
pub struct Person(pub Output);

impl Asked for Person {
    fn ask<'a>(&'a self, proposed: &'a Proposed) -> BoxFuture<'a, eyre::Result<()>> {
        Box::pin(async move {
            self.0.insist(proposed);
            ask(&self.0, "not confirmed; this transaction was not signed").await
        })
    }
}

/// Whether somebody can be asked.
pub fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Ends the process when it is interrupted after a question: whoever once listens to interrupts has to.
static AFTERWARDS: Mutex<Option<AbortHandle>> = Mutex::new(None);

async fn ask(out: &Output, no: &str) -> eyre::Result<()> {
    let afterwards = || AFTERWARDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(task) = afterwards().take() {
        task.abort();
    }
    let interrupted = async { drop(ctrl_c().await) };
    let answer = answered(out, typed(), interrupted, PATIENCE, no).await;
    let ends = tokio::spawn(async {
        if ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
    *afterwards() = Some(ends.abort_handle());
    answer
}

/// The line that is typed next; what waits for it is a thread, which nothing waits for.
async fn typed() -> String {
    let (tell, line) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        let _ = tell.send(line);
    });
    line.await.unwrap_or_default()
}

/// Asks; an interrupt, silence and everything but yes is no.
async fn answered(
    out: &Output,
    line: impl Future<Output = String>,
    interrupted: impl Future<Output = ()>,
    patience: Duration,
    no: &str,
) -> eyre::Result<()> {
    out.insist("go on? [y/N] (no answer for two minutes is no)");
    let line = tokio::select! {
        line = line => line,
        () = interrupted => String::new(),
        () = sleep(patience) => String::new(),
    };
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(declined(no)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::Kind;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn only_yes_is_consent() {
        let out = Output::new(true);
        let typed = async |line: &str| answered(&out, ready(line.to_owned()), pending(), PATIENCE, "no").await;
        for line in ["y\n", "Y\n", "yes\n", " y \n"] {
            assert!(typed(line).await.is_ok(), "{line:?}");
        }
        for line in ["", "\n", "n\n", "yep\n"] {
            assert!(Kind::Declined.is_of(&typed(line).await.unwrap_err()), "{line:?}");
        }
    }

    #[tokio::test]
    async fn silence_and_an_interrupt_are_no() {
        let out = Output::new(true);
        let silence = answered(&out, pending(), pending(), Duration::ZERO, "no").await;
        let interrupt = answered(&out, pending(), ready(()), PATIENCE, "no").await;
        for answer in [silence, interrupt] {
            assert!(Kind::Declined.is_of(&answer.unwrap_err()));
        }
    }
}
