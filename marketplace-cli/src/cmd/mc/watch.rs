//! The consumer's daemon.

use crate::args::keys::KeyArgs;
use crate::args::patrol::PatrolArgs;
use crate::args::server::ServerArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use crate::observed::daemon::announcer;
use alloy::primitives::Address;
use assay_marketplace::delivery::Place;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::PublicModel;
use assay_marketplace::watch::consumer::{Consumer, ConsumerOrders, Objection};
use assay_marketplace::watch::patrol::{connect, only_one, Patrol};
use assay_marketplace::watch::station::Station;
use assay_protocol::accuracy::decide::Party;
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mc watch --exchange /mnt/shared --arch digits.arch.json --keystore me.json --password-file pw\n  \
    assay mc watch --exchange https://provider.example:8700 --arch digits.arch.json --keystore me.json --password-file pw \\\n      \
    --object demand-full --publish --json\n  \
    assay mc watch --exchange /mnt/shared --arch digits.arch.json --keystore me.json --password-file pw --once      from cron\n\n\
    Looks after every engagement of this state directory: hands over leaf hashes, ciphertext or set, reveals the keys that\n\
    are due, checks the proofs behind a posted result and accepts it if each claim is proven, closes what the provider let\n\
    expire, and fetches bonds and money. Claims without a proof that verifies are objected to when half of the time for\n\
    challenges is over. Without --arch results are left alone, and an optimistic verdict shows nothing.\n\n\
    In a directory each engagement has one of its own, named by its id; a set in clear goes into set/ inside. Every event is\n\
    one line on stdout, with --json one document with time, engagement, event and fields. It goes on after the node was away\n\
    and after a restart, and ends between two actions on Ctrl-C or SIGTERM. A second one for the same account and state\n\
    directory is refused."
)]
pub struct Args {
    /// Directory for the files of all engagements, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Architecture file of the model, to check proofs with
    #[arg(long, value_name = "FILE")]
    arch: Option<PathBuf>,
    #[command(flatten)]
    srs: SrsArgs,
    /// What to do about claims that are not proven
    #[arg(long, value_enum, default_value_t = Object::Challenge)]
    object: Object,
    /// Challenges to have open at one time in one engagement
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    max_challenges: u32,
    /// Put the ciphertext on chain when half of the time to acknowledge it is over
    #[arg(long)]
    publish: bool,
    /// Receiver of the money [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cmd::withdraw::receiver)]
    withdraw_to: Option<Address>,
    #[command(flatten)]
    patrol: PatrolArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

/// What to do about claims that are not proven.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Object {
    /// Challenge them, at one bond each
    Challenge,
    /// Demand as many proofs on chain as the target needs, at half a bond each
    DemandFull,
    /// Only say so
    None,
}

impl From<Object> for Objection {
    fn from(object: Object) -> Self {
        match object {
            Object::Challenge => Self::Challenge,
            Object::DemandFull => Self::DemandFull,
            Object::None => Self::None,
        }
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let schedule = args.patrol.schedule();
    let (announce, _answering) = announcer(&args.patrol, ctx, Vec::new(), None).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_desk(&args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Consumer)?;
    let srs = SrsUse::from(args.srs);
    if args.arch.is_some() {
        srs.check_name(&desk.market.chain)?;
    }
    let orders = ConsumerOrders {
        model: args.arch.map(|arch| PublicModel { arch, srs }),
        objection: args.object.into(),
        max_challenges: args.max_challenges as usize,
        publishes: args.publish,
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    Patrol::new(station, Consumer::new(orders), schedule)
        .run(schedule)
        .await
}
