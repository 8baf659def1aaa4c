//! What a provider checks before it moves: whose engagement it is, the time, and what its call answers.

use crate::engagement::facts::{OFFER_HASH, PROBED};
use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::error::{hinted, UsageError};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_protocol::abi::{EngagementView, Mode};
use assay_protocol::units::utc;

pub(crate) fn require_provider(e: &EngagementView, account: &Account) -> eyre::Result<()> {
    if e.mp == account.address() {
        return Ok(());
    }
    Err(UsageError(format!(
        "the provider of this engagement is {}, the key is of {}",
        e.mp,
        account.address()
    ))
    .into())
}

pub(crate) async fn require_time(market: &Market, e: &EngagementView) -> eyre::Result<()> {
    let now = market.chain.now().await?;
    if now <= e.deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window ended {}", utc(e.deadline)),
        "anybody may now call: assay timeout run ID",
    ))
}

/// What a call of the provider answers now: the guard of the state, of the offer that this provider accepted.
pub(crate) fn accepted_guard(journal: &Journal, e: &EngagementView) -> eyre::Result<B256> {
    let accepted = journal.fact(&OFFER_HASH)?;
    match accepted {
        Some(offer) if offer != e.offerHash => Err(hinted(
            format!(
                "this provider accepted offer {offer}, the chain now has {}",
                e.offerHash
            ),
            "the chain was reorganised; look at the engagement again",
        )),
        _ => Ok(e.guard),
    }
}

/// The guard of `proceed`: after an encrypted transfer, the keys under which the probe set was checked.
pub(crate) fn probed_guard(journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<B256> {
    let guard = accepted_guard(journal, e)?;
    let probed = journal.fact(&PROBED)?;
    if e.mode == Mode::CLEAR || probed == Some(guard) {
        return Ok(guard);
    }
    Err(hinted(
        "the examples that are open now have not been checked",
        format!("run: assay mp probe {id}"),
    ))
}
