//! A device that holds the key and asks its owner about each transaction.
//!
//! It signs transactions and nothing else here: a request to the other party's server would have to be confirmed on it one by one, a
//! file of a hundred segments a hundred times.

use crate::error::{Error, Kind};
use crate::wallet::Wallet;
use alloy::consensus::SignableTransaction;
use alloy::dyn_abi::TypedData;
use alloy::network::TxSigner;
use alloy::primitives::{Address, ChainId, Signature, B256};
use alloy::signers::{Error as SignerError, Result as Signed, Signer};
use async_trait::async_trait;
use std::fmt;
use std::str::FromStr;

/// The first account of Ledger's own program.
pub const LEDGER_PATH: &str = "m/44'/60'/0'/0/0";

/// Steps of the longest path that a device takes.
const MAX_STEPS: usize = 10;

/// Where a device's key is derived (BIP-32), as `m/44'/60'/0'/0/0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivationPath(String);

impl FromStr for DerivationPath {
    type Err = Error;

    /// # Errors
    /// For anything but `m` and one to ten numbers below 2^31, each perhaps with an apostrophe.
    fn from_str(given: &str) -> Result<Self, Error> {
        let is_step = |step: &str| {
            let digits = step.strip_suffix('\'').unwrap_or(step);
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u32>().is_ok_and(|n| n < 1 << 31)
        };
        let steps: Option<Vec<&str>> = given.strip_prefix("m/").map(|steps| steps.split('/').collect());
        match steps {
            Some(steps) if steps.len() <= MAX_STEPS && steps.iter().all(|step| is_step(step)) => {
                Ok(Self(given.to_owned()))
            }
            _ => Err(Error::new(
                Kind::Usage,
                format!("{given:?} is no derivation path: wanted is one as {LEDGER_PATH}"),
            )),
        }
    }
}

impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Signs transactions with a device, and refuses everything else in words.
#[derive(Debug)]
struct Device<S>(S);

/// What a device does not sign.
fn refused() -> SignerError {
    let why = "a Ledger signs transactions only, not requests to a server";
    SignerError::other(
        Error::new(Kind::Usage, why)
            .hint("hand files over in a directory that both parties reach, or sign with --keystore or --signer-url"),
    )
}

#[async_trait]
impl<S: TxSigner<Signature> + Send + Sync> Signer for Device<S> {
    async fn sign_hash(&self, _: &B256) -> Signed<Signature> {
        Err(refused())
    }

    async fn sign_message(&self, _: &[u8]) -> Signed<Signature> {
        Err(refused())
    }

    async fn sign_dynamic_typed_data(&self, _: &TypedData) -> Signed<Signature> {
        Err(refused())
    }

    fn address(&self) -> Address {
        self.0.address()
    }

    fn chain_id(&self) -> Option<ChainId> {
        None
    }

    fn set_chain_id(&mut self, _: Option<ChainId>) {}
}

#[async_trait]
impl<S: TxSigner<Signature> + Send + Sync> TxSigner<Signature> for Device<S> {
    fn address(&self) -> Address {
        self.0.address()
    }

    async fn sign_transaction(&self, unsigned: &mut dyn SignableTransaction<Signature>) -> Signed<Signature> {
        self.0.sign_transaction(unsigned).await.map_err(|cause| {
            let error = Error::new(Kind::Declined, "the Ledger signed nothing").because(cause);
            SignerError::other(error.hint(
                "confirm the transaction on the device, with its Ethereum app open and blind signing allowed in the app's settings",
            ))
        })
    }
}

/// A wallet of a device's signer.
fn wallet_of<S: TxSigner<Signature> + Send + Sync + 'static>(device: S) -> Wallet {
    Wallet::asking(Device(device), "confirm the transaction on the Ledger".into())
}

/// The Ledger that is connected over USB, unlocked and with its Ethereum app open.
///
/// # Errors
/// If there is none, or this program was built without the feature `ledger`.
#[cfg(feature = "ledger")]
pub async fn ledger(path: &DerivationPath, chain_id: ChainId) -> eyre::Result<Wallet> {
    use alloy::signers::ledger::{HDPath, LedgerSigner};
    // What alloy's signer is built on panics where libusb does not start, as in most containers.
    rusb::Context::new().map_err(absent)?;
    let device = LedgerSigner::new(HDPath::Other(path.to_string()), Some(chain_id)).await;
    device.map(wallet_of).map_err(absent)
}

/// No device, or none that may be used.
#[cfg(feature = "ledger")]
fn absent(cause: impl std::error::Error + Send + Sync + 'static) -> eyre::Report {
    let cure = "connect and unlock it, open its Ethereum app, and close other programs that use it; on Linux udev must let you use it";
    crate::error::hinted_because(eyre::Report::new(cause), "no Ledger answers", cure)
}

/// The Ledger that is connected over USB, unlocked and with its Ethereum app open.
///
/// # Errors
/// If there is none, or this program was built without the feature `ledger`.
#[cfg(not(feature = "ledger"))]
pub async fn ledger(_: &DerivationPath, _: ChainId) -> eyre::Result<Wallet> {
    Err(crate::error::usage(
        "this program was built without the Ledger: build it with cargo install --locked --path marketplace-cli --features ledger",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint_of;
    use crate::wallet::tests::unsigned;
    use alloy::signers::local::PrivateKeySigner;

    /// A device: signs transactions with its key, or its owner refuses.
    struct Fake(Option<PrivateKeySigner>);

    #[async_trait]
    impl TxSigner<Signature> for Fake {
        fn address(&self) -> Address {
            self.0.as_ref().map_or(Address::ZERO, |key| key.address())
        }

        async fn sign_transaction(&self, unsigned: &mut dyn SignableTransaction<Signature>) -> Signed<Signature> {
            match &self.0 {
                Some(key) => key.sign_transaction(unsigned).await,
                None => Err(SignerError::message("denied by the user")),
            }
        }
    }

    #[tokio::test]
    async fn a_device_signs_transactions_and_nothing_else() {
        let key = PrivateKeySigner::random();
        let wallet = wallet_of(Fake(Some(key.clone())));
        assert_eq!(wallet.asks(), Some("confirm the transaction on the Ledger"));
        let signed = wallet.signed(unsigned().into()).await.unwrap();
        assert_eq!(crate::envelope::signer(&signed).unwrap(), key.address());
        let refusals = [wallet.sign_hash(&B256::ZERO).await, wallet.sign_message(b"x").await];
        for refusal in refusals {
            let error = refusal.unwrap_err().to_string();
            assert_eq!(error, "a Ledger signs transactions only, not requests to a server");
        }
    }

    #[tokio::test]
    async fn what_its_owner_refuses_is_declined_with_what_to_do() {
        let error = wallet_of(Fake(None)).signed(unsigned().into()).await.unwrap_err();
        assert!(Kind::Declined.is_of(&error), "{error:#}");
        assert_eq!(format!("{error:#}"), "the Ledger signed nothing: denied by the user");
        assert!(hint_of(&error).unwrap().contains("on the device"));
    }

    #[test]
    fn paths_are_numbers_below_half_of_what_32_bits_hold() {
        for good in [LEDGER_PATH, "m/44'/60'/2147483647'/0", "m/0"] {
            assert_eq!(good.parse::<DerivationPath>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "m",
            "m/",
            "44'/60'",
            "m/2147483648",
            "m/-1",
            "m/+1",
            "m/1''",
            "m//1",
            "m/1/1/1/1/1/1/1/1/1/1/1",
        ] {
            assert!(bad.parse::<DerivationPath>().is_err(), "{bad}");
        }
    }
}
