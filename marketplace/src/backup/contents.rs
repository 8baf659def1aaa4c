//! Which files a backup takes: the state directory, and what its journals name elsewhere.

use crate::audit::facts::{CORPUS, LEAVES, PREDICATE};
use crate::engagement::facts::{MODEL, SECRET, TEST_SET};
use crate::home::Home;
use crate::prediction::facts::INPUTS;
use crate::proving::promises::promises_path;
use assay_chain::journal::Journal;
use assay_durable::file::parent;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Directory of what comes from outside, in a state directory that was restored.
const OUTSIDE: &str = "outside";

/// What is of one moment or one machine: who works on what, devnets, a farm's queue and tasks, which are submitted again.
const PASSING: [&str; 5] = ["devnets", "farm", "proving", "proving.queue", "promising"];

/// A directory outside, and where its files are in a state directory that is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// Where they were.
    pub was: PathBuf,
    /// Below the state directory, with slashes.
    pub place: String,
}

/// What is taken, and what is not.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// By name in the archive.
    pub(super) files: BTreeMap<String, PathBuf>,
    pub(super) outside: Vec<Moved>,
    /// Journals name them, and they are not there.
    pub(super) missing: BTreeSet<PathBuf>,
    /// Links and what else is no file: whoever made them knows where they lead.
    pub(super) left_out: Vec<PathBuf>,
}

/// The facts of journals that are paths of what is taken.
pub(super) fn is_path(fact: &str) -> bool {
    // That of an audit and that of a corpus have one name.
    let taken = [&MODEL, &SECRET, &TEST_SET, &INPUTS, &LEAVES, &PREDICATE, &CORPUS];
    taken.iter().any(|known| known.name() == fact)
}

impl Contents {
    /// # Errors
    /// If something cannot be read, or has a name that is no text.
    pub(super) fn of(home: &Home, also: &[PathBuf], with_keystores: bool) -> eyre::Result<Self> {
        let mut contents = Self::default();
        let root = home.path();
        for path in listed(root)? {
            let name = name_of(&path)?;
            let is_left = PASSING.contains(&name.as_str()) || (path == home.keystores() && !with_keystores);
            if !is_left {
                contents.add(name, &path)?;
            }
        }
        let mut named = BTreeSet::new();
        for journal in home.all_journals()? {
            for (fact, text) in Journal::glimpse(&journal)?.texts() {
                if is_path(fact) {
                    named.extend(with_company(Path::new(text), fact)?);
                }
            }
        }
        for path in also {
            let path = path
                .canonicalize()
                .wrap_err_with(|| format!("cannot read {}", path.display()))?;
            named.insert(path);
        }
        for path in named {
            // A state directory may have been named in another way.
            let is_inside = path.canonicalize().unwrap_or_else(|_| path.clone()).starts_with(root);
            if !is_inside {
                contents.add_outside(root, &path)?;
            }
        }
        Ok(contents)
    }

    fn add_outside(&mut self, root: &Path, path: &Path) -> eyre::Result<()> {
        if !path.exists() {
            self.missing.insert(path.to_owned());
            return Ok(());
        }
        let was = parent(path);
        let place = match self.outside.iter().find(|moved| moved.was == was) {
            Some(moved) => moved.place.clone(),
            None => {
                let is_free =
                    |place: &String| !root.join(place).exists() && self.outside.iter().all(|m| m.place != *place);
                let places = (0..).map(|number| format!("{OUTSIDE}/{number}"));
                let place = places.into_iter().find(is_free).unwrap_or_default();
                let moved = Moved {
                    was,
                    place: place.clone(),
                };
                self.outside.push(moved);
                place
            }
        };
        self.add(format!("{place}/{}", name_of(path)?), path)
    }

    /// Takes a file, or all of a directory.
    fn add(&mut self, name: String, path: &Path) -> eyre::Result<()> {
        let last = name.rsplit('/').next().unwrap_or_default();
        if last.ends_with(".tmp") || last.ends_with(".lock") {
            return Ok(());
        }
        let kind = path
            .symlink_metadata()
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() {
            for inner in listed(path)? {
                self.add(format!("{name}/{}", name_of(&inner)?), &inner)?;
            }
        } else if kind.is_file() {
            self.files.insert(name, path.to_owned());
        } else {
            self.left_out.push(path.to_owned());
        }
        Ok(())
    }
}

/// What a fact's path is of no use without: a model's architecture and secret are beside it, and what is promised beside the secret.
fn with_company(path: &Path, fact: &str) -> eyre::Result<Vec<PathBuf>> {
    let mut all = vec![path.to_owned()];
    if fact == SECRET.name() {
        all.push(promises_path(path));
        // Nothing may be promised.
        all.retain(|one| one == path || one.is_file());
    }
    if fact == MODEL.name() {
        let stem = path.file_stem();
        let beside = listed(&parent(path)).unwrap_or_default().into_iter();
        all.extend(beside.filter(|one| {
            let name = one.file_name().and_then(|name| name.to_str());
            let rest = stem.and_then(|stem| name?.strip_prefix(stem.to_str()?));
            rest.is_some_and(|rest| rest.starts_with('.')) && one.is_file()
        }));
    }
    Ok(all)
}

fn listed(dir: &Path) -> eyre::Result<Vec<PathBuf>> {
    let read = || {
        dir.read_dir()?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()
    };
    let mut paths = read().wrap_err_with(|| format!("cannot read {}", dir.display()))?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> eyre::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| eyre::eyre!("the name of {} is no text", path.display()))
}
