//! What must not be lost, in one encrypted file; and a state directory made of it again.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `sealed` | files in one encrypted file | nothing |
//! | `contents` | which files | nothing |
//!
//! # What a restored secret may prove
//! A backup knows how many proofs a secret had counted when it was made. What was counted since is lost with the machine, so a secret comes
//! back with all of its proofs used up, or with what its owner states to be used. Nothing here ever sets a counter lower than it was in
//! the backup. What a farm was allotted is given up.
//!
//! # Journals that are older than the chain
//! A step that a journal does not know, but the chain does, is found there: operations look at the chain's state first, and a contract
//! refuses what was done already. What only the journal knew (the provider's half of a seed drawn after the backup) is lost.

mod contents;
mod sealed;

pub use contents::Moved;
pub use sealed::Entry;

use crate::home::Home;
use crate::proving::promises::{promises_path, Promises};
use age::secrecy::SecretString;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_durable::directory::create_dir_atomic;
use assay_durable::file::parent;
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_prover::secret::{advance_counter, ModelSecret};
use contents::{is_path, Contents};
use eyre::WrapErr;
use sealed::{unseal, Sealing};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a backup is asked to take.
#[derive(Debug, Default)]
pub struct What {
    /// Files and directories that no journal names.
    pub also: Vec<PathBuf>,
    /// Keystores of the state directory, too.
    pub keystores: bool,
}

/// What the backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct About {
    /// Unix seconds.
    time: u64,
    home: PathBuf,
    /// The same as it was named, with which paths in journals may begin.
    named: PathBuf,
    outside: Vec<Moved>,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// In it.
    pub files: usize,
    /// Of all files.
    pub bytes: u64,
    /// Directories outside of the state directory of which something was taken.
    pub outside: Vec<Moved>,
    /// Journals name them, and they are not there.
    pub missing: Vec<PathBuf>,
    /// Links, and what else is no file.
    pub left_out: Vec<PathBuf>,
}

/// Every lock file of the state directory and beside what is taken from elsewhere: whoever works there holds one.
fn locks(home: &Home, contents: &Contents) -> eyre::Result<Vec<Lock>> {
    let mut paths = vec![home.promising()];
    let mut dirs = vec![home.path().to_owned()];
    dirs.extend(contents.outside.iter().map(|moved| moved.was.clone()));
    let root = home.path();
    while let Some(dir) = dirs.pop() {
        for entry in dir
            .read_dir()
            .wrap_err_with(|| format!("cannot read {}", dir.display()))?
        {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                // Of directories elsewhere the files alone are known.
                dirs.extend(dir.starts_with(root).then(|| entry.path()));
            } else if entry.path().extension().is_some_and(|extension| extension == "lock") {
                let named = entry.path().with_extension("");
                let is_ours = dir.starts_with(root) || contents.files.values().any(|file| *file == named);
                paths.extend(is_ours.then(|| entry.path()));
            }
        }
    }
    let take = |path: &PathBuf| {
        Lock::take_from(
            path,
            "something works in this state directory",
            "end the daemons and wait for commands: a backup is of one moment",
        )
    };
    Ok(paths.iter().map(take).collect::<Result<_, _>>()?)
}

/// Puts what must not be lost into `file`, which is not there yet; nothing works in the state directory meanwhile.
///
/// # Errors
/// If something works there, or cannot be read.
pub fn backup(home: &Home, file: &Path, passphrase: SecretString, what: &What, out: &Reporter) -> eyre::Result<Made> {
    let named = home.path().to_owned();
    let root = named
        .canonicalize()
        .wrap_err_with(|| format!("there is no state directory {}", named.display()))?;
    let place = parent(file);
    let place = place
        .canonicalize()
        .wrap_err_with(|| format!("cannot write in {}", place.display()))?;
    if place.starts_with(&root) {
        return Err(usage(format!(
            "{} lies in the state directory, which it is to outlive",
            file.display()
        )));
    }
    if file.symlink_metadata().is_ok() {
        return Err(usage(format!(
            "{} exists, and no backup is overwritten",
            file.display()
        )));
    }
    let home = &Home::new(Some(root))?;
    let taken = || Contents::of(home, &what.also, what.keystores);
    let _locks = locks(home, &taken()?)?;
    // What is there now stays.
    let contents = taken()?;
    let mut sealing = Sealing::begin(file, passphrase).wrap_err_with(|| format!("cannot write {}", file.display()))?;
    let bar = out.bar("backup", contents.files.len() as u64);
    for (done, (name, path)) in contents.files.iter().enumerate() {
        let added = sealing.add(name, path);
        added.wrap_err_with(|| format!("cannot take {} into the backup", path.display()))?;
        bar.set(done as u64);
    }
    let about = About {
        time: now(),
        home: home.path().to_owned(),
        named,
        outside: contents.outside.clone(),
    };
    let entries = sealing.finish(&about);
    let entries = entries.wrap_err_with(|| format!("cannot write {}", file.display()))?;
    Ok(Made {
        files: entries.len(),
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        outside: contents.outside,
        missing: contents.missing.into_iter().collect(),
        left_out: contents.left_out,
    })
}

