//! The predicate: its weights and architecture, the key that follows from them, and the verifier contract that follows from the key.

use super::record::Record;
use super::refusal::{refused, require, require_same};
use crate::audit::predicate::as_record;
use crate::proving::reference_string::SrsUse;
use crate::proving::verifier_key;
use crate::verifier::code::{addresses_in, key_data_hash, VerifierCode};
use crate::verifier::record::Determined;
use alloy::primitives::{Address, B256, U256};
use assay_chain::error::hinted;
use assay_chain::packages;
use assay_durable::report::Reporter;
use assay_protocol::abi::Predicate;
use assay_prover::model::Model;
use assay_prover::proof::{ModelOpening, VerifierKey};
use assay_prover::srs::SrsId;
use assay_verifier_gen::evm::Compiler;
use eyre::WrapErr;
use std::collections::BTreeMap;

/// log₂ of the most rows of a key that is made anew: sixteen times those of the largest network that this program has proven. Columns
/// are bounded wherever a layout is read.
const MAX_K: u32 = 22;

/// A predicate whose weights, key and verifier belong together.
#[derive(Debug)]
pub struct Checked {
    /// Verifies its proofs.
    pub key: VerifierKey,
    /// The network with its weights.
    pub model: Model,
    /// The string's secret is public: proofs under it show nothing.
    pub is_development: bool,
    /// Why the verifier contract was not compared with the key; `None` if it was, and is the key's.
    pub not_compared: Option<String>,
}

/// Reads the opening of a predicate's weights.
///
/// # Errors
/// Of kind rejected, if it is none.
pub fn read(bytes: &[u8]) -> eyre::Result<ModelOpening> {
    ModelOpening::from_bytes(bytes).map_err(|why| refused(format!("the predicate: {why}")))
}

/// The key of an opening that says what the predicate says, on a chain.
///
/// # Errors
/// Of kind rejected, if weights, architecture or reference string are not the predicate's.
pub fn key(
    opening: &ModelOpening,
    predicate: &Predicate,
    input_words: u32,
    chain_id: u64,
    srs: &SrsUse,
    out: &Reporter,
) -> eyre::Result<VerifierKey> {
    // Before a key of any size is made.
    require_same(
        "the verifying key of the opened weights",
        B256::from(opening.vk_digest),
        predicate.vkDigest,
    )?;
    let stated = U256::from_be_bytes(opening.weights_commit);
    require_same("the commitment of the opened weights", stated, predicate.weightsCommit)?;
    let frozen = opening.frozen();
    require(frozen.layout.k <= MAX_K, || {
        format!(
            "a key of 2^{} rows would have to be made, at most 2^{MAX_K} are",
            frozen.layout.k
        )
    })?;
    let string = srs.load_for(chain_id, frozen.layout.k, out)?;
    let key = verifier_key(&frozen, string, out)?;
    let (stated, own) = (SrsId(opening.srs_id), key.srs().id());
    if stated != own {
        return Err(hinted(
            format!("the predicate is proven under reference string {stated}, --srs names {own}"),
            "name the file of that string with --srs",
        ));
    }
    let determined = Determined::by_key(&key).wrap_err("the predicate")?;
    let record = as_record(predicate, input_words);
    determined
        .check(&record)
        .map_err(|why| refused(format!("the architecture of the opened weights: {why}")))?;
    Ok(key)
}

/// Compares all of a predicate with the request that names it.
///
/// # Errors
/// Of kind rejected: the first of weights, architecture, key and verifier that is not the predicate's.
pub fn check(
    record: &Record,
    bytes: &[u8],
    predicate: &Predicate,
    input_words: u32,
    code_hashes: &BTreeMap<Address, B256>,
    srs: &SrsUse,
    out: &Reporter,
) -> eyre::Result<Checked> {
    let opening = read(bytes)?;
    require_same(
        "the reference string of the opened weights",
        B256::from(opening.srs_id),
        record.reference_string,
    )?;
    let hash = code_hashes.get(&predicate.verifier).copied();
    let hash = hash.ok_or_else(|| refused("the account of the predicate's verifier is missing"))?;
    require_same("the hash of the verifier's code", hash, predicate.verifierCodehash)?;
    let key = key(&opening, predicate, input_words, record.chain_id, srs, out)?;
    let commit = opening
        .recompute(&key)
        .map_err(|why| refused(format!("the predicate's weights: {why}")))?;
    let commit = U256::from_be_bytes(commit);
    require_same(
        "the recomputed commitment of the opened weights",
        commit,
        predicate.weightsCommit,
    )?;
    let not_compared = verifier(record, predicate, code_hashes, &key, out)?;
    Ok(Checked {
        model: opening.model,
        is_development: key.srs().is_development(),
        key,
        not_compared,
    })
}

