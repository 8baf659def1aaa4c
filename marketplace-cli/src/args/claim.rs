//! Which commitment an opening is about.

use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::openings::model::Claim;
use clap::Args;

/// The commitment to a model's weights.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct ModelClaimArgs {
    /// Registered model: weights, architecture and reference string must be its own
    #[arg(long, value_name = "ID")]
    pub model_id: Option<B256>,
    /// Commitment to weights, without a node; what it was registered for is then not compared
    #[arg(long, value_name = "HASH")]
    pub commitment: Option<B256>,
}

impl ModelClaimArgs {
    /// What the registry says of the model, if one is named.
    ///
    /// # Errors
    /// If the registry has no such model.
    pub async fn read(&self, ctx: &Context) -> eyre::Result<Claim> {
        match (self.model_id, self.commitment) {
            (Some(id), _) => {
                let market = ctx.market().await?;
                let model = market.model(id).await?;
                Ok(Claim::Registered {
                    id,
                    record: model.record.into(),
                    chain: market.chain.clone(),
                })
            }
            (None, commitment) => Ok(Claim::Commitment(commitment.unwrap_or_default())),
        }
    }
}

/// What an opening is made of.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct OpenedArgs {
    /// Registered model: weights, architecture and reference string must be its own
    #[arg(long, value_name = "ID")]
    pub model_id: Option<B256>,
    /// Commitment to weights, without a node; what it was registered for is then not compared
    #[arg(long, value_name = "HASH")]
    pub commitment: Option<B256>,
    /// A network that audits ask with, see assay audit request; without a secret file it gets the public salts
    #[arg(long)]
    pub predicate: bool,
}

impl OpenedArgs {
    /// As [`ModelClaimArgs::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&self, ctx: &Context) -> eyre::Result<Claim> {
        let claim = ModelClaimArgs {
            model_id: self.model_id,
            commitment: self.commitment,
        };
        match self.predicate {
            true => Ok(Claim::Predicate),
            false => claim.read(ctx).await,
        }
    }
}
