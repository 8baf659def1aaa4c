//! What must not be lost, in one encrypted file.

use crate::args::passphrase::PassphraseArgs;
use crate::context::Context;
use assay_chain::error::hinted;
use assay_marketplace::backup::{backup, Made, Moved, What};
use assay_protocol::units::grouped;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay backup /mnt/stick/assay.age\n  \
    assay backup /mnt/stick/assay.age --passphrase-file passphrase --also models/other.secret\n\n\
    Takes the state directory (journals, salts, transfer keys, proofs, the transport key) and what its journals name elsewhere: models\n\
    with architecture, secret and promises, test sets, inputs, corpora. Left out are locks, caches, a farm's queue and tasks, a corpus's\n\
    original documents and, without --keystores, signing keys. Refused while a daemon or a command works there. What belongs to it and is\n\
    not there, or is a link that nothing names, is listed, and the command ends with 1.\n\n\
    Without a backup a lost disk costs: a model's secret: the model proves no more, and open engagements with it end against the provider.\n\
    A consumer's salts and transfer keys: keys cannot be revealed, and the deposit is lost. The salts of a corpus: its documents can be\n\
    neither proven about nor opened, and an audit's bond is lost. Proofs: each that is made again is one more of the secret's budget. The\n\
    transport key: what was encrypted to it stays closed. Journals alone: mostly found again on chain.\n\n\
    The file is in the format of age, with a tar archive inside: age -d FILE | tar t. Its passphrase is kept elsewhere than the file.")]
pub struct Args {
    /// File to write, which is not there yet, outside of the state directory
    file: PathBuf,
    /// Take this file or directory, too; repeatable
    #[arg(long, value_name = "PATH")]
    also: Vec<PathBuf>,
    /// Take the keystores of the state directory, too
    #[arg(long)]
    keystores: bool,
    /// End well though something that belongs to the state directory could not be taken
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// What is in the file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackedUp {
    file: PathBuf,
    home: PathBuf,
    files: usize,
    bytes: u64,
    /// Directories elsewhere of which something was taken.
    outside: Vec<Moved>,
    /// Journals name them, and they are not there.
    missing: Vec<PathBuf>,
    left_out: Vec<PathBuf>,
}

impl fmt::Display for BackedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = grouped(self.bytes);
        writeln!(
            f,
            "backup     {}, {} files, {bytes} bytes",
            self.file.display(),
            self.files
        )?;
        writeln!(f, "of         {}", self.home.display())?;
        for moved in &self.outside {
            writeln!(f, "and of     {}", moved.was.display())?;
        }
        for path in &self.missing {
            writeln!(f, "missing    {}", path.display())?;
        }
        for path in &self.left_out {
            writeln!(f, "left out   {}", path.display())?;
        }
        Ok(())
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let passphrase = args.passphrase.chosen()?;
    let what = What {
        also: args.also,
        keystores: args.keystores,
    };
    let made = backup(&ctx.home, &args.file, passphrase.into(), &what, &ctx.out)?;
    let is_enough = made.is_whole() || args.partial;
    let Made {
        files,
        bytes,
        outside,
        missing,
        left_out,
    } = made;
    let result = BackedUp {
        file: args.file,
        home: ctx.home.path().to_owned(),
        files,
        bytes,
        outside,
        missing,
        left_out,
    };
    ctx.out.result(&result, &result)?;
    if is_enough {
        return Ok(());
    }
    Err(hinted(
        format!(
            "not everything that belongs to this state directory is in {}: see missing and left out",
            result.file.display()
        ),
        "put it back, or name with --also where links lead, and back up again; if it is not needed, give --partial",
    ))
}
