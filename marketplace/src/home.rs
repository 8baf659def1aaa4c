//! Where this program keeps its state.

use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_chain::client::Chain;
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const MODELS: &str = "models";
/// Directory with one inside for each corpus, in a chain's state.
pub(crate) const CORPORA: &str = "corpora";
const PREDICATES: &str = "predicates";
const OFFERS: &str = "offers";
const WITHDRAWALS: &str = "withdrawals";
/// Directory of what was compared with a release, in a chain's state: a cache.
pub(crate) const CHECKED: &str = "checked";
/// File names of journals that are about a chain's contracts.
const OF_DEPLOYMENTS: [&str; 2] = ["deployment.journal", "deployment.verifiers"];

/// The secret file in the directory of a predicate.
pub fn predicate_secret(dir: &Path) -> PathBuf {
    dir.join("predicate.secret")
}

/// What is in a directory, sorted; nothing if it is none.
fn entries(dir: &Path) -> eyre::Result<Vec<PathBuf>> {
    let found = match std::fs::read_dir(dir) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        found => found.wrap_err_with(|| format!("cannot read {}", dir.display()))?,
    };
    let paths = found.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<eyre::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// What journals are about, and ids name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Journaled {
    Model,
    Engagement,
    Round,
    Audit,
    Corpus,
}

impl Journaled {
    /// The folder below a chain's that has one entry for each.
    fn folder(self) -> &'static str {
        match self {
            Self::Model => MODELS,
            Self::Engagement => Market::FOLDER,
            Self::Round => Rounds::FOLDER,
            Self::Audit => Audits::FOLDER,
            Self::Corpus => CORPORA,
        }
    }
}

impl std::fmt::Display for Journaled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Model => "model",
            Self::Engagement => "engagement",
            Self::Round => "round",
            Self::Audit => "audit",
            Self::Corpus => "corpus",
        })
    }
}

/// Every journal that is kept in a chain's directory.
fn journals_in(chain: &Path) -> eyre::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = OF_DEPLOYMENTS.iter().map(|name| chain.join(name)).collect();
    for folder in [MODELS, OFFERS, WITHDRAWALS] {
        let files = entries(&chain.join(folder))?.into_iter();
        found.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "json")));
    }
    for kind in [
        Journaled::Engagement,
        Journaled::Round,
        Journaled::Audit,
        Journaled::Corpus,
    ] {
        let dirs = entries(&chain.join(kind.folder()))?;
        found.extend(dirs.iter().map(|dir| dir.join("journal.json")));
    }
    found.retain(|path| path.is_file());
    Ok(found)
}

