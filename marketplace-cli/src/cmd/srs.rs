//! Imports and names reference strings.

use crate::context::Context;
use assay_marketplace::proving::reference_string::SrsChoice;
use clap::Subcommand;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the development string: fast, deterministic, UNSAFE (its secret is public)
    #[command(after_help = "Example:\n  assay srs dev -k 18")]
    Dev {
        /// log2 of the number of powers
        #[arg(short)]
        k: u32,
    },
    /// Import a snarkjs .ptau file, checked by pairings
    #[command(
        after_help = "Example:\n  assay srs import powersOfTau28_hez_final_18.ptau -k 18\n\n\
        Compare the printed SHA-256 with the one that the ceremony published."
    )]
    Import {
        file: PathBuf,
        /// log2 of the number of powers to keep
        #[arg(short)]
        k: u32,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    srs_id: String,
    k: u32,
    unsafe_development_string: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_sha256: Option<String>,
}

impl Command {
    pub fn run(self, ctx: &Context) -> eyre::Result<()> {
        let (choice, k) = match self {
            Self::Dev { k } => (SrsChoice::Dev, k),
            Self::Import { file, k } => (SrsChoice::Ptau(file), k),
        };
        let srs = choice.prepare(k, &ctx.out)?;
        let ready = Ready {
            srs_id: srs.id().to_string(),
            k,
            unsafe_development_string: srs.is_development(),
            file_sha256: match srs.origin() {
                assay_prover::srs::Origin::Ptau { file_sha256 } => Some(hex::encode(file_sha256)),
                _ => None,
            },
        };
        let mut text = format!("reference string {} of 2^{k} powers is in the cache", ready.srs_id);
        if let Some(hash) = &ready.file_sha256 {
            text += &format!("\nSHA-256 of the file: {hash}");
        }
        ctx.out.result(&ready, text)
    }
}
