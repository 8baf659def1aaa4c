//! A signer at a URL, asked by JSON-RPC, as Web3signer, geth and Clef speak it.
//!
//! What comes back is compared with what was asked, field by field, and only its signature is taken: a signer that lies signs nothing
//! of ours. It must be reached over https unless it is on this machine, and its address may hold a key, so that no more of it than
//! scheme, host and port is ever shown.

use crate::error::{hinted, usage, Error, Kind};
use crate::node_url::NodeUrl;
use crate::wallet::Wallet;
use alloy::consensus::{SignableTransaction, Transaction, TxEnvelope};
use alloy::dyn_abi::TypedData;
use alloy::eips::Decodable2718;
use alloy::network::TxSigner;
use alloy::primitives::{Address, Bytes, ChainId, Signature, B256};
use alloy::rpc::client::{ClientBuilder, RpcClient};
use alloy::signers::{Error as SignerError, Result as Signed, Signer};
use alloy::transports::http::reqwest;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use async_trait::async_trait;
use serde_json::{json, Value};
use std::str::FromStr;
use std::time::Duration;

/// How long a signer may take to be reached.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to answer: a person may be asked there.
pub const SIGNER_PATIENCE: Duration = Duration::from_secs(300);

/// JSON-RPC's code for a method that is not there.
const NO_SUCH_METHOD: i64 = -32601;

/// Most characters of a signer's own words that are repeated.
const MAX_WORDS: usize = 200;

/// The address of a signer: https, or http on the loopback interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerUrl(NodeUrl);

impl FromStr for SignerUrl {
    type Err = Error;

    /// # Errors
    /// For anything else; the error does not quote it.
    fn from_str(given: &str) -> Result<Self, Error> {
        let url = NodeUrl::of_option("--signer-url", given)?;
        if url.secret().scheme() == "http" && !url.is_loopback() {
            let why = format!("the signer at {url} would be asked in clear");
            return Err(Error::new(Kind::Usage, why).hint("use https; http is for the loopback interface"));
        }
        Ok(Self(url))
    }
}

impl std::fmt::Display for SignerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl SignerUrl {
    /// The value of an option that was typed, which every process of this machine can read.
    ///
    /// # Errors
    /// As [`SignerUrl::from_str`], and if there is more to it than scheme, host and port.
    pub fn typed(given: &str) -> Result<Self, Error> {
        let url: Self = given.parse()?;
        if url.0.holds_more() {
            let why =
                "--signer-url has a user, a path or a query, which may be a key, and other programs see what is typed";
            let cure = "set ASSAY_SIGNER_URL, or signer-url in assay.toml";
            return Err(Error::new(Kind::Usage, why).hint(cure));
        }
        Ok(url)
    }
}

/// The names that a signer gives to what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Web3signer, geth, anvil.
    Node,
    Clef,
}

impl Dialect {
    fn accounts(self) -> &'static str {
        match self {
            Self::Node => "eth_accounts",
            Self::Clef => "account_list",
        }
    }

    fn sign_transaction(self) -> &'static str {
        match self {
            Self::Node => "eth_signTransaction",
            Self::Clef => "account_signTransaction",
        }
    }

    /// The first that the signer has.
    fn sign_typed_data(self) -> &'static [&'static str] {
        match self {
            Self::Node => &["eth_signTypedData_v4", "eth_signTypedData"],
            Self::Clef => &["account_signTypedData"],
        }
    }
}

/// One account of a signer at a URL.
#[derive(Debug)]
pub struct RemoteSigner {
    client: RpcClient,
    url: SignerUrl,
    dialect: Dialect,
    address: Address,
    patience: Duration,
}

impl From<RemoteSigner> for Wallet {
    fn from(signer: RemoteSigner) -> Self {
        let asks = format!("the signer at {} is asked", signer.url);
        Self::asking(signer, asks)
    }
}

