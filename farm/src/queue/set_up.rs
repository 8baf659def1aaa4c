//! Tables, functions and roles; and a database that is not the one it was.

use crate::address::QueueUrl;
use crate::connection::{connect, in_time};
use crate::error::{FarmError, Place};
use crate::queue::session::{place, Queue, Role, VERSION};
use crate::queue::task::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_postgres::Client;

/// What is the same for every worker of a farm.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How long a task is kept for a worker that is not heard of. Workers beat four times as often.
    pub lease: Duration,
    /// After how many starts without a bundle a task is set aside.
    pub most_starts: u32,
    /// Whether the last tasks are given to a second worker when it has nothing else to do. [`Queue::set_twice`] changes it later.
    pub twice: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            most_starts: 3,
            twice: true,
        }
    }
}

/// What setting up found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUp {
    /// There was no queue.
    Made,
    /// There was one, of this version by now; its tasks, budgets and settings are as they were.
    Known,
}

/// What the owner says of a model after a restore: how many openings are surely left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The model.
    pub model_id: Hash,
    /// Openings that nobody can have used.
    pub left: u64,
}

impl Queue {
    /// Makes the queue in a database, or sees that it is there. The user may make roles and schemas there.
    ///
    /// # Errors
    /// If the database cannot be reached or written to, has the queue of a later version, or is not the database that it was.
    pub async fn set_up(url: &QueueUrl, settings: &Settings) -> Result<SetUp, FarmError> {
        let place = place(url);
        let mut client = connect(url, &place, &Arc::new(Notify::new())).await?;
        let made = in_time(&place, make(&mut client, &place, settings)).await?;
        // Sees version and home.
        Self::connect(url, Role::Owner).await?;
        Ok(made)
    }

    /// Tells a restored or copied queue how many openings are left of each model: the others count as used. Until then nobody
    /// can use it. Counters only rise. The totals are those of the backup: what was handed over since has to be handed over again,
    /// with what is surely used of it.
    ///
    /// # Errors
    /// If a model of the queue is not among those told of, or one that is has fewer openings in all.
    pub async fn restored(url: &QueueUrl, left: &[Left]) -> Result<(), FarmError> {
        let place = place(url);
        let mut client = connect(url, &place, &Arc::new(Notify::new())).await?;
        in_time(&place, tell(&mut client, &place, left)).await
    }
}

async fn make(client: &mut Client, place: &Place, settings: &Settings) -> Result<SetUp, FarmError> {
    let told = |error: tokio_postgres::Error| place.told(&error);
    let work = client.transaction().await.map_err(told)?;
    // One at a time.
    work.execute("SELECT pg_advisory_xact_lock(20886)", &[])
        .await
        .map_err(told)?;
    let known = work
        .query_one("SELECT to_regclass('assay_farm.farm') IS NOT NULL", &[])
        .await
        .map_err(told)?
        .get(0);
    if known {
        work.batch_execute("SET LOCAL ROLE assay_owner").await.map_err(told)?;
        let version: i32 = work
            .query_one("SELECT version FROM assay_farm.farm", &[])
            .await
            .map_err(told)?
            .get(0);
        let steps = [include_str!("../sql/from_1.sql"), include_str!("../sql/from_2.sql")];
        let older = usize::try_from(version - 1).ok().and_then(|first| steps.get(first..));
        if let Some(steps) = older.filter(|steps| !steps.is_empty()) {
            let text = [
                "SET LOCAL search_path = assay_farm, pg_catalog, pg_temp;",
                &steps.concat(),
                include_str!("../sql/functions.sql"),
            ];
            work.batch_execute(&text.concat()).await.map_err(told)?;
            work.execute("UPDATE assay_farm.farm SET version = $1", &[&VERSION])
                .await
                .map_err(told)?;
            work.commit().await.map_err(told)?;
        } else if version != VERSION {
            return Err(FarmError::WrongVersion {
                at: place.at.clone(),
                theirs: version,
                ours: VERSION,
            });
        }
        return Ok(SetUp::Known);
    }
    for text in [
        include_str!("../sql/roles.sql"),
        include_str!("../sql/tables.sql"),
        include_str!("../sql/functions.sql"),
    ] {
        work.batch_execute(text).await.map_err(told)?;
    }
    work.execute(
        "INSERT INTO assay_farm.farm (version, home, lease, most_starts, twice)
         VALUES ($1, assay_farm.home(), make_interval(secs => $2), $3, $4)",
        &[
            &VERSION,
            &settings.lease.as_secs_f64(),
            &i32::try_from(settings.most_starts).unwrap_or(i32::MAX),
            &settings.twice,
        ],
    )
    .await
    .map_err(told)?;
    work.commit().await.map_err(told)?;
    Ok(SetUp::Made)
}

async fn tell(client: &mut Client, place: &Place, left: &[Left]) -> Result<(), FarmError> {
    let told = |error: tokio_postgres::Error| place.told(&error);
    let work = client.transaction().await.map_err(told)?;
    work.batch_execute("SET LOCAL ROLE assay_owner; SELECT FROM assay_farm.farm FOR UPDATE")
        .await
        .map_err(told)?;
    for row in work
        .query("SELECT model_id, used, total FROM assay_farm.model FOR UPDATE", &[])
        .await
        .map_err(told)?
    {
        let (id, used, total): (&[u8], i64, i64) = (row.get(0), row.get(1), row.get(2));
        let wrong = |why: String| FarmError::Budget {
            model: hex::encode(id),
            why,
        };
        let stated = left.iter().find(|left| left.model_id == id).ok_or_else(|| {
            wrong(format!(
                "say how many of its {total} openings are left; 0 if nobody knows"
            ))
        })?;
        let spent = i64::try_from(stated.left)
            .ok()
            .and_then(|left| total.checked_sub(left))
            .filter(|spent| *spent >= 0)
            .ok_or_else(|| wrong(format!("{} are left of {total} in all", stated.left)))?;
        work.execute(
            "UPDATE assay_farm.model SET used = $2 WHERE model_id = $1",
            &[&id, &spent.max(used)],
        )
        .await
        .map_err(told)?;
    }
    work.execute("UPDATE assay_farm.farm SET home = assay_farm.home()", &[])
        .await
        .map_err(told)?;
    work.commit().await.map_err(told)
}
