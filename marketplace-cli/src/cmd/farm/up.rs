//! Makes the queue.

use crate::args::queue::QueueArgs;
use crate::args::time::seconds;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::place::Place;
use assay_chain::error::usage;
use assay_chain::packages::folders;
use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Left, SetUp, Settings};
use assay_farm::{FarmError, Queue, QueueUrl, Role};
use assay_marketplace::watch::end::told_to_end;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay farm up --local\n  \
    assay farm up --queue 'postgres://postgres@db.example/farm?sslmode=verify-full'\n  \
    assay farm up --queue 'postgres://postgres@db.example/farm?sslmode=verify-full' --restored\n\n\
    Makes tables, functions and the roles assay_owner and assay_worker in a database that is there; a second run changes nothing.\n\
    With --local it starts a PostgreSQL of its own, which this machine's user reaches through a socket and nobody else does, says where\n\
    it is, and runs until Ctrl-C or SIGTERM; PostgreSQL's programs are looked for on the PATH, where Debian puts them and in\n\
    node_modules. A database that was restored from a backup, or copied, is refused until --restored says so: everything that its\n\
    farm was allotted counts as used then, and the next assay farm submit allots anew.")]
pub struct Args {
    /// Start a PostgreSQL of its own, for this machine, until told to end
    #[arg(long, conflicts_with_all = ["queue", "restored"])]
    local: bool,
    /// Where its files are [default: farm/postgres in this program's state]
    #[arg(long, value_name = "DIR", requires = "local")]
    dir: Option<PathBuf>,
    /// The database was restored from a backup, or is a copy that takes the place of the other
    #[arg(long)]
    restored: bool,
    /// How long a new queue keeps a task for a worker that is not heard of, seconds or with a unit: workers say four times as often that they live
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = seconds)]
    lease: u64,
    /// Whether the last tasks are given to a second worker when it has nothing else to do, which may take an opening each [default: twice for
    /// a new queue, as before for another]
    #[arg(long, value_name = "once|twice", hide_possible_values = true)]
    last_tasks: Option<LastTasks>,
    #[command(flatten)]
    farm: QueueArgs,
}

/// To how many workers the last tasks are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LastTasks {
    Once,
    Twice,
}

/// The queue that is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Up {
    queue: String,
    farm: String,
    /// Whether there was none before.
    made: bool,
    tasks: PathBuf,
}

impl std::fmt::Display for Up {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = if self.made { "made" } else { "there already" };
        writeln!(f, "farm {} is {how}, tasks go to {}", self.farm, self.tasks.display())?;
        write!(f, "export ASSAY_QUEUE='{}'", self.queue)
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    if args.local {
        return local(args, ctx).await;
    }
    let place = Place::named(&args.farm, ctx)?;
    if args.restored {
        restored(&place.url).await?;
    }
    let text = args.farm.queue.clone();
    let text = text.or_else(|| ctx.settings.queue.as_ref().map(|queue| queue.value.clone()));
    let up = set_up(&place, text.unwrap_or_default(), args.lease, args.last_tasks).await?;
    ctx.out.result(&up, &up)
}

async fn set_up(place: &Place, queue: String, lease: u64, last_tasks: Option<LastTasks>) -> eyre::Result<Up> {
    if lease == 0 {
        return Err(usage("--lease is at least a second"));
    }
    let settings = Settings {
        lease: Duration::from_secs(lease),
        ..Settings::default()
    };
    let made = Queue::set_up(&place.url, &settings).await.map_err(told)?;
    place.tasks.make()?;
    let farm = Queue::connect(&place.url, Role::Owner).await.map_err(told)?;
    if let Some(last_tasks) = last_tasks {
        farm.set_twice(last_tasks == LastTasks::Twice).await.map_err(told)?;
    }
    Ok(Up {
        queue,
        farm: farm.id().to_owned(),
        made: made == SetUp::Made,
        tasks: place.tasks.dir().to_owned(),
    })
}

/// Runs until told to end; what uses it waits meanwhile, and goes on with the next one.
async fn local(args: Args, ctx: &Context) -> eyre::Result<()> {
    let dir = args.dir.unwrap_or_else(|| ctx.home.path().join("farm/postgres"));
    let programs = Local::find(&folders()).map_err(told)?;
    let server = Local::start(&programs, &dir, Durable::Yes).await.map_err(told)?;
    let url = server.url();
    let named = QueueArgs {
        queue: Some(url.to_string()),
        ..args.farm
    };
    let up = set_up(
        &Place::named(&named, ctx)?,
        url.to_string(),
        args.lease,
        args.last_tasks,
    )
    .await?;
    ctx.out.result(&up, &up)?;
    ctx.out.note("running until Ctrl-C or SIGTERM");
    told_to_end().await?;
    Ok(())
}

/// Says of every model that none of what it was allotted is left: the queue names one at a time that it was not told of.
async fn restored(url: &QueueUrl) -> eyre::Result<()> {
    let mut left: Vec<Left> = Vec::new();
    loop {
        let Err(error) = Queue::restored(url, &left).await else {
            return Ok(());
        };
        let unheard = match &error {
            FarmError::Budget { model, .. } => {
                model_id(model).filter(|id| left.iter().all(|left| left.model_id != *id))
            }
            _ => None,
        };
        match unheard {
            Some(model_id) => left.push(Left { model_id, left: 0 }),
            None => return Err(told(error)),
        }
    }
}

fn model_id(text: &str) -> Option<[u8; 32]> {
    let mut id = [0; 32];
    hex::decode_to_slice(text, &mut id).ok().map(|()| id)
}
