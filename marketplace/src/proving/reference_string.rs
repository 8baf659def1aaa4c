//! Reference strings, and which of them will do on which chain: the only way to a key, and to trust in somebody's verifier.

use crate::instructions::pushes_all;
use assay_chain::client::{Chain, DEVNET_CHAIN_ID};
use assay_chain::error::hinted;
use assay_durable::cache::{Cache, CacheEvent};
use assay_durable::report::Reporter;
use assay_prover::srs::{Srs, MIN_K};
use assay_verifier_gen::KzgKey;
use eyre::WrapErr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// Which reference string: `dev`, or the path of a snarkjs `.ptau` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SrsChoice {
    /// Its secret is public: proofs under it show nothing.
    Dev,
    /// Of a ceremony.
    Ptau(PathBuf),
}

impl FromStr for SrsChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "dev" {
            Self::Dev
        } else {
            Self::Ptau(text.into())
        })
    }
}

impl SrsChoice {
    /// The string of 2^k powers, from the cache if it is there; nothing says yet where it may be used.
    pub fn prepare(&self, k: u32, out: &Reporter) -> eyre::Result<Srs> {
        let cache = Cache::user()?;
        let phases = out.phases();
        let srs = match self {
            Self::Dev => Srs::dev(k, &cache, &phases)?,
            Self::Ptau(path) => Srs::import_ptau(path, k, &cache, &phases)?,
        };
        drop(phases);
        warn_cache(srs.cache_event(), out);
        if srs.is_development() {
            out.warn("the development reference string is unsafe: anybody can forge proofs under it");
        }
        Ok(srs)
    }
}

/// Which string keys are made under, and whether whoever asks knows what that means.
#[derive(Debug, Clone)]
pub struct SrsUse {
    /// Where the powers come from.
    pub choice: SrsChoice,
    /// Use the development string also on a chain that is no devnet.
    pub allow_unsafe: bool,
}

/// A reference string that may be used where it is used: keys take no other.
#[derive(Debug, Clone)]
pub struct ReferenceString(Arc<Srs>);

impl ReferenceString {
    /// For the prover library, which does not ask where it is used.
    pub fn into_srs(self) -> Arc<Srs> {
        self.0
    }
}

impl SrsUse {
    /// The development string, for devnets.
    pub fn dev() -> Self {
        Self {
            choice: SrsChoice::Dev,
            allow_unsafe: false,
        }
    }

    /// The string of 2^k powers, for keys that decide about money on this chain.
    ///
    /// # Errors
    /// For the development string, also in a `.ptau` file, on a chain that is no devnet.
    pub fn load(&self, chain: &Chain, k: u32, out: &Reporter) -> eyre::Result<ReferenceString> {
        self.load_for(chain.id, k, out)
    }

    /// As [`SrsUse::load`], where the chain is known by its id alone.
    ///
    /// # Errors
    /// Those of [`SrsUse::load`].
    pub fn load_for(&self, chain_id: u64, k: u32, out: &Reporter) -> eyre::Result<ReferenceString> {
        self.require_permitted(self.choice == SrsChoice::Dev, chain_id)?;
        let srs = self.choice.prepare(k, out)?;
        self.require_permitted(srs.is_development(), chain_id)?;
        Ok(ReferenceString(Arc::new(srs)))
    }

    /// As [`SrsUse::load`] for work that needs no node: if one is named, its chain decides, else nothing depends on the key.
    ///
    /// # Errors
    /// Those of [`SrsUse::load`], and of `named_chain`.
    pub async fn load_off_chain(
        &self,
        named_chain: impl AsyncFnOnce() -> eyre::Result<Option<Chain>>,
        k: u32,
        out: &Reporter,
    ) -> eyre::Result<ReferenceString> {
        let srs = self.choice.prepare(k, out)?;
        if srs.is_development() {
            if let Some(chain) = named_chain().await? {
                self.require_permitted(true, chain.id)?;
            }
        }
        Ok(ReferenceString(Arc::new(srs)))
    }

    /// Refuses the development string by its name, before anything is read.
    pub fn check_name(&self, chain: &Chain) -> eyre::Result<()> {
        self.require_permitted(self.choice == SrsChoice::Dev, chain.id)
    }

    fn require_permitted(&self, is_development: bool, chain_id: u64) -> eyre::Result<()> {
        if is_development && chain_id != DEVNET_CHAIN_ID && !self.allow_unsafe {
            return Err(hinted(
                format!(
                    "the development reference string on chain {chain_id}, which is no devnet: anybody could forge proofs"
                ),
                "use --srs FILE.ptau, or --allow-unsafe-srs if you know why",
            ));
        }
        Ok(())
    }

    /// Whether verifier code that is trusted by its hash may be used: where money may be real, only with the string that it was
    /// checked under, which the code of a generated verifier holds.
    ///
    /// # Errors
    /// On a chain that is no devnet for the development string, and for code that holds another string.
    pub fn check_code(&self, chain: &Chain, code: &[u8], out: &Reporter) -> eyre::Result<()> {
        if chain.is_devnet() {
            return Ok(());
        }
        let string = self
            .load(chain, MIN_K, out)
            .wrap_err("a code hash says nothing without the reference string that it was checked under")?;
        let words = KzgKey::from(string.0.params()).words_of_string();
        if pushes_all(code, &words) {
            return Ok(());
        }
        Err(hinted(
            "the verifier's code does not hold the reference string of --srs",
            "name the string that the code hash was checked under, or check it anew with --arch FILE",
        ))
    }
}

/// Says what was damaged in the cache, or could not be kept there.
pub(crate) fn warn_cache(event: &CacheEvent, out: &Reporter) {
    if let Some(warning) = event.warning() {
        out.warn(warning);
    }
}