/// Where the data of this key is: the contract that the verifier's code names and that has them.
///
/// # Errors
/// If the key has no verifier.
pub fn candidates(key: &VerifierKey, code: &[u8]) -> eyre::Result<(B256, Vec<Address>)> {
    Ok((key_data_hash(key)?, addresses_in(code)))
}

/// Whether the verifier's code is what this key gives; why nobody knows, if so.
fn verifier(
    record: &Record,
    predicate: &Predicate,
    code_hashes: &BTreeMap<Address, B256>,
    key: &VerifierKey,
    out: &Reporter,
) -> eyre::Result<Option<String>> {
    let code = record.codes.get(&predicate.verifier);
    let code = code.ok_or_else(|| refused("the code of the predicate's verifier is missing"))?;
    let (hash, named) = candidates(key, code)?;
    if let Some(key_data) = record.key_data {
        require(named.contains(&key_data), || {
            format!("the verifier's code does not name {key_data} for its key's data")
        })?;
        let given = code_hashes.get(&key_data).copied();
        let given = given.ok_or_else(|| refused("the account with the key's data is missing"))?;
        require_same("the hash of the key's data", given, hash)?;
    }
    // Not one that lies where the package came from, though its compiler would be told by its hash: where somebody stands must not
    // decide what is compared.
    let compiler = || packages::named().and_then(|folder| Ok(Compiler::among(&[folder])?));
    let made = match VerifierCode::generate(key, compiler, out) {
        Ok(made) => made,
        Err(why) => return Ok(Some(format!("it could not be compiled here: {why:#}"))),
    };
    let is_made = |at: &Address| made.code_hash(*at).is_ok_and(|hash| hash == predicate.verifierCodehash);
    let Some(key_data) = record.key_data else {
        require(!named.iter().any(is_made), || {
            "the account with the key's data was left out"
        })?;
        return Ok(Some("its verifier is none that this program makes".into()));
    };
    require_same(
        "the hash of the verifier's code",
        predicate.verifierCodehash,
        made.code_hash(key_data)?,
    )?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::Kind;
    use assay_prover::circuit::Layout;
    use assay_prover::model::random::tiny_network;

    /// No reference string is named that could be read: whoever begins with a key fails in another way.
    #[test]
    fn no_key_is_made_of_as_many_rows_as_a_file_asks_for() {
        let layout = Layout {
            k: MAX_K + 1,
            lanes: 3,
            weight_columns: 3,
            salt_rows: 1,
        };
        let opening = ModelOpening {
            model: Model::random(tiny_network(10), 1).unwrap(),
            layout,
            srs_id: [1; 32],
            vk_digest: [2; 32],
            weights_commit: [3; 32],
            seeds: [[4; 32]; 2],
        };
        let predicate = Predicate {
            verifier: Address::ZERO,
            verifierCodehash: B256::ZERO,
            vkDigest: B256::repeat_byte(2),
            weightsCommit: U256::from_be_bytes([3; 32]),
        };
        let srs = SrsUse {
            choice: "nowhere.ptau".parse().unwrap(),
            allow_unsafe: false,
        };
        let error = key(&opening, &predicate, 1, 1, &srs, &Reporter::silent()).unwrap_err();
        assert!(Kind::Rejected.is_of(&error), "{error:#}");
        assert!(error.to_string().contains("a key of 2^23 rows"), "{error:#}");
    }
}
