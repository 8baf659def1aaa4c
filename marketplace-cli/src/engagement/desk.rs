//! Somebody who signs at a market.

use super::{Sent, Site};
use crate::chain::account::Account;
use crate::chain::client::Call;
use crate::chain::release::CheckedMarket;
use crate::exit::UsageError;
use crate::journal::Journal;
use alloy::primitives::Address;
use alloy::sol_types::SolCall;
use std::ops::Deref;

/// A party of engagements at one market: every move goes through its journal.
#[derive(Debug, Clone)]
pub struct Desk {
    site: Site,
    pub account: Account,
}

impl Desk {
    pub fn new(site: Site, account: Account) -> Self {
        Self { site, account }
    }

    /// Whose desk it is.
    pub fn address(&self) -> Address {
        self.account.address()
    }

    /// Sends a call once under the name of its step, see [`Account::send`].
    ///
    /// # Errors
    /// Those of [`Account::send`].
    pub async fn send(&self, journal: &mut Journal, step: &str, call: &Call) -> eyre::Result<Sent> {
        let receipt = self.account.send(journal, step, call, &self.report).await?;
        Ok(Sent::from(&receipt))
    }

    /// # Errors
    /// If the key is of somebody else.
    pub fn require_is(&self, role: &str, address: Address) -> eyre::Result<()> {
        let own = self.address();
        if own == address {
            return Ok(());
        }
        Err(UsageError(format!(
            "the {role} of this engagement is {address}, the key is of {own}"
        ))
        .into())
    }
}

impl Deref for Desk {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// A desk whose market is known well enough to send money to.
#[derive(Debug, Clone)]
pub struct PayingDesk {
    desk: Desk,
    checked: CheckedMarket,
}

impl PayingDesk {
    /// # Errors
    /// If the contracts of the site are neither this release's nor trusted.
    pub async fn new(site: Site, account: Account) -> eyre::Result<Self> {
        let checked = site.checked_market().await?;
        let desk = Desk::new(site, account);
        Ok(Self { desk, checked })
    }

    /// A call of the market that pays.
    pub fn paying(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.checked.paying(call, value_wei)
    }

    /// A call of the registry that pays.
    pub fn paying_registry(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.checked.paying_registry(call, value_wei)
    }
}

impl Deref for PayingDesk {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}
