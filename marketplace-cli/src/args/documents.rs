//! Documents of a corpus, named one by one.

use std::collections::BTreeSet;

/// Documents by their indices.
#[derive(Debug, Clone, clap::Args)]
pub struct DocumentArgs {
    /// Document, counted from 0; again for another one
    #[arg(long = "document", value_name = "N")]
    pub documents: Vec<u32>,
}

impl DocumentArgs {
    /// Those that were named; `None` if none was.
    pub fn named(self) -> Option<BTreeSet<u32>> {
        (!self.documents.is_empty()).then(|| self.documents.into_iter().collect())
    }
}
