//! What was deployed, read back and compared with what was meant.

use crate::audits::Audits;
use crate::client::{Chain, DEVNET_CHAIN_ID};
use crate::rounds::Rounds;
use crate::terms::MarketTerms;
use alloy::primitives::Address;
use alloy::providers::Provider;
use assay_protocol::abi::{
    IAccuracyMarket, IAccuracyTerms, IMarketplaceFactory, IModelRegistry, Judges, Mode, PredictionMarketParams,
    RetrievalParams,
};

/// The largest code that chains take, in bytes.
const MAX_CODE: usize = 24_576;

/// Reads registry and markets back.
///
/// # Errors
/// If anything is not as it was meant.
pub(super) async fn check(
    chain: &Chain,
    terms: &MarketTerms,
    judges: Judges,
    created: &IMarketplaceFactory::MarketplaceCreated,
) -> eyre::Result<()> {
    let (registry, market, prediction) = (created.registry, created.accuracy, created.prediction);
    let registry_params = chain.view(registry, &IModelRegistry::paramsCall {}).await?;
    eyre::ensure!(
        registry_params == terms.registry_params(market, prediction),
        "the registry has other parameters than asked for"
    );
    let loaded = crate::market::Market::load(chain.clone(), market).await?;
    let p = &loaded.params;
    eyre::ensure!(
        p.registry == registry
            && p.treasury == terms.treasury
            && p.n1 == terms.n1
            && p.n2 == terms.n2
            && p.judges == judges,
        "the market has other parameters than asked for"
    );
    let address = chain.view(market, &IAccuracyMarket::termsCall {}).await?;
    for mode in [Mode::CLEAR, Mode::FULL, Mode::SIMPLE] {
        let got = chain.view(address, &IAccuracyTerms::amountsCall { mode }).await?;
        let expected = loaded.amounts(mode);
        eyre::ensure!(
            got == expected,
            "the market's amounts are {got:?}, expected {expected:?}"
        );
    }
    if terms.rounds.is_some() {
        let rounds = Rounds::of(loaded).await?;
        let p = &rounds.params;
        let expected = terms.prediction_params(registry, p.judge);
        let got = PredictionMarketParams {
            registry: p.registry,
            judge: p.judge,
            priceProof: p.priceProof,
            fee: p.fee,
            answerGas: p.answerGas,
            windows: p.windows.clone(),
        };
        eyre::ensure!(
            rounds.address == prediction && expected == Some(got),
            "the prediction market has other parameters than asked for"
        );
    }
    for contract in [registry, market, prediction] {
        if !contract.is_zero() {
            check_size(chain, contract).await?;
        }
    }
    Ok(())
}

/// Reads a retrieval market back.
///
/// # Errors
/// As [`check`].
pub(super) async fn check_retrieval(chain: &Chain, at: Address, params: &RetrievalParams) -> eyre::Result<()> {
    let audits = Audits::open(chain.clone(), at).await?;
    eyre::ensure!(
        audits.params == *params,
        "the retrieval market has other parameters than asked for"
    );
    check_size(chain, at).await
}

/// Anvil takes any code, other chains do not.
async fn check_size(chain: &Chain, contract: Address) -> eyre::Result<()> {
    if chain.id == DEVNET_CHAIN_ID {
        return Ok(());
    }
    let len = chain.provider.get_code_at(contract).await?.len();
    eyre::ensure!(
        len > 0 && len <= MAX_CODE,
        "contract {contract} has {len} bytes of code"
    );
    Ok(())
}
