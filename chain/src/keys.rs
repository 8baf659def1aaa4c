//! Keys that anybody has, and where somebody keeps one.

use super::client::DEVNET_CHAIN_ID;
use crate::error::usage;
use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner};

/// The variable that may hold a private key, 32 bytes in hexadecimal.
pub const KEY_VARIABLE: &str = "ASSAY_PRIVATE_KEY";

/// The variable that may hold the URL of a signer.
pub const SIGNER_VARIABLE: &str = "ASSAY_SIGNER_URL";

/// Anvil's published mnemonic: money on these accounts is anybody's.
const ANVIL_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Anvil's account `n`, only for a development chain.
pub fn devnet_key(n: u32, chain_id: u64) -> eyre::Result<PrivateKeySigner> {
    if chain_id != DEVNET_CHAIN_ID {
        return Err(usage(format!(
            "--devnet-account works only on chain {DEVNET_CHAIN_ID}, this is chain {chain_id}: its key is public"
        )));
    }
    let builder = MnemonicBuilder::from_phrase(ANVIL_MNEMONIC).index(n);
    Ok(builder.and_then(|b| b.build())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anvils_accounts_exist_on_its_chain_only() {
        let first = devnet_key(0, DEVNET_CHAIN_ID).unwrap();
        assert_eq!(
            first.address().to_string(),
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        );
        assert!(devnet_key(0, 1).is_err());
    }
}
