//! A deployment tried on the node before its first transaction.

use super::account::Account;
use super::artefact::creation_code;
use super::client::{revert_data, Call};
use super::creation::{factory, marketplace_call, retrieval_code};
use super::revert;
use super::terms::MarketTerms;
use crate::error::{hinted, hinted_because};
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use alloy::rpc::types::state::StateOverridesBuilder;
use alloy::sol_types::SolCall;
use assay_protocol::abi::{AuditContracts, IMarketplaceFactory, Judges};
use eyre::WrapErr;

/// Where the contracts without parameters stand in the rehearsal: nobody's addresses.
const POSEIDON: Address = Address::repeat_byte(0xd1);
const JUDGES: Judges = Judges {
    transfers: Address::repeat_byte(0xd2),
    publication: Address::repeat_byte(0xd3),
    proofs: Address::repeat_byte(0xd4),
};
const OUTPUT_JUDGE: Address = Address::repeat_byte(0xd5);
const OF_AUDITS: AuditContracts = AuditContracts {
    corpora: Address::repeat_byte(0xd6),
    documents: Address::repeat_byte(0xd7),
    transfers: JUDGES.transfers,
    sharedKeys: Address::repeat_byte(0xd8),
    publication: JUDGES.publication,
};

const UNABLE: &str = "the node cannot try the deployment before it is sent";
const ANOTHER_NODE: &str = "nothing was sent; use a node whose eth_call takes state overrides";

/// Lets the factory create registry and markets in one `eth_call`, and the retrieval market be created in another, with the code of
/// everything else laid under them by state overrides: the constructors judge the terms, and nothing is spent.
///
/// # Errors
/// The constructor's refusal in words, or if the node cannot override the state of a call.
pub(super) async fn rehearse(account: &Account, terms: &MarketTerms) -> eyre::Result<()> {
    let (_, factory) = factory()?;
    let contracts: [(&str, Address, &[_]); 9] = [
        ("PoseidonT4", POSEIDON, &[]),
        ("TransferJudge", JUDGES.transfers, &[("PoseidonT4", POSEIDON)]),
        ("PublishedTransfers", JUDGES.publication, &[]),
        ("ProofJudge", JUDGES.proofs, &[]),
        ("OutputJudge", OUTPUT_JUDGE, &[]),
        ("CorpusRegistry", OF_AUDITS.corpora, &[]),
        ("DocumentJudge", OF_AUDITS.documents, &[]),
        ("SharedKeyJudge", OF_AUDITS.sharedKeys, &[]),
        ("MarketplaceFactory", factory, &[]),
    ];
    let mut laid = StateOverridesBuilder::default();
    for (contract, at, libraries) in contracts {
        let create = Call::create(creation_code(contract, libraries, &[])?);
        let code = account.dry_run(&create).await;
        laid = laid.with_code(at, code.wrap_err_with(|| format!("cannot create {contract}"))?);
    }
    let laid = laid.build();
    let try_call = async |call: Call| {
        let request = call.request(account.address());
        let answer = account.chain.provider.call(request).overrides(laid.clone()).await;
        answer.map_err(|error| match revert_data(&error) {
            Some(data) => hinted_because(
                revert::explain(&data),
                "the contracts refuse these terms",
                "nothing was sent; change the terms and repeat the command",
            ),
            None => hinted_because(error.into(), UNABLE, ANOTHER_NODE),
        })
    };
    // No deployment uses this salt.
    let create = marketplace_call(account.address(), B256::ZERO, terms, JUDGES, OUTPUT_JUDGE)?;
    let created = try_call(Call::new(factory, &create)).await?;
    // An account without code answers with nothing.
    if IMarketplaceFactory::createCall::abi_decode_returns(&created).is_err() {
        return Err(hinted(UNABLE, ANOTHER_NODE));
    }
    if let Some(retrieval) = &terms.retrieval {
        let code = retrieval_code(&retrieval.params(OF_AUDITS))?;
        try_call(Call::create(code)).await?;
    }
    Ok(())
}
