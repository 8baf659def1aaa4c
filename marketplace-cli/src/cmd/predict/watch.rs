//! Daemons for rounds.

use crate::args::keys::KeyArgs;
use crate::args::model::ModelArgs;
use crate::args::patrol::PatrolArgs;
use crate::args::queue::QueueArgs;
use crate::args::server::ServerArgs;
use crate::args::serving::ServingArgs;
use crate::context::Context;
use crate::farm::owner::if_named;
use crate::observed::daemon::announcer;
use alloy::primitives::Address;
use assay_marketplace::delivery::Place;
use assay_marketplace::proving::ModelFiles;
use assay_marketplace::watch::patrol::{connect, only_one, Patrol};
use assay_marketplace::watch::round_consumer::{RoundConsumer, RoundConsumerOrders};
use assay_marketplace::watch::round_provider::{RoundProvider, RoundProviderOrders};
use assay_marketplace::watch::station::Station;
use assay_protocol::accuracy::decide::Party;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The provider's: serves, hands outputs over, publishes, proves and answers
    Mp(Box<ProviderArgs>),
    /// The consumer's: hands inputs over, checks outputs, contests, confirms
    Mc(Box<ConsumerArgs>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay predict watch mp --model digits.assay --exchange /mnt/shared --keystore me.json --password-file pw --serve --max-deposit 0.5\n  \
    assay predict watch mp --model digits.assay --exchange https://consumer.example:8700 --keystore me.json --password-file pw --once\n\n\
    Every event is one line on stdout, with --json one document with time, round, event and fields. Proofs are made beside\n\
    everything else, and what is promised to engagements of the same model is counted. A second one for the same account and\n\
    state directory is refused.")]
pub struct ProviderArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Directory for the files of all rounds, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Serve new offers for this model; needs --max-deposit, since whoever makes an offer names the deposit
    #[arg(long, requires = "max_deposit")]
    serve: bool,
    #[command(flatten)]
    serving: ServingArgs,
    /// Rounds to have open at one time, served and not closed
    #[arg(long, value_name = "N", requires = "serve", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    max_open: u32,
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

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay predict watch mc --exchange /mnt/shared --contest 4 --keystore me.json --password-file pw\n  \
    assay predict watch mc --exchange https://provider.example:8700 --reference mine.assay --keystore me.json --password-file pw\n\n\
    Hands the inputs of every offer of this state directory over, receives the outputs and compares them with the provider's\n\
    commitment, contests at random and what --reference says otherwise, confirms what it has no doubt about, and closes\n\
    what the provider let expire. Without all outputs it stays silent.")]
pub struct ConsumerArgs {
    /// Directory for the files of all rounds, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    exchange: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Predictions of each round to contest at random
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    contest: u32,
    /// Model file of your own: what it says otherwise is contested
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Receiver of the money [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cmd::withdraw::receiver)]
    withdraw_to: Option<Address>,
    #[command(flatten)]
    patrol: PatrolArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Mp(args) => provider(*args, ctx).await,
            Self::Mc(args) => consumer(*args, ctx).await,
        }
    }
}

async fn provider(args: ProviderArgs, ctx: &Context) -> eyre::Result<()> {
    let (schedule, model) = (args.patrol.schedule(), ModelFiles::from(args.model));
    let secrets = vec![model.secret_path()];
    let (announce, _answering) = announcer(&args.patrol, ctx, secrets, Some(&args.farm)).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_rounds_desk(&args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Provider)?;
    model.srs.check_name(&desk.market.chain)?;
    let orders = RoundProviderOrders {
        model,
        serves: args.serve.then(|| args.serving.into()),
        max_open: args.max_open as usize,
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
        farm: if_named(&args.farm, ctx)?,
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    let provider = RoundProvider::new(&station, orders)?;
    Patrol::new(station, provider, schedule).run(schedule).await
}

async fn consumer(args: ConsumerArgs, ctx: &Context) -> eyre::Result<()> {
    let schedule = args.patrol.schedule();
    let (announce, _answering) = announcer(&args.patrol, ctx, Vec::new(), None).await?;
    let desk = connect(&announce, &ctx.out, schedule, async || {
        ctx.paying_rounds_desk(&args.keys).await
    })
    .await?;
    let _lock = only_one(&desk, Party::Consumer)?;
    let orders = RoundConsumerOrders {
        contests: args.contest,
        reference: args.reference,
        withdraw_to: args.withdraw_to.unwrap_or(desk.account.address()),
    };
    let station = Station::new(desk, args.exchange, args.server.into(), announce);
    Patrol::new(station, RoundConsumer::new(orders), schedule)
        .run(schedule)
        .await
}
