//! What the owner of the engagements does: submit, collect, retry, cancel, forget, and budgets.

use crate::error::FarmError;
use crate::queue::session::Queue;
use crate::queue::task::{hash, Hash, NewTask};

/// What submitting did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Submitted {
    /// Tasks that are new.
    pub added: u64,
    /// Tasks whose statements were there already, whatever their state.
    pub known: u64,
}

/// The openings of a model's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Numbers up to this one are spent.
    pub used: u64,
    /// How many there are in all.
    pub total: u64,
}

/// A bundle as it comes from the queue: the caller verifies it once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What it ought to say, hashed.
    pub statement: Hash,
    /// The claim it was made for.
    pub claim: Vec<u8>,
    /// The bundle.
    pub bundle: Vec<u8>,
    /// Who made it.
    pub worker: String,
    /// How long the proof took, s.
    pub seconds: f64,
    /// Its peak of memory, bytes.
    pub peak: Option<u64>,
}

/// What collecting found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Bundles that the caller kept.
    pub kept: u64,
    /// Statements whose bundles were false, and the workers who stored them; they are queued again.
    pub refused: Vec<(Hash, String)>,
    /// Tasks that are queued or running.
    pub open: u64,
    /// Tasks that failed three times.
    pub set_aside: u64,
}

/// At most as many bytes of claims in one statement, and at most as many tasks.
const BATCH: (usize, usize) = (32 << 20, 1000);

