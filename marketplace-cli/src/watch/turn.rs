//! One engagement's turn: look, decide, act, until something else has to happen.

use super::consumer::Consumer;
use super::decide::{next, Action, Facts, Party, Situation};
use super::event::{error_fields, Event};
use super::provider::Provider;
use super::record::Record;
use super::{window, Desk};
use crate::chain::account::NonceTaken;
use crate::chain::bindings::EngagementView;
use crate::chain::market::Unsettled;
use crate::exit::Exit;
use crate::files::InUse;
use alloy::primitives::B256;
use serde_json::{json, Value};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Actions on one engagement in one turn: more than any path has without the other side.
const STEPS: usize = 6;

/// Engagements that are looked at together.
const LOOKS: usize = 8;

/// How long the facts about one engagement may take to collect.
const LOOK_TIME: Duration = Duration::from_secs(120);

/// What differs between the parties.
#[derive(Debug)]
pub enum Role {
    Provider(Box<Provider>),
    Consumer(Box<Consumer>),
}

impl Role {
    fn party(&self) -> Party {
        match self {
            Self::Provider(_) => Party::Provider,
            Self::Consumer(_) => Party::Consumer,
        }
    }

    async fn facts(&self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        match self {
            Self::Provider(provider) => provider.facts(desk, id, e).await,
            Self::Consumer(consumer) => consumer.facts(desk, id, e).await,
        }
    }

    async fn act(&self, desk: &Desk, id: B256, e: &EngagementView, action: Action) -> eyre::Result<Value> {
        match self {
            Self::Provider(provider) => provider.act(desk, id, e, action).await,
            Self::Consumer(consumer) => consumer.act(desk, id, e, action).await,
        }
    }
}

pub fn is_lost(error: &eyre::Report) -> bool {
    Exit::of(error) == Exit::ChainUnreachable
}

/// Whether the error says nothing about the engagement: the node was away, somebody else works on it, or the chain is being
/// rewritten or may yet be.
pub fn is_passing(error: &eyre::Report) -> bool {
    is_lost(error)
        || is_unsettled(error)
        || error
            .chain()
            .any(|cause| cause.is::<InUse>() || cause.is::<NonceTaken>())
}

fn is_unsettled(error: &eyre::Report) -> bool {
    error.chain().any(|cause| cause.is::<Unsettled>())
}

/// What every turn works with.
#[derive(Debug)]
pub struct Beat {
    pub desk: Desk,
    pub role: Role,
    looks: Semaphore,
    /// A single pass, which has no second try.
    pub once: bool,
}

impl Beat {
    pub fn new(desk: Desk, role: Role, once: bool) -> Self {
        Self {
            desk,
            role,
            looks: Semaphore::new(LOOKS),
            once,
        }
    }

    /// One engagement's turn. The record comes back whatever happens.
    pub async fn turn(&self, id: B256, mut record: Record) -> (Record, eyre::Result<()>) {
        let done = if record.is_pausing() {
            Ok(())
        } else {
            self.serve(id, &mut record).await
        };
        (record, done)
    }

    /// Does what is due, until something else has to happen.
    async fn serve(&self, id: B256, record: &mut Record) -> eyre::Result<()> {
        let mut last = Action::Wait;
        for _ in 0..STEPS {
            let decided = {
                // Never closed.
                let _permit = self.looks.acquire().await?;
                tokio::time::timeout(LOOK_TIME, self.decide(id, record)).await
            };
            let decided = decided.unwrap_or_else(|_| Err(eyre::eyre!("nothing known after {} s", LOOK_TIME.as_secs())));
            let (e, action) = match decided {
                Ok(Some(decided)) => decided,
                Ok(None) => return Ok(()),
                Err(error) => return self.complain(id, record, "look", &error),
            };
            if action == Action::Wait || action == last {
                return Ok(());
            }
            match self.role.act(&self.desk, id, &e, action).await {
                Ok(Value::Null) => {}
                Ok(fields) => {
                    record.succeeded();
                    self.say(Some(id), action.name(), fields)?;
                }
                Err(error) => {
                    if !is_passing(&error) {
                        record.failed(e.state);
                    }
                    self.complain(id, record, action.name(), &error)?;
                    if !self.once || record.failures(e.state) != 1 {
                        return Ok(());
                    }
                }
            }
            last = action;
        }
        Ok(())
    }

