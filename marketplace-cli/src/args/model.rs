//! A model, whole or its public part.

use crate::args::srs::SrsArgs;
use assay_marketplace::audit::published::KeyUse;
use assay_marketplace::proving::{ModelFiles, PublicModel};
use assay_prover::proof::Memory;
use clap::Args;
use std::path::PathBuf;

/// A model and what is needed to prove with it.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// Model file, see assay model import
    #[arg(help_heading = "Model", long, value_name = "FILE")]
    pub model: PathBuf,
    /// Architecture file, see assay plan [default: planned from the model]
    #[arg(help_heading = "Model", long, value_name = "FILE")]
    pub arch: Option<PathBuf>,
    /// Secret file of the model: salts, blinders, proof counter [default: the model file's name with .secret]
    #[arg(help_heading = "Model", long, value_name = "FILE")]
    pub secret: Option<PathBuf>,
    /// Keep what every proof has in common (fast), or compute it each time (small) [default: by the machine's memory]
    #[arg(help_heading = "Model", long, value_name = "small|fast")]
    pub memory: Option<Memory>,
    /// The reference string that keys are made under.
    #[command(flatten)]
    pub srs: SrsArgs,
}

impl From<ModelArgs> for ModelFiles {
    fn from(args: ModelArgs) -> Self {
        Self {
            model: args.model,
            arch: args.arch,
            secret: args.secret,
            srs: args.srs.into(),
            memory: args.memory,
        }
    }
}

/// A model, where not everything that is proven is of one that is named.
#[derive(Debug, Clone, Args)]
pub struct ModelIfAnyArgs {
    /// Model file, see assay model import; an audit's predicate is known
    #[arg(help_heading = "Model", long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Architecture file, see assay plan [default: planned from the model]
    #[arg(help_heading = "Model", long, value_name = "FILE", requires = "model")]
    pub arch: Option<PathBuf>,
    /// Secret file of the model: salts, blinders, proof counter [default: the model file's name with .secret]
    #[arg(help_heading = "Model", long, value_name = "FILE", requires = "model")]
    pub secret: Option<PathBuf>,
    /// Keep what every proof has in common (fast), or compute it each time (small) [default: by the machine's memory]
    #[arg(help_heading = "Model", long, value_name = "small|fast")]
    pub memory: Option<Memory>,
    /// The reference string that keys are made under.
    #[command(flatten)]
    pub srs: SrsArgs,
}

impl ModelIfAnyArgs {
    /// The files of the model, if one is named.
    pub fn files(&self) -> Option<ModelFiles> {
        Some(ModelFiles {
            model: self.model.clone()?,
            arch: self.arch.clone(),
            secret: self.secret.clone(),
            srs: self.srs.clone().into(),
            memory: self.memory,
        })
    }

    /// How the keys of a predicate are made.
    pub fn key_use(&self) -> KeyUse {
        KeyUse {
            srs: self.srs.clone().into(),
            memory: self.memory,
        }
    }
}

/// The public part of a model, which checks its proofs.
#[derive(Debug, Clone, Args)]
pub struct PublicModelArgs {
    /// Architecture file of the model
    #[arg(help_heading = "Model", long, value_name = "FILE")]
    pub arch: PathBuf,
    /// The reference string that keys are made under.
    #[command(flatten)]
    pub srs: SrsArgs,
}

impl From<PublicModelArgs> for PublicModel {
    fn from(args: PublicModelArgs) -> Self {
        Self {
            arch: args.arch,
            srs: args.srs.into(),
        }
    }
}
