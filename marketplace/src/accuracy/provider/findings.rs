//! What was found about a held set, so that it need not be found again: a file of the provider's own.
//!
//! A finding is kept under the hash of everything that the contents of a set follow from: the roots that the consumer
//! committed to, the keys that it revealed, the order. So it is true for as long as the file says what this program wrote,
//! whatever becomes of the set's files. A file that is damaged is no loss: the work is done again.

use alloy::primitives::{keccak256, B256, U256};
use alloy::sol_types::SolValue;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;

/// Far above the findings about the largest sets.
const MAX_BYTES: u64 = 64 << 20;

/// About one set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Finding {
    /// Every example was decrypted and hashed, and none is bad data.
    faultless: bool,
    /// By model: positions that it gets right, ascending.
    correct: BTreeMap<B256, Vec<usize>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    /// By what the set follows from.
    sets: BTreeMap<B256, Finding>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    /// SHA-256 of `content` as text.
    sha256: B256,
    content: String,
}

/// The findings about one set, and the file that they are in.
#[derive(Debug)]
pub struct Findings {
    path: PathBuf,
    set: B256,
    found: Finding,
}

/// The hash of what the contents of a set follow from.
pub fn contents(kind: &str, words: &[B256]) -> B256 {
    keccak256((keccak256("assay.held.v1"), kind, words.to_vec()).abi_encode())
}

/// What tells models apart: other weights or another circuit give other answers.
pub fn model(weights_commit: U256, vk_digest: B256) -> B256 {
    keccak256((weights_commit, vk_digest).abi_encode())
}

impl Findings {
    /// What the file at `path` says about the set of `positions` examples that follows from `set`: nothing, if there is no
    /// file or it is damaged.
    pub fn load(path: &Path, set: B256, positions: usize, out: &Reporter) -> Self {
        let mut found = match read(path) {
            Ok(mut sets) => sets.remove(&set).unwrap_or_default(),
            Err(error) => {
                out.warn(format_args!(
                    "{} is damaged ({error:#}): the set is checked again",
                    path.display()
                ));
                Finding::default()
            }
        };
        found
            .correct
            .retain(|_, correct| correct.iter().all(|position| *position < positions));
        Self {
            path: path.to_owned(),
            set,
            found,
        }
    }

    /// Whether every example was decrypted and checked before; `false` says nothing.
    pub fn is_faultless(&self) -> bool {
        self.found.faultless
    }

    /// On disk when this returns.
    pub fn note_faultless(&mut self) -> eyre::Result<()> {
        self.found.faultless = true;
        self.save()
    }

    /// Positions that this model gets right, ascending; `None` if it was not run. See [`model`].
    pub fn correct(&self, model: B256) -> Option<Vec<usize>> {
        self.found.correct.get(&model).cloned()
    }

    /// On disk when this returns.
    pub fn note_correct(&mut self, model: B256, correct: &[usize]) -> eyre::Result<()> {
        self.found.correct.insert(model, correct.to_vec());
        self.save()
    }

    /// Keeps what the file says about other sets: the probe set's findings stay beside the proven set's.
    fn save(&self) -> eyre::Result<()> {
        let mut sets = read(&self.path).unwrap_or_default();
        sets.insert(self.set, self.found.clone());
        let content = serde_json::to_string(&Content { version: VERSION, sets })?;
        let sealed = Sealed {
            sha256: B256::from_slice(&Sha256::digest(&content)),
            content,
        };
        Ok(write_atomic(&self.path, &serde_json::to_vec(&sealed)?, true)?)
    }
}

fn read(path: &Path) -> eyre::Result<BTreeMap<B256, Finding>> {
    let bytes = match read_regular(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(e.into()),
    };
    let sealed: Sealed = serde_json::from_slice(&bytes)?;
    eyre::ensure!(
        B256::from_slice(&Sha256::digest(&sealed.content)) == sealed.sha256,
        "wrong checksum"
    );
    let content: Content = serde_json::from_str(&sealed.content)?;
    eyre::ensure!(content.version == VERSION, "version {}", content.version);
    Ok(content.sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: B256 = B256::repeat_byte(1);
    const MODEL: B256 = B256::repeat_byte(2);

    fn load(path: &Path, set: B256) -> Findings {
        Findings::load(path, set, 10, &Reporter::silent())
    }

    #[test]
    fn findings_are_of_one_set_and_one_model() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("held.json");
        let mut findings = load(&path, SET);
        assert!(!findings.is_faultless() && findings.correct(MODEL).is_none());
        findings.note_faultless().unwrap();
        let mut other = load(&path, B256::ZERO);
        assert!(!other.is_faultless());
        other.note_correct(MODEL, &[9]).unwrap();
        findings.note_correct(MODEL, &[0, 7]).unwrap();
        let again = load(&path, SET);
        assert!(again.is_faultless());
        assert_eq!(again.correct(MODEL).unwrap(), [0, 7]);
        assert_eq!(again.correct(B256::ZERO), None);
        assert_eq!(load(&path, B256::ZERO).correct(MODEL).unwrap(), [9]);
    }

    #[test]
    fn a_damaged_file_says_nothing_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("held.json");
        load(&path, SET).note_faultless().unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for damaged in ["", "{", &whole[..whole.len() / 2], &whole.replace("true", "null"), "{}"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(!load(&path, SET).is_faultless(), "{damaged}");
        }
        // What was changed by hand does not count either.
        let changed = whole.replace(
            "\\\"correct\\\":{}",
            &format!("\\\"correct\\\":{{\\\"{MODEL}\\\":[1]}}"),
        );
        assert_ne!(changed, whole);
        std::fs::write(&path, changed).unwrap();
        let mut findings = load(&path, SET);
        assert_eq!(findings.correct(MODEL), None);
        findings.note_faultless().unwrap();
        assert!(load(&path, SET).is_faultless());
    }

    #[test]
    fn positions_beyond_the_set_are_no_finding() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("held.json");
        load(&path, SET).note_correct(MODEL, &[10]).unwrap();
        assert_eq!(load(&path, SET).correct(MODEL), None);
    }
}
