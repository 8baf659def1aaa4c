//! Who signs transactions, and what is asked before they are signed.

use crate::args::consent::ConsentArgs;
use crate::args::keys::KeyArgs;
use clap::{ArgMatches, Args};
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

/// How the command that was typed sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sending {
    /// Whether somebody on a terminal is asked before money is at stake.
    pub asks: bool,
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
        let asks = |args: &[&str]| {
            let all = [&["assay"][..], args].concat();
            Sending::of(&Cli::command().get_matches_from(all)).asks
        };
        let id = format!("0x{:064x}", 1);
        assert!(asks(&["withdraw"]) && asks(&["mp", "abort", &id]));
        assert!(!asks(&["withdraw", "--yes"]) && !asks(&["verdict", "show", &id]));
        for role in ["mp", "mc"] {
            let all = Cli::command();
            let watch = all
                .find_subcommand(role)
                .and_then(|role| role.find_subcommand("watch"))
                .unwrap();
            assert!(!watch.get_arguments().any(|arg| arg.get_id() == "yes"), "{role}");
        }
    }
}