/// How many proofs were made with a secret, as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// End of the paths it is about; with nothing, of all.
    pub of: Option<String>,
    /// Proofs that were begun, and numbers that a farm was allotted.
    pub proofs: u64,
}

/// A model's secret that came back.
#[derive(Debug)]
pub struct Secret {
    /// Where it is.
    pub path: PathBuf,
    /// What its counter was in the backup.
    pub counted: u64,
    /// What its counter is.
    pub used: u64,
    /// What it carries still.
    pub remaining: u64,
}

/// A state directory that was restored.
#[derive(Debug)]
pub struct Restored {
    /// When the backup was made, Unix seconds.
    pub time: u64,
    /// In it.
    pub files: usize,
    /// Where files are that were elsewhere.
    pub outside: Vec<Moved>,
    /// Secrets whose weights are hidden.
    pub secrets: Vec<Secret>,
}

/// Makes a state directory of a backup; it appears whole or not at all.
///
/// # Errors
/// If something is there already, the passphrase is another, the backup is damaged, or a number is stated of no secret or of several.
pub fn restore(home: &Home, file: &Path, passphrase: SecretString, stated: &[Used]) -> eyre::Result<Restored> {
    let root = std::path::absolute(home.path())?;
    if root.is_dir() {
        // An empty one is in the place of the new one.
        std::fs::remove_dir(&root).map_err(|error| {
            hinted(
                format!("{} cannot be restored to: {error}", root.display()),
                "name a directory that is not there yet with --home; what is there is not overwritten",
            )
        })?;
    }
    let mut restored = None;
    create_dir_atomic(&root, true, |dir| {
        let (about, entries) = unseal::<About>(file, passphrase, dir)?;
        let inside = Home::new(Some(dir.to_owned()))?;
        move_paths(&inside, &root, &about)?;
        let secrets = count(dir, &root, &entries, stated)?;
        restored = Some(Restored {
            time: about.time,
            files: entries.len(),
            outside: about.outside,
            secrets,
        });
        eyre::Ok(())
    })?;
    restored.ok_or_else(|| eyre::eyre!("nothing was restored"))
}

/// Has journals name what came from the backup where it is going to be.
fn move_paths(inside: &Home, root: &Path, about: &About) -> eyre::Result<()> {
    let moved = |text: &str| {
        let path = Path::new(text);
        let within = |was: &Path, is: PathBuf| path.strip_prefix(was).ok().map(|rest| is.join(rest));
        let from_home = within(&about.home, root.to_owned()).or_else(|| within(&about.named, root.to_owned()));
        let found = from_home.or_else(|| about.outside.iter().find_map(|m| within(&m.was, root.join(&m.place))));
        found?.to_str().map(str::to_owned)
    };
    for path in inside.all_journals()? {
        Journal::open(&path)?.change_texts(|fact, text| moved(text).filter(|_| is_path(fact)))?;
    }
    Ok(())
}

/// Uses up what may have been used since, of every secret that hides something.
fn count(dir: &Path, root: &Path, entries: &[Entry], stated: &[Used]) -> eyre::Result<Vec<Secret>> {
    let mut secrets = Vec::new();
    // How many secrets each number was stated of.
    let mut named = vec![0; stated.len()];
    for entry in entries {
        let path = dir.join(&entry.path);
        let Ok(before) = ModelSecret::open(&path) else {
            continue;
        };
        if before.is_public() || before.is_opened() {
            continue;
        }
        let about = |used: &Used| used.of.as_ref().is_none_or(|of| Path::new(&entry.path).ends_with(of));
        for (met, used) in named.iter_mut().zip(stated) {
            *met += usize::from(about(used));
        }
        let own = stated.iter().filter(|used| about(used)).max_by_key(|used| used.proofs);
        advance_counter(&path, own.map_or(u64::MAX, |used| used.proofs))?;
        if promises_path(&path).exists() {
            Promises::open(&path)?.forget_farm()?;
        }
        let after = ModelSecret::open(&path)?;
        secrets.push(Secret {
            path: root.join(&entry.path),
            counted: before.counter(),
            used: after.counter(),
            remaining: after.budget() - after.counter(),
        });
    }
    let idle = stated.iter().find(|used| {
        let names = |of: &String| entries.iter().any(|entry| Path::new(&entry.path).ends_with(of));
        used.of.as_ref().is_some_and(|of| !names(of))
    });
    if let Some(of) = idle.and_then(|used| used.of.as_ref()) {
        return Err(usage(format!(
            "a number of proofs is stated of {of}, which is not in the backup"
        )));
    }
    if named.iter().any(|met| *met > 1) {
        return Err(usage(
            "one number of proofs is stated of several secrets: give each its own, --proofs-used NAME=N",
        ));
    }
    if !stated.is_empty() && named.iter().all(|met| *met == 0) {
        return Err(usage(
            "a number of proofs is stated, and no secret that hides weights is in the backup",
        ));
    }
    Ok(secrets)
}

fn now() -> u64 {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    time.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests;
