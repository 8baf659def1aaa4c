//! Creation code of contracts, linked and with arguments.

use crate::error::hinted;
use crate::origin::{place, places};
use crate::repository::Repository;
use crate::terms::MarketTerms;
use alloy::primitives::{keccak256, Address, Bytes, B256};
use alloy::sol_types::SolValue;
use assay_protocol::abi::{IMarketplaceFactory, Judges, RetrievalParams};

/// Code that creates a contract: an artifact's bytecode, linked to `libraries`, and its encoded constructor arguments.
pub fn creation_code(
    repository: &Repository,
    contract: &str,
    libraries: &[(&str, Address)],
    arguments: Vec<u8>,
) -> eyre::Result<Bytes> {
    let artifact = repository.artifact(contract)?;
    let code = artifact
        .pointer("/bytecode/object")
        .and_then(|code| code.as_str())
        .unwrap_or_default();
    let mut code = code.trim_start_matches("0x").to_owned();
    for (library, address) in libraries {
        for place in link_places(&artifact, library) {
            // A placeholder of 20 bytes, in hexadecimal.
            let place = 2 * place..2 * place + 40;
            if code.get(place.clone()).is_some() {
                code.replace_range(place, &hex::encode(address));
            }
        }
    }
    let code = hex::decode(code);
    let mut code = code.ok().filter(|code| !code.is_empty()).ok_or_else(|| {
        hinted(
            format!("the artifact of {contract} has no linked bytecode"),
            "run: scripts/forge build --force",
        )
    })?;
    code.extend(arguments);
    Ok(code.into())
}

/// Bytes of the bytecode at which the address of a library goes.
fn link_places(artifact: &serde_json::Value, library: &str) -> Vec<usize> {
    let files = artifact
        .pointer("/bytecode/linkReferences")
        .and_then(|refs| refs.as_object());
    let places = files.into_iter().flat_map(|files| files.values());
    let places = places.filter_map(|file| file.get(library)?.as_array()).flatten();
    places
        .filter_map(|place| Some(place["start"].as_u64()? as usize))
        .collect()
}

/// The genuine factory's creation code and address.
pub(super) fn factory(repository: &Repository) -> eyre::Result<(Bytes, Address)> {
    let code = creation_code(repository, "MarketplaceFactory", &[], Vec::new())?;
    let at = place(keccak256(&code));
    Ok((code, at))
}

/// The retrieval market's creation code with its arguments, which determines its address.
pub(super) fn retrieval_code(repository: &Repository, params: &RetrievalParams) -> eyre::Result<Bytes> {
    creation_code(repository, "RetrievalMarket", &[], params.abi_encode())
}

/// The call by which `sender` creates a registry and markets that name each other.
pub(super) fn marketplace_call(
    repository: &Repository,
    sender: Address,
    salt: B256,
    terms: &MarketTerms,
    judges: Judges,
    outputs: Address,
) -> eyre::Result<IMarketplaceFactory::createCall> {
    let (_, factory) = factory(repository)?;
    let code = |contract| creation_code(repository, contract, &[], Vec::new());
    let [registry, market, prediction] = places(factory, &code("Cradle")?, sender, salt);
    let prediction_params = terms.prediction_params(registry, outputs);
    let named = match prediction_params {
        Some(_) => prediction,
        None => Address::ZERO,
    };
    Ok(IMarketplaceFactory::createCall {
        salt,
        first: IMarketplaceFactory::Creation {
            code: code("ModelRegistry")?,
            arguments: terms.registry_params(market, named).abi_encode().into(),
        },
        second: IMarketplaceFactory::Creation {
            code: code("AccuracyMarket")?,
            arguments: terms.market_params(registry, judges).abi_encode().into(),
        },
        third: match prediction_params {
            Some(params) => IMarketplaceFactory::Creation {
                code: code("PredictionMarket")?,
                arguments: params.abi_encode().into(),
            },
            None => IMarketplaceFactory::Creation {
                code: Bytes::new(),
                arguments: Bytes::new(),
            },
        },
    })
}
