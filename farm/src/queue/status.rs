//! What is going on, for people and metrics.

use crate::error::FarmError;
use crate::queue::owner::Budget;
use crate::queue::session::Queue;
use crate::queue::task::{hash, Hash};

/// Everything at about one moment. Times are Unix seconds by the database's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Now.
    pub now: f64,
    /// The database's size, bytes.
    pub size: u64,
    /// The most urgent first.
    pub engagements: Vec<EngagementStatus>,
    /// The longest-running first.
    pub running: Vec<Running>,
    /// What needs a person.
    pub set_aside: Vec<Aside>,
    /// By model.
    pub budgets: Vec<BudgetLeft>,
}

/// Tasks of one engagement by state.
#[derive(Debug, Clone, PartialEq)]
pub struct EngagementStatus {
    /// Its id.
    pub engagement: String,
    /// Waiting.
    pub queued: u64,
    /// Waiting, though the deadline has passed: nobody starts them any more.
    pub late: u64,
    /// With a worker.
    pub running: u64,
    /// With a bundle.
    pub done: u64,
    /// Failed three times.
    pub set_aside: u64,
    /// Not wanted any more.
    pub cancelled: u64,
    /// The first deadline of what is open.
    pub deadline: Option<f64>,
    /// Bundles of the last hour.
    pub last_hour: u64,
    /// What a proof took on average, s.
    pub mean_seconds: Option<f64>,
    /// What all proofs took together, s.
    pub all_seconds: f64,
}

impl EngagementStatus {
    /// When the last bundle is expected, if as many workers go on as are running now.
    pub fn expected_end(&self, now: f64) -> Option<f64> {
        let open = (self.queued + self.running - self.late) as f64;
        let mean = self.mean_seconds?;
        (self.running > 0).then(|| now + (open / self.running as f64).ceil() * mean)
    }
}

/// A task with a worker, or with two.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Whose.
    pub engagement: String,
    /// Which.
    pub statement: Hash,
    /// With whom.
    pub worker: String,
    /// Where it is.
    pub step: Option<String>,
    /// Since when.
    pub since: f64,
    /// Which try.
    pub start: u32,
    /// Who proves it, too, if anybody does.
    pub second: Option<Second>,
}

/// The second worker of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// With whom it is, too.
    pub worker: String,
    /// Where that one is.
    pub step: Option<String>,
    /// Since when.
    pub since: f64,
}

/// A task that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Whose.
    pub engagement: String,
    /// Which.
    pub statement: Hash,
    /// Who had it last.
    pub worker: Option<String>,
    /// The last error.
    pub error: Option<String>,
    /// Where it was by then.
    pub step: Option<String>,
    /// Its peak of memory by then, bytes.
    pub peak: Option<u64>,
}

/// The openings of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLeft {
    /// Which.
    pub model_id: Hash,
    /// Used and total.
    pub budget: Budget,
    /// Of the used, those whose proofs are being made.
    pub leased: u64,
}

impl Queue {
    /// How many proofs of a model were stored within the last hour and kept by now: its owner found them true. What a worker stores counts
    /// for nothing before.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn made_last_hour(&self, model_id: &Hash) -> Result<u64, FarmError> {
        let row = self
            .row(
                "SELECT count(*) FROM assay_farm.result r JOIN assay_farm.task t USING (statement)
                 WHERE r.kept AND r.verified_at > now() - interval '1 hour' AND t.model_id = $1",
                &[&model_id.as_slice()],
            )
            .await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    /// What is going on; of one engagement if `only` names it.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn status(&self, only: Option<&str>) -> Result<Status, FarmError> {
        let wanted = |engagement: &str| only.is_none_or(|only| only == engagement);
        let count = |row: &tokio_postgres::Row, column: &str| row.get::<_, i64>(column).unsigned_abs();
        let about = self
            .row(
                "SELECT extract(epoch FROM now())::double precision, pg_database_size(current_database())",
                &[],
            )
            .await?;
        let engagements = self.rows(include_str!("../sql/status.sql"), &[]).await?;
        let engagements = engagements.iter().filter(|row| wanted(row.get("engagement")));
        let engagements = engagements.map(|row| EngagementStatus {
            engagement: row.get("engagement"),
            queued: count(row, "queued"),
            late: count(row, "late"),
            running: count(row, "running"),
            done: count(row, "done"),
            set_aside: count(row, "set_aside"),
            cancelled: count(row, "cancelled"),
            deadline: row.get("deadline"),
            last_hour: count(row, "last_hour"),
            mean_seconds: row.get("seconds"),
            all_seconds: row.get::<_, Option<f64>>("all_seconds").unwrap_or_default(),
        });
        let engagements = engagements.collect();
        let running = self
            .rows(
                "SELECT engagement, statement, worker, step, extract(epoch FROM since)::double precision, starts,
                     second IS NOT NULL, second_worker, second_step, extract(epoch FROM second_since)::double precision
                 FROM assay_farm.task WHERE state = 'running' ORDER BY since, id",
                &[],
            )
            .await?;
        let running = running.iter().filter(|row| wanted(row.get(0))).map(|row| Running {
            engagement: row.get(0),
            statement: hash(row.get(1)),
            worker: row.get(2),
            step: row.get(3),
            since: row.get(4),
            start: row.get::<_, i32>(5).unsigned_abs(),
            second: row.get::<_, bool>(6).then(|| Second {
                worker: row.get(7),
                step: row.get(8),
                since: row.get(9),
            }),
        });
        let running = running.collect();
        let aside = self
            .rows(
                "SELECT engagement, statement, worker, error, step, peak
                 FROM assay_farm.task WHERE state = 'set_aside' ORDER BY id",
                &[],
            )
            .await?;
        let aside = aside.iter().filter(|row| wanted(row.get(0))).map(|row| Aside {
            engagement: row.get(0),
            statement: hash(row.get(1)),
            worker: row.get(2),
            error: row.get(3),
            step: row.get(4),
            peak: row.get::<_, Option<i64>>(5).map(i64::unsigned_abs),
        });
        let aside = aside.collect();
        let budgets = self
            .rows(
                "SELECT model_id, used, total,
                     (SELECT count(*) + count(t.second) FROM assay_farm.task t WHERE t.model_id = m.model_id AND t.state = 'running')
                 FROM assay_farm.model m ORDER BY model_id",
                &[],
            )
            .await?;
        let budgets = budgets.iter().map(|row| BudgetLeft {
            model_id: hash(row.get(0)),
            budget: Budget {
                used: row.get::<_, i64>(1).unsigned_abs(),
                total: row.get::<_, i64>(2).unsigned_abs(),
            },
            leased: row.get::<_, i64>(3).unsigned_abs(),
        });
        let budgets = budgets.collect();
        Ok(Status {
            now: about.get(0),
            size: about.get::<_, i64>(1).unsigned_abs(),
            engagements,
            running,
            set_aside: aside,
            budgets,
        })
    }
}
