//! Audits of corpora.

mod accept;
mod ack;
mod answer;
mod check;
mod deliver;
mod demand;
mod end;
mod export;
mod overrule;
mod prove;
mod receive;
mod request;
mod reveal;
mod show;
mod watch;

use crate::context::Context;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Requester: ask which documents of a corpus match, and escrow the price
    Request(Box<request::Args>),
    /// Authority: stand behind a request
    #[command(
        after_help = "Example:\n  assay audit approve 0x3f… --keystore court.json\n\nGoes only when the request cannot be taken back any more. A refusal of what was approved weighs something."
    )]
    Approve(end::IdArgs),
    /// Requester: take a request back that nobody accepted
    #[command(
        after_help = "Example:\n  assay audit cancel 0x3f… --keystore me.json\n\nThe price comes back. Anybody may clear a request away that has expired."
    )]
    Cancel(end::IdArgs),
    /// Responder: judge a request, find the answers, lock the bond
    Accept(Box<accept::Args>),
    /// Responder: refuse a request
    Decline(accept::DeclineArgs),
    /// Responder: post the answers and seal them
    Answer(answer::Args),
    /// Responder: claim privilege for documents that match, before the answers are sealed
    Withhold(answer::WithholdArgs),
    /// Authority: make withheld documents ones that may be demanded
    Overrule(overrule::Args),
    /// Requester: show the salt, which fixes the sample
    Reveal(reveal::Args),
    /// Responder: make the proofs of what was drawn and named, and send them
    Prove(prove::Args),
    /// Responder: hand the documents that match over, or deliver what was demanded
    Deliver(deliver::Args),
    /// Requester: receive the documents that match and look at them
    Receive(receive::Args),
    /// Requester: demand documents that were not handed over
    Demand(demand::Args),
    /// Requester: fetch a delivery that was demanded, acknowledge and open it
    Ack(ack::Args),
    /// Responder: put deliveries on chain that were not acknowledged
    Publish(deliver::PublishArgs),
    /// Requester: show that a delivery is bad, which ends the audit
    #[command(
        after_help = "Example:\n  assay audit dispute 0x3f… --demand 0 --keystore me.json\n\nSends the evidence only if something is wrong with the delivery; from then on everybody who has its ciphertext can read it. Price and\nbond are yours."
    )]
    Dispute(ack::DisputeArgs),
    /// Settle demands and close an audit whose time has passed; anybody may
    #[command(
        after_help = "Example:\n  assay audit settle 0x3f… --keystore me.json\n\nDoes whatever is due, as assay timeout run does: demands first, then the audit itself."
    )]
    Settle(end::IdArgs),
    /// Requester: agree to the documents, which closes the audit
    Confirm(end::ConfirmArgs),
    /// Close an audit in which nothing more can be demanded; anybody may
    #[command(after_help = "Example:\n  assay audit finalize 0x3f… --keystore me.json")]
    Finalize(end::IdArgs),
    /// Look after all audits until told to end
    #[command(subcommand)]
    Watch(watch::Command),
    /// What the chain says of an audit, and what it shows
    Show(show::ShowArgs),
    /// The audits of a corpus
    List(show::ListArgs),
    /// Put an audit that has ended into one file, with all that shows it
    Export(export::Args),
    /// Check such a file; needs no node
    Check(check::Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Request(args) => request::run(*args, ctx).await,
            Self::Approve(args) => end::approve(args, ctx).await,
            Self::Cancel(args) => end::cancel(args, ctx).await,
            Self::Accept(args) => accept::run(*args, ctx).await,
            Self::Decline(args) => accept::decline(args, ctx).await,
            Self::Answer(args) => answer::run(args, ctx).await,
            Self::Withhold(args) => answer::withhold(args, ctx).await,
            Self::Overrule(args) => overrule::run(args, ctx).await,
            Self::Reveal(args) => reveal::run(args, ctx).await,
            Self::Prove(args) => prove::run(args, ctx).await,
            Self::Deliver(args) => deliver::run(args, ctx).await,
            Self::Receive(args) => receive::run(args, ctx).await,
            Self::Demand(args) => demand::run(args, ctx).await,
            Self::Ack(args) => ack::run(args, ctx).await,
            Self::Publish(args) => deliver::publish(args, ctx).await,
            Self::Dispute(args) => ack::dispute(args, ctx).await,
            Self::Settle(args) => end::close(args, ctx).await,
            Self::Confirm(args) => end::confirm(args, ctx).await,
            Self::Finalize(args) => end::close(args, ctx).await,
            Self::Watch(command) => command.run(ctx).await,
            Self::Show(args) => show::show(args, ctx).await,
            Self::List(args) => show::list(args, ctx).await,
            Self::Export(args) => export::run(args, ctx).await,
            Self::Check(args) => check::run(args, ctx),
        }
    }
}