/// State of this program: journals, address books, handed-over sets, proofs.
///
/// ```text
/// HOME/<chain id>-<genesis>/deployment.json
/// HOME/<chain id>-<genesis>/checked/<market>.json
/// HOME/<chain id>-<genesis>/models/<model id>.json
/// HOME/<chain id>-<genesis>/offers/<test root>.json
/// HOME/<chain id>-<genesis>/engagements/<id>/journal.json, proving.lock, proofs/<position>.proof
/// HOME/<chain id>-<genesis>/rounds/<id>/journal.json, proving.lock, proofs/<index>.proof
/// HOME/<chain id>-<genesis>/corpora/<id>/journal.json
/// HOME/<chain id>-<genesis>/audits/<id>/journal.json, proving.lock, proofs/<index>.proof, matches.json, …
/// HOME/<chain id>-<genesis>/predicates/<weights commitment>/predicate.assay, predicate.arch.json, predicate.secret
/// HOME/<chain id>-<genesis>/daemons/<role>-<account>.lock
/// HOME/proving, proving.queue/    who makes a proof, and who waits for it
/// HOME/promising                  who promises proofs
/// HOME/devnets/<port>.json        devnets that run in the background
/// HOME/keys/<name>                keystores of `assay key`
/// HOME/outside/<number>/          what a backup took from elsewhere, once it is restored
/// HOME/restored.json              that it came out of a backup, see [`crate::restored`]
/// HOME/revealed.json      images this consumer has handed over
/// ```
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// `given`, else `$XDG_STATE_HOME/assay`, else `~/.local/state/assay`.
    pub fn new(given: Option<PathBuf>) -> eyre::Result<Self> {
        let var = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let root = given
            .or_else(|| var("XDG_STATE_HOME").map(|d| d.join("assay")))
            .or_else(|| var("HOME").map(|d| d.join(".local/state/assay")));
        root.map(Self)
            .ok_or_else(|| hinted("no directory for this program's state", "use --home DIR"))
    }

    /// The state directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Encrypted keys, a file each.
    pub fn keystores(&self) -> PathBuf {
        self.0.join("keys")
    }

    fn chain(&self, chain: &Chain) -> PathBuf {
        self.0.join(chain.label())
    }

    /// Address book of a chain.
    pub fn deployment(&self, chain: &Chain) -> PathBuf {
        self.chain(chain).join("deployment.json")
    }

    /// That the contracts behind a market were compared with a release.
    pub fn checked_market(&self, chain: &Chain, market: Address) -> PathBuf {
        self.chain(chain).join(CHECKED).join(format!("{market}.json"))
    }

    /// Journal of a registration, and of what its owner does about the stake.
    pub fn model(&self, chain: &Chain, model_id: B256) -> PathBuf {
        self.models(chain).join(format!("{model_id}.json"))
    }

    /// Journal of the offer of a test set: a set is offered once in each market.
    pub fn offer(&self, chain: &Chain, market: Address, test_root: B256) -> PathBuf {
        self.chain(chain)
            .join(OFFERS)
            .join(format!("{market}-{test_root}.json"))
    }

    /// Journals of the offers and requests that were made on a chain, each named after its market.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn offers(&self, chain: &Chain) -> eyre::Result<Vec<PathBuf>> {
        let mut journals = entries(&self.chain(chain).join(OFFERS))?;
        journals.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        Ok(journals)
    }

    /// Journals of what is recorded of a kind on a chain, of whatever market.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn recorded(&self, chain: &Chain, kind: Journaled) -> eyre::Result<Vec<PathBuf>> {
        let mut journals = entries(&self.chain(chain).join(kind.folder()))?;
        journals.iter_mut().for_each(|dir| dir.push("journal.json"));
        journals.retain(|path| path.is_file());
        Ok(journals)
    }

    /// Directory of an engagement, a round or a corpus: journal, secrets, files.
    pub fn of_id(&self, chain: &Chain, folder: &str, id: B256) -> PathBuf {
        self.ids(chain, folder).join(id.to_string())
    }

    /// Directory with one inside for each engagement, or each round, of a chain.
    pub fn ids(&self, chain: &Chain, folder: &str) -> PathBuf {
        self.chain(chain).join(folder)
    }

    /// Directory with a journal for each registered model of a chain.
    pub fn models(&self, chain: &Chain) -> PathBuf {
        self.chain(chain).join(MODELS)
    }

    /// Journal of what an account has fetched, from all contracts of a chain.
    pub fn withdrawals(&self, chain: &Chain, account: Address) -> PathBuf {
        self.chain(chain).join(WITHDRAWALS).join(format!("{account}.json"))
    }

    /// Locked by the daemon of an account for as long as it runs.
    pub fn daemon(&self, chain: &Chain, role: &str, account: Address) -> PathBuf {
        self.chain(chain).join("daemons").join(format!("{role}-{account}.lock"))
    }

    /// Directory with one inside for each predicate that was judged, named after its weights commitment.
    pub fn predicates(&self, chain: &Chain) -> PathBuf {
        self.ids(chain, PREDICATES)
    }

    /// Where turns at proving are waited for ([`assay_durable::turn`]): two proofs at one time, with whatever secrets, would each
    /// take longer than anybody counts with.
    pub fn proving(&self) -> PathBuf {
        self.0.join("proving")
    }

    /// Locked while proofs are promised: what is promised meanwhile would be counted by neither.
    pub fn promising(&self) -> PathBuf {
        self.0.join("promising")
    }

    /// Journals of all models that were registered from here, and the secret files of all predicates, on whatever chain.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn models_and_predicates(&self) -> eyre::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let (mut models, mut secrets) = (Vec::new(), Vec::new());
        for chain in entries(&self.0)? {
            models.extend(entries(&chain.join(MODELS))?);
            secrets.extend(
                entries(&chain.join(PREDICATES))?
                    .iter()
                    .map(|dir| predicate_secret(dir)),
            );
        }
        models.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        secrets.retain(|path| path.is_file());
        Ok((models, secrets))
    }

    /// Journals of everything that was begun on a chain, by whatever account.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn journals(&self, chain: &Chain) -> eyre::Result<Vec<PathBuf>> {
        journals_in(&self.chain(chain))
    }

    /// The same on every chain.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn all_journals(&self) -> eyre::Result<Vec<PathBuf>> {
        let chains = entries(&self.0)?.into_iter().map(|chain| journals_in(&chain));
        Ok(chains.collect::<eyre::Result<Vec<_>>>()?.concat())
    }

    /// Directory with a note for each devnet that was started in the background.
    pub fn devnets(&self) -> PathBuf {
        self.0.join("devnets")
    }

    /// Ids of things of these kinds that something is kept about, on whatever chain.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn journaled(&self, kinds: &[Journaled]) -> eyre::Result<Vec<(Journaled, B256)>> {
        let mut found = Vec::new();
        for chain in entries(&self.0)? {
            for kind in kinds {
                let names = entries(&chain.join(kind.folder()))?;
                let ids = names.iter().filter_map(|path| path.file_stem()?.to_str()?.parse().ok());
                found.extend(ids.map(|id| (*kind, id)));
            }
        }
        Ok(found)
    }

    /// Fingerprints of the images that were handed over, on whatever chain.
    pub fn revealed(&self) -> PathBuf {
        self.0.join("revealed.json")
    }
}
