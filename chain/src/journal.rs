//! What this program did about one thing (an engagement, an offer, a registration), so that it is done once.
//!
//! One JSON file per thing, replaced atomically, readable by the owner alone. A transaction is written here before it is
//! sent; secrets are in their own files before the transaction that commits to them is signed.

use alloy::primitives::{Bytes, TxHash, U256};
use alloy::rpc::types::TransactionReceipt;
use assay_durable::file::write_atomic;
use assay_durable::lock::Lock;
use assay_protocol::units::{about_ether, grouped};
use eyre::WrapErr;
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;

/// One transaction of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Of `raw`.
    pub tx_hash: TxHash,
    /// The signed transaction.
    pub raw: Bytes,
    /// Of the signer; one that replaces this transaction has it too.
    pub nonce: u64,
    /// Earlier transactions with the same nonce and call.
    #[serde(default)]
    pub replaced: Vec<TxHash>,
    /// No block took it for a long time.
    #[serde(default)]
    pub stalled: bool,
    /// A transaction that does nothing, which was sent last to take this one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<Bytes>,
    /// Another transaction has its nonce, with its confirmations: no block takes this one any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// Once it has its confirmations.
    #[serde(default)]
    pub mined: Option<Mined>,
}

/// Where a transaction counted, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mined {
    /// Number of the block when the confirmations were there.
    pub block: u64,
    /// Of the receipt.
    pub gas_used: u64,
    /// What the sender paid for gas.
    pub gas_wei: u128,
}

impl fmt::Display for Mined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "in block {}, {} gas, {}",
            self.block,
            grouped(self.gas_used),
            about_ether(U256::from(self.gas_wei))
        )
    }
}

impl Step {
    /// A step that no block has taken yet: written before `raw` goes to the node.
    pub fn sent(tx_hash: TxHash, raw: Bytes, nonce: u64) -> Self {
        Self {
            tx_hash,
            raw,
            nonce,
            replaced: Vec::new(),
            stalled: false,
            void: None,
            lost: false,
            mined: None,
        }
    }

    /// The same step with another transaction for the same nonce.
    pub fn replaced_by(mut self, tx_hash: TxHash, raw: Bytes) -> Self {
        self.replaced.push(self.tx_hash);
        Self {
            tx_hash,
            raw,
            stalled: false,
            ..self
        }
    }

    /// Every transaction that may have been mined for this step, the newest first.
    pub fn hashes(&self) -> impl Iterator<Item = TxHash> + '_ {
        std::iter::once(self.tx_hash).chain(self.replaced.iter().rev().copied())
    }
}

/// Something that a journal notes beside its steps: a name on disk, and the type behind it.
#[derive(Debug)]
pub struct Fact<T> {
    name: Cow<'static, str>,
    of: PhantomData<fn() -> T>,
}

impl<T> Fact<T> {
    /// A fact of this name.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            of: PhantomData,
        }
    }

    /// By which it stands in the journal.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One of several facts of a kind, told apart by their names.
    pub const fn named(name: String) -> Self {
        Self {
            name: Cow::Owned(name),
            of: PhantomData,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    #[serde(default)]
    facts: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    steps: BTreeMap<String, Step>,
}

/// Facts may be secrets: their names only.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("facts", &self.facts.keys())
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// The facts of a journal as they were when it was read.
#[derive(Debug, Default)]
pub struct Glimpse {
    path: PathBuf,
    facts: BTreeMap<String, serde_json::Value>,
}

impl Glimpse {
    /// As [`Journal::fact`].
    ///
    /// # Errors
    /// As there.
    pub fn fact<T: DeserializeOwned>(&self, fact: &Fact<T>) -> eyre::Result<Option<T>> {
        let value = self.facts.get(fact.name.as_ref()).cloned();
        let parsed = value.map(serde_json::from_value).transpose();
        parsed.wrap_err_with(|| format!("journal {}: {} does not parse", self.path.display(), fact.name))
    }

    /// Facts that are texts, with their names.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.facts.iter();
        texts.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }
}

/// An open journal; nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    content: Content,
    _lock: Lock,
}

impl Journal {
    /// Opens the journal at `path`, or begins it.
    ///
    /// # Errors
    /// If another command has it open, or the file is not a journal.
    pub fn open(path: &Path) -> eyre::Result<Self> {
        let lock = Lock::take(&path.with_extension("lock"))?;
        let content = read(path)?.unwrap_or_else(|| Content {
            version: VERSION,
            facts: BTreeMap::new(),
            steps: BTreeMap::new(),
        });
        Ok(Self {
            path: path.to_owned(),
            content,
            _lock: lock,
        })
    }

