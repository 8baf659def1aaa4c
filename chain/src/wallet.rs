//! What signs for an account: a key of this machine, a signer at a URL, a device.
//!
//! Whatever it is, it only ever contributes a signature: the transaction stays the one that was asked for, and a signature that is
//! not this account's over exactly that transaction is refused before anything is journalled or sent.

use crate::error::{hinted, Error};
use alloy::consensus::{SignableTransaction, TxEnvelope, TypedTransaction};
use alloy::dyn_abi::TypedData;
use alloy::network::{FullSigner, TxSigner};
use alloy::primitives::{Address, ChainId, Signature, B256};
use alloy::signers::local::PrivateKeySigner;
use alloy::signers::{Error as SignerError, Result as Signed, Signer};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// What signs; clones share it. It tells its address and nothing else.
#[derive(Clone)]
pub struct Wallet {
    signer: Arc<dyn FullSigner<Signature> + Send + Sync>,
    asks: Option<String>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.account())
    }
}

impl From<PrivateKeySigner> for Wallet {
    fn from(key: PrivateKeySigner) -> Self {
        Self {
            signer: Arc::new(key),
            asks: None,
        }
    }
}

impl Wallet {
    /// Something that is asked elsewhere, with the line that says so before it is.
    pub fn asking(signer: impl FullSigner<Signature> + Send + Sync + 'static, asks: String) -> Self {
        Self {
            signer: Arc::new(signer),
            asks: Some(asks),
        }
    }

    /// Whose signatures these are.
    pub fn account(&self) -> Address {
        TxSigner::address(&*self.signer)
    }

    /// Who has to act before a transaction is signed, if it is not this machine alone.
    pub(crate) fn asks(&self) -> Option<&str> {
        self.asks.as_deref()
    }

    /// Signs a transaction.
    ///
    /// # Errors
    /// If nothing is signed, or the signature is not this account's over this very transaction.
    pub(crate) async fn signed(&self, mut unsigned: TypedTransaction) -> eyre::Result<TxEnvelope> {
        let hash = unsigned.signature_hash();
        let signature = self.signer.sign_transaction(&mut unsigned).await.map_err(in_words)?;
        let account = self.account();
        match signature.recover_address_from_prehash(&hash) {
            Ok(signer) if signer == account && unsigned.signature_hash() == hash => {
                Ok(unsigned.into_signed(signature).into())
            }
            _ => Err(hinted(
                format!("the signature is not one of {account} over the transaction that was to be signed; nothing was sent"),
                "do not use this signer before you know what it signed instead",
            )),
        }
    }
}

/// A signer's error with what we said of it: alloy's type hides kind and remedy.
fn in_words(error: SignerError) -> eyre::Report {
    match error {
        SignerError::Other(cause) => match cause.downcast::<Error>() {
            Ok(error) => eyre::Report::new(*error),
            Err(cause) => eyre::Report::new(SignerError::Other(cause)),
        },
        error => error.into(),
    }
}

#[async_trait]
impl Signer for Wallet {
    async fn sign_hash(&self, hash: &B256) -> Signed<Signature> {
        self.signer.sign_hash(hash).await
    }

    async fn sign_message(&self, message: &[u8]) -> Signed<Signature> {
        self.signer.sign_message(message).await
    }

    async fn sign_dynamic_typed_data(&self, data: &TypedData) -> Signed<Signature> {
        self.signer.sign_dynamic_typed_data(data).await
    }

    fn address(&self) -> Address {
        self.account()
    }

    fn chain_id(&self) -> Option<ChainId> {
        self.signer.chain_id()
    }

    /// Every transaction names its chain itself.
    fn set_chain_id(&mut self, _: Option<ChainId>) {}
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alloy::consensus::TxEip1559;
    use alloy::primitives::{TxKind, U256};

    /// A transaction with every field set.
    pub(crate) fn unsigned() -> TxEip1559 {
        TxEip1559 {
            chain_id: 5,
            nonce: 7,
            gas_limit: 90_000,
            max_fee_per_gas: 30,
            max_priority_fee_per_gas: 2,
            to: TxKind::Call(Address::repeat_byte(9)),
            value: U256::from(1000),
            input: vec![1, 2, 3].into(),
            access_list: Default::default(),
        }
    }

    /// Has one address and signs with another one's key, or changes what it signs.
    struct Liar {
        address: Address,
        key: PrivateKeySigner,
        chain: Option<ChainId>,
    }

    #[async_trait]
    impl Signer for Liar {
        async fn sign_hash(&self, hash: &B256) -> Signed<Signature> {
            self.key.sign_hash(hash).await
        }

        fn address(&self) -> Address {
            self.address
        }

        fn chain_id(&self) -> Option<ChainId> {
            None
        }

        fn set_chain_id(&mut self, _: Option<ChainId>) {}
    }

    #[async_trait]
    impl TxSigner<Signature> for Liar {
        fn address(&self) -> Address {
            self.address
        }

        async fn sign_transaction(&self, tx: &mut dyn SignableTransaction<Signature>) -> Signed<Signature> {
            if let Some(chain) = self.chain {
                tx.set_chain_id(chain);
            }
            self.key.sign_hash(&tx.signature_hash()).await
        }
    }

    #[tokio::test]
    async fn a_signature_of_another_key_or_over_something_else_is_refused() {
        let key = PrivateKeySigner::random();
        let (own, other) = (key.address(), Address::repeat_byte(1));
        let wallet = |address, chain| {
            let key = key.clone();
            Wallet::asking(Liar { address, key, chain }, String::new())
        };
        let signed = wallet(own, None).signed(unsigned().into()).await.unwrap();
        assert_eq!(crate::envelope::signer(&signed).unwrap(), own);
        for lie in [wallet(other, None), wallet(own, Some(6))] {
            let error = lie.signed(unsigned().into()).await.unwrap_err().to_string();
            assert!(error.starts_with("the signature is not one of 0x"), "{error}");
        }
    }

    #[test]
    fn a_wallet_shows_its_address_only() {
        let key = PrivateKeySigner::random();
        let shown = format!("{:?}", Wallet::from(key.clone()));
        assert_eq!(shown, format!("Wallet({})", key.address()));
    }
}
