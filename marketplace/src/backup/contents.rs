//! Which files a backup takes: the state directory, and what its journals name elsewhere.

use crate::audit::facts::{CORPUS, LEAVES, PREDICATE};
use crate::engagement::facts::{MODEL, SECRET, SETTLED, TEST_SET};
use crate::home::{Home, CHECKED};
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

/// What a backup is asked to take.
#[derive(Debug, Default)]
pub struct What {
    /// Files and directories that no journal names.
    pub also: Vec<PathBuf>,
    /// Keystores of the state directory, too.
    pub keystores: bool,
}

/// A directory outside, and where its files are in a state directory that is restored; or a file that journals name in another way than
/// the one it was taken by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// Where they were.
    pub was: PathBuf,
    /// Below the state directory, with slashes.
    pub place: String,
}

/// What the backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct About {
    /// Unix seconds.
    pub(super) time: u64,
    home: PathBuf,
    /// The same as it was named, with which paths in journals may begin.
    named: PathBuf,
    pub(super) outside: Vec<Moved>,
}

impl About {
    /// Where a file of the archive was.
    pub(super) fn was(&self, name: &str) -> PathBuf {
        let within = |moved: &Moved| Some(below(&moved.was, Path::new(name).strip_prefix(&moved.place).ok()?));
        let outside = self.outside.iter().find_map(within);
        outside.unwrap_or_else(|| self.home.join(name))
    }

    /// Where a path leads in a state directory at `root` that is made of it; `None` if nothing of there was taken.
    pub(super) fn is(&self, root: &Path, path: &Path) -> Option<PathBuf> {
        let within = |was: &Path, is: &Path| path.strip_prefix(was).ok().map(|rest| below(is, rest));
        // The closest: one directory may be in another.
        let outside = self.outside.iter().filter(|moved| path.starts_with(&moved.was));
        let outside = outside.max_by_key(|moved| moved.was.components().count());
        within(&self.home, root)
            .or_else(|| within(&self.named, root))
            .or_else(|| outside.and_then(|moved| within(&moved.was, &root.join(&moved.place))))
    }
}

/// A path without a slash at its end where `rest` is empty.
fn below(dir: &Path, rest: &Path) -> PathBuf {
    dir.components().chain(rest.components()).collect()
}

/// What is taken, and what is not.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) about: About,
    /// By name in the archive.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// The names of files and directories, by their places without links: each is taken once.
    taken: BTreeMap<PathBuf, String>,
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

/// Whether it is what was found out about a chain's contracts, which is found out again.
pub(super) fn is_cache(name: &str) -> bool {
    name.split('/').nth(1) == Some(CHECKED)
}

impl Contents {
    /// `named` is the home as it was named, `time` now.
    ///
    /// # Errors
    /// If something cannot be read, or has a name that is no text.
    pub(super) fn of(home: &Home, named: &Path, time: u64, what: &What) -> eyre::Result<Self> {
        let root = home.path();
        let mut contents = Self {
            about: About {
                time,
                home: root.to_owned(),
                named: named.to_owned(),
                outside: Vec::new(),
            },
            files: BTreeMap::new(),
            taken: [(root.to_owned(), String::new())].into(),
            missing: BTreeSet::new(),
            left_out: Vec::new(),
        };
        for path in listed(root)? {
            let name = name_of(&path)?;
            let is_left = PASSING.contains(&name.as_str()) || (path == home.keystores() && !what.keystores);
            if !is_left {
                contents.add(name, &path)?;
            }
        }
        let mut named = BTreeSet::new();
        for journal in home.all_journals()? {
            let glimpse = Journal::glimpse(&journal)?;
            let is_settled = glimpse.fact(&SETTLED).is_ok_and(|settled| settled == Some(true));
            for (fact, text) in glimpse.texts().filter(|(fact, _)| is_path(fact)) {
                // Of what is over nothing is asked for any more.
                let is_wanted = |path: &PathBuf| !is_settled || path.exists();
                named.extend(with_company(Path::new(text), fact)?.into_iter().filter(is_wanted));
            }
        }
        for path in named {
            contents.add_named(root, &path)?;
            contents.note_place(root, &path);
        }
        // What journals name has its place from them.
        let also = what.also.iter().map(|path| {
            path.canonicalize()
                .wrap_err_with(|| format!("cannot read {}", path.display()))
        });
        for path in also.collect::<eyre::Result<BTreeSet<_>>>()? {
            contents.add_named(root, &path)?;
        }
        Ok(contents)
    }

    /// Takes what is named, wherever links lead, unless it is taken already.
    fn add_named(&mut self, root: &Path, path: &Path) -> eyre::Result<()> {
        let Ok(whole) = path.canonicalize() else {
            self.missing.insert(path.to_owned());
            return Ok(());
        };
        if !self.taken.contains_key(&whole) {
            let name = match whole.strip_prefix(root) {
                // What is left out of a state directory is left out unless it is named.
                Ok(inside) => names(inside)?.join("/"),
                Err(_) => format!("{}/{}", self.place_of(root, parent(path)), name_of(path)?),
            };
            self.add(name, &whole)?;
        }
        Ok(())
    }

    /// Has a journal's path lead to what was taken, though it was by another path.
    fn note_place(&mut self, root: &Path, path: &Path) {
        let whole = path.canonicalize().ok();
        if let Some(place) = whole.and_then(|whole| self.taken.get(&whole)) {
            if self.about.is(root, path) != Some(root.join(place)) {
                self.about.outside.push(Moved {
                    was: path.to_owned(),
                    place: place.clone(),
                });
            }
        }
    }

    /// The place of a directory that is elsewhere.
    fn place_of(&mut self, root: &Path, was: PathBuf) -> String {
        let outside = &mut self.about.outside;
        if let Some(moved) = outside.iter().find(|moved| moved.was == was) {
            return moved.place.clone();
        }
        let is_free = |place: &String| !root.join(place).exists() && outside.iter().all(|m| m.place != *place);
        let mut places = (0..).map(|number| format!("{OUTSIDE}/{number}"));
        let place = places.find(is_free).unwrap_or_default();
        outside.push(Moved {
            was,
            place: place.clone(),
        });
        place
    }

    /// Takes a file, or all of a directory.
    fn add(&mut self, name: String, path: &Path) -> eyre::Result<()> {
        let last = name.rsplit('/').next().unwrap_or_default();
        if last.ends_with(".tmp") || last.ends_with(".lock") || is_cache(&name) {
            return Ok(());
        }
        let cannot = || format!("cannot read {}", path.display());
        let kind = path.symlink_metadata().wrap_err_with(cannot)?;
        if !kind.is_dir() && !kind.is_file() {
            self.left_out.push(path.to_owned());
            return Ok(());
        }
        let whole = path.canonicalize().wrap_err_with(cannot)?;
        if self.taken.contains_key(&whole) {
            return Ok(());
        }
        self.taken.insert(whole, name.clone());
        if kind.is_dir() {
            for inner in listed(path)? {
                self.add(format!("{name}/{}", name_of(&inner)?), &inner)?;
            }
        } else {
            self.files.insert(name, path.to_owned());
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

/// The names in a path below something.
fn names(path: &Path) -> eyre::Result<Vec<String>> {
    let all = path.ancestors().filter(|path| path.file_name().is_some());
    let mut names = all.map(name_of).collect::<eyre::Result<Vec<_>>>()?;
    names.reverse();
    Ok(names)
}

fn name_of(path: &Path) -> eyre::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| eyre::eyre!("the name of {} is no text", path.display()))
}
