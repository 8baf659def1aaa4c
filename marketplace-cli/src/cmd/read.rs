//! Reads what an engagement, a round, an audit, a corpus or a model showed, as a third party does.

use crate::args::retrieval::RetrievalArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use crate::reading::link::PLACE;
use crate::reading::{read, How, Kind};
use alloy::primitives::B256;
use assay_chain::block::Which;
use assay_economics::share::Share;
use assay_marketplace::verifier::check::Trust;
use clap::Subcommand;

/// `assay read …`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What an engagement showed, and what it did not
    #[command(after_help = "Examples:\n  \
        assay read verdict 0x3f… --arch digits.arch.json\n  \
        assay read verdict 0x3f… --trust-codehash 0x51… --json --block 19000000\n\n\
        The document of assay verdict show: see there what trust is about.")]
    Verdict(Args),
    /// What a round of predictions showed
    #[command(after_help = "Example:\n  assay read round 0x9b… --json\n\nThe document of assay predict show.")]
    Round(Args),
    /// What an audit of a corpus showed
    #[command(
        after_help = "Example:\n  assay read audit 0x4d… --retrieval 0x8A… --json\n\nThe document of assay audit show."
    )]
    Audit {
        #[command(flatten)]
        of: Args,
        #[command(flatten)]
        retrieval: RetrievalArgs,
        /// How often a sample may miss more than the bound that is printed
        #[arg(long, value_name = "SHARE", default_value = "5%")]
        delta: Share,
    },
    /// Who committed to which documents, and who attested them
    #[command(after_help = "Example:\n  assay read corpus 0x7c… --json\n\nThe document of assay corpus show.")]
    Corpus {
        /// Corpus
        id: B256,
        #[command(flatten)]
        block: ReadAt,
    },
    /// What became of a registered model
    #[command(
        after_help = "Example:\n  assay read model 0x9a… --arch digits.arch.json --json\n\nThe document of assay model show."
    )]
    Model(Args),
}

/// What is read, and by whom.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What is read
    id: B256,
    #[command(flatten)]
    block: ReadAt,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    fn how(&self) -> How {
        How::new(self.block.block, self.trust.clone().into())
    }
}

/// When a third party reads.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReadAt {
    /// Read it as it was at this block, named by number or hash [default: the newest that is finalized; on a devnet the newest]
    #[arg(long, value_name = "N")]
    block: Option<Which>,
}

impl Command {
    pub(crate) async fn run(self, ctx: &Context) -> eyre::Result<()> {
        let (kind, id, how) = match self {
            Self::Verdict(of) => (Kind::Verdict, of.id, of.how()),
            Self::Round(of) => (Kind::Round, of.id, of.how()),
            Self::Audit { of, retrieval, delta } => {
                let how = How {
                    retrieval,
                    delta: Some(delta),
                    ..of.how()
                };
                (Kind::Audit, of.id, how)
            }
            Self::Corpus { id, block } => (Kind::Corpus, id, How::new(block.block, Trust::nobody())),
            Self::Model(of) => (Kind::Model, of.id, of.how()),
        };
        let found = read(ctx, kind, id, &how).await?;
        let link = found.link(kind, id, how.block).at(PLACE);
        ctx.out.result(
            &found,
            format_args!("{found}page   {link}\n       shown by: assay serve --read"),
        )
    }
}
