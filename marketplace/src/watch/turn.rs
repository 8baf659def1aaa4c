//! One engagement's turn: look, decide, act, until something else has to happen.

use crate::watch::consumer::Consumer;
use crate::watch::event::error_fields;
use crate::watch::provider::Provider;
use crate::watch::proving::JobEnd;
use crate::watch::record::Record;
use crate::watch::station::{window, Station};
use alloy::primitives::B256;
use assay_chain::error::{is_passing, Kind};
use assay_protocol::abi::EngagementView;
use assay_protocol::accuracy::decide::{next, Action, Facts, Party, Situation};
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
    /// Accepts, proves, answers.
    Provider(Box<Provider>),
    /// Hands over, checks, objects.
    Consumer(Box<Consumer>),
}

impl Role {
    fn party(&self) -> Party {
        match self {
            Self::Provider(_) => Party::Provider,
            Self::Consumer(_) => Party::Consumer,
        }
    }

    async fn facts(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        match self {
            Self::Provider(provider) => provider.facts(desk, id, e).await,
            Self::Consumer(consumer) => consumer.facts(desk, id, e).await,
        }
    }

    async fn act(&self, desk: &Station, id: B256, e: &EngagementView, action: Action) -> eyre::Result<Value> {
        match self {
            Self::Provider(provider) => provider.act(desk, id, e, action).await,
            Self::Consumer(consumer) => consumer.act(desk, id, e, action).await,
        }
    }
}

/// The event that says what went wrong, if it is to be said: once, and again from time to time. What only a person can allow
/// while a deadline comes nearer is said at every look.
fn complaint(record: &mut Record, during: &str, error: &eyre::Report) -> Option<&'static str> {
    let event = if Kind::Unsettled.is_of(error) {
        "waiting"
    } else {
        "error"
    };
    let is_due = record.shall_say(&format!("{during}: {error:#}")) || Kind::TooDear.is_of(error);
    is_due.then_some(event)
}

/// Takes note of how the proofs of an engagement ended; what passes is no success either, or it would be said each time.
fn note_proofs(record: &mut Record, ended: &eyre::Result<JobEnd>) {
    match (ended, record.state) {
        (Ok(_), _) => record.succeeded(),
        (Err(error), Some(state)) if !is_passing(error) => record.failed(state),
        _ => {}
    }
}

/// What every turn works with.
#[derive(Debug)]
pub struct Beat {
    /// Who signs, and where files are.
    pub desk: Station,
    /// Decides what is due.
    pub role: Role,
    looks: Semaphore,
    /// A single pass, which has no second try.
    pub once: bool,
}

impl Beat {
    /// `once` for a single pass.
    pub fn new(desk: Station, role: Role, once: bool) -> Self {
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
            Err(error) if Kind::Unreachable.is_of(&error) => return Err(error),
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

    /// Takes note of how the proofs of an engagement ended, between two of its turns.
    pub fn proofs_ended(&self, id: B256, record: &mut Record, ended: &eyre::Result<JobEnd>) -> eyre::Result<()> {
        note_proofs(record, ended);
        match ended {
            Ok(_) => Ok(()),
            Err(error) => self.complain(id, record, "prove", error),
        }
    }

    fn complain(&self, id: B256, record: &mut Record, during: &str, error: &eyre::Report) -> eyre::Result<()> {
        match complaint(record, during, error) {
            Some(event) => self.say(Some(id), event, error_fields(&self.desk.report, during, error)),
            None => Ok(()),
        }
    }

    /// Announces an event; `id` is `None` for one that is about all engagements.
    ///
    /// # Errors
    /// If it cannot be shown.
    pub fn say(&self, id: Option<B256>, event: &'static str, fields: Value) -> eyre::Result<()> {
        self.desk.announce.say(id, event, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::client::{finality_unknown, Settled};
    use assay_chain::error::{hinted, unreachable};
    use assay_chain::fees;
    use assay_chain::market::unsettled;
    use assay_durable::lock::Lock;
    use assay_durable::report::Reporter;
    use assay_protocol::abi::State;
    use eyre::{eyre, WrapErr};

    #[test]
    fn the_kind_of_an_error_decides_and_not_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        let _held = Lock::take(&lock).unwrap();
        let not_deep = |settled| eyre::Report::from(unsettled(B256::ZERO, settled));
        let passing = [
            unreachable(&"http://node:1").into(),
            not_deep(Settled::Finalized),
            not_deep(Settled::Deep(12)),
            finality_unknown(&"finalized block not found").into(),
            too_dear(),
            Lock::take(&lock).unwrap_err().into(),
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

    fn too_dear() -> eyre::Report {
        fees::too_dear("gas would cost up to 18.79 ETH".into(), "wait".into()).into()
    }

    #[test]
    fn gas_that_is_too_dear_is_no_failure_and_is_said_at_every_look() {
        let mut record = Record::default();
        record.is_news(State::Proving);
        for _ in 0..2 {
            assert_eq!(complaint(&mut record, "submit", &too_dear()), Some("error"));
            note_proofs(&mut record, &Err(too_dear()));
        }
        assert_eq!(record.failures(State::Proving), 0);
        let fields = error_fields(&Reporter::silent(), "submit", &too_dear());
        assert_eq!(
            (&fields["error"], &fields["hint"]),
            (
                &"gas is too dear: gas would cost up to 18.79 ETH".into(),
                &"wait".into()
            )
        );
    }

    #[test]
    fn proofs_that_wait_for_the_chain_have_not_failed_and_say_so_once() {
        let mut record = Record::default();
        record.is_news(State::Proving);
        let mut end = |ended: eyre::Result<JobEnd>| {
            note_proofs(&mut record, &ended);
            let said = ended.err().and_then(|error| complaint(&mut record, "prove", &error));
            (said, record.failures(State::Proving))
        };
        let not_deep = || Err(unsettled(B256::ZERO, Settled::Finalized).into());
        assert_eq!(end(not_deep()), (Some("waiting"), 0));
        assert_eq!(end(not_deep()), (None, 0));
        assert_eq!(end(Err(eyre!("the set is damaged"))), (Some("error"), 1));
        assert_eq!(end(not_deep()), (Some("waiting"), 1));
        assert_eq!(end(Ok(JobEnd::All)), (None, 0));
    }

    #[test]
    fn a_chain_that_finalizes_nothing_has_a_way_on() {
        let hint = |error: eyre::Report| error_fields(&Reporter::silent(), "ack", &error)["hint"].to_string();
        for error in [
            unsettled(B256::ZERO, Settled::Finalized).into(),
            finality_unknown(&"finalized block not found").into(),
        ] {
            assert!(hint(error).contains("--confirmations N"));
        }
        let told = unsettled(B256::ZERO, Settled::Deep(3));
        assert!(!hint(told.into()).contains("--confirmations"));
    }
}