impl Queue {
    /// Queues what is not there yet. Tasks of a model whose budget is elsewhere are refused.
    ///
    /// # Errors
    /// If the queue cannot be asked, or knows no such model: then nothing of the last batch is queued, and repeating is safe.
    pub async fn submit(&self, tasks: &[NewTask]) -> Result<Submitted, FarmError> {
        let mut done = Submitted::default();
        let mut rest = tasks;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take(BATCH.1).take_while(|task| {
                bytes += task.claim.len();
                bytes <= BATCH.0
            });
            let (batch, after) = rest.split_at(fitting.count().max(1));
            let added = self.submit_batch(batch).await?;
            done.added += added;
            done.known += batch.len() as u64 - added;
            rest = after;
        }
        Ok(done)
    }

    async fn submit_batch(&self, tasks: &[NewTask]) -> Result<u64, FarmError> {
        let engagements: Vec<&str> = tasks.iter().map(|task| task.engagement.as_str()).collect();
        let statements: Vec<&[u8]> = tasks.iter().map(|task| task.statement.as_slice()).collect();
        let models: Vec<&[u8]> = tasks.iter().map(|task| task.model_id.as_slice()).collect();
        let layouts: Vec<&str> = tasks.iter().map(|task| task.layout.as_str()).collect();
        let memory: Vec<i64> = tasks.iter().map(|task| stored(task.memory)).collect();
        let deadlines: Vec<f64> = tasks.iter().map(|task| task.deadline as f64).collect();
        let claims: Vec<&[u8]> = tasks.iter().map(|task| task.claim.as_slice()).collect();
        let row = self
            .row(
                include_str!("../sql/submit.sql"),
                &[
                    &engagements,
                    &statements,
                    &models,
                    &layouts,
                    &memory,
                    &deadlines,
                    &claims,
                ],
            )
            .await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    /// Hands each bundle of an engagement to `keep` that the caller `lacks`. `keep` verifies and stores it, or says `false`
    /// if it is not true: then its task is queued again, or set aside after its last start.
    ///
    /// # Errors
    /// If the queue cannot be asked, or as `keep` says.
    pub async fn collect<E: From<FarmError>>(
        &self,
        engagement: &str,
        lacks: impl Fn(&Hash) -> bool,
        mut keep: impl FnMut(Done) -> Result<bool, E>,
    ) -> Result<Collected, E> {
        let mut collected = Collected::default();
        let states = "SELECT state, statement FROM assay_farm.task WHERE engagement = $1 ORDER BY id";
        let mut wanted = Vec::new();
        for row in self.rows(states, &[&engagement]).await? {
            let statement = hash(row.get(1));
            match row.get(0) {
                "done" if lacks(&statement) => wanted.push(statement),
                "queued" | "running" => collected.open += 1,
                "set_aside" => collected.set_aside += 1,
                _ => {}
            }
        }
        for statement in wanted {
            let rows = self
                .rows(
                    "SELECT t.claim, r.bundle, r.worker, r.seconds, r.peak, r.token
                     FROM assay_farm.task t JOIN assay_farm.result r USING (statement) WHERE statement = $1",
                    &[&statement.as_slice()],
                )
                .await?;
            // Somebody else refused it, or forgot it, meanwhile.
            let Some(row) = rows.first() else { continue };
            let worker: String = row.get(2);
            let done = Done {
                statement,
                claim: row.get(0),
                bundle: row.get(1),
                worker: worker.clone(),
                seconds: row.get(3),
                peak: row.get::<_, Option<i64>>(4).map(i64::unsigned_abs),
            };
            if keep(done)? {
                self.rows(
                    "UPDATE assay_farm.result SET kept = true WHERE token = $1",
                    &[&row.get::<_, &[u8]>(5)],
                )
                .await?;
                collected.kept += 1;
            } else {
                self.refuse(row.get(5)).await?;
                collected.refused.push((statement, worker));
            }
        }
        Ok(collected)
    }

    /// Throws the false bundle of a start away and has its task proven again.
    async fn refuse(&self, token: &[u8]) -> Result<(), FarmError> {
        self.rows(
            "WITH gone AS (DELETE FROM assay_farm.result WHERE token = $1 RETURNING statement, worker),
                 ended AS (UPDATE assay_farm.start SET refused = true WHERE token = $1)
             UPDATE assay_farm.task t SET state = CASE WHEN t.starts < f.most_starts THEN 'queued' ELSE 'set_aside' END,
                 token = NULL, second = NULL, error = format('the bundle of %s was false', gone.worker)
             FROM assay_farm.farm f, gone WHERE t.statement = gone.statement",
            &[&token],
        )
        .await?;
        self.tell_workers().await
    }

    /// Queues again what was set aside or cancelled, with all its starts. How many tasks that is.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn retry(&self, engagement: &str) -> Result<u64, FarmError> {
        let queued = self
            .count(
                "UPDATE assay_farm.task SET state = 'queued', starts = 0, given_back = 0, copies = 0, token = NULL, second = NULL
                 WHERE engagement = $1 AND state IN ('set_aside', 'cancelled')",
                engagement,
            )
            .await?;
        self.tell_workers().await?;
        Ok(queued)
    }

    /// Whether the last tasks are given to a second worker from now on.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn set_twice(&self, twice: bool) -> Result<(), FarmError> {
        self.rows("UPDATE assay_farm.farm SET twice = $1", &[&twice])
            .await
            .map(drop)
    }

    /// Ends what is not done yet: workers stop at their next beat. How many tasks that is.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn cancel(&self, engagement: &str) -> Result<u64, FarmError> {
        self.count(
            "UPDATE assay_farm.task SET state = 'cancelled' WHERE engagement = $1 AND state IN ('queued', 'running', 'set_aside')",
            engagement,
        )
        .await
    }

    /// Deletes claims and bundles of what is done or cancelled, once everything is collected. What was opened stays on record.
    /// How many tasks that is.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn forget(&self, engagement: &str) -> Result<u64, FarmError> {
        self.count(
            "DELETE FROM assay_farm.task WHERE engagement = $1 AND state IN ('done', 'cancelled')",
            engagement,
        )
        .await
    }

    /// Makes this queue the home of a model's counter: the caller has noted in the model's secret file, before, that this farm has
    /// it. Repeating it changes nothing, and no counter falls.
    ///
    /// # Errors
    /// If the queue cannot be asked, or more is used than there is.
    pub async fn hand_over(&self, model_id: &Hash, budget: Budget) -> Result<Budget, FarmError> {
        if budget.used > budget.total {
            return Err(FarmError::Budget {
                model: hex::encode(model_id),
                why: format!("{} openings are used of {} in all", budget.used, budget.total),
            });
        }
        let row = self
            .row(
                "INSERT INTO assay_farm.model AS m (model_id, used, total) VALUES ($1, $2, $3)
                 ON CONFLICT (model_id) DO UPDATE
                     SET used = greatest(m.used, excluded.used), total = greatest(m.total, excluded.total)
                 RETURNING used, total",
                &[&model_id.as_slice(), &stored(budget.used), &stored(budget.total)],
            )
            .await?;
        self.tell_workers().await?;
        Ok(budget_of(&row))
    }

    /// Takes a model's counter back, to be noted in its secret file: no further number is granted here.
    ///
    /// # Errors
    /// If the queue cannot be asked, or has no such model.
    pub async fn take_back(&self, model_id: &Hash) -> Result<Budget, FarmError> {
        let rows = self
            .rows(
                "WITH was AS (SELECT model_id, used, total FROM assay_farm.model WHERE model_id = $1 FOR UPDATE)
                 UPDATE assay_farm.model m SET total = was.used FROM was WHERE m.model_id = was.model_id
                 RETURNING was.used, was.total",
                &[&model_id.as_slice()],
            )
            .await?;
        rows.first().map(budget_of).ok_or_else(|| self.unknown(model_id))
    }

    /// What is used of a model's budget, by all workers together.
    ///
    /// # Errors
    /// If the queue cannot be asked, or has no such model.
    pub async fn budget(&self, model_id: &Hash) -> Result<Budget, FarmError> {
        let rows = self
            .rows(
                "SELECT used, total FROM assay_farm.model WHERE model_id = $1",
                &[&model_id.as_slice()],
            )
            .await?;
        rows.first().map(budget_of).ok_or_else(|| self.unknown(model_id))
    }

    fn unknown(&self, model_id: &Hash) -> FarmError {
        FarmError::UnknownModel {
            at: self.place().at.clone(),
            model: hex::encode(model_id),
        }
    }

    async fn count(&self, statement: &str, engagement: &str) -> Result<u64, FarmError> {
        let counted = format!("WITH moved AS ({statement} RETURNING 1) SELECT count(*) FROM moved");
        let row = self.row(&counted, &[&engagement]).await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    async fn tell_workers(&self) -> Result<(), FarmError> {
        self.rows("SELECT pg_notify('assay_farm', '')", &[]).await.map(drop)
    }
}

fn budget_of(row: &tokio_postgres::Row) -> Budget {
    Budget {
        used: row.get::<_, i64>(0).unsigned_abs(),
        total: row.get::<_, i64>(1).unsigned_abs(),
    }
}

/// A number as the tables have it.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
