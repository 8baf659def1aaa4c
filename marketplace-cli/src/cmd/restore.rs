//! A state directory made of a backup.

use crate::args::passphrase::PassphraseArgs;
use crate::context::Context;
use assay_marketplace::backup::{restore, Used};
use assay_marketplace::restored;
use assay_protocol::units::{grouped, utc};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay restore /mnt/stick/assay.age --home /var/lib/assay/mp --proofs-used digits.secret=212\n  \
    assay restore /mnt/stick/assay.age --proofs-used a/digits.secret=212 --proofs-used b/digits.secret=40\n  \
    assay restore /mnt/stick/assay.age                     nothing of these models is proven any more\n\n\
    The state directory must not be there yet, or be empty; it appears whole or not at all. What was elsewhere is in outside/ in it, and\n\
    journals name it there: give --model that path. It stays there, since a second copy of a secret would have a second counter.\n\n\
    A model's weights stay hidden as long as no more proofs are made with its secret than it carries. The backup does not know how many\n\
    were begun after it, so without --proofs-used each secret comes back with none left: models can be opened and checked, and prove\n\
    nothing. State the number of proofs that were begun with it in all: finished ones, broken ones, and those that a farm was allotted\n\
    (the metric assay_proofs_begun_total of a daemon that proves with it says it). Too high a number costs proofs, one too low may\n\
    give the weights away. No number below the backup's own count is taken. NAME is the end of the secret's path, and of one secret\n\
    alone; without it the backup has a single secret. Of several files with one secret that which journals name proves. The lost\n\
    machine must not come back: two machines that count by themselves spend proofs twice.\n\n\
    Then start the daemon: engagements go on from their journals and the chain. What was begun after the backup is known to the chain\n\
    alone; of an engagement whose secrets were drawn after it, the other party may win by silence. What was promised, and which images\n\
    were handed over after it, is not counted: nothing new is accepted, and no set is offered without --allow-reuse, until you know\n\
    that there is nothing of it left and remove restored.json from the state directory.\n\n\
    One that was killed leaves .NAME.unfinished beside the state directory NAME: it has keys in clear, no secret in it proves. The next\n\
    restoration of the same directory removes it and begins again; else remove it.")]
pub struct Args {
    /// File of assay backup
    file: PathBuf,
    /// Proofs that were begun with a model's secret, or [NAME=]N; repeatable
    #[arg(long, value_name = "[NAME=]N", value_parser = used)]
    proofs_used: Vec<Used>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

fn used(text: &str) -> Result<Used, String> {
    let (of, proofs) = match text.rsplit_once('=') {
        Some((of, proofs)) => (Some(of.to_owned()), proofs),
        None => (None, text),
    };
    let proofs = proofs
        .parse()
        .map_err(|_| "wanted is a number of proofs, or NAME=NUMBER".to_owned())?;
    Ok(Used { of, proofs })
}

/// What came back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CameBack {
    home: PathBuf,
    /// When the backup was made, Unix seconds.
    time: u64,
    files: usize,
    /// Until this is removed, nothing new is accepted.
    mark: PathBuf,
    outside: Vec<Outside>,
    secrets: Vec<Secret>,
}

/// Files that were elsewhere.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outside {
    was: PathBuf,
    is: PathBuf,
}

/// A secret that hides a model's weights.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    path: PathBuf,
    /// Proves in its place: it has the same secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<PathBuf>,
    /// In the backup.
    counted: u64,
    used: u64,
    remaining: u64,
}

impl fmt::Display for CameBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "home       {}, {} files of {}",
            self.home.display(),
            self.files,
            utc(self.time)
        )?;
        for Outside { was, is } in &self.outside {
            writeln!(f, "moved      {} is {}", was.display(), is.display())?;
        }
        for secret in &self.secrets {
            let (used, remaining) = (grouped(secret.used), grouped(secret.remaining));
            let (path, counted) = (secret.path.display(), grouped(secret.counted));
            if let Some(other) = &secret.copy_of {
                writeln!(f, "copy       {path}: none left, {} alone proves", other.display())?;
                continue;
            }
            writeln!(
                f,
                "secret     {path}: {used} proofs used ({counted} in the backup), {remaining} left"
            )?;
        }
        Ok(())
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let passphrase = args.passphrase.known()?;
    let restored = restore(&ctx.home, &args.file, passphrase.into(), &args.proofs_used, &ctx.out)?;
    let home = std::path::absolute(ctx.home.path())?;
    let outside = restored.outside.into_iter().map(|moved| Outside {
        is: home.join(moved.place),
        was: moved.was,
    });
    let secrets = restored.secrets.into_iter().map(|secret| Secret {
        path: secret.path,
        copy_of: secret.copy_of,
        counted: secret.counted,
        used: secret.used,
        remaining: secret.remaining,
    });
    let result = CameBack {
        outside: outside.collect(),
        secrets: secrets.collect(),
        mark: home.join(restored::MARK),
        home,
        time: restored.time,
        files: restored.files,
    };
    if args.proofs_used.is_empty() && !result.secrets.is_empty() {
        ctx.out.warn(
            "no proofs are left: restore again into another directory with --proofs-used, once you know the number",
        );
    }
    ctx.out.warn(format_args!(
        "what was promised or handed over after the backup is not counted: nothing new is accepted before you remove {}",
        result.mark.display()
    ));
    ctx.out.result(&result, &result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_of_all_secrets_or_of_one() {
        let of = |text| used(text).map(|used| (used.of, used.proofs));
        assert_eq!(of("7"), Ok((None, 7)));
        assert_eq!(of("a=b.secret=7"), Ok((Some("a=b.secret".into()), 7)));
        assert!(of("a=").is_err() && of("-1").is_err() && of("").is_err());
    }
}