    /// `None` if nothing of this name was ever signed.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.content.steps.get(name)
    }

    /// The transaction that was last signed for a step, and whether a block may still take it.
    pub fn signed(&self, name: &str) -> Option<(TxHash, bool)> {
        let step = self.step(name)?;
        Some((step.tx_hash, step.mined.is_none() && !step.lost))
    }

    /// By name, in the order of the names.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &Step)> {
        self.content.steps.iter().map(|(name, step)| (name.as_str(), step))
    }

    /// On disk when this returns; a step of the same name is overwritten.
    pub fn set_step(&mut self, name: &str, step: Step) -> eyre::Result<()> {
        self.content.steps.insert(name.to_owned(), step);
        self.save()
    }

    /// Notes that no block takes the step's transaction; one that was never signed is left out.
    pub fn mark_stalled(&mut self, name: &str) -> eyre::Result<()> {
        if let Some(step) = self.content.steps.get_mut(name) {
            step.stalled = true;
        }
        self.save()
    }

    /// Notes a transaction that does nothing and was sent in the place of the step's.
    pub fn set_void(&mut self, name: &str, raw: Bytes) -> eyre::Result<()> {
        if let Some(step) = self.content.steps.get_mut(name) {
            step.void = Some(raw);
        }
        self.save()
    }

    /// Notes that nothing waits for the step's transaction: a block has it, another one has its nonce, or it reverted.
    pub fn mark_over(&mut self, name: &str) -> eyre::Result<()> {
        match self.content.steps.get_mut(name) {
            Some(step) if step.stalled => step.stalled = false,
            _ => return Ok(()),
        }
        self.save()
    }

    /// Notes that no block takes the step's transaction any more.
    pub fn mark_lost(&mut self, name: &str) -> eyre::Result<()> {
        if let Some(step) = self.content.steps.get_mut(name) {
            (step.stalled, step.lost) = (false, true);
        }
        self.save()
    }

    /// Notes that the step has its confirmations; what it came to, unless that was known.
    pub fn confirm_step(&mut self, name: &str, receipt: &TransactionReceipt) -> eyre::Result<Option<Mined>> {
        let mut news = None;
        if let Some(step) = self.content.steps.get_mut(name) {
            let mined = Mined {
                block: receipt.block_number.unwrap_or_default(),
                gas_used: receipt.gas_used,
                gas_wei: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
            };
            if step.mined.replace(mined.clone()).is_none() {
                news = Some(mined);
            }
        }
        self.save()?;
        Ok(news)
    }

    /// A fact written by [`Journal::set_fact`].
    ///
    /// # Errors
    /// If it is of another type.
    pub fn fact<T: DeserializeOwned>(&self, fact: &Fact<T>) -> eyre::Result<Option<T>> {
        let value = self.content.facts.get(fact.name.as_ref()).cloned();
        let parsed = value.map(serde_json::from_value).transpose();
        parsed.wrap_err_with(|| format!("journal {}: {} does not parse", self.path.display(), fact.name))
    }

    /// Notes a fact, in place of what it was.
    pub fn set_fact<T: Serialize>(&mut self, fact: &Fact<T>, value: &T) -> eyre::Result<()> {
        let value = serde_json::to_value(value)?;
        self.content.facts.insert(fact.name.to_string(), value);
        self.save()
    }

    /// Puts other texts in the place of facts that are texts and that `change` has an answer for: what is named by a path may have
    /// gone elsewhere.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn change_texts(&mut self, change: impl Fn(&str, &str) -> Option<String>) -> eyre::Result<()> {
        let mut is_news = false;
        for (name, value) in &mut self.content.facts {
            if let Some(text) = value.as_str().and_then(|text| change(name, text)) {
                (*value, is_news) = (text.into(), true);
            }
        }
        match is_news {
            true => self.save(),
            false => Ok(()),
        }
    }

    /// The facts of the journal at `path`, also while another command has it open; none if there is none.
    ///
    /// # Errors
    /// If the file is not a journal.
    pub fn glimpse(path: &Path) -> eyre::Result<Glimpse> {
        Ok(Glimpse {
            path: path.to_owned(),
            facts: read(path)?.map(|content| content.facts).unwrap_or_default(),
        })
    }

    /// One of the facts that [`Journal::glimpse`] sees.
    ///
    /// # Errors
    /// As there, and if the fact is of another type.
    pub fn peek<T: DeserializeOwned>(path: &Path, fact: &Fact<T>) -> eyre::Result<Option<T>> {
        Self::glimpse(path)?.fact(fact)
    }

    /// Whether a transaction of this name was ever signed, also while another command has the journal at `path` open.
    ///
    /// # Errors
    /// If the file is not a journal.
    pub fn peek_signed(path: &Path, step: &str) -> eyre::Result<bool> {
        Ok(read(path)?.is_some_and(|content| content.steps.contains_key(step)))
    }

    /// The steps of the journal at `path` as they were signed, by name, also while another command has it open.
    ///
    /// # Errors
    /// If the file is not a journal.
    pub fn peek_steps(path: &Path) -> eyre::Result<BTreeMap<String, Step>> {
        Ok(read(path)?.map(|content| content.steps).unwrap_or_default())
    }

    /// Forgets steps that have their confirmations and that nothing will ask for again: a journal is read and written whole.
    pub fn forget_mined(&mut self, steps: &[String]) -> eyre::Result<()> {
        let is_mined = |step: &Step| step.mined.is_some();
        self.content
            .steps
            .retain(|name, step| !(is_mined(step) && steps.contains(name)));
        self.save()
    }

    fn save(&self) -> eyre::Result<()> {
        Ok(write_atomic(
            &self.path,
            &serde_json::to_vec_pretty(&self.content)?,
            true,
        )?)
    }
}