impl RemoteSigner {
    /// The account `wanted` of a signer, or its only one.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if it does not answer; [`Kind::Usage`] if it has no such account, or several where none is named.
    pub async fn connect(url: SignerUrl, wanted: Option<Address>, patience: Duration) -> eyre::Result<Self> {
        // No answer leads elsewhere: neither the request nor the key in the address goes to another host.
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_PATIENCE.min(patience))
            .timeout(patience);
        if url.0.is_loopback() {
            http = http.no_proxy();
        }
        let client = ClientBuilder::default().http_with_client(http.build()?, url.0.secret().clone());
        let mut signer = Self {
            client,
            url,
            dialect: Dialect::Node,
            address: Address::ZERO,
            patience,
        };
        let accounts = match signer.ask(signer.dialect.accounts(), json!([])).await {
            Err(error) if is_no_method(&error) => {
                signer.dialect = Dialect::Clef;
                signer.ask(signer.dialect.accounts(), json!([])).await
            }
            answer => answer,
        };
        let accounts = accounts.map_err(|error| signer.explained("tell its accounts", error))?;
        let accounts: Vec<Address> =
            serde_json::from_value(accounts).map_err(|_| signer.no_sense("tell its accounts"))?;
        signer.address = signer.chosen(&accounts, wanted)?;
        Ok(signer)
    }

    fn chosen(&self, accounts: &[Address], wanted: Option<Address>) -> eyre::Result<Address> {
        let listed = || accounts.iter().map(Address::to_string).collect::<Vec<_>>().join(", ");
        let url = &self.url;
        match (wanted, accounts) {
            (_, []) => Err(hinted(
                format!("the signer at {url} has no accounts"),
                "give it a key, and unlock it there",
            )),
            (Some(wanted), _) if accounts.contains(&wanted) => Ok(wanted),
            (Some(wanted), _) => Err(usage(format!(
                "the signer at {url} has no account {wanted}; it has {}",
                listed()
            ))),
            (None, [only]) => Ok(*only),
            (None, _) => {
                let why = format!("the signer at {url} has several accounts: {}", listed());
                Err(Error::new(Kind::Usage, why)
                    .hint("name one with --sender ADDRESS")
                    .into())
            }
        }
    }

    async fn ask(&self, method: &'static str, params: Value) -> Result<Value, TransportError> {
        self.client.request(method, params).await
    }

    /// What a failed request means, without what the address holds.
    fn explained(&self, what: &str, error: TransportError) -> Error {
        let url = &self.url;
        match error {
            RpcError::ErrorResp(refusal) => {
                let words: String = self.url.0.redact(&refusal.message).chars().take(MAX_WORDS).collect();
                let words = words.escape_debug().to_string();
                Error::new(Kind::Declined, format!("the signer at {url} does not {what}: {words}")).hint(
                    "see what the signer says of it: whether the account is unlocked there, and its rules allow it",
                )
            }
            RpcError::Transport(TransportErrorKind::HttpError(error)) => Error::new(
                Kind::Declined,
                format!("the signer at {url} does not {what}: it answers HTTP {}", error.status),
            )
            .hint("see whether the address, with the key in it, is the signer's"),
            RpcError::Transport(TransportErrorKind::Custom(cause)) => {
                let is_late = cause
                    .downcast_ref::<reqwest::Error>()
                    .is_some_and(|error| error.is_timeout());
                let why = match is_late {
                    true => format!("the signer at {url} has not answered for {} s", self.patience.as_secs()),
                    false => format!("no answer from the signer at {url}"),
                };
                let cause = eyre::eyre!("{}", self.url.0.redact(&in_full(&*cause)));
                Error::new(Kind::Unreachable, why)
                    .because(cause)
                    .hint("start it, or name another one with --signer-url")
            }
            _ => self.no_sense(what),
        }
    }

    fn no_sense(&self, what: &str) -> Error {
        let why = format!("the signer at {} answers something else when it is to {what}", self.url);
        Error::new(Kind::Declined, why).hint("name a signer that speaks JSON-RPC: Web3signer, geth or Clef")
    }

    /// Something of a signed transaction, or all of it, is not what was asked for.
    fn lies(&self, what: impl std::fmt::Display) -> Error {
        let why = format!(
            "the signer at {} did not sign what it was asked to: {what}; nothing was sent",
            self.url
        );
        Error::new(Kind::Declined, why)
            .hint("do not use this signer before you know why; whatever it signed may be sent by others")
    }

    async fn transaction(&self, asked: &dyn SignableTransaction<Signature>) -> Result<Signature, Error> {
        const WHAT: &str = "sign the transaction";
        let method = self.dialect.sign_transaction();
        let answer = self.ask(method, json!([request_of(self.address, asked)])).await;
        let answer = answer.map_err(|error| self.explained(WHAT, error))?;
        // geth and Clef answer an object, Web3signer and anvil the bytes.
        let raw = answer.get("raw").unwrap_or(&answer).as_str();
        let raw: Option<Bytes> = raw.and_then(|raw| raw.parse().ok());
        let raw = raw.ok_or_else(|| self.no_sense(WHAT))?;
        let mut rest = raw.as_ref();
        let signed = TxEnvelope::decode_2718(&mut rest);
        let signed = signed
            .ok()
            .filter(|_| rest.is_empty())
            .ok_or_else(|| self.no_sense(WHAT))?;
        if signed.signature_hash() != asked.signature_hash() {
            return Err(self.lies(difference(asked, &signed)));
        }
        let signature = *signed.signature();
        self.own(signature, asked.signature_hash())
    }

    async fn typed_data(&self, data: &TypedData, hash: B256) -> Result<Signature, Error> {
        const WHAT: &str = "sign the request to a server";
        let data = serde_json::to_value(data).map_err(|_| self.no_sense(WHAT))?;
        let mut answer = Err(TransportErrorKind::backend_gone());
        for method in self.dialect.sign_typed_data() {
            answer = self.ask(method, json!([self.address, data])).await;
            if !answer.as_ref().is_err_and(is_no_method) {
                break;
            }
        }
        let answer = answer.map_err(|error| match is_no_method(&error) {
            true => Error::new(
                Kind::Usage,
                format!("the signer at {} signs transactions only", self.url),
            )
            .hint("hand files over in a directory that both parties reach, or use a signer with eth_signTypedData"),
            false => self.explained(WHAT, error),
        })?;
        let signature = answer.as_str().and_then(|text| text.parse().ok());
        self.own(signature.ok_or_else(|| self.no_sense(WHAT))?, hash)
    }

    /// The signature, if it is this account's.
    fn own(&self, signature: Signature, hash: B256) -> Result<Signature, Error> {
        match signature.recover_address_from_prehash(&hash) {
            Ok(signer) if signer == self.address => Ok(signature),
            Ok(signer) => Err(self.lies(format_args!("it is signed by {signer}, not by {}", self.address))),
            Err(_) => Err(self.lies("the signature is none")),
        }
    }
}

