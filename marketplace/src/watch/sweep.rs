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
    /// A step of this account that no block has as far as the journal knows.
    awaits: bool,
    /// What its steps paid for gas.
    paid_wei: u128,
}

/// Looks at every journal of a chain, and reads those that have changed: most are done with.
#[derive(Debug, Default)]
pub struct Sweep {
    looked: BTreeMap<PathBuf, Looked>,
    /// What went wrong with each, so that it is said once.
    said: BTreeMap<PathBuf, String>,
    paid_wei: u128,
}

impl Sweep {
    /// Sends again what no block takes, in every journal but these, which somebody else looks after; what went wrong since the last
    /// time. A journal that a command has open is that command's.
    ///
    /// # Errors
    /// If the state directory cannot be read.
    pub async fn turn<V: Venue>(&mut self, desk: &Desk<V>, but: &BTreeSet<PathBuf>) -> eyre::Result<Vec<eyre::Report>> {
        let mut news = Vec::new();
        for path in desk.home.journals(desk.market.chain())? {
            let freed = match self.awaits(&desk.account, &path) {
                Ok(true) if !but.contains(&path) => free(&desk.account, &path, &desk.report).await,
                looked => looked.map(drop),
            };
            match freed.wrap_err_with(|| format!("journal {}", path.display())) {
                Err(error) if Kind::Unreachable.is_of(&error) => return Err(error),
                Err(error) if !Kind::InUse.is_of(&error) => {
                    let text = format!("{error:#}");
                    if self.said.insert(path, text.clone()).is_none_or(|before| before != text) {
                        news.push(error);
                    }
                }
                _ => drop(self.said.remove(&path)),
            }
        }
        // What a journal forgets was paid all the same.
        let paid = self.looked.values().map(|looked| looked.paid_wei).sum();
        self.paid_wei = self.paid_wei.max(paid);
        Ok(news)
    }

    /// What all journals paid for gas, wei.
    pub fn paid_wei(&self) -> u128 {
        self.paid_wei
    }

    /// How many journals have something that no block takes and that cannot be helped, and why that is with the first.
    pub fn stuck(&self) -> (usize, Option<&str>) {
        (self.said.len(), self.said.values().next().map(String::as_str))
    }

    fn awaits(&mut self, account: &Account, path: &Path) -> eyre::Result<bool> {
        let modified = path.metadata()?.modified()?;
        if let Some(looked) = self.looked.get(path).filter(|looked| looked.modified == modified) {
            return Ok(looked.awaits);
        }
        let steps = Journal::peek_steps(path)?;
        let awaits = any_awaited(account, steps.values())?;
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

fn any_awaited<'s>(account: &Account, mut steps: impl Iterator<Item = &'s Step>) -> eyre::Result<bool> {
    steps.try_fold(false, |any, step| Ok(any || account.awaits(step)?))
}

/// Sends again what no block takes of one journal, if there is anything.
///
/// # Errors
/// As [`Account::free`], and while another command has it open.
pub(super) async fn free(account: &Account, path: &Path, out: &Reporter) -> eyre::Result<()> {
    match any_awaited(account, Journal::peek_steps(path)?.values())? {
        true => account.free(&mut Journal::open(path)?, out).await,
        false => Ok(()),
    }
}
