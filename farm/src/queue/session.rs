//! A connection that is checked, acts as one role, and is made again when it broke.

use crate::address::QueueUrl;
use crate::connection::{connect, in_time};
use crate::error::{FarmError, Place};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

/// Version of tables and functions that this program reads.
pub(crate) const VERSION: i32 = 3;

/// What a client of the queue may do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Submit, collect, see everything, alter budgets.
    Owner,
    /// Take, keep and finish tasks, and nothing else.
    Worker,
}

impl Role {
    /// The role's name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "assay_owner",
            Self::Worker => "assay_worker",
        }
    }
}

/// A queue, used by one role through one connection; many tasks may use it at the same time.
///
/// Every call is one transaction, so that a connection that breaks leaves nothing half done; the next call makes a new one.
#[derive(Debug)]
pub struct Queue {
    url: QueueUrl,
    place: Place,
    role: Role,
    about: About,
    client: Mutex<Option<Arc<Client>>>,
    told: Arc<Notify>,
}

/// What the queue says of itself.
#[derive(Debug, Clone)]
struct About {
    id: String,
    lease: Duration,
}

impl Queue {
    /// Connects and checks: version, role, and that the database is the one it was.
    ///
    /// # Errors
    /// All but `Local` of [`FarmError`].
    pub async fn connect(url: &QueueUrl, role: Role) -> Result<Self, FarmError> {
        let place = place(url);
        let told = Arc::new(Notify::new());
        let (client, about) = open(url, &place, role, &told).await?;
        Ok(Self {
            url: url.clone(),
            place,
            role,
            about,
            client: Mutex::new(Some(Arc::new(client))),
            told,
        })
    }

    /// Which farm this is, for a model's secret file to name as the home of its counter. A copy has the same.
    pub fn id(&self) -> &str {
        &self.about.id
    }

    /// How long a task is kept for a worker that is not heard of.
    pub fn lease(&self) -> Duration {
        self.about.lease
    }

    /// The address, without secrets.
    pub fn url(&self) -> &QueueUrl {
        &self.url
    }

    /// Ends when somebody says that there may be new tasks, counted from this call on.
    pub fn news(&self) -> impl Future<Output = ()> + Send + '_ {
        self.told.notified()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The connection; a new one where the last broke.
    async fn client(&self) -> Result<Arc<Client>, FarmError> {
        let mut held = self.client.lock().await;
        if let Some(client) = held.as_ref().filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        let (client, _) = open(&self.url, &self.place, self.role, &self.told).await?;
        let client = Arc::new(client);
        *held = Some(client.clone());
        Ok(client)
    }

    /// Runs one statement.
    pub(crate) async fn rows(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, FarmError> {
        let client = self.client().await?;
        let answer = in_time(&self.place, async {
            let prepared = client.query(statement, values).await;
            prepared.map_err(|error| self.place.told(&error))
        })
        .await;
        if matches!(answer, Err(FarmError::Unreachable { .. })) {
            // Whatever is still under way there: the next call does not wait behind it.
            let mut held = self.client.lock().await;
            held.take_if(|held| Arc::ptr_eq(held, &client));
        }
        answer
    }

    /// Runs one statement that gives one row.
    pub(crate) async fn row(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, FarmError> {
        let mut rows = self.rows(statement, values).await?;
        rows.pop().ok_or_else(|| FarmError::NoFarm {
            at: self.place.at.clone(),
        })
    }
}

/// An address in the words of errors.
pub(crate) fn place(url: &QueueUrl) -> Place {
    Place {
        at: url.to_string(),
        user: url.user.clone(),
    }
}

/// A connection that has the role, and the queue behind it.
async fn open(url: &QueueUrl, place: &Place, role: Role, told: &Arc<Notify>) -> Result<(Client, About), FarmError> {
    let client = connect(url, place, told).await?;
    let about = in_time(place, async {
        let told = |error: tokio_postgres::Error| place.told(&error);
        // A user may have more rights than its role: they are put down here.
        let here = client
            .query_one(
                "SELECT to_regnamespace('assay_farm') IS NOT NULL, pg_is_in_recovery()",
                &[],
            )
            .await
            .map_err(told)?;
        if here.get(1) {
            return Err(FarmError::ReadOnly { at: place.at.clone() });
        }
        if !here.get::<_, bool>(0) {
            return Err(FarmError::NoFarm { at: place.at.clone() });
        }
        client
            .batch_execute(&format!("SET ROLE {}", role.name()))
            .await
            .map_err(told)?;
        about(&client, place).await
    })
    .await?;
    Ok((client, about))
}

/// Checks the queue behind a connection.
async fn about(client: &Client, place: &Place) -> Result<About, FarmError> {
    let told = |error: tokio_postgres::Error| place.told(&error);
    let said = client
        .query_opt("SELECT version, id, same_home, lease FROM assay_farm.hello()", &[])
        .await
        .map_err(told)?
        .ok_or_else(|| FarmError::NoFarm { at: place.at.clone() })?;
    let theirs: i32 = said.get(0);
    if theirs != VERSION {
        return Err(FarmError::WrongVersion {
            at: place.at.clone(),
            theirs,
            ours: VERSION,
        });
    }
    if !said.get::<_, bool>(2) {
        return Err(FarmError::OtherDatabase { at: place.at.clone() });
    }
    client.batch_execute("LISTEN assay_farm").await.map_err(told)?;
    Ok(About {
        id: said.get(1),
        lease: Duration::from_secs_f64(said.get(3)),
    })
}
