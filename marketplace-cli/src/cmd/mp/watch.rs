//! The provider's daemon.

use crate::args::keys::KeyArgs;
use crate::args::model::ModelArgs;
use crate::args::patrol::PatrolArgs;
use crate::args::queue::QueueArgs;
use crate::args::server::ServerArgs;
use crate::args::target::MaxTargetArgs;
use crate::context::Context;
use crate::farm::owner::if_named;
use crate::observed::daemon::announcer;
use alloy::primitives::Address;
use assay_chain::error::usage;
use assay_marketplace::accuracy::provider::accept::Policy;
use assay_marketplace::delivery::Place;
use assay_marketplace::proving::ModelFiles;
use assay_marketplace::watch::patrol::{connect, only_one, Patrol};
use assay_marketplace::watch::provider::{Provider, ProviderOrders};
use assay_marketplace::watch::station::Station;
use assay_protocol::accuracy::decide::Party;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp watch --model digits.assay --exchange /mnt/shared --keystore me.json --password-file pw\n  \
    assay mp watch --model digits.assay --exchange https://consumer.example:8700 --keystore me.json --password-file pw \\\n      \
    --accept --max-target 90% --json\n  \
    assay mp watch --model digits.assay --exchange /mnt/shared --keystore me.json --password-file pw --once      from cron\n\n\
    Looks after every engagement of this state directory: acknowledges the ciphertext, probes and decides, proves beside\n\
    everything else and one example at a time, posts or submits, hands the proofs over, answers challenges and full demands,\n\
    closes what the consumer let expire, and fetches the money. When half of a window is over it stops waiting: without\n\
    usable examples it aborts, with enough proofs it claims those, and if the target cannot be met it concedes. With --queue a\n\
    farm makes the proofs of all engagements at a time; if none come and what is left of the time is what proving here takes, they\n\
    are made here.\n\n\
    In a directory each engagement has one of its own, named by its id; a set in clear is expected in set/ inside. Every\n\
    event is one line on stdout, with --json one document with time, engagement, event and fields. It goes on after the node\n\
    was away and after a restart, and ends between two actions on Ctrl-C or SIGTERM. A second one for the same account and state\n\
    directory is refused."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Directory for the files of all engagements, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Accept new offers for this model
    #[arg(long, requires = "MaxTargetArgs")]
    accept: bool,
    #[command(flatten)]
    max_target: MaxTargetArgs,
    /// Accept only from these consumers
    #[arg(long = "consumer", value_name = "ADDRESS", requires = "accept")]
    consumers: Vec<Address>,
    /// Accept though the numbers speak against it, see assay mp accept; by the usual --at-least such engagements would be aborted
    #[arg(long, requires_all = ["accept", "at_least"])]
    force: bool,
    /// Engagements to have open at one time, accepted and not closed
    #[arg(long, value_name = "N", requires = "accept", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    max_open: u32,
    /// Proceed from this many right probes on [default: see assay mp probe]
    #[arg(long, value_name = "N")]
    at_least: Option<u32>,
    /// Receiver of the money [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cmd::withdraw::receiver)]
    withdraw_to: Option<Address>,
    #[command(flatten)]
    farm: QueueArgs,
    #[command(flatten)]
    patrol: PatrolArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    if args.max_target.is_given() && !args.accept {
        return Err(usage("a highest target is for --accept"));
    }
    let (schedule, model) = (args.patrol.schedule(), ModelFiles::from(args.model));
    let secrets = vec![model.secret_path()];
    let (announce, _answering) = announcer(&args.patrol, ctx, secrets, Some(&args.farm)).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_desk(&args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Provider)?;
    model.srs.check_name(&desk.market.chain)?;
    let orders = ProviderOrders {
        model,
        accepts: args.accept.then_some(Policy {
            max_target_bps: args.max_target.bps(),
            consumers: args.consumers,
            against_advice: args.force,
        }),
        max_open: args.max_open as usize,
        at_least: args.at_least,
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
        farm: if_named(&args.farm, ctx)?,
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    let provider = Provider::new(&station, orders)?;
    Patrol::new(station, provider, schedule).run(schedule).await
}
