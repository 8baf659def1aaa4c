//! Which queue and which directory of tasks are meant.

use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::tasks::Tasks;
use assay_chain::error::usage;
use assay_farm::QueueUrl;

/// A queue, and what its machines share.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where the queue is.
    pub url: QueueUrl,
    /// Where the tasks are.
    pub tasks: Tasks,
}

impl Place {
    /// What was typed, else what the environment or a file of settings says; `None` if no queue is named.
    ///
    /// # Errors
    /// If what is named is no address.
    pub fn if_named(args: &QueueArgs, ctx: &Context) -> eyre::Result<Option<Self>> {
        let settings = &ctx.settings;
        let named = args.queue.clone();
        let Some(url) = named.or_else(|| settings.queue.as_ref().map(|queue| queue.value.clone())) else {
            return Ok(None);
        };
        let tasks = args.tasks.clone();
        let tasks = tasks.or_else(|| settings.tasks.as_ref().map(|tasks| tasks.value.clone()));
        Ok(Some(Self {
            url: QueueUrl::parse(&url).map_err(told)?,
            tasks: Tasks::new(tasks.unwrap_or_else(|| ctx.home.path().join("farm/tasks"))),
        }))
    }

    /// As [`Place::if_named`], where there has to be one.
    ///
    /// # Errors
    /// As there, and if none is named.
    pub fn named(args: &QueueArgs, ctx: &Context) -> eyre::Result<Self> {
        Self::if_named(args, ctx)?.ok_or_else(|| {
            usage("no queue is named: use --queue URL, ASSAY_QUEUE or queue = \"…\" in assay.toml; for one machine: assay farm up --local")
        })
    }
}
