//! What must not be lost, in one encrypted file; and a state directory made of it again.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `sealed` | files in one encrypted file | nothing |
//! | `contents` | which files | nothing |
//! | `counters` | what secrets may prove that come back | `sealed` |
//!
//! # What a restored secret may prove
//! A backup knows how many proofs a secret had counted when it was made. What was counted since is lost with the machine, so a secret comes
//! back with all of its proofs used up, or with what its owner states to be used. Nothing here ever sets a counter lower than it was in
//! the backup. What a farm was allotted is given up. Of several files with one secret a single one proves: that which journals name.
//!
//! # Journals that are older than the chain
//! A step that a journal does not know, but the chain does, is found there: operations look at the chain's state first, and a contract
//! refuses what was done already. What only the journal knew (the provider's half of a seed drawn after the backup) is lost.

mod contents;
mod counters;
mod sealed;

pub use contents::{Moved, What};
pub use counters::{Secret, Used};
pub use sealed::Entry;

use crate::engagement::facts::SECRET;
use crate::home::Home;
use crate::restored;
use age::secrecy::SecretString;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_durable::directory::create_dir_found_again;
use assay_durable::file::parent;
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use contents::{is_cache, is_path, About, Contents};
use counters::Counters;
use eyre::WrapErr;
use sealed::{unseal, Sealing};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// In it.
    pub files: usize,
    /// Of all files.
    pub bytes: u64,
    /// Directories outside of the state directory of which something was taken, and files that were in already by another path.
    pub outside: Vec<Moved>,
    /// Journals name them, and they are not there.
    pub missing: Vec<PathBuf>,
    /// Links, and what else is no file.
    pub left_out: Vec<PathBuf>,
}

impl Made {
    /// Whether everything that belongs to the state directory is in it.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.left_out.is_empty()
    }
}

/// Every lock file of the state directory and beside what is taken from elsewhere: whoever works there holds one.
fn locks(home: &Home, contents: &Contents) -> eyre::Result<Vec<Lock>> {
    let mut paths = vec![home.promising()];
    #[cfg(unix)]
    let is_new = !home.promising().exists();
    let mut dirs = vec![home.path().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in dir
            .read_dir()
            .wrap_err_with(|| format!("cannot read {}", dir.display()))?
        {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                dirs.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "lock") {
                paths.push(entry.path());
            }
        }
    }
    // Of directories elsewhere the files alone are known.
    for file in contents.files.values().filter(|file| !file.starts_with(home.path())) {
        let mut lock = file.as_os_str().to_owned();
        lock.push(".lock");
        paths.extend(Some(PathBuf::from(lock)).filter(|lock| lock.is_file()));
    }
    let take = |path: &PathBuf| {
        Lock::take_from(
            path,
            "something works in this state directory",
            "end the daemons and wait for commands: a backup is of one moment",
        )
    };
    let locks = paths.iter().map(take).collect::<Result<_, _>>()?;
    #[cfg(unix)]
    if is_new {
        use std::os::unix::fs::{chown, MetadataExt};
        // Whoever runs the daemons, not whoever backs up, has to open it later.
        let owner = home.path().metadata()?;
        chown(home.promising(), Some(owner.uid()), Some(owner.gid()))
            .wrap_err_with(|| format!("cannot hand {} over", home.promising().display()))?;
    }
    Ok(locks)
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
    let time = now();
    let taken = || Contents::of(home, &named, time, what);
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
    let entries = sealing.finish(&contents.about);
    let entries = entries.wrap_err_with(|| format!("cannot write {}", file.display()))?;
    Ok(Made {
        files: entries.len(),
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        outside: contents.about.outside,
        missing: contents.missing.into_iter().collect(),
        left_out: contents.left_out,
    })
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

/// Makes a state directory of a backup; it appears whole or not at all. What one that was killed left beside it is removed first.
///
/// # Errors
/// If something is there already, the passphrase is another, the backup is damaged, or a number is stated of no secret or of several.
pub fn restore(
    home: &Home,
    file: &Path,
    passphrase: SecretString,
    stated: &[Used],
    out: &Reporter,
) -> eyre::Result<Restored> {
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
    let mut result = None;
    let removed = |left: &Path| {
        out.note(format_args!(
            "removed {}, which a restoration left that was broken off",
            left.display()
        ));
    };
    create_dir_found_again(&root, removed, |dir| {
        let mut counters = Counters::default();
        let put = |name: &str, place: &Path, content: &mut dyn Read| match is_cache(name) {
            // Whoever made the archive says nothing of what was checked here.
            true => Ok(io::copy(content, &mut io::sink()).map(drop)?),
            false => counters.put(name, place, content),
        };
        let (about, entries) = unseal::<About>(file, passphrase, dir, put)?;
        let inside = Home::new(Some(dir.to_owned()))?;
        move_paths(&inside, &root, &about)?;
        let named = named_secrets(&inside, &root)?;
        let is_named = |path: &str| named.contains(&root.join(path));
        let secrets = counters.set(dir, &root, stated, is_named, |path| about.was(path))?;
        restored::mark(dir, about.time)?;
        result = Some(Restored {
            time: about.time,
            files: entries.len(),
            outside: about.outside,
            secrets,
        });
        eyre::Ok(())
    })?;
    result.ok_or_else(|| eyre::eyre!("nothing was restored"))
}

/// The secrets that registered models and judged predicates prove with, where they are going to be.
fn named_secrets(inside: &Home, root: &Path) -> eyre::Result<BTreeSet<PathBuf>> {
    let (models, predicates) = inside.models_and_predicates()?;
    let mut named = BTreeSet::new();
    for journal in models {
        named.extend(Journal::peek(&journal, &SECRET)?);
    }
    let within = predicates
        .iter()
        .filter_map(|path| path.strip_prefix(inside.path()).ok());
    named.extend(within.map(|path| root.join(path)));
    Ok(named)
}

/// Has journals name what came from the backup where it is going to be.
fn move_paths(inside: &Home, root: &Path, about: &About) -> eyre::Result<()> {
    let moved = |text: &str| Some(about.is(root, Path::new(text))?.to_str()?.to_owned());
    for path in inside.all_journals()? {
        Journal::open(&path)?.change_texts(|fact, text| moved(text).filter(|_| is_path(fact)))?;
    }
    Ok(())
}

fn now() -> u64 {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    time.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests;