fn damaged(path: &Path) -> String {
    format!("journal {} is damaged", path.display())
}

/// What is in the journal at `path`; `None` if there is none.
fn read(path: &Path) -> eyre::Result<Option<Content>> {
    match std::fs::read(path) {
        Ok(bytes) => parse(&bytes).map(Some).wrap_err_with(|| damaged(path)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).wrap_err_with(|| format!("cannot read {}", path.display())),
    }
}

fn parse(bytes: &[u8]) -> eyre::Result<Content> {
    let content: Content = serde_json::from_slice(bytes)?;
    eyre::ensure!(
        content.version == VERSION,
        "version {}, this program reads {VERSION}",
        content.version
    );
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: Fact<String> = Fact::new("set");

    #[test]
    fn a_journal_remembers_what_was_sent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x/1.json");
        let step = Step::sent(TxHash::repeat_byte(1), Bytes::from(vec![2, 3]), 7);
        {
            let mut journal = Journal::open(&path).unwrap();
            assert_eq!(journal.step("accept"), None);
            journal.set_step("accept", step.clone()).unwrap();
            journal.set_fact(&SET, &"dir".to_owned()).unwrap();
            assert!(Journal::open(&path).is_err(), "a second command must wait");
        }
        assert_eq!(Journal::peek(&path, &SET).unwrap().as_deref(), Some("dir"));
        assert_eq!(Journal::peek(&path, &Fact::<String>::new("other")).unwrap(), None);
        let signed = ["accept", "open"].map(|step| Journal::peek_signed(&path, step).unwrap());
        assert_eq!(signed, [true, false]);
        let steps = Journal::peek_steps(&path).unwrap();
        assert_eq!(steps, [("accept".to_owned(), step.clone())].into());
        let journal = Journal::open(&path).unwrap();
        let shown = format!("{journal:?}");
        assert!(shown.contains("set") && !shown.contains("\"dir\""), "{shown}");
        assert_eq!(Journal::peek(&path, &SET).unwrap().as_deref(), Some("dir"));
        assert_eq!(journal.step("accept"), Some(&step));
        let glimpse = Journal::glimpse(&path).unwrap();
        assert_eq!(glimpse.fact(&SET).unwrap().as_deref(), Some("dir"));
        assert_eq!(journal.fact(&SET).unwrap().as_deref(), Some("dir"));
        assert!(journal.fact(&Fact::<u64>::new("set")).is_err());
    }

    #[test]
    fn only_what_is_mined_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&dir.path().join("1.json")).unwrap();
        let mined = Some(Mined {
            block: 1,
            gas_used: 2,
            gas_wei: 3,
        });
        for (name, mined) in [("settle-0", mined.clone()), ("settle-1", None), ("accept", mined)] {
            let step = Step {
                mined,
                ..Step::sent(TxHash::repeat_byte(1), Bytes::new(), 7)
            };
            journal.set_step(name, step).unwrap();
        }
        journal.forget_mined(&["settle-0".into(), "settle-1".into()]).unwrap();
        assert_eq!(
            journal.steps().map(|(name, _)| name).collect::<Vec<_>>(),
            ["accept", "settle-1"]
        );
    }

    #[test]
    fn a_damaged_journal_is_an_error_and_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.json");
        for bytes in [&b"{"[..], b"{\"version\":9}", b"[]"] {
            std::fs::write(&path, bytes).unwrap();
            assert!(Journal::open(&path).is_err());
            assert!(Journal::peek(&path, &Fact::<u64>::new("x")).is_err());
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
}
