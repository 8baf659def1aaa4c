//! Daemons for audits.

use crate::args::accepting::AcceptingArgs;
use crate::args::fees::ether;
use crate::args::keys::KeyArgs;
use crate::args::patrol::PatrolArgs;
use crate::args::predicate::PredicateKeyArgs;
use crate::args::queue::QueueArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use crate::farm::owner::if_named;
use crate::observed::daemon::announcer;
use alloy::primitives::Address;
use assay_chain::error::usage;
use assay_marketplace::audit::published::KeyUse;
use assay_marketplace::audit::responder::accept::Documents;
use assay_marketplace::audit::responder::policy::AcceptPolicy;
use assay_marketplace::delivery::Place;
use assay_marketplace::watch::audit_requester::{AuditRequester, AuditRequesterOrders};
use assay_marketplace::watch::audit_responder::{AuditResponder, AuditResponderOrders};
use assay_marketplace::watch::patrol::{connect, only_one, Patrol};
use assay_marketplace::watch::station::Station;
use assay_protocol::accuracy::decide::Party;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The requester's: publishes the predicate, reveals, receives, demands, acknowledges, disputes, confirms
    Rq(Box<RequesterArgs>),
    /// The responder's: accepts, answers, proves, hands documents over, delivers, publishes
    Rs(Box<ResponderArgs>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay audit watch rq --exchange /mnt/shared --max-demand 0.5 --keystore me.json --password-file pw\n  \
    assay audit watch rq --exchange https://responder.example:8700 --max-demand 0.5 --keystore me.json --password-file pw --once\n\n\
    Hands the predicate of every request of this state directory over, shows the salt once the answers cannot be taken back and\n\
    names no documents, looks at those that are handed over, demands what is missing when half of the time for demands has\n\
    passed, acknowledges a delivery of which it has every chunk, disputes a bad one, confirms when everything that is owed is\n\
    here, and closes what the responder let expire. A demand is for 128 documents at most and brings gas that comes back, but for\n\
    half of what a publication uses up; what the account needs to acknowledge, dispute and settle is kept. What fails about one\n\
    demand is tried again later and keeps no other waiting. A second one for the same account and state directory is refused.")]
pub struct RequesterArgs {
    /// Directory for the files of all audits, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Most to put into demands of all audits that are open, together, in ether: whoever answers decides how much there is to demand
    #[arg(long, value_name = "ETHER", value_parser = ether)]
    max_demand: u128,
    /// Receiver of the money [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cmd::withdraw::receiver)]
    withdraw_to: Option<Address>,
    #[command(flatten)]
    patrol: PatrolArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay audit watch rs --exchange /mnt/shared --accept --requester 0x90… --max-bond 5 --max-matches 40 --keystore me.json --password-file pw\n  \
    assay audit watch rs --exchange https://responder.example:8700 --corpus archive.corpus --keystore me.json --password-file pw --once\n\n\
    Looks after every corpus that was committed with this state directory, or the one of --corpus. Withholds nothing by itself:\n\
    where documents may be withheld, the answers are sealed when half of the time for them has passed, and until then\n\
    assay audit withhold does it; with --accept and without --withhold they are sealed at once. Proofs are made beside\n\
    everything else. A delivery that was not acknowledged is published if that costs less than bond and price. A request that\n\
    could not be accepted twice is left alone, and none is judged while proofs are due. A second one for the same account and state directory is refused.")]
pub struct ResponderArgs {
    /// Directory for the files of all audits, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Directory of the only corpus to look after [default: all that were committed from here]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Folder of its originals [default: where they were committed from]
    #[arg(long, value_name = "DIR", requires = "corpus")]
    originals: Option<PathBuf>,
    /// Accept new requests about these corpora; needs --max-bond and --max-matches, since whoever makes a request names the bond and what matches
    #[arg(long, requires = "max_bond", requires = "max_matches")]
    accept: bool,
    /// Accept requests of whoever makes one: each audit hands documents over, and nothing bounds how many there are
    #[arg(long, requires = "accept", conflicts_with = "requesters")]
    any_requester: bool,
    #[command(flatten)]
    accepting: AcceptingArgs,
    /// Audits to have open at one time, accepted and not closed
    #[arg(long, value_name = "N", requires = "accept", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    max_open: u32,
    /// Most documents to hand over in all audits that are accepted with this state directory, whether open or closed
    #[arg(long, value_name = "N", requires = "accept")]
    max_documents_total: Option<u64>,
    /// Receiver of the money [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cmd::withdraw::receiver)]
    withdraw_to: Option<Address>,
    #[command(flatten)]
    predicate_keys: PredicateKeyArgs,
    #[command(flatten)]
    farm: QueueArgs,
    #[command(flatten)]
    patrol: PatrolArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Rq(args) => requester(*args, ctx).await,
            Self::Rs(args) => responder(*args, ctx).await,
        }
    }
}

async fn requester(args: RequesterArgs, ctx: &Context) -> eyre::Result<()> {
    let schedule = args.patrol.schedule();
    let (announce, _answering) = announcer(&args.patrol, ctx, Vec::new(), None).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_audits_desk(args.retrieval, &args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Consumer)?;
    let orders = AuditRequesterOrders {
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
        most_demanded: args.max_demand,
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    Patrol::new(station, AuditRequester::new(orders), schedule)
        .run(schedule)
        .await
}

async fn responder(args: ResponderArgs, ctx: &Context) -> eyre::Result<()> {
    if args.accept && args.accepting.requesters.is_empty() && !args.any_requester {
        return Err(usage(
            "say whose requests are accepted: --requester ADDRESS, or --any-requester for everybody's",
        ));
    }
    let schedule = args.patrol.schedule();
    let (announce, _answering) = announcer(&args.patrol, ctx, Vec::new(), Some(&args.farm)).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_audits_desk(args.retrieval, &args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Provider)?;
    let keys = KeyUse::from(args.predicate_keys);
    keys.srs.check_name(&desk.market.chain)?;
    let originals = args.originals;
    let orders = AuditResponderOrders {
        keys,
        accepts: args.accept.then(|| AcceptPolicy {
            most_in_total: args.max_documents_total,
            ..args.accepting.into()
        }),
        max_open: args.max_open as usize,
        corpus: args.corpus.map(|corpus| Documents { corpus, originals }),
        marketplace: ctx.market_if_named(&desk.market.chain).await?,
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
        farm: if_named(&args.farm, ctx)?,
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    let responder = AuditResponder::new(&station, orders)?;
    Patrol::new(station, responder, schedule).run(schedule).await
}