/// What a signer is asked to sign.
fn request_of(from: Address, asked: &dyn SignableTransaction<Signature>) -> Value {
    let quantity = |number: u128| format!("{number:#x}");
    let mut request = json!({
        "from": from,
        "type": "0x2",
        "chainId": asked.chain_id().map(|id| quantity(id.into())),
        "nonce": quantity(asked.nonce().into()),
        "gas": quantity(asked.gas_limit().into()),
        "maxFeePerGas": quantity(asked.max_fee_per_gas()),
        "maxPriorityFeePerGas": quantity(asked.max_priority_fee_per_gas().unwrap_or_default()),
        "value": asked.value(),
        "data": asked.input(),
    });
    // A transaction that creates a contract has none.
    if let Some(to) = asked.to() {
        request["to"] = json!(to);
    }
    request
}

/// The first field in which what was signed is not what was asked for.
fn difference(asked: &dyn SignableTransaction<Signature>, signed: &TxEnvelope) -> String {
    let shown = |to: Option<Address>| to.map_or("a new contract".to_owned(), |to| to.to_string());
    let chain = |id: Option<ChainId>| id.map_or("every chain".to_owned(), |id| format!("chain {id}"));
    let fees = |max: u128, tip: Option<u128>| format!("{max} and {} wei a gas", tip.unwrap_or_default());
    let fields = [
        ("", chain(asked.chain_id()), chain(signed.chain_id())),
        ("nonce ", asked.nonce().to_string(), signed.nonce().to_string()),
        ("to ", shown(asked.to()), shown(signed.to())),
        (
            "value ",
            format!("{} wei", asked.value()),
            format!("{} wei", signed.value()),
        ),
        ("gas ", asked.gas_limit().to_string(), signed.gas_limit().to_string()),
        (
            "fees ",
            fees(asked.max_fee_per_gas(), asked.max_priority_fee_per_gas()),
            fees(signed.max_fee_per_gas(), signed.max_priority_fee_per_gas()),
        ),
    ];
    let differs = fields.into_iter().find(|(_, asked, signed)| asked != signed);
    match differs {
        Some((name, asked, signed)) => format!("{name}{signed}, not {asked}"),
        None if asked.input() != signed.input() => "other call data".into(),
        None => "a transaction of another kind".into(),
    }
}

