//! What a consumer checks before it trusts a model's verifier with its money.

use crate::chain::bindings::ModelView;
use crate::chain::market::Market;
use crate::context::Context;
use crate::exit::{hinted, UsageError};
use crate::home::Repository;
use crate::prover_api::{load_arch, verifier_key};
use crate::reference_string::SrsArgs;
use crate::verifier::VerifierCode;
use alloy::primitives::B256;
use alloy::providers::Provider;
use clap::Args;
use std::path::PathBuf;

/// How the model's verifier is judged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Trust")]
pub struct TrustArgs {
    /// Architecture that the model claims to have: key and contract are made anew from it and compared
    #[arg(long, value_name = "FILE", required_unless_present = "trust_codehash")]
    pub arch: Option<PathBuf>,
    #[command(flatten)]
    pub srs: SrsArgs,
    /// Instead of comparing, trust a verifier with this code hash that was checked before; where no devnet is, --srs names the
    /// reference string that it was checked under
    #[arg(long, value_name = "HASH", conflicts_with = "arch")]
    pub trust_codehash: Option<B256>,
}

impl TrustArgs {
    /// # Errors
    /// If the registered key or contract is not the one this program makes.
    pub async fn check(&self, ctx: &Context, market: &Market, model: &ModelView) -> eyre::Result<()> {
        let record = &model.record;
        let Some(path) = &self.arch else {
            return match self.trust_codehash {
                Some(hash) if hash == record.verifierCodehash => {
                    let code = market.chain.provider.get_code_at(record.verifier).await?;
                    self.srs.check_code(&market.chain, &code, &ctx.out)
                }
                Some(hash) => Err(hinted(
                    format!(
                        "the model's verifier has code hash {}, not {hash}",
                        record.verifierCodehash
                    ),
                    "check it with --arch FILE",
                )),
                None => Err(UsageError("--arch or --trust-codehash is needed to judge the verifier".into()).into()),
            };
        };
        let frozen = load_arch(path)?;
        let string = self.srs.load(&market.chain, frozen.layout.k, &ctx.out)?;
        let key = verifier_key(&frozen, string, &ctx.out)?;
        let digest = B256::from(key.vk_digest());
        if digest != record.vkDigest {
            return Err(hinted(
                format!(
                    "the model is registered with verifying key {}, this architecture gives {digest}",
                    record.vkDigest
                ),
                "do not trust it: it may prove something else",
            ));
        }
        if frozen.architecture.classes() as u32 != record.classes {
            return Err(hinted(
                format!(
                    "the model is registered with {} classes, the architecture has {}",
                    record.classes,
                    frozen.architecture.classes()
                ),
                "do not trust it",
            ));
        }
        VerifierCode::generate(&key, &Repository::find()?, &ctx.out)?
            .check(&market.chain, record.verifier)
            .await
    }
}
