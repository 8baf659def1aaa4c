//! Which creation code a contract came from: what its address says, or what the genuine `MarketplaceFactory` kept.
//!
//! A CREATE2 address contains the hash of the creation code. So a contract at its [`place`] began as that code makes it begin,
//! whoever put it there and whatever else is on the chain, as long as the deterministic deployment proxy is what it is on every
//! chain.

use super::artefact::{creation_code, Release};
use super::client::Chain;
use alloy::eips::BlockId;
use alloy::primitives::{address, b256, keccak256, Address, Bytes, B256};
use alloy::providers::Provider;
use alloy::sol_types::SolValue;
use assay_protocol::abi::IMarketplaceFactory::creationCodeHashCall;

/// The deterministic deployment proxy: creates by CREATE2 what it is called with, `salt ‖ creation code`.
pub(super) const DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
pub(super) const DEPLOYER_CODEHASH: B256 = b256!("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989");

/// Contracts with storage that serve everybody: without arguments, at the place that their creation code determines.
const CREATED_BY_PROXY: [&str; 2] = ["CorpusRegistry", "PublishedTransfers"];

/// A contract and how it says that it was created.
#[derive(Debug, Clone, Copy)]
pub(super) struct Created<'a> {
    /// Name in the sources.
    pub(super) contract: &'a str,
    pub(super) at: Address,
    /// Constructor arguments that its address follows from; empty for all others.
    pub(super) arguments: &'a [u8],
}

/// Where the proxy creates a contract of this creation code, on every chain.
pub(super) fn place(code_hash: B256) -> Address {
    DEPLOYER.create2(B256::ZERO, code_hash)
}

/// What [`DEPLOYER`] is called with, to create a contract at its [`place`].
pub(super) fn deployer_input(code: &Bytes) -> Bytes {
    [B256::ZERO.as_slice(), code].concat().into()
}

/// Where `factory` creates the three contracts of `sender`'s call with this salt, in their order.
pub(super) fn places(factory: Address, cradle_code: &Bytes, sender: Address, salt: B256) -> [Address; 3] {
    let salt = keccak256((sender, salt).abi_encode());
    let cradle = factory.create2(salt, keccak256(cradle_code));
    [1, 2, 3].map(|nonce| cradle.create(nonce))
}

/// Whether the proxy is there, as of `block`.
pub(super) async fn has_deployer(chain: &Chain, block: BlockId) -> eyre::Result<bool> {
    let code = chain.provider.get_code_at(DEPLOYER).block_id(block).await?;
    Ok(keccak256(code) == DEPLOYER_CODEHASH)
}

/// As [`difference`], of a contract whose address shows how it was created; `None` if it is none of those.
pub(super) fn difference_of_place(
    release: &Release,
    created: Created<'_>,
    has_deployer: bool,
) -> Option<Option<String>> {
    let Created {
        contract,
        at,
        arguments,
    } = created;
    let code_hash = release.creation.get(contract)?;
    if !has_deployer {
        return Some(Some(format!(
            "nothing shows how it was created: {DEPLOYER} is no deployment proxy"
        )));
    }
    let code_hash = match contract {
        "RetrievalMarket" => keccak256(creation_code(contract, &[], arguments).ok()?),
        _ if CREATED_BY_PROXY.contains(&contract) => *code_hash,
        _ => return None,
    };
    let place = place(code_hash);
    Some((at != place).then(|| format!("it is not the one at {place}, whose address shows how it was created")))
}

/// What keeps a contract from having begun as this release's of that name does, as of `block`. Nothing is asked about contracts
/// without storage of their own.
pub(super) async fn difference(
    chain: &Chain,
    release: &Release,
    created: Created<'_>,
    block: BlockId,
) -> eyre::Result<Option<String>> {
    let Created { contract, at, .. } = created;
    let Some(code_hash) = release.creation.get(contract) else {
        return Ok(None);
    };
    let has_deployer = has_deployer(chain, block).await?;
    if let Some(difference) = difference_of_place(release, created, has_deployer) {
        return Ok(difference);
    }
    let factory = place(release.creation["MarketplaceFactory"]);
    if chain.provider.get_code_at(factory).block_id(block).await?.is_empty() {
        return Ok(Some(format!(
            "it was not created by this release's factory, which is not at {factory}"
        )));
    }
    let call = creationCodeHashCall { created: at };
    Ok(match chain.view_at(factory, &call, block).await? {
        B256::ZERO => Some("it was not created by this release's factory".into()),
        kept if kept == *code_hash => None,
        _ => Some("it was created from other code".into()),
    })
}
