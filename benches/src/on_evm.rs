//! A proof that the generated contract verifies.

use assay_marketplace::verifier::code::spec;
use assay_prover::proof::{ProofBundle, VerifierKey};
use assay_verifier_gen::calldata::encode_bound;
use assay_verifier_gen::evm::{Compiler, Evm};
use eyre::{ensure, eyre};
use std::path::Path;

/// Calldata gas of a byte that is not zero over that of a zero byte (EIP-2028).
const GAS_SAVED_BY_ZERO_BYTE: u64 = 16 - 4;

/// What it takes.
pub(crate) struct OnEvm {
    pub(crate) points: usize,
    pub(crate) calldata: usize,
    pub(crate) gas: u64,
    pub(crate) gas_at_most: u64,
    pub(crate) verifier_code: usize,
    pub(crate) vk_code: usize,
}

/// Compiles, deploys and calls it.
///
/// # Errors
/// If there is no compiler, or the contract says no.
pub(crate) fn on_evm(key: &VerifierKey, bundle: &ProofBundle) -> eyre::Result<OnEvm> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or_else(|| eyre!("no repository root"))?;
    let generated = spec(key, "BenchVerifier", "scripts/bench prove")?.generate()?;
    let contract = Compiler::in_repo(root)?.compile(&generated.verifier_source, "BenchVerifier")?;
    let mut evm = Evm::new();
    let (_, verifier) = evm.deploy_verifier(&generated, &contract)?;
    let statement = bundle
        .statement()
        .ok_or_else(|| eyre!("another number of public inputs"))?;
    let calldata = encode_bound(bundle.vk_digest(), &statement.call_words(), bundle.proof());
    let outcome = evm.call(&verifier, &calldata, assay_verifier_gen::evm::MAX_GAS)?;
    ensure!(
        outcome.accepted(),
        "the generated contract does not accept the proof: {outcome:?}"
    );
    let zero_bytes = calldata.iter().filter(|&&byte| byte == 0).count() as u64;
    Ok(OnEvm {
        points: generated.manifest.proof_points + generated.manifest.vk_points,
        calldata: calldata.len(),
        gas: outcome.gas_used,
        gas_at_most: outcome.gas_used + zero_bytes * GAS_SAVED_BY_ZERO_BYTE,
        verifier_code: contract.runtime_len,
        vk_code: generated.vk_data.len(),
    })
}
