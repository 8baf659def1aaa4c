//! What is asked of a person before a command does what costs money or is rarely meant.

use crate::output::Output;
use assay_chain::error::usage;
use clap::Args;
use std::fmt::Display;
use std::io::{BufRead, IsTerminal};

/// Whether a command asks before it acts.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ConsentArgs {
    /// Do not ask before acting
    #[arg(long)]
    yes: bool,
}

impl ConsentArgs {
    /// States what follows and asks on a terminal; without one, goes on.
    pub fn state(self, out: &Output, what: impl Display) -> eyre::Result<()> {
        out.insist(what);
        if self.yes || !on_terminal() {
            return Ok(());
        }
        ask(out, &mut std::io::stdin().lock())
    }

    /// States what follows and asks on a terminal; without one, only `--yes` is consent.
    pub fn require(self, out: &Output, what: impl Display) -> eyre::Result<()> {
        if !self.yes && !on_terminal() {
            return Err(usage(format!("{what}: repeat with --yes if that is meant")));
        }
        self.state(out, what)
    }
}

fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(out: &Output, answers: &mut impl BufRead) -> eyre::Result<()> {
    out.insist("go on? [y/N]");
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(usage("not confirmed; nothing was done")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_consent() {
        let out = Output::new(true);
        for answer in ["y\n", "Y\n", "yes\n", " y \n"] {
            assert!(ask(&out, &mut answer.as_bytes()).is_ok(), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yep\n"] {
            assert!(ask(&out, &mut answer.as_bytes()).is_err(), "{answer:?}");
        }
    }
}
