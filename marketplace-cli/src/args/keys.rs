//! Who signs: an encrypted keystore file, a signer at a URL, a Ledger, an environment variable, or anvil's accounts on a devnet. No key
//! is ever an argument.

use crate::args::fees::FeeArgs;
use alloy::primitives::{Address, B256};
use alloy::signers::local::{LocalSignerError, PrivateKeySigner};
use assay_chain::client::Chain;
use assay_chain::error::{hinted, usage};
use assay_chain::hardware::{ledger, DerivationPath, LEDGER_PATH};
use assay_chain::keys::{devnet_key, KEY_VARIABLE, SIGNER_VARIABLE};
use assay_chain::remote_signer::{RemoteSigner, SignerUrl, SIGNER_PATIENCE};
use assay_chain::wallet::Wallet;
use clap::Args;
use eth_keystore::KeystoreError;
use eyre::WrapErr;
use std::path::PathBuf;

/// Who signs, and what it may cost.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// Encrypted keystore file (as geth and cast write it)
    #[arg(help_heading = "Signing", long, value_name = "FILE")]
    pub keystore: Option<PathBuf>,
    /// Where its password is.
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Account N of anvil's default mnemonic; only on a chain with id 31337
    #[arg(
        help_heading = "Signing",
        long,
        value_name = "N",
        conflicts_with_all = ["keystore", "password_env", "password_file"]
    )]
    pub devnet_account: Option<u32>,
    /// Signer to ask, by JSON-RPC: Web3signer, geth or Clef. An address with a key in it belongs into ASSAY_SIGNER_URL or assay.toml
    #[arg(
        help_heading = "Signing",
        long,
        value_name = "URL",
        conflicts_with_all = ["keystore", "password_env", "password_file", "devnet_account"]
    )]
    pub signer_url: Option<String>,
    /// The Ledger that is connected, with the account of this derivation path [default: m/44'/60'/0'/0/0]
    #[arg(
        help_heading = "Signing",
        long,
        value_name = "PATH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = LEDGER_PATH,
        conflicts_with_all = ["keystore", "password_env", "password_file", "devnet_account", "signer_url"]
    )]
    pub ledger: Option<DerivationPath>,
    /// Refuse to sign as anybody else; of several accounts of a signer, the one that signs
    #[arg(help_heading = "Signing", long, value_name = "ADDRESS")]
    pub sender: Option<Address>,
    /// A signer's URL that a file names, where nothing else names who signs.
    #[arg(skip)]
    pub configured_signer: Option<String>,
    /// Limits of what its transactions may cost.
    #[command(flatten)]
    pub fees: FeeArgs,
}

impl KeyArgs {
    /// Anvil's account `n`.
    pub fn devnet(n: u32) -> Self {
        Self {
            devnet_account: Some(n),
            ..Self::default()
        }
    }

    /// Whether an option says who signs.
    pub fn is_typed(&self) -> bool {
        self.keystore.is_some() || self.devnet_account.is_some() || self.signer_url.is_some() || self.ledger.is_some()
    }

    /// What signs on this chain; asks for a keystore's password on the terminal if no option says where it is.
    ///
    /// # Errors
    /// If nobody is named, or whoever is cannot sign: a file that does not open, a signer or a device that does not answer.
    pub async fn load(&self, chain: &Chain) -> eyre::Result<Wallet> {
        let wallet = if let Some(path) = &self.keystore {
            self.decrypt(path)?.into()
        } else if let Some(n) = self.devnet_account {
            devnet_key(n, chain.id)?.into()
        } else if let Some(path) = &self.ledger {
            ledger(path, chain.id).await?
        } else if let Some(url) = &self.signer_url {
            self.remote(SignerUrl::typed(url)?).await?
        } else if self.password.is_given() {
            return Err(usage(format!(
                "a password is of a keystore, and none is named: use --keystore FILE, or name it in assay.toml with {KEY_VARIABLE} and \
                 {SIGNER_VARIABLE} unset"
            )));
        } else if let Some(url) = &self.configured_signer {
            self.remote(url.parse()?).await?
        } else if let Some(url) = signer_variable()? {
            self.remote(url).await?
        } else {
            from_variable()?.into()
        };
        match self.sender {
            Some(sender) if sender != wallet.account() => Err(usage(format!(
                "--sender is {sender}, but the key is of {}",
                wallet.account()
            ))),
            _ => Ok(wallet),
        }
    }

