//! The contracts of a retrieval market compared with this release by code that was given: a file has it, and no node is asked.
//!
//! # Soundness
//! That the code is what a chain has at those addresses is for whoever gives it; see [`account_proof`](crate::account_proof).

use crate::artefact::{address_at, Release};
use crate::client::Chain;
use crate::immutables::{of_audits, parts_of_audits};
use crate::origin::{difference_of_place, Created, DEPLOYER, DEPLOYER_CODEHASH};
use crate::release::Survey;
use alloy::primitives::{keccak256, Address, Bytes};
use alloy::sol_types::SolValue;
use assay_protocol::abi::RetrievalParams;
use std::collections::BTreeMap;

/// Code by address.
pub type Codes = BTreeMap<Address, Bytes>;

/// Reads the code of everything that decides about the money of audits, and of what shows how it was created.
///
/// # Errors
/// If the node does not answer.
pub async fn read(chain: &Chain, market: Address, params: &RetrievalParams) -> eyre::Result<Codes> {
    let release = Release::this();
    let mut codes = Codes::from([(DEPLOYER, chain.code(DEPLOYER).await?)]);
    for (contract, at) in parts_of_audits(market, params) {
        let code = chain.code(at).await?;
        for (_, library) in linked(&release, contract, &code) {
            codes.insert(library, chain.code(library).await?);
        }
        codes.insert(at, code);
    }
    Ok(codes)
}

/// As [`Survey::of_audits`], of code that is given; what is not has none.
pub fn survey(chain_id: u64, market: Address, params: &RetrievalParams, codes: &Codes) -> Survey {
    let (release, expected) = (Release::this(), of_audits(market, params));
    let arguments = params.abi_encode();
    let none = Bytes::new();
    let code_of = |at: &Address| codes.get(at).unwrap_or(&none);
    let has_deployer = keccak256(code_of(&DEPLOYER)) == DEPLOYER_CODEHASH;
    let mut survey = Survey {
        chain_id,
        parts: Vec::new(),
    };
    for (contract, at) in parts_of_audits(market, params) {
        let code = code_of(&at);
        let created = Created {
            contract,
            at,
            arguments: if at == market { &arguments } else { &[] },
        };
        let difference = release.contracts[contract]
            .difference(code, at, &expected)
            .or_else(|| difference_of_place(&release, created, has_deployer).flatten());
        survey.add(contract, at, code, difference);
        for (library, at) in linked(&release, contract, code) {
            let code = code_of(&at);
            survey.add(
                library,
                at,
                code,
                release.contracts[library].difference(code, at, &expected),
            );
        }
    }
    survey
}

/// The libraries that a contract's code is linked to, with their addresses; none of code that is not this release's.
fn linked<'a>(release: &'a Release, contract: &str, code: &[u8]) -> Vec<(&'a str, Address)> {
    let artefact = &release.contracts[contract];
    if !artefact.is_code(code) {
        return Vec::new();
    }
    let places = artefact.libraries.iter().flat_map(|(library, places)| {
        let of = |place: &usize| (library.as_str(), address_at(code, *place));
        places.iter().map(of)
    });
    let mut linked: Vec<_> = places.collect();
    linked.dedup();
    linked
}
