//! Somebody who signs at a market.

use crate::engagement::Site;
use alloy::primitives::Address;
use alloy::sol_types::SolCall;
use assay_chain::account::Account;
use assay_chain::client::Call;
use assay_chain::market::Market;
use assay_chain::release::{CheckedMarket, Surveyed};
use std::ops::Deref;

/// A party of engagements at one market: every move goes through its journal.
#[derive(Debug, Clone)]
pub struct Desk<V = Market> {
    site: Site<V>,
    /// Who signs, within its limits on fees.
    pub account: Account,
}

impl<V> Desk<V> {
    /// For calls that carry no money: the contracts are not compared, see [`PayingDesk`].
    pub fn new(site: Site<V>, account: Account) -> Self {
        Self { site, account }
    }

    /// Whose desk it is.
    pub fn address(&self) -> Address {
        self.account.address()
    }
}

impl<V> Deref for Desk<V> {
    type Target = Site<V>;

    fn deref(&self) -> &Site<V> {
        &self.site
    }
}

/// A desk whose market is known well enough to send money to.
#[derive(Debug, Clone)]
pub struct PayingDesk<V = Market> {
    desk: Desk<V>,
    checked: CheckedMarket<V>,
}

impl<V: Surveyed> PayingDesk<V> {
    /// # Errors
    /// If the contracts of the site are neither this release's nor trusted.
    pub async fn new(site: Site<V>, account: Account) -> eyre::Result<Self> {
        let checked = site.checked_market().await?;
        let desk = Desk::new(site, account);
        Ok(Self { desk, checked })
    }

    /// A call of the market that pays.
    pub fn paying(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.checked.paying(call, value_wei)
    }
}

impl PayingDesk {
    /// A call of the registry that pays.
    pub fn paying_registry(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.checked.paying_registry(call, value_wei)
    }
}

impl<V> Deref for PayingDesk<V> {
    type Target = Desk<V>;

    fn deref(&self) -> &Desk<V> {
        &self.desk
    }
}