    async fn remote(&self, url: SignerUrl) -> eyre::Result<Wallet> {
        Ok(RemoteSigner::connect(url, self.sender, SIGNER_PATIENCE).await?.into())
    }

    fn decrypt(&self, path: &std::path::Path) -> eyre::Result<PrivateKeySigner> {
        let password = self.password.read(|| {
            rpassword::prompt_password(format!("password of {}: ", path.display()))
                .wrap_err("cannot ask for the password; use --password-env or --password-file")
        })?;
        PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| match error {
            LocalSignerError::EthKeystoreError(KeystoreError::MacMismatch) => hinted(
                format!("wrong password for keystore {}", path.display()),
                "repeat the command with the password that the file was encrypted with",
            ),
            error => eyre::Report::new(error).wrap_err(format!("cannot open keystore {}", path.display())),
        })
    }
}

/// Where the password of a keystore is.
#[derive(Debug, Clone, Default, Args)]
pub struct PasswordArgs {
    /// Name of the environment variable with the keystore's password
    #[arg(help_heading = "Signing", long, value_name = "VAR", conflicts_with = "password_file")]
    pub password_env: Option<String>,
    /// File with the keystore's password
    #[arg(help_heading = "Signing", long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// Whether it is somewhere, and need not be asked for.
    pub fn is_given(&self) -> bool {
        self.password_env.is_some() || self.password_file.is_some()
    }

    /// The password that is in the variable or the file, without the end of its line; else what `ask` says.
    pub(crate) fn read(&self, ask: impl FnOnce() -> eyre::Result<String>) -> eyre::Result<String> {
        match (&self.password_env, &self.password_file) {
            (Some(name), _) => std::env::var(name).wrap_err_with(|| format!("no password in the variable {name}")),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).wrap_err_with(|| format!("cannot read {}", file.display()))?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => ask(),
        }
    }
}

/// The signer in the environment.
fn signer_variable() -> eyre::Result<Option<SignerUrl>> {
    let Ok(text) = std::env::var(SIGNER_VARIABLE) else {
        return Ok(None);
    };
    if std::env::var_os(KEY_VARIABLE).is_some() {
        return Err(usage(format!(
            "{KEY_VARIABLE} and {SIGNER_VARIABLE} are both set: unset one, or name who signs with an option"
        )));
    }
    text.parse()
        .map(Some)
        .wrap_err_with(|| format!("{SIGNER_VARIABLE} names no signer"))
}

/// The key in the environment.
pub(crate) fn from_variable() -> eyre::Result<PrivateKeySigner> {
    let Ok(text) = std::env::var(KEY_VARIABLE) else {
        return Err(hinted(
            "no key to sign with",
            format!("use --keystore FILE, --signer-url URL or --ledger, set {KEY_VARIABLE}, or --devnet-account N on a devnet"),
        ));
    };
    // The parser's own message may quote the text.
    let key = text
        .trim()
        .parse::<B256>()
        .ok()
        .and_then(|bytes| PrivateKeySigner::from_bytes(&bytes).ok());
    key.ok_or_else(|| eyre::eyre!("{KEY_VARIABLE} does not hold a private key of 32 bytes in hexadecimal"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::client::DEVNET_CHAIN_ID;

    #[test]
    fn keystore_opens_with_its_password_only() {
        let dir = tempfile::tempdir().unwrap();
        let key = devnet_key(3, DEVNET_CHAIN_ID).unwrap();
        PrivateKeySigner::encrypt_keystore(dir.path(), &mut rand::rngs::OsRng, key.to_bytes(), "right", Some("k"))
            .unwrap();
        let args = |password: &str| {
            let file = dir.path().join("password");
            std::fs::write(&file, format!("{password}\n")).unwrap();
            KeyArgs {
                keystore: Some(dir.path().join("k")),
                password: PasswordArgs {
                    password_file: Some(file),
                    ..PasswordArgs::default()
                },
                ..KeyArgs::default()
            }
        };
        let path = dir.path().join("k");
        assert_eq!(args("right").decrypt(&path).unwrap().address(), key.address());
        let says = |path: &std::path::Path, expected: String| {
            let error = args("wrong").decrypt(path).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        says(&path, format!("wrong password for keystore {}", path.display()));
        let other = dir.path().join("password");
        says(&other, format!("cannot open keystore {}", other.display()));
    }
}