    async fn decide(&self, id: B256, record: &mut Record) -> eyre::Result<Option<(EngagementView, Action)>> {
        let Some(e) = self.look(id, record).await? else {
            return Ok(None);
        };
        let facts = Facts {
            has_failed: record.failures(e.state) > u32::from(!self.once),
            ..self.role.facts(&self.desk, id, &e).await?
        };
        let situation = Situation {
            party: self.role.party(),
            state: e.state,
            mode: e.mode,
            adjudication: e.adjudication,
            now: self.desk.market.chain.now().await?,
            deadline: e.deadline,
            window: window(&self.desk.market, &e),
        };
        let action = next(&situation, &facts);
        Ok(Some((e, action)))
    }

    /// The engagement, if it is this party's and what the newest block says of it has its confirmations.
    async fn look(&self, id: B256, record: &mut Record) -> eyre::Result<Option<EngagementView>> {
        let market = &self.desk.market;
        let e = market.find_engagement(id).await?;
        record.is_known = true;
        let Some(e) = e else {
            eyre::ensure!(
                record.state.is_none(),
                "the node does not know this engagement any more"
            );
            // Of another market, or younger than this node's newest block.
            return Ok(None);
        };
        let party = match self.role.party() {
            Party::Provider => e.mp,
            Party::Consumer => e.mc,
        };
        if party != self.desk.account.address() {
            return Ok(None);
        }
        if let Role::Provider(provider) = &self.role {
            provider.note(id, &e);
        }
        match market.confirmed_engagement(id).await {
            Ok(confirmed) if (confirmed.state, confirmed.guard) == (e.state, e.guard) => {}
            Err(error) if is_lost(&error) => return Err(error),
            // It is young, or a reorganisation is still possible.
            other if record.is_stuck_unconfirmed() => {
                let why = other
                    .err()
                    .map_or_else(|| "it changes".into(), |error| format!("{error:#}"));
                return Err(eyre::eyre!("no confirmed state for a long time: {why}"));
            }
            _ => return Ok(None),
        }
        if record.is_news(e.state) {
            self.say(
                Some(id),
                "state",
                json!({
                    "state": format!("{:?}", e.state),
                    "outcome": format!("{:?}", e.outcome),
                    "deadline": e.deadline,
                }),
            )?;
        }
        Ok(Some(e))
    }

    /// Says what went wrong, and again from time to time.
    fn complain(&self, id: B256, record: &mut Record, during: &str, error: &eyre::Report) -> eyre::Result<()> {
        if !record.shall_say(&format!("{during}: {error:#}")) {
            return Ok(());
        }
        let event = if is_unsettled(error) { "waiting" } else { "error" };
        self.say(Some(id), event, error_fields(&self.desk.ctx.out, during, error))
    }

    pub fn say(&self, id: Option<B256>, event: &'static str, fields: Value) -> eyre::Result<()> {
        Event::new(id, event, fields).print(&self.desk.ctx.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::client::Settled;
    use crate::exit::{hinted, ChainUnreachable};
    use eyre::{eyre, WrapErr};

    #[test]
    fn the_kind_of_an_error_decides_and_not_its_words() {
        let node = "http://node:1".parse().unwrap();
        let unsettled = |settled| eyre::Report::from(Unsettled::new(B256::ZERO, settled));
        let passing = [
            ChainUnreachable { node }.into(),
            unsettled(Settled::Finalized),
            unsettled(Settled::Deep(12)),
        ];
        let words = passing.each_ref().map(|error| format!("{error:#}"));
        assert!(words[1].contains("is not in a finalized block yet") && words[2].contains("12 confirmations yet"));
        for error in passing {
            let error = Err::<(), _>(error).wrap_err("while probing").unwrap_err();
            assert!(is_passing(&error), "{error:#}");
        }
        for words in words.into_iter().chain(["replacement transaction underpriced".into()]) {
            assert!(!is_passing(&eyre!(words.clone())) && !is_passing(&hinted(words, "wait")));
        }
    }
}
