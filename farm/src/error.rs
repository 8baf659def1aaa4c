//! What can go wrong between a machine and its queue: one sentence each, with what to do about it.

use std::io;
use std::path::PathBuf;

/// Why something with the queue did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FarmError {
    /// The address of the queue has a mistake.
    #[error("{url} is no address of a queue: {why}")]
    Url {
        /// As given, without what may be a password.
        url: String,
        /// What is wrong and how to write it.
        why: String,
    },
    /// A file that ought to have the password, or a certificate, is of no use.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        why: String,
    },
    /// Nobody answers, or the connection broke.
    #[error("the queue {at} does not answer ({said}): see whether PostgreSQL runs and this machine reaches it")]
    Unreachable {
        /// The queue, without secrets.
        at: String,
        /// What the system or the database said.
        said: String,
    },
    /// The database is a standby, or was made read-only.
    #[error("the queue {at} is read-only: name the database that takes writes, or promote this one")]
    ReadOnly {
        /// The queue, without secrets.
        at: String,
    },
    /// No disk, memory or connection is left there.
    #[error("the queue {at} is full ({said}): give its machine more disk or memory, or raise max_connections")]
    Full {
        /// The queue, without secrets.
        at: String,
        /// What the database said.
        said: String,
    },
    /// The user or the password is wrong.
    #[error("the queue {at} refuses {user} ({said}): set PGPASSWORD, or add a line to .pgpass, for that user")]
    WrongPassword {
        /// The queue, without secrets.
        at: String,
        /// Who wanted in.
        user: String,
        /// What the database said.
        said: String,
    },
    /// The user is known, but may not do this.
    #[error("{user} may not do this at the queue {at} ({said}): workers need GRANT assay_worker TO {user}, and who submits GRANT assay_owner TO {user}")]
    NotAllowed {
        /// The queue, without secrets.
        at: String,
        /// Who wanted it.
        user: String,
        /// What the database said.
        said: String,
    },
    /// The server has no such database.
    #[error("{at}: {said}: create it with `createdb`, or correct the address")]
    NoDatabase {
        /// The queue, without secrets.
        at: String,
        /// What the database said.
        said: String,
    },
    /// The database has no queue yet.
    #[error("the database {at} has no queue yet: run `assay farm up` with this address first")]
    NoFarm {
        /// The queue, without secrets.
        at: String,
    },
    /// The queue was made by another version of this program.
    #[error("the queue {at} has version {theirs} and this program reads version {ours}: run the same version of assay everywhere")]
    WrongVersion {
        /// The queue, without secrets.
        at: String,
        /// The queue's.
        theirs: i32,
        /// This program's.
        ours: i32,
    },
    /// A copy, a restored backup or a promoted standby: its counters may be old.
    #[error("the queue {at} is another database than it was, so a restored one whose counters may be old: see in the provers' records how many openings each model has left, and tell `assay farm up --restored`")]
    OtherDatabase {
        /// The queue, without secrets.
        at: String,
    },
    /// Tasks or openings of a model that the queue was not told of.
    #[error("the queue {at} knows no model {model}: hand its budget over first")]
    UnknownModel {
        /// The queue, without secrets.
        at: String,
        /// The model's id in hex, or what the database said.
        model: String,
    },
    /// A budget that cannot be.
    #[error("the budget of model {model} cannot be so: {why}")]
    Budget {
        /// The model's id in hex.
        model: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A finished proof for a task that was never given to this worker.
    #[error("the queue {at} gave this task to nobody with this token: the bundle was not stored")]
    NotGiven {
        /// The queue, without secrets.
        at: String,
    },
    /// What no other case says.
    #[error("the queue {at} refuses: {said}")]
    Refused {
        /// The queue, without secrets.
        at: String,
        /// What the database said.
        said: String,
    },
    /// Every proof of this worker fails.
    #[error("{failures} proofs in a row failed here, the last with: {last}: see what is wrong with this machine, then start the worker again")]
    Failing {
        /// How many.
        failures: u32,
        /// What the last one said.
        last: String,
    },
    /// A PostgreSQL of one's own could not be started.
    #[error("{0}")]
    Local(String),
    /// The operating system refused something beside the queue.
    #[error("cannot {doing}: {source}")]
    System {
        /// What was tried.
        doing: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl FarmError {
    /// Whether the same may work later without anybody's doing: workers wait and go on.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::ReadOnly { .. } | Self::Full { .. }
        )
    }
}

/// Which queue, and as whom: what an error of PostgreSQL is told with.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The address without secrets.
    pub(crate) at: String,
    pub(crate) user: String,
}

impl Place {
    /// The same in this crate's words.
    pub(crate) fn told(&self, error: &tokio_postgres::Error) -> FarmError {
        let at = self.at.clone();
        let user = self.user.clone();
        let Some(said) = error.as_db_error() else {
            let said = in_full(error);
            return match () {
                () if said.contains("password missing") => FarmError::WrongPassword {
                    at,
                    user,
                    said: "it wants a password".into(),
                },
                () if error.is_closed() || is_of_the_system(error) => FarmError::Unreachable { at, said },
                () => FarmError::Refused { at, said },
            };
        };
        let text = said.message().to_owned();
        match said.code().code() {
            "AF001" => FarmError::OtherDatabase { at },
            "AF002" => FarmError::NotGiven { at },
            "25006" => FarmError::ReadOnly { at },
            "28P01" | "28000" => FarmError::WrongPassword { at, user, said: text },
            "42501" => FarmError::NotAllowed { at, user, said: text },
            "3D000" => FarmError::NoDatabase { at, said: text },
            "3F000" | "42P01" | "42883" => FarmError::NoFarm { at },
            "23503" if said.table() == Some("task") => FarmError::UnknownModel {
                at,
                model: said.detail().unwrap_or(&text).to_owned(),
            },
            code if code.starts_with("53") => FarmError::Full { at, said: text },
            // Shut down, starting, a broken connection, a lock or statement that took too long, a deadlock.
            code if code.starts_with("08")
                || code.starts_with("57P")
                || ["57014", "55P03", "40P01", "40001"].contains(&code) =>
            {
                FarmError::Unreachable { at, said: text }
            }
            _ => FarmError::Refused { at, said: text },
        }
    }
}

/// Whether the operating system or the network is behind it.
fn is_of_the_system(error: &dyn std::error::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// An error with what is behind it.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
