//! Checks the proofs behind a posted result.

use crate::accuracy::consumer::hand_over::offered_set;
use crate::delivery::{proofs_by_context, Delivery, MAX_PROOF_BYTES};
use crate::engagement::facts::VERIFIED_RESULT;
use crate::engagement::paths::fetched_files;
use crate::engagement::Site;
use crate::proving::stated::Counts;
use crate::verifier::code::{compiler, VerifierCode};
use crate::verifier::record::Determined;
use alloy::primitives::{Address, B256};
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_chain::venue::require_state;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::ids::context;
use assay_protocol::transfer::bitmap::ResultBitmap;
use assay_protocol::transfer::shuffle::Shuffle;
use assay_prover::proof::VerifierKey;
use serde::Serialize;
use std::path::Path;

/// The posted bitmap, compared with the hash that the engagement is guarded by.
pub(crate) async fn posted(market: &Market, id: B256, e: &EngagementView) -> eyre::Result<ResultBitmap> {
    let bytes = market.posted_result(id).await?;
    let bitmap = ResultBitmap::parse(market.proven_size(e.mode) as usize, &bytes)?;
    let hash = market.verdict(id).await?.resultHash;
    eyre::ensure!(
        bitmap.hash() == hash,
        "the node's ResultPosted event does not hash to {hash}"
    );
    Ok(bitmap)
}

/// What the provider's proofs show.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Of the engagement.
    pub id: B256,
    /// Positions that the posted result claims.
    pub claimed: u32,
    /// Claimed positions whose proof verifies.
    pub proven: Vec<usize>,
    /// Claimed without a proof that verifies, and why.
    pub unproven: Vec<Unproven>,
}

/// A reason to challenge.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unproven {
    /// In the proven set.
    pub position: usize,
    /// For a person to read.
    pub why: String,
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} of {} claimed positions are proven",
            self.proven.len(),
            self.claimed
        )?;
        for u in &self.unproven {
            writeln!(f, "position {}: {}", u.position, u.why)?;
        }
        match self.unproven.first() {
            None => write!(f, "next: assay mc accept {}", self.id),
            Some(u) => write!(
                f,
                "next: assay mc challenge {} --position {}, or assay mc demand-full {}",
                self.id, u.position, self.id
            ),
        }
    }
}

/// Checks a proof of each claimed position; among several the one that verifies counts, and one on chain always.
pub async fn verify_result(
    site: &Site,
    id: B256,
    set: Option<&Path>,
    proofs: &Delivery,
    key: &VerifierKey,
) -> eyre::Result<Verified> {
    let e = site.market.engagement(id).await?;
    require_state(id, &e, &[State::Claimed, State::FullDemanded, State::Closed])?;
    let bitmap = posted(&site.market, id, &e).await?;
    let mut journal = site.journal(id)?;
    let set = offered_set(&journal, id, &e, set)?;
    let record = site.market.model(e.modelId).await?.record;
    Determined::by_key(key)?
        .check(&record)
        .map_err(|mismatch| hinted(mismatch.to_string(), "check --arch and --srs; do not accept the result"))?;
    let n = site.market.examples() as usize;
    let order = match e.mode {
        Mode::FULL => Shuffle::new(e.seed, n),
        _ => Shuffle::identity(n),
    };
    let first = site.market.first_proven(e.mode) as usize;
    let into = fetched_files(site, id).join("proofs");
    let files = proofs
        .get(BlobKind::Proofs, &into, MAX_PROOF_BYTES, &site.report)
        .await?;
    let ctx_of = |position: usize| context(site.market.chain.id, site.market.address, id, (first + position) as u64);
    let claimed = bitmap.positions().map(ctx_of).collect();
    let given = proofs_by_context(&files, &claimed, &site.report);
    let are_known = e.provenOnChain > 0 && are_known(site, key, record.verifier).await?;
    let bar = site.report.bar("verifying proofs", u64::from(bitmap.correct()));
    let (mut proven, mut unproven) = (Vec::new(), Vec::new());
    for position in bitmap.positions() {
        let index = order.index_of(first + position);
        let example = index
            .and_then(|index| set.examples.get(index))
            .ok_or_else(|| eyre::eyre!("position {position} is in no set of {n}"))?;
        let ctx = ctx_of(position);
        let counts = Counts {
            ctx,
            weights_commit: record.weightsCommit,
            input_commit: example.input_commit,
            metric: record.metric,
            classes: record.classes,
            label: example.label,
        };
        let mut why = String::from("there is no proof of it");
        let mut candidates = given.get(&ctx).into_iter().flatten();
        let is_proven = candidates.any(|bundle| match counts.verify(key, bundle) {
            Ok(()) => true,
            Err(error) => {
                why = format!("{error:#}");
                false
            }
        });
        let is_accepted = !is_proven && e.provenOnChain > 0 && site.market.is_settled_proven(id, position).await?;
        if is_proven || (is_accepted && are_known) {
            proven.push(position);
        } else {
            if is_accepted {
                why = "its proof was accepted by contracts that are not known to check it".into();
            }
            unproven.push(Unproven { position, why });
        }
        bar.set((proven.len() + unproven.len()) as u64);
    }
    if unproven.is_empty() {
        // `accept` answers what was verified, not what the chain says by then.
        journal.set_fact(&VERIFIED_RESULT, &bitmap.hash())?;
    }
    Ok(Verified {
        id,
        claimed: bitmap.correct(),
        proven,
        unproven,
    })
}

/// Whether what the contracts accepted is proven: they are known, and the verifier is the one that this key gives.
async fn are_known(site: &Site, key: &VerifierKey, verifier: Address) -> eyre::Result<bool> {
    if !site.deployment_check().await?.is_known() {
        return Ok(false);
    }
    let made = VerifierCode::generate(key, compiler, &site.report)?;
    Ok(made.compare(&site.market.chain, verifier).await?.is_ok())
}
