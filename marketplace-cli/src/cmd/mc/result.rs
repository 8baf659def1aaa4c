//! What a consumer does about a posted result: check the proofs, accept, challenge, or demand them all on chain.

use super::send::offered_set;
use crate::args::keys::KeyArgs;
use crate::args::model::PublicModelArgs;
use crate::args::server::ServerArgs;
use crate::args::trust::TrustArgs;
use crate::cmd::mp::transfer::fetched_files;
use crate::cmd::verdict::Grades;
use crate::context::Context;
use crate::delivery::{proofs_by_context, Delivery, Place, MAX_PROOF_BYTES};
use crate::engagement::{Desk, PayingDesk, Sent, Site};
use crate::prover_api::verify;
use crate::prover_api::PublicModel;
use crate::record::Determined;
use crate::transfer::bitmap::ResultBitmap;
use crate::transfer::shuffle::Shuffle;
use crate::verifier::VerifierCode;
use alloy::primitives::{Address, B256, U256};
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::market::{require_state, Market};
use assay_chain::repository::Repository;
use assay_exchange::blob::Kind;
use assay_protocol::abi::{
    EngagementView,
    IAccuracyMarket::{acceptResultCall, challengeCall, demandFullCall, reclaimBondCall},
    Mode, State,
};
use assay_protocol::ids::context;
use assay_protocol::units::{ether, utc};
use assay_prover::proof::VerifierKey;
use assay_statement::Statement;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Fact of an engagement: the result whose every position was proven to this consumer.
const VERIFIED: &str = "verifiedResult";

/// The posted bitmap, compared with the hash that the engagement is guarded by.
async fn posted(market: &Market, id: B256, e: &EngagementView) -> eyre::Result<ResultBitmap> {
    let bytes = market.posted_result(id).await?;
    let bitmap = ResultBitmap::parse(market.proven_size(e.mode) as usize, &bytes)?;
    let hash = market.verdict(id).await?.resultHash;
    eyre::ensure!(
        bitmap.hash() == hash,
        "the node's ResultPosted event does not hash to {hash}"
    );
    Ok(bitmap)
}

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

/// What the provider's proofs show.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    pub id: B256,
    pub claimed: u32,
    pub proven: Vec<usize>,
    /// Claimed without a proof that verifies, and why.
    pub unproven: Vec<Unproven>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unproven {
    pub position: usize,
    pub why: String,
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} of {} claimed positions are proven",
            self.proven.len(),
            self.claimed
        )?;
        for u in &self.unproven {
            writeln!(f, "position {}: {}", u.position, u.why)?;
        }
        match self.unproven.first() {
            None => write!(f, "next: assay mc accept {}", self.id),
            Some(u) => write!(
                f,
                "next: assay mc challenge {} --position {}, or assay mc demand-full {}",
                self.id, u.position, self.id
            ),
        }
    }
}

