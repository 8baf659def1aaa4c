//! Where the queue of a farm is.

use clap::Args;
use std::path::PathBuf;

/// The queue of a farm, and what its machines share.
#[derive(Debug, Clone, Default, Args)]
pub struct QueueArgs {
    /// Queue of the farm, as postgres://USER@HOST/DATABASE?sslmode=verify-full or postgres://USER@/DATABASE?host=/DIRECTORY; its
    /// password comes from PGPASSWORD, .pgpass or the file that passwordfile= names
    #[arg(
        help_heading = "Farm",
        long,
        value_name = "URL",
        env = "ASSAY_QUEUE",
        hide_env_values = true
    )]
    pub queue: Option<String>,
    /// Directory that the farm's machines mount and nobody else reads: what is to be proven, images included, until it is collected
    /// [default: farm/tasks in this program's state]
    #[arg(help_heading = "Farm", long, value_name = "DIR", env = "ASSAY_TASKS")]
    pub tasks: Option<PathBuf>,
}
