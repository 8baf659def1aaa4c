//! What a worker does: each is one call of a function in `sql/functions.sql`.

use crate::error::FarmError;
use crate::queue::session::Queue;
use crate::queue::task::{hash, Hash, Skill, Token};

/// What a worker has to give.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What people call it; nothing depends on it.
    pub worker: String,
    /// What it can prove; nothing is taken beside it.
    pub skills: Vec<Skill>,
    /// Free memory, bytes.
    pub memory: u64,
}

/// A task that is this worker's for one lease, and one opening of the model's weights, spent by now.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The task.
    pub id: i64,
    /// This start of it.
    pub token: Token,
    /// What it says, hashed.
    pub statement: Hash,
    /// Whose weights.
    pub model_id: Hash,
    /// Which keys.
    pub layout: String,
    /// The opening's number: no other start of this model has it.
    pub number: u64,
    /// As it was submitted.
    pub claim: Vec<u8>,
    /// Predicted peak, bytes.
    pub memory: u64,
    /// When the bundle has to be there, Unix s.
    pub deadline: u64,
    /// Which try this is, from 1; a second worker's is that of the first.
    pub start: u32,
    /// Whether another worker proves it, too: the first bundle wins.
    pub is_second: bool,
}

/// Whether a worker goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It does: the task is kept for another lease.
    Mine,
    /// Another was faster: the proof is of no use.
    Finished,
    /// Nobody wants it any more.
    Cancelled,
    /// Another started, too; whoever is first has done it.
    TakenByAnother,
}

/// What became of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It is the result.
    First,
    /// There was one already.
    Known,
    /// Nobody wants it any more.
    Cancelled,
}

/// Why there is no bundle. No image, label or key belongs in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// In one line.
    pub error: String,
    /// Where the prover was.
    pub step: String,
    /// Its peak of memory, bytes.
    pub peak: Option<u64>,
}

/// A number as the tables have it.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Queue {
    /// Takes the most urgent task that fits, or where nothing waits one of another worker's, too: lease, start and opening are on the database's disk when this returns.
    ///
    /// A connection that breaks during the call may have taken one: it costs a lease and an opening, like a lost worker.
    ///
    /// # Errors
    /// If the queue cannot be asked, or is not what it was.
    pub async fn take(&self, offer: &Offer) -> Result<Option<Taken>, FarmError> {
        let kinds: Vec<String> = offer.skills.iter().map(Skill::kind).collect();
        let seconds: Vec<f64> = offer.skills.iter().map(|skill| skill.seconds).collect();
        let rows = self
            .rows(
                "SELECT * FROM assay_farm.take($1, $2, $3, $4)",
                &[&offer.worker, &stored(offer.memory), &kinds, &seconds],
            )
            .await?;
        Ok(rows.first().map(|row| Taken {
            id: row.get("id"),
            token: Token(row.get::<_, &[u8]>("token").try_into().expect("sixteen bytes")),
            statement: hash(row.get("statement")),
            model_id: hash(row.get("model_id")),
            layout: row.get("layout"),
            number: row.get::<_, i64>("number").unsigned_abs(),
            claim: row.get("claim"),
            memory: row.get::<_, i64>("memory").unsigned_abs(),
            deadline: row.get::<_, f64>("deadline") as u64,
            start: row.get::<_, i32>("start").unsigned_abs(),
            is_second: row.get("is_second"),
        }))
    }

    /// Says that the worker lives, where it is, and asks whether it shall go on.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn beat(&self, taken: &Taken, step: &str) -> Result<Beat, FarmError> {
        let row = self
            .row(
                "SELECT assay_farm.beat($1, $2, $3)",
                &[&taken.id, &taken.token.0.as_slice(), &step],
            )
            .await?;
        Ok(match row.get(0) {
            "mine" => Beat::Mine,
            "finished" => Beat::Finished,
            "another" => Beat::TakenByAnother,
            _ => Beat::Cancelled,
        })
    }

    /// Stores a bundle that was verified, whoever has the task by now; the first one stays. Repeating it does no harm.
    ///
    /// # Errors
    /// If the queue cannot be asked, or gave this task to nobody with this token.
    pub async fn finish(
        &self,
        taken: &Taken,
        bundle: &[u8],
        seconds: f64,
        peak: Option<u64>,
    ) -> Result<Closed, FarmError> {
        let peak = peak.map(stored);
        let row = self
            .row(
                "SELECT assay_farm.finish($1, $2, $3, $4, $5)",
                &[&taken.id, &taken.token.0.as_slice(), &bundle, &seconds, &peak],
            )
            .await?;
        Ok(match row.get(0) {
            "first" => Closed::First,
            "known" => Closed::Known,
            _ => Closed::Cancelled,
        })
    }

    /// Ends a start that failed; the last of three tries sets the task aside. Whether the task was still this worker's.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn fail(&self, taken: &Taken, failure: &Failure) -> Result<bool, FarmError> {
        self.end(taken, true, failure).await
    }

    /// Gives a task back that is not at fault. Its opening is spent; its start does not count.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn give_back(&self, taken: &Taken) -> Result<bool, FarmError> {
        let failure = Failure {
            error: "its worker was told to stop".into(),
            ..Failure::default()
        };
        self.end(taken, false, &failure).await
    }

    async fn end(&self, taken: &Taken, counts: bool, failure: &Failure) -> Result<bool, FarmError> {
        let peak = failure.peak.map(stored);
        let row = self
            .row(
                "SELECT assay_farm.fail($1, $2, $3, $4, $5, $6)",
                &[
                    &taken.id,
                    &taken.token.0.as_slice(),
                    &counts,
                    &failure.error,
                    &failure.step,
                    &peak,
                ],
            )
            .await?;
        Ok(row.get(0))
    }
}
