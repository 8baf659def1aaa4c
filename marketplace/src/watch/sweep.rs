//! Transactions that no block takes, in whatever journal of the state directory: what the same account signs for something else waits
//! behind them.

use crate::engagement::Desk;
use assay_chain::account::Account;
use assay_chain::error::Kind;
use assay_chain::journal::{Journal, Step};
use assay_chain::venue::Venue;
use assay_durable::report::Reporter;
use eyre::WrapErr;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A journal as it was when it was read last.
#[derive(Debug)]
struct Looked {
    modified: SystemTime,
    /// The lowest nonce of the steps of this account that no block has as far as the journal knows.
    awaits: Option<u64>,
    /// What its steps paid for gas.
    paid_wei: u128,
}

/// Looks at every journal of a chain, and reads those that have changed: most are done with.
#[derive(Debug, Default)]
pub struct Sweep {
    looked: BTreeMap<PathBuf, Looked>,
    /// What went wrong with each, so that it is said once.
    said: BTreeMap<PathBuf, String>,
    stuck: BTreeMap<PathBuf, String>,
    paid_wei: u128,
}

impl Sweep {
    /// Sends again what no block takes, in every journal but these, which somebody else looks after; what went wrong since the last
    /// time. A journal that a command has open is that command's. What goes wrong with one keeps no other one waiting.
    ///
    /// In the order of nonces, whatever journals they are in: what is sent later may need what is sent before.
    pub async fn turn<V: Venue>(&mut self, desk: &Desk<V>, but: &BTreeSet<PathBuf>) -> Vec<eyre::Report> {
        let (mut awaited, mut ended) = (Vec::new(), Vec::new());
        self.stuck.clear();
        match desk.home.journals(desk.market.chain()) {
            Ok(paths) => {
                for path in paths {
                    match self.awaits(&desk.account, &path) {
                        Ok(Some(nonce)) if !but.contains(&path) => awaited.push((nonce, path)),
                        looked => ended.push((path, looked.map(drop))),
                    }
                }
            }
            Err(error) => ended.push((desk.home.path().to_owned(), Err(error))),
        }
        awaited.sort();
        for (_, path) in awaited {
            let freed = free(&desk.account, &path, &desk.report).await;
            ended.push((path, freed));
        }
        // What a journal forgets was paid all the same.
        let paid = self.looked.values().map(|looked| looked.paid_wei).sum();
        self.paid_wei = self.paid_wei.max(paid);
        let named = ended.into_iter().map(|(path, ended)| {
            let ended = ended.wrap_err_with(|| format!("journal {}", path.display()));
            (path, ended)
        });
        named.filter_map(|(path, ended)| self.news(path, ended)).collect()
    }

    fn news(&mut self, path: PathBuf, ended: eyre::Result<()>) -> Option<eyre::Report> {
        let Err(error) = ended else {
            self.said.remove(&path);
            return None;
        };
        if Kind::InUse.is_of(&error) {
            self.said.remove(&path);
            return None;
        }
        let text = format!("{error:#}");
        if Kind::TooDear.is_of(&error) {
            self.stuck.insert(path.clone(), text.clone());
        }
        let is_news = self.said.get(&path) != Some(&text);
        self.said.insert(path, text);
        // What waits its turn is no trouble.
        (is_news && !Kind::Unsettled.is_of(&error)).then_some(error)
    }

    /// What all journals paid for gas, wei.
    pub fn paid_wei(&self) -> u128 {
        self.paid_wei
    }

    /// Journals with something that no block takes and that may not be outbid, and why.
    pub fn stuck(&self) -> &BTreeMap<PathBuf, String> {
        &self.stuck
    }

    fn awaits(&mut self, account: &Account, path: &Path) -> eyre::Result<Option<u64>> {
        let modified = path.metadata()?.modified()?;
        if let Some(looked) = self.looked.get(path).filter(|looked| looked.modified == modified) {
            return Ok(looked.awaits);
        }
        let steps = Journal::peek_steps(path)?;
        let awaits = first_awaited(account, steps.values())?;
        let paid = |step: &Step| step.mined.as_ref().map_or(0, |mined| mined.gas_wei);
        let looked = Looked {
            modified,
            awaits,
            paid_wei: steps.values().map(paid).sum(),
        };
        self.looked.insert(path.to_owned(), looked);
        Ok(awaits)
    }
}

/// The lowest nonce of those that the account awaits.
fn first_awaited<'s>(account: &Account, steps: impl Iterator<Item = &'s Step>) -> eyre::Result<Option<u64>> {
    let mut first = None;
    for step in steps {
        if account.awaits(step)? {
            first = first.into_iter().chain([step.nonce]).min();
        }
    }
    Ok(first)
}

/// Sends again what no block takes of one journal, if there is anything.
///
/// # Errors
/// As [`Account::free`], and while another command has it open.
pub(super) async fn free(account: &Account, path: &Path, out: &Reporter) -> eyre::Result<()> {
    match first_awaited(account, Journal::peek_steps(path)?.values())? {
        Some(_) => account.free(&mut Journal::open(path)?, out).await,
        None => Ok(()),
    }
}
