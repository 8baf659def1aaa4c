//! What a provider's call answers.

use crate::accuracy::provider::advice::require_no_advice_to_end;
use crate::engagement::facts::{OFFER_HASH, PROBED};
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_protocol::abi::{EngagementView, Mode};

/// What a call of the provider answers now: the guard of the state, of the offer that this provider accepted.
pub(crate) fn accepted_guard(journal: &Journal, _: B256, e: &EngagementView) -> eyre::Result<B256> {
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

/// The guard of `proceed`, if nothing is known that speaks against it.
pub(crate) fn proceed_guard(journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<B256> {
    let guard = probed_guard(journal, id, e)?;
    require_no_advice_to_end(journal, id, guard)?;
    Ok(guard)
}

/// What was judged, whatever speaks against it: after an encrypted transfer, the keys under which the probe set was checked.
pub(crate) fn probed_guard(journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<B256> {
    let guard = accepted_guard(journal, id, e)?;
    let probed = journal.fact(&PROBED)?;
    if e.mode == Mode::CLEAR || probed == Some(guard) {
        return Ok(guard);
    }
    Err(hinted(
        "the examples that are open now have not been checked",
        format!("run: assay mp probe {id}"),
    ))
}
