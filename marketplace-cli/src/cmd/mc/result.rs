//! What a consumer does about a posted result: check the proofs, accept, challenge, or demand them all on chain.

use crate::args::keys::KeyArgs;
use crate::args::model::PublicModelArgs;
use crate::args::sending::TryArgs;
use crate::args::server::ServerArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::consumer::moves::{ACCEPT_RESULT, ACCEPT_UNVERIFIED};
use assay_marketplace::accuracy::consumer::object::{challenge_positions, demand, reclaim_bonds};
use assay_marketplace::accuracy::consumer::verify::verify_result;
use assay_marketplace::delivery::{Delivery, Place};
use assay_marketplace::engagement::moved::Moved;
use assay_marketplace::proving::PublicModel;
use assay_marketplace::verifier::grades::Grades;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    assay mc verify 0x3f… --proofs /mnt/shared/3f-proofs --arch digits.arch.json\n  \
    assay mc verify 0x3f… --proofs https://provider.example:8700 --arch digits.arch.json --keystore me.json\n\n\
    Checks the proof of every claimed position. Whatever is missing or false is a reason to challenge or to demand all\n\
    proofs on chain.")]
pub struct VerifyArgs {
    /// Engagement
    id: B256,
    /// Directory with the provider's proofs, or URL of the server that has them
    #[arg(long, value_name = "DIR|URL")]
    proofs: Place,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    model: PublicModelArgs,
    /// Test set [default: the one that was offered]
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

pub(crate) async fn verify_proofs(args: VerifyArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let key = PublicModel::from(args.model).key(&site.market.chain, &ctx.out)?;
    let id = args.id;
    let proofs = match &args.proofs {
        Place::Path(dir) => Delivery::at(dir, id),
        place => {
            let account = ctx.account(&site.market.chain, &args.keys).await?;
            Delivery::open(
                place,
                id,
                &args.server.into(),
                site.market.engagement(id).await?.mp,
                account.key(),
            )?
        }
    };
    let result = verify_result(&site, id, args.set.as_deref(), &proofs, &key).await?;
    ctx.out.result(&result, &result)
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc accept 0x3f… --keystore me.json\n\n\
    Closes the engagement as passed at once. The proofs have to be checked before, see assay mc verify: without a live\n\
    checker an optimistic verdict shows nothing. With --arch or --trust-codehash the contract that checks proofs on chain is\n\
    judged too.")]
pub struct AcceptArgs {
    /// Engagement
    id: B256,
    /// Accept a result whose proofs were not checked here
    #[arg(long)]
    unverified: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    keys: TryArgs,
}

/// An accepted result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcceptedResult {
    #[serde(flatten)]
    moved: Moved,
    /// What is known of the contracts that checked proofs.
    #[serde(flatten)]
    grades: Grades,
}

impl std::fmt::Display for AcceptedResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.moved, self.grades)
    }
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mc challenge 0x3f… --position 2 --keystore me.json\n  \
    assay mc challenge 0x3f… --position 2 --position 5 --keystore anybody.json\n\n\
    Each position costs the market's bond, and whoever is not the consumer the price of a proof on top. Both go to the\n\
    provider with the answer. Without one the provider loses deposit and strikes, a tenth of which is credited to the\n\
    challenger if it is not the consumer, and what was paid comes back: assay mc reclaim."
)]
pub struct ChallengeArgs {
    /// Engagement
    id: B256,
    /// Claimed position of the proven set
    #[arg(long = "position", value_name = "P", required = true)]
    positions: Vec<u32>,
    #[command(flatten)]
    keys: TryArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc demand-full 0x3f… --keystore me.json\n\n\
    Asks for as many proofs on chain as the target needs, at half a bond each; what is not earned comes back. The verdict is\n\
    unconditional afterwards. Open challenges stay open and have to be answered besides.")]
pub struct DemandArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc reclaim 0x3f… --keystore me.json\n\n\
    Credits the bonds of this account's challenges that were never answered, once the engagement is closed; then:\n\
    assay withdraw.")]
pub struct ReclaimArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn accept(args: AcceptArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = desk.market.engagement(args.id).await?;
    let grades = Grades::read(&desk, e.modelId, &args.trust.into()).await?;
    let row = if args.unverified {
        &ACCEPT_UNVERIFIED
    } else {
        &ACCEPT_RESULT
    };
    let moved = Moved::from(desk.play(args.id, row).await?);
    let result = AcceptedResult { moved, grades };
    ctx.out.result(&result, &result)
}

pub(crate) async fn challenge(args: ChallengeArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let result = challenge_positions(&desk, args.id, &args.positions).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn demand_full(args: DemandArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let result = demand(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn reclaim(args: ReclaimArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = reclaim_bonds(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
