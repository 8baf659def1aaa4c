//! Who signs transactions, and what is asked before they are signed.

use crate::args::consent::{ConsentArgs, BEFORE};
use crate::args::keys::KeyArgs;
use crate::output::Output;
use clap::{ArgMatches, Args};
use std::fmt::Display;
use std::ops::Deref;

/// Who signs, and whether somebody is asked. Commands that run for days have [`KeyArgs`] alone: they never ask.
#[derive(Debug, Clone, Default, Args)]
pub struct SendArgs {
    /// Who signs.
    #[command(flatten)]
    keys: KeyArgs,
    /// Whether somebody is asked.
    #[command(flatten)]
    consent: ConsentArgs,
}

impl SendArgs {
    /// Whether the command asks before it acts.
    pub fn consent(&self) -> ConsentArgs {
        self.consent
    }
}

impl Deref for SendArgs {
    type Target = KeyArgs;

    fn deref(&self) -> &KeyArgs {
        &self.keys
    }
}

/// Who signs, whether somebody is asked, and whether the command is only tried out. What hands something over, opens what is hidden,
/// makes proofs or fixes a choice has [`SendArgs`] alone.
#[derive(Debug, Clone, Default, Args)]
pub struct TryArgs {
    /// Who signs, and whether somebody is asked.
    #[command(flatten)]
    send: SendArgs,
    /// Stop before the first transaction is signed, and say what it would cost. What is prepared by then is kept, and the command
    /// without this option goes on from it
    #[arg(long, help_heading = BEFORE)]
    dry_run: bool,
}

impl TryArgs {
    /// Whether nothing is signed.
    pub fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// States what follows, and asks on a terminal unless the command is only tried out.
    ///
    /// # Errors
    /// [`declined`](assay_chain::consent::declined).
    pub async fn state(&self, out: &Output, what: impl Display) -> eyre::Result<()> {
        match self.dry_run {
            true => out.insist(what),
            false => self.consent().state(out, what).await?,
        }
        Ok(())
    }
}

impl Deref for TryArgs {
    type Target = SendArgs;

    fn deref(&self) -> &SendArgs {
        &self.send
    }
}

/// How the command that was typed sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sending {
    /// Whether somebody on a terminal is asked before money is at stake.
    pub asks: bool,
    /// Whether it stops before it signs anything.
    pub is_dry: bool,
}

impl Sending {
    /// That of the command that was typed: one without `--yes` never asks.
    pub fn of(matches: &ArgMatches) -> Self {
        let mut typed = matches;
        while let Some((_, below)) = typed.subcommand() {
            typed = below;
        }
        let flag = |id: &str| typed.try_get_one::<bool>(id).ok().flatten().copied();
        Self {
            asks: flag("yes") == Some(false),
            is_dry: flag("dry_run") == Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::Cli;
    use clap::CommandFactory;

    #[test]
    fn commands_that_send_ask_and_daemons_never_do() {
        let of = |args: &[&str]| {
            let all = [&["assay"][..], args].concat();
            Sending::of(&Cli::command().get_matches_from(all))
        };
        let asks = |args: &[&str]| of(args).asks;
        let id = format!("0x{:064x}", 1);
        assert!(asks(&["withdraw"]) && asks(&["mp", "abort", &id]));
        assert!(!asks(&["withdraw", "--yes"]) && !asks(&["verdict", "show", &id]));
        assert!(of(&["withdraw", "--dry-run"]).is_dry && !of(&["withdraw"]).is_dry);
        for role in ["mp", "mc"] {
            let all = Cli::command();
            let watch = all
                .find_subcommand(role)
                .and_then(|role| role.find_subcommand("watch"))
                .unwrap();
            assert!(
                !watch
                    .get_arguments()
                    .any(|arg| ["yes", "dry_run"].contains(&arg.get_id().as_str())),
                "{role}"
            );
        }
    }
}
