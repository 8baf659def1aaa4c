//! What the contracts with parameters are created with.

use crate::artefact::creation_code;
use crate::origin::{place, places};
use crate::terms::MarketTerms;
use alloy::primitives::{keccak256, Address, Bytes, B256};
use alloy::sol_types::SolValue;
use assay_protocol::abi::{IMarketplaceFactory, Judges, RetrievalParams};

/// The genuine factory's creation code and address.
pub(super) fn factory() -> eyre::Result<(Bytes, Address)> {
    let code = creation_code("MarketplaceFactory", &[], &[])?;
    let at = place(keccak256(&code));
    Ok((code, at))
}

/// The retrieval market's creation code with its arguments, which determines its address.
pub(super) fn retrieval_code(params: &RetrievalParams) -> eyre::Result<Bytes> {
    creation_code("RetrievalMarket", &[], &params.abi_encode())
}

/// The call by which `sender` creates a registry and markets that name each other.
pub(super) fn marketplace_call(
    sender: Address,
    salt: B256,
    terms: &MarketTerms,
    judges: Judges,
    outputs: Address,
) -> eyre::Result<IMarketplaceFactory::createCall> {
    let (_, factory) = factory()?;
    let code = |contract| creation_code(contract, &[], &[]);
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
