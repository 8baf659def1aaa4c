//! Serves files to the other party of an engagement, a round or an audit, and to the authority of an audit.

use crate::watch::end::told_to_end;
use crate::watch::vitals::Vitals;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_chain::venue::{Venue, View};
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_exchange::parties;
use assay_exchange::parties::{Parties, Rights};
use assay_exchange::server::{Event, Options, Server};
use assay_protocol::abi::AuditView;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the list of parties is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How long transfers under way may still take at the end.
const GRACE: Duration = Duration::from_secs(30);

/// Where the server is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Scheme, host and port.
    pub url: String,
    /// The party that serves: requests are signed for this address.
    pub operator: Address,
    /// Directory of the files.
    pub store: PathBuf,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "url       {}", self.url)?;
        writeln!(f, "operator  {}", self.operator)?;
        writeln!(f, "store     {}", self.store.display())
    }
}

/// Serves until told to end, under the lock of the store; `started` hears where, `vitals` what was answered.
///
/// # Errors
/// If the server cannot start, or ends by itself.
pub async fn serve(
    options: Options,
    _lock: Lock,
    mut list: List,
    out: &Reporter,
    vitals: &Arc<Vitals>,
    started: impl FnOnce(&Serving) -> eyre::Result<()>,
) -> eyre::Result<()> {
    let parties = Parties::default();
    parties.replace(list.read()?);
    let (requests, counts) = (out.clone(), vitals.clone());
    let watch = move |event: Event| {
        counts.answered(event.status.as_u16());
        // Strangers may ask for paths of any length.
        let target: String = event.target.chars().take(250).collect();
        let party = event
            .party
            .map_or_else(|| "nobody".to_owned(), |address| address.to_string());
        requests.note(format_args!(
            "{} {} {} by {party}",
            event.status.as_u16(),
            event.method,
            target
        ));
    };
    let mut server = Server::start(&options, parties.clone(), Arc::new(watch)).await?;
    let scheme = options.listen.scheme();
    let serving = Serving {
        url: format!("{scheme}://{}", server.address()),
        operator: options.operator,
        store: options.store,
    };
    started(&serving)?;
    vitals.connected();
    out.note("serving; Ctrl-C ends it");
    let mut look = tokio::time::interval(LOOK);
    let mut stop = pin!(told_to_end());
    loop {
        tokio::select! {
            ended = server.ended() => return Ok(ended?),
            signal = &mut stop => {
                signal?;
                return Ok(server.shutdown(GRACE).await?);
            }
            _ = look.tick() => {
                vitals.turned();
                if list.has_changed() {
                    match list.read() {
                        Ok(table) => parties.replace(table),
                        Err(error) => out.warn(format_args!("the parties stay as they were: {error:#}")),
                    }
                }
            }
        }
    }
}

/// Where the parties come from.
#[derive(Debug)]
pub struct List {
    on_chain: parties::Table,
    file: Option<PathBuf>,
    /// Of the file when it was read.
    modified: Option<SystemTime>,
}

impl List {
    /// The parties that the chain says, and those of a file besides.
    pub fn new(on_chain: parties::Table, file: Option<PathBuf>) -> Self {
        Self {
            on_chain,
            file,
            modified: None,
        }
    }

    fn modified(&self) -> Option<SystemTime> {
        std::fs::metadata(self.file.as_ref()?)
            .and_then(|data| data.modified())
            .ok()
    }

    fn has_changed(&self) -> bool {
        self.modified() != self.modified
    }

    fn read(&mut self) -> eyre::Result<parties::Table> {
        self.modified = self.modified();
        let mut table = self.on_chain.clone();
        if let Some(path) = &self.file {
            add(&mut table, parties::read(path)?);
        }
        Ok(table)
    }
}

/// Adds what another table allows.
pub fn add(table: &mut parties::Table, more: parties::Table) {
    for (id, rights) in more {
        table.entry(id).or_default().extend(rights);
    }
}

/// Consumer and provider of each engagement or round.
///
/// # Errors
/// If the market has none with one of these ids, or the node does not answer.
pub async fn on_chain(market: &impl Venue, ids: &[B256]) -> eyre::Result<parties::Table> {
    let mut table = parties::Table::new();
    for id in ids {
        let view = market.newest(*id).await?;
        table.insert(*id, Rights::of([view.consumer(), view.provider()], []));
    }
    Ok(table)
}

/// Requester and responder of each audit; its authority may read.
///
/// # Errors
/// If the market has none with one of these ids, or the node does not answer.
pub async fn audits_on_chain(market: &Audits, ids: &[B256]) -> eyre::Result<parties::Table> {
    let mut table = parties::Table::new();
    for id in ids {
        table.insert(*id, rights_of(&market.newest(*id).await?));
    }
    Ok(table)
}

fn rights_of(audit: &AuditView) -> Rights {
    let authority = Some(audit.authority).filter(|authority| !authority.is_zero());
    Rights::of([audit.rq, audit.rs], authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_adds_to_what_the_chain_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("parties.json");
        let (id, one, two) = (B256::repeat_byte(1), Address::repeat_byte(1), Address::repeat_byte(2));
        let mut list = List::new(parties::Table::from([(id, Rights::of([one], []))]), Some(file.clone()));
        assert!(list.read().is_err());
        std::fs::write(&file, format!("{{\"{id}\": [\"{two}\"]}}")).unwrap();
        assert!(list.has_changed());
        assert_eq!(list.read().unwrap()[&id], Rights::of([one, two], []));
        assert!(!list.has_changed());
        std::fs::remove_file(&file).unwrap();
        assert!(list.has_changed());
        assert!(list.read().is_err());
        assert!(!list.has_changed(), "a missing file is reported once");
    }
}