fn is_no_method(error: &TransportError) -> bool {
    error
        .as_error_resp()
        .is_some_and(|refusal| refusal.code == NO_SUCH_METHOD)
}

/// An error with all its causes.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[async_trait]
impl Signer for RemoteSigner {
    async fn sign_hash(&self, _: &B256) -> Signed<Signature> {
        let why = "a signer at a URL signs no bare hash";
        Err(SignerError::other(
            Error::new(Kind::Usage, why).hint("sign with --keystore"),
        ))
    }

    async fn sign_dynamic_typed_data(&self, data: &TypedData) -> Signed<Signature> {
        let hash = data.eip712_signing_hash()?;
        self.typed_data(data, hash).await.map_err(SignerError::other)
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
impl TxSigner<Signature> for RemoteSigner {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign_transaction(&self, unsigned: &mut dyn SignableTransaction<Signature>) -> Signed<Signature> {
        self.transaction(unsigned).await.map_err(SignerError::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint_of;

    #[test]
    fn a_signer_is_reached_over_https_and_no_key_is_typed() {
        for (given, shown) in [
            ("https://signer.example:9000", "https://signer.example:9000"),
            ("https://signer.example/", "https://signer.example"),
            ("http://127.0.0.1:8550", "http://127.0.0.1:8550"),
            ("http://[::1]:8550", "http://[::1]:8550"),
            ("http://localhost:8550", "http://localhost:8550"),
        ] {
            assert_eq!(SignerUrl::typed(given).unwrap().to_string(), shown);
        }
        let hidden = "https://user:SECRET@signer.example/SECRET?SECRET#SECRET";
        assert_eq!(
            hidden.parse::<SignerUrl>().unwrap().to_string(),
            "https://signer.example"
        );
        let in_clear = [
            "http://SECRET@signer.example",
            "http://10.0.0.1/SECRET",
            "http://localhost.example/SECRET",
        ];
        for given in in_clear {
            let error = given.parse::<SignerUrl>().unwrap_err().to_string();
            assert!(
                error.ends_with("would be asked in clear") && !error.contains("SECRET"),
                "{error}"
            );
        }
        for given in [
            hidden,
            "https://signer.example/SECRET",
            "https://:SECRET@signer.example",
            "SECRET",
            "ws://SECRET",
        ] {
            let error = SignerUrl::typed(given).unwrap_err().to_string();
            assert!(
                error.starts_with("--signer-url ") && !error.contains("SECRET"),
                "{given}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn a_signer_that_is_away_is_unreachable_and_its_secrets_are_nowhere() {
        let url: SignerUrl = "http://user:SECRET-KEY@127.0.0.1:1/SECRET-KEY".parse().unwrap();
        let error = RemoteSigner::connect(url, None, SIGNER_PATIENCE).await.unwrap_err();
        assert!(Kind::Unreachable.is_of(&error), "{error:#}");
        assert!(hint_of(&error).is_some());
        for shown in [format!("{error:#}"), format!("{error:?}")] {
            assert!(
                shown.contains("http://127.0.0.1:1") && !shown.contains("SECRET"),
                "{shown}"
            );
        }
    }
}
