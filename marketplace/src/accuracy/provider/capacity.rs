//! What an engagement may ask a provider for.

use crate::capacity;
use crate::capacity::Reserved;
use crate::engagement::Site;
use crate::proving::promises::{Promise, Speed};
use alloy::primitives::B256;
use assay_chain::market::Market;
use assay_protocol::abi::{Adjudication, EngagementView, Mode};

/// Promises every proof that the engagement may ask for, see [`capacity::reserve`].
///
/// # Errors
/// As there.
pub async fn reserve(site: &Site, id: B256, e: &EngagementView, farm: Option<Speed>) -> eyre::Result<Option<Reserved>> {
    capacity::reserve(site, id, e.modelId, asked(&site.market, e), farm).await
}

/// What an engagement asks for at worst: the whole proven set, in the shortest window in which all of it may be due. Of a
/// claimed result each challenge and each demanded proof adds to the window.
fn asked(market: &Market, e: &EngagementView) -> Promise {
    let proofs = u64::from(market.proven_size(e.mode));
    let claim = &market.params.claim;
    let prove = market.prove_seconds(e.mode);
    let window_seconds = match (e.mode, e.adjudication) {
        (Mode::CLEAR, _) | (_, Adjudication::DIRECT) => prove,
        _ => prove.min(claim.respondWindow + proofs * claim.answerTime),
    };
    Promise {
        proofs,
        window_seconds,
        chain: market.chain.label(),
        market: market.address,
    }
}
