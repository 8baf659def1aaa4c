//! Every proof that the market accepted, verified again by this program: the word of a verifier contract is not needed for it.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::{refused, require_same};
use super::replay::course::{Course, Known, Shown};
use crate::proving::stated::{self, Stated};
use alloy::primitives::U256;
use assay_durable::report::Reporter;
use assay_protocol::ids::audit_context;
use assay_protocol::merkle::{depth, root_from};
use assay_protocol::retrieval::corpora::document_leaf;
use assay_prover::proof::{ProofBundle, VerifierKey};
use eyre::WrapErr;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// The one output that is proven: no match.
const NO_MATCH: U256 = U256::ZERO;

/// Verifies what was shown in an audit; how many proofs those are.
///
/// # Errors
/// Of kind rejected: a proof, or the opening of its document, does not hold.
pub fn verify(course: &Course, weights_commit: U256, key: &VerifierKey, out: &Reporter) -> eyre::Result<usize> {
    let bar = out.bar("verifying proofs", course.shown.len() as u64);
    let done = AtomicU64::new(0);
    course.shown.par_iter().try_for_each(|shown| {
        let index = shown.due.index;
        holds(&course.known, shown, weights_commit, key)
            .wrap_err_with(|| format!("the proof about document {index}"))?;
        bar.set(done.fetch_add(1, Ordering::Relaxed) + 1);
        eyre::Ok(())
    })?;
    Ok(course.shown.len())
}

fn holds(known: &Known, shown: &Shown, weights_commit: U256, key: &VerifierKey) -> eyre::Result<()> {
    let (index, group) = (shown.due.index, &shown.group);
    let ([_], [commit], [salt], [path]) = (
        &group.indices[..],
        &group.docCommits[..],
        &group.leafSalts[..],
        &group.paths[..],
    ) else {
        return Err(refused("it is about several documents at once"));
    };
    let size = known.corpus.size as usize;
    require_same("the number of siblings of its leaf", path.len(), depth(size))?;
    let leaf = document_leaf(index as usize, *commit, *salt);
    require_same(
        "the root that its leaf leads to",
        root_from(leaf, index as usize, path),
        known.corpus.root,
    )?;
    let ctx = audit_context(known.chain_id, known.market, known.id, index.into());
    let expected = Stated {
        ctx: ctx.to_be_bytes(),
        weights_commit: weights_commit.to_be_bytes(),
        input_commit: commit.to_be_bytes(),
        outputs: vec![NO_MATCH.to_be_bytes()],
    };
    let words = [expected.ctx, expected.input_commit, NO_MATCH.to_be_bytes()];
    let points = u16::try_from(key.compiled().frozen.layout.weight_columns).unwrap_or(u16::MAX);
    let bundle = ProofBundle::new(
        key.arch_id(),
        key.vk_digest(),
        points,
        words.to_vec(),
        group.proof.to_vec(),
    );
    stated::verify(key, &bundle.map_err(refused)?, &expected)
}
