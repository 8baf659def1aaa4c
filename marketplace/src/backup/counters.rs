//! Counters of the secrets that come back.
//!
//! One secret may be in several files: a copy, a hard link, a path that leads there in another way. Each has a counter of its own, and
//! all of them count openings of the same commitment, so one of them alone may prove.

use super::sealed::write_private;
use crate::proving::promises::{promises_path, Promises};
use assay_chain::error::usage;
use assay_prover::secret::ModelSecret;
use eyre::WrapErr;
use std::collections::btree_map::Entry;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

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
    /// The file with the same secret that proves in its place.
    pub copy_of: Option<PathBuf>,
    /// What its counter was in the backup.
    pub counted: u64,
    /// What its counter is.
    pub used: u64,
    /// What it carries still.
    pub remaining: u64,
}

/// No file of a secret is as long as that.
const LONGEST: u64 = 1 << 10;

/// Secrets that hide weights, as the backup has them; on disk none of their proofs is left.
#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<String, ModelSecret>);

/// Files with one and the same secret.
#[derive(Debug)]
struct Copies {
    /// The one that proves first.
    paths: Vec<String>,
    /// With the highest of their counters.
    secret: ModelSecret,
}

impl Copies {
    /// Leaves what these proofs do not use up to the first file, and nothing to the others.
    fn set(&self, dir: &Path, root: &Path, proofs: u64) -> eyre::Result<Vec<Secret>> {
        let mut secrets = Vec::new();
        for (n, path) in self.paths.iter().enumerate() {
            let file = dir.join(path);
            if n == 0 {
                std::fs::remove_file(&file).wrap_err_with(|| format!("cannot replace {}", file.display()))?;
                self.secret.write_counted(&file, proofs)?;
            }
            if promises_path(&file).exists() {
                Promises::open(&file)?.forget_farm()?;
            }
            let after = ModelSecret::open(&file)?;
            secrets.push(Secret {
                path: root.join(path),
                copy_of: self.paths.first().filter(|_| n > 0).map(|first| root.join(first)),
                counted: self.secret.counter(),
                used: after.counter(),
                remaining: after.budget() - after.counter(),
            });
        }
        Ok(secrets)
    }
}

impl Counters {
    /// Makes a file of the archive. A secret gets a counter that is used up: whatever breaks off leaves none that proves.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn put(&mut self, name: &str, place: &Path, content: &mut dyn Read) -> eyre::Result<()> {
        let mut head = Vec::new();
        content.take(LONGEST).read_to_end(&mut head)?;
        match ModelSecret::from_bytes(&head) {
            Ok(secret) if !secret.is_public() && !secret.is_opened() => {
                secret.write_uncounted(place)?;
                self.0.insert(name.to_owned(), secret);
                Ok(())
            }
            _ => write_private(place, &mut head.as_slice().chain(content)),
        }
    }

    /// Files by what is in them; those that `is_named` come first.
    fn copies(self, is_named: impl Fn(&str) -> bool) -> Vec<Copies> {
        let mut all: BTreeMap<[u8; 32], Copies> = BTreeMap::new();
        for (path, secret) in self.0 {
            match all.entry(secret.fingerprint()) {
                Entry::Vacant(entry) => {
                    let paths = vec![path];
                    entry.insert(Copies { paths, secret });
                }
                Entry::Occupied(mut entry) => {
                    let copies = entry.get_mut();
                    copies.paths.push(path);
                    if secret.counter() > copies.secret.counter() {
                        copies.secret = secret;
                    }
                }
            }
        }
        let mut all: Vec<Copies> = all.into_values().collect();
        for copies in &mut all {
            copies.paths.sort_by_key(|path| !is_named(path));
        }
        all
    }

    /// Leaves each secret what was not used up as its owner states it, in one file.
    ///
    /// `dir` is going to be `root`. `is_named` says which files journals name, `was` where a file was when it was backed up.
    ///
    /// # Errors
    /// If a number is stated of no secret or of several, or a file cannot be written.
    pub(super) fn set(
        self,
        dir: &Path,
        root: &Path,
        stated: &[Used],
        is_named: impl Fn(&str) -> bool,
        was: impl Fn(&str) -> PathBuf,
    ) -> eyre::Result<Vec<Secret>> {
        let all = self.copies(is_named);
        let is_of = |used: &Used, copies: &Copies| {
            let names = |of: &String| {
                let mut paths = copies.paths.iter();
                paths.any(|path| Path::new(path).ends_with(of) || was(path).ends_with(of))
            };
            used.of.as_ref().is_none_or(names)
        };
        for used in stated {
            let met: Vec<&Copies> = all.iter().filter(|copies| is_of(used, copies)).collect();
            match (met.as_slice(), &used.of) {
                ([_], _) => {}
                ([], None) => {
                    return Err(usage(
                        "a number of proofs is stated, and no secret that hides weights is in the backup",
                    ))
                }
                ([], Some(of)) => {
                    return Err(usage(format!(
                        "a number of proofs is stated of {of}, and no secret of that name that hides weights is in the backup"
                    )))
                }
                (several, _) => {
                    let places = several.iter().flat_map(|copies| copies.paths.first());
                    let places: Vec<String> = places.map(|path| was(path).display().to_string()).collect();
                    return Err(usage(format!(
                        "one number of proofs is stated of several secrets ({}): give each its own, --proofs-used NAME=N, with as much \
                         of its path as tells it from the others",
                        places.join(", ")
                    )));
                }
            }
        }
        let mut secrets = Vec::new();
        for copies in &all {
            let own = stated.iter().filter(|used| is_of(used, copies));
            let proofs = own.map(|used| used.proofs).max().unwrap_or(u64::MAX);
            secrets.extend(copies.set(dir, root, proofs)?);
        }
        secrets.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(secrets)
    }
}
