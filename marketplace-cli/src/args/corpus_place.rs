//! Where a corpus is that was taken on.

use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_marketplace::audit::responder::taken::moved;
use assay_marketplace::engagement::Desk;
use clap::Args;
use std::path::PathBuf;

/// A corpus that is not where it was when the audit was taken on.
#[derive(Debug, Clone, Args)]
pub struct CorpusPlaceArgs {
    /// Directory of the corpus, if it was moved; noted for the commands that follow [default: where it was]
    #[arg(long, value_name = "DIR")]
    pub corpus: Option<PathBuf>,
    /// Folder of the originals, if they were moved; noted, too [default: where they were]
    #[arg(long, value_name = "DIR")]
    pub originals: Option<PathBuf>,
}

impl CorpusPlaceArgs {
    /// Notes what was named.
    pub async fn note(&self, desk: &Desk<Audits>, id: B256) -> eyre::Result<()> {
        moved(desk, id, self.corpus.as_deref(), self.originals.as_deref()).await
    }
}