pub async fn verify_proofs(args: VerifyArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let key = PublicModel::from(args.model).key(&site.market.chain, &ctx.out)?;
    let id = args.id;
    let proofs = match &args.proofs {
        Place::Path(dir) => Delivery::at(dir, id),
        place => {
            let account = ctx.account(&site.market.chain, &args.keys)?;
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

/// Checks a proof of each claimed position; among several the one that verifies counts, and one on chain always.
pub async fn verify_result(
    site: &Site,
    id: B256,
    set: Option<&Path>,
    proofs: &Delivery,
    key: &VerifierKey,
) -> eyre::Result<Verified> {
    let e = site.market.engagement(id).await?;
    require_state(id, &e, &[State::Claimed, State::FullDemanded, State::Closed])?;
    let bitmap = posted(&site.market, id, &e).await?;
    let mut journal = site.journal(id)?;
    let set = offered_set(&journal, id, &e, set)?;
    let record = site.market.model(e.modelId).await?.record;
    Determined::by_key(key)
        .check(&record)
        .map_err(|mismatch| hinted(mismatch.to_string(), "check --arch and --srs; do not accept the result"))?;
    let n = site.market.examples() as usize;
    let order = match e.mode {
        Mode::FULL => Shuffle::new(e.seed, n),
        _ => Shuffle::identity(n),
    };
    let first = site.market.first_proven(e.mode) as usize;
    let into = fetched_files(site, id).join("proofs");
    let files = proofs.get(Kind::Proofs, &into, MAX_PROOF_BYTES, &site.report).await?;
    let ctx_of = |position: usize| context(site.market.chain.id, site.market.address, id, (first + position) as u64);
    let claimed = bitmap.positions().map(ctx_of).collect();
    let given = proofs_by_context(&files, &claimed, &site.report);
    let are_known = e.provenOnChain > 0 && are_known(site, key, record.verifier).await?;
    let bar = site.report.bar("verifying proofs", u64::from(bitmap.correct()));
    let (mut proven, mut unproven) = (Vec::new(), Vec::new());
    for position in bitmap.positions() {
        let index = order.index_of(first + position);
        let example = index
            .and_then(|index| set.examples.get(index))
            .ok_or_else(|| eyre::eyre!("position {position} is in no set of {n}"))?;
        let ctx = ctx_of(position);
        let statement = Statement {
            ctx: ctx.to_be_bytes(),
            weights_commit: record.weightsCommit.to_be_bytes(),
            input_commit: example.input_commit.to_be_bytes(),
            output: U256::from(example.label).to_be_bytes(),
        };
        let mut why = String::from("there is no proof of it");
        let mut candidates = given.get(&ctx).into_iter().flatten();
        let is_proven = candidates.any(|bundle| match verify(key, bundle, &statement) {
            Ok(()) => true,
            Err(error) => {
                why = format!("{error:#}");
                false
            }
        });
        let is_accepted = !is_proven && e.provenOnChain > 0 && site.market.is_settled_proven(id, position).await?;
        if is_proven || (is_accepted && are_known) {
            proven.push(position);
        } else {
            if is_accepted {
                why = "its proof was accepted by contracts that are not known to check it".into();
            }
            unproven.push(Unproven { position, why });
        }
        bar.set((proven.len() + unproven.len()) as u64);
    }
    if unproven.is_empty() {
        // `accept` answers what was verified, not what the chain says by then.
        journal.set_fact(VERIFIED, &bitmap.hash())?;
    }
    Ok(Verified {
        id,
        claimed: bitmap.correct(),
        proven,
        unproven,
    })
}

/// Whether what the contracts accepted is proven: they are known, and the verifier is the one that this key gives.
async fn are_known(site: &Site, key: &VerifierKey, verifier: Address) -> eyre::Result<bool> {
    if !site.deployment_check().await?.is_known() {
        return Ok(false);
    }
    let made = VerifierCode::generate(key, &Repository::find()?, &site.report)?;
    Ok(made.compare(&site.market.chain, verifier).await?.is_ok())
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
    keys: KeyArgs,
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
    keys: KeyArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc demand-full 0x3f… --keystore me.json\n\n\
    Asks for as many proofs on chain as the target needs, at half a bond each; what is not earned comes back. The verdict is\n\
    unconditional afterwards. Open challenges stay open and have to be answered besides.")]
pub struct DemandArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc reclaim 0x3f… --keystore me.json\n\n\
    Credits the bonds of this account's challenges that were never answered, once the engagement is closed; then:\n\
    assay withdraw.")]
pub struct ReclaimArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

/// An engagement after a move.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    pub id: B256,
    pub state: String,
    pub outcome: String,
    /// End of the window that runs now; 0 if none.
    pub until: u64,
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub paid_wei: u128,
    pub positions: Vec<u32>,
    pub sent: Vec<Sent>,
}

impl Moved {
    pub async fn read(
        market: &Market,
        id: B256,
        paid_wei: u128,
        positions: Vec<u32>,
        sent: Vec<Sent>,
    ) -> eyre::Result<Self> {
        let after = market.engagement(id).await?;
        Ok(Self {
            id,
            state: format!("{:?}", after.state),
            outcome: format!("{:?}", after.outcome),
            until: after.deadline,
            paid_wei,
            positions,
            sent,
        })
    }
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.paid_wei > 0 {
            writeln!(f, "paid {}", ether(U256::from(self.paid_wei)))?;
        }
        match self.until {
            0 => write!(f, "engagement {} is {}: {}", self.id, self.state, self.outcome),
            until => write!(f, "engagement {} is {} until {}", self.id, self.state, utc(until)),
        }
    }
}

pub async fn accept(args: AcceptArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = desk.market.engagement(args.id).await?;
    let grades = Grades::read(&desk, e.modelId, &args.trust.into()).await?;
    let moved = if args.unverified {
        accept_as(&desk, args.id, e.guard).await?
    } else {
        accept_result(&desk, args.id).await?
    };
    let result = AcceptedResult { moved, grades };
    ctx.out.result(&result, &result)
}

/// Closes a claimed engagement as passed, once, if its result is the one that was verified here.
pub async fn accept_result(desk: &Desk, id: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    let verified: Option<B256> = desk.journal(id)?.fact(VERIFIED)?;
    if e.state == State::Claimed && verified != Some(e.guard) {
        return Err(hinted(
            "this result has not been verified here",
            format!("run: assay mc verify {id}"),
        ));
    }
    accept_as(desk, id, e.guard).await
}

async fn accept_as(desk: &Desk, id: B256, guard: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    let mut sent = Vec::new();
    if e.state != State::Closed {
        require_state(id, &e, &[State::Claimed])?;
        let call = desk.market.call(&acceptResultCall { id, guard });
        sent.push(once(desk, id, "acceptResult", &call).await?);
    }
    Moved::read(&desk.market, id, 0, Vec::new(), sent).await
}

pub async fn challenge(args: ChallengeArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let result = challenge_positions(&desk, args.id, &args.positions).await?;
    ctx.out.result(&result, &result)
}

/// Challenges each position once.
pub async fn challenge_positions(desk: &PayingDesk, id: B256, positions: &[u32]) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    require_state(id, &e, &[State::Claimed])?;
    let bitmap = posted(&desk.market, id, &e).await?;
    let bond = desk.market.bond(&e, desk.account.address());
    let (mut sent, mut paid) = (Vec::new(), 0);
    for position in positions {
        if !bitmap.is_set(*position as usize) {
            return Err(hinted(
                format!("position {position} is not claimed correct"),
                format!("claimed are {:?}", bitmap.positions().collect::<Vec<_>>()),
            ));
        }
        let call = challengeCall {
            id,
            bitmap: bitmap.bytes().to_vec().into(),
            position: *position,
        };
        let call = desk.paying(&call, bond);
        let step = format!("challenge-{}-{position}", desk.account.address());
        sent.push(once(desk, id, &step, &call).await?);
        paid += bond;
    }
    Moved::read(&desk.market, id, paid, positions.to_vec(), sent).await
}

pub async fn demand_full(args: DemandArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let result = demand(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Demands the proofs of k* positions, once.
pub async fn demand(desk: &PayingDesk, id: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    let fund = u128::from(desk.market.needed(e.mode, e.targetBps)) * (desk.market.params.claim.challengeBond / 2);
    let mut sent = Vec::new();
    if e.state != State::FullDemanded {
        require_state(id, &e, &[State::Claimed])?;
        let call = desk.paying(&demandFullCall { id, guard: e.guard }, fund);
        sent.push(once(desk, id, "demandFull", &call).await?);
    }
    Moved::read(&desk.market, id, fund, Vec::new(), sent).await
}

pub async fn reclaim(args: ReclaimArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = reclaim_bonds(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Takes back every bond of this account that is still open.
pub async fn reclaim_bonds(desk: &Desk, id: B256) -> eyre::Result<Moved> {
    let e = desk.market.engagement(id).await?;
    require_state(id, &e, &[State::Closed])?;
    let (mut sent, mut positions) = (Vec::new(), Vec::new());
    for (position, challenge) in desk.market.open_challenges(id).await? {
        if challenge.challenger == desk.account.address() {
            let call = desk.market.call(&reclaimBondCall { id, position });
            let step = format!("reclaim-{}-{position}", desk.account.address());
            sent.push(once(desk, id, &step, &call).await?);
            positions.push(position);
        }
    }
    Moved::read(&desk.market, id, 0, positions, sent).await
}

/// Sends a step of an engagement, once.
async fn once(desk: &Desk, id: B256, step: &str, call: &assay_chain::client::Call) -> eyre::Result<Sent> {
    let mut journal: Journal = desk.journal(id)?;
    let receipt = desk.account.send(&mut journal, step, call, &desk.report).await?;
    Ok(Sent::from(&receipt))
}
