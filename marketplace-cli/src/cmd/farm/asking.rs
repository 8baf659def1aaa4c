//! What asks a farm for proofs, found by its id: an engagement, a round or an audit of this state directory.

use crate::args::keys::KeyArgs;
use crate::args::model::ModelIfAnyArgs;
use crate::args::queue::QueueArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::error::{hinted, usage};
use assay_chain::venue::Venue;
use assay_marketplace::accuracy::provider::prove::{begin, Manner};
use assay_marketplace::audit::responder::prove::Unproven;
use assay_marketplace::audit::responder::taken::prover as predicate_prover;
use assay_marketplace::engagement::Desk;
use assay_marketplace::home::Journaled;
use assay_marketplace::prediction::provider::prove::Contested;
use assay_marketplace::proofs::claims::Claims;
use assay_marketplace::proving::{MissingSecret, ModelFiles, Prover};
use std::path::PathBuf;

/// What asks, and with what.
#[derive(Debug, clap::Args)]
pub(super) struct AskingArgs {
    /// Engagement, round or audit
    pub(super) id: B256,
    /// Test set that the consumer handed over in clear
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    model: ModelIfAnyArgs,
    #[command(flatten)]
    pub(super) farm: QueueArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
}

/// What is done with it.
pub(super) trait Doing {
    /// What comes of it.
    type Done;

    /// Does it with what asks.
    async fn with<V: Venue>(
        self,
        desk: &Desk<V>,
        claims: &mut impl Claims,
        prover: &Prover,
    ) -> eyre::Result<Self::Done>;
}

impl AskingArgs {
    /// What the id is of.
    pub(super) fn kind(&self, ctx: &Context) -> eyre::Result<Journaled> {
        let kinds = [Journaled::Engagement, Journaled::Round, Journaled::Audit];
        let known = ctx.home.journaled(&kinds)?;
        let found = known.into_iter().find(|(_, id)| *id == self.id);
        found.map(|(kind, _)| kind).ok_or_else(|| {
            hinted(
                format!("nothing is known here of {}", self.id),
                "use the --home with which it was accepted",
            )
        })
    }

    fn files(&self, kind: Journaled) -> eyre::Result<ModelFiles> {
        let files = self.model.files();
        files.ok_or_else(|| usage(format!("the model of the {kind} is named with --model FILE")))
    }

    /// Does something with what this id asks for; `proceed` commits to proving a set in clear first.
    pub(super) async fn act<D: Doing>(
        &self,
        ctx: &Context,
        keys: &KeyArgs,
        proceed: bool,
        doing: D,
    ) -> eyre::Result<D::Done> {
        let (id, kind) = (self.id, self.kind(ctx)?);
        match kind {
            Journaled::Round => {
                let files = self.files(kind)?;
                let desk = ctx.rounds_desk(keys).await?;
                let prover = files.prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
                let mut contested = Contested::read(&desk, id, &prover).await?;
                doing.with(&desk, &mut contested, &prover).await
            }
            Journaled::Audit => {
                let desk = ctx.audits_desk(self.retrieval, keys).await?;
                let prover = predicate_prover(&desk, id, &self.model.key_use())?;
                let mut unproven = Unproven::read(&desk, id, &prover).await?;
                doing.with(&desk, &mut unproven, &prover).await
            }
            _ => {
                let files = self.files(kind)?;
                let desk = ctx.desk(keys).await?;
                let prover = files.prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
                let manner = Manner {
                    proceed,
                    all: false,
                    // How fast the farm is, this machine does not know.
                    force: true,
                };
                let mut wanted = begin(&desk, id, self.set.as_deref(), &prover, manner).await?;
                doing.with(&desk, &mut wanted, &prover).await
            }
        }
    }
}
