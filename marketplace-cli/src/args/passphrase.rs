//! The passphrase of a backup: in a file, in a variable of the environment, or asked for. Never an argument.

use assay_chain::error::usage;
use clap::Args;
use eyre::WrapErr;
use std::path::PathBuf;

/// Whoever has the file may try as many passphrases as a second of each takes: what is short is found.
const SHORTEST: usize = 12;

/// Where a passphrase is.
#[derive(Debug, Clone, Args)]
pub struct PassphraseArgs {
    /// File with the passphrase [default: it is asked for]
    #[arg(help_heading = "Passphrase", long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Name of the environment variable with the passphrase
    #[arg(
        help_heading = "Passphrase",
        long,
        value_name = "VAR",
        conflicts_with = "passphrase_file"
    )]
    pub passphrase_env: Option<String>,
}

impl PassphraseArgs {
    /// One that is there already.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn known(&self) -> eyre::Result<String> {
        self.read(|| ask("passphrase of the backup: "))
    }

    /// One for a file that is made: asked for twice.
    ///
    /// # Errors
    /// If it cannot be had, is short, or is not the same the second time.
    pub fn chosen(&self) -> eyre::Result<String> {
        let chosen = self.read(|| {
            let first = ask("passphrase for the backup: ")?;
            eyre::ensure!(first == ask("the same again: ")?, "the two are not the same");
            Ok(first)
        })?;
        match chosen.chars().count() {
            0..SHORTEST => Err(usage(format!(
                "a passphrase for secrets has {SHORTEST} characters or more: five words drawn from a list, say"
            ))),
            _ => Ok(chosen),
        }
    }

    fn read(&self, ask: impl FnOnce() -> eyre::Result<String>) -> eyre::Result<String> {
        match (&self.passphrase_env, &self.passphrase_file) {
            (Some(name), _) => std::env::var(name).wrap_err_with(|| format!("no passphrase in the variable {name}")),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).wrap_err_with(|| format!("cannot read {}", file.display()))?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => ask(),
        }
    }
}

fn ask(question: &str) -> eyre::Result<String> {
    rpassword::prompt_password(question)
        .wrap_err("cannot ask for the passphrase; use --passphrase-file or --passphrase-env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_passphrase_opens_and_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("passphrase");
        let args = PassphraseArgs {
            passphrase_file: Some(file.clone()),
            passphrase_env: None,
        };
        std::fs::write(&file, "elevenchars\n").unwrap();
        assert_eq!(args.known().unwrap(), "elevenchars");
        assert!(args.chosen().unwrap_err().to_string().contains("12 characters"));
        std::fs::write(&file, "twelve chars\n").unwrap();
        assert_eq!(args.chosen().unwrap(), "twelve chars");
    }
}
