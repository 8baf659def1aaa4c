//! What a model provider does.

pub mod abort;
pub mod accept;
pub mod ack;
pub mod advice;
pub mod answer;
pub mod capacity;
pub mod concede;
pub mod demand;
pub mod deploy_verifier;
pub mod findings;
pub mod held;
pub mod offers;
pub mod post;
pub mod probe;
pub mod proceed;
pub mod prove;
pub mod register;
pub mod stake;
pub mod submit;
pub mod transfer;
pub mod watch;

use crate::context::Context;
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::error::{hinted, UsageError};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_protocol::abi::{EngagementView, IAccuracyMarket::proceedCall, Mode, State};
use assay_protocol::units::utc;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate, compile and deploy the verifier contract of an architecture
    DeployVerifier(deploy_verifier::Args),
    /// Register a model and stake on it
    Register(register::Args),
    /// List what is open on a model
    Offers(offers::Args),
    /// Accept an offer: escrow deposit and fee
    Accept(accept::Args),
    /// Keep the consumer's ciphertext and say so on chain
    Ack(ack::Args),
    /// Open the examples whose keys are out, and judge them
    Probe(probe::Args),
    /// End an accepted engagement before proving; pays for the inferences
    Abort(abort::Args),
    /// Commit to proving
    Proceed(proceed::Args),
    /// Check the test set and prove what the target needs
    Prove(prove::Args),
    /// Send the proofs until the target is met
    Submit(submit::Args),
    /// Claim a result instead, and prove it only if challenged
    Post(post::Args),
    /// Answer the open challenges
    Answer(answer::Args),
    /// Admit that the target cannot be proven: costs the deposit, but no strike
    Concede(concede::Args),
    /// Look after all engagements until told to end
    Watch(Box<watch::Args>),
    /// Add to a model's stake
    #[command(name = "topup")]
    TopUp(stake::TopUpArgs),
    /// Take a model's stake out
    Exit(stake::ExitArgs),
    /// Replace a model's transport key
    TransportKey(stake::TransportKeyArgs),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::DeployVerifier(args) => deploy_verifier::run(args, ctx).await,
            Self::Register(args) => register::run(args, ctx).await,
            Self::Offers(args) => offers::run(args, ctx).await,
            Self::Accept(args) => accept::run(args, ctx).await,
            Self::Prove(args) => prove::run(args, ctx).await,
            Self::Submit(args) => submit::run(args, ctx).await,
            Self::Ack(args) => ack::run(args, ctx).await,
            Self::Probe(args) => probe::run(args, ctx).await,
            Self::Abort(args) => abort::run(args, ctx).await,
            Self::Proceed(args) => proceed::run(args, ctx).await,
            Self::Post(args) => post::run(args, ctx).await,
            Self::Answer(args) => answer::run(args, ctx).await,
            Self::TopUp(args) => stake::top_up(args, ctx).await,
            Self::Exit(args) => stake::exit(args, ctx).await,
            Self::TransportKey(args) => stake::transport_key(args, ctx).await,
            Self::Concede(args) => concede::run(args, ctx).await,
            Self::Watch(args) => watch::run(*args, ctx).await,
        }
    }
}

fn require_provider(e: &EngagementView, account: &Account) -> eyre::Result<()> {
    if e.mp == account.address() {
        return Ok(());
    }
    Err(UsageError(format!(
        "the provider of this engagement is {}, the key is of {}",
        e.mp,
        account.address()
    ))
    .into())
}

async fn require_time(market: &Market, e: &EngagementView) -> eyre::Result<()> {
    let now = market.chain.now().await?;
    if now <= e.deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window ended {}", utc(e.deadline)),
        "anybody may now call: assay timeout run ID",
    ))
}

/// What a call of the provider answers now: the guard of the state, of the offer that this provider accepted.
fn accepted_guard(journal: &Journal, e: &EngagementView) -> eyre::Result<B256> {
    let accepted: Option<B256> = journal.fact("offerHash")?;
    match accepted {
        Some(offer) if offer != e.offerHash => Err(hinted(
            format!(
                "this provider accepted offer {offer}, the chain now has {}",
                e.offerHash
            ),
            "the chain was reorganised; look at the engagement again",
        )),
        _ => Ok(e.guard),
    }
}

/// The guard of `proceed`: after an encrypted transfer, the keys under which the probe set was checked.
fn probed_guard(journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<B256> {
    let guard = accepted_guard(journal, e)?;
    let probed: Option<B256> = journal.fact("probed")?;
    if e.mode == Mode::CLEAR || probed == Some(guard) {
        return Ok(guard);
    }
    Err(hinted(
        "the examples that are open now have not been checked",
        format!("run: assay mp probe {id}"),
    ))
}

/// Commits to proving, once; the provider has everything it needs.
pub async fn proceed_now(desk: &Desk, id: B256) -> eyre::Result<Option<Sent>> {
    let mut journal = desk.journal(id)?;
    proceed(desk, &mut journal, id).await
}

/// Sends `proceed` if the engagement is still Probing and nothing is known that speaks against it. Whoever saw the decision before the keys it answers are settled could
/// play the engagement again, with the knowledge.
async fn proceed(desk: &Desk, journal: &mut Journal, id: B256) -> eyre::Result<Option<Sent>> {
    let e = desk.market.engagement(id).await?;
    if e.state != State::Probing {
        return Ok(None);
    }
    require_time(&desk.market, &e).await?;
    desk.market.require_settled(id, &e).await?;
    let guard = probed_guard(journal, id, &e)?;
    advice::require_no_advice_to_end(journal, id, guard)?;
    let receipt = desk
        .account
        .send(
            journal,
            "proceed",
            &desk.market.call(&proceedCall { id, guard }),
            &desk.report,
        )
        .await?;
    Ok(Some(Sent::from(&receipt)))
}
