//! Proofs by what they are about.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::U256;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_prover::proof::ProofBundle;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Bytes of the largest proof that is fetched.
pub const MAX_PROOF_BYTES: u64 = 1 << 20;

/// Proofs of one context that are tried.
const MAX_CANDIDATES: usize = 4;

/// Proofs by the context that they say they are for, whatever their files are called. What is no proof, or for none of these
/// contexts, is left out; so is what comes after a few for the same one.
pub fn proofs_by_context(
    files: &[PathBuf],
    contexts: &BTreeSet<U256>,
    out: &Reporter,
) -> BTreeMap<U256, Vec<ProofBundle>> {
    let mut proofs = BTreeMap::<U256, Vec<ProofBundle>>::new();
    for file in files {
        let bundle = read_regular(file, MAX_PROOF_BYTES)
            .map_err(|error| error.to_string())
            .and_then(|bytes| ProofBundle::from_bytes(&bytes).map_err(|error| error.to_string()));
        match bundle {
            Ok(bundle) => {
                let Some(statement) = bundle.statement() else {
                    continue;
                };
                let ctx = U256::from_be_bytes(statement.ctx);
                let same = proofs.entry(ctx).or_default();
                if contexts.contains(&ctx) && same.len() < MAX_CANDIDATES {
                    same.push(bundle);
                }
            }
            Err(error) => out.warn(format_args!("{} is no proof: {error}", file.display())),
        }
    }
    proofs
}
