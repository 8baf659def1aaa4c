//! What a model provider does.

mod abort;
mod accept;
mod ack;
mod answer;
mod concede;
mod deploy_verifier;
mod offers;
mod post;
mod probe;
mod proceed;
mod prove;
mod register;
mod stake;
mod submit;
mod watch;

use crate::context::Context;
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
