//! One engagement's turn: look, decide, act, until something else has to happen.

use crate::engagement::paths::proving_lock;
use crate::engagement::play::party_of;
use crate::watch::event::{error_fields, Subject};
use crate::watch::proving::{JobEnd, Queue};
use crate::watch::record::{Failed, Part, Record};
use crate::watch::station::Station;
use crate::watch::sweep::free;
use alloy::primitives::B256;
use assay_chain::error::{is_passing, Kind};
use assay_chain::venue::{StateOf, Venue, View};
use assay_durable::lock::Lock;
use assay_protocol::accuracy::decide::{Action, Party};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Actions on one engagement in one turn: more than any path has without the other side.
const STEPS: usize = 6;

/// Engagements that are looked at together.
const LOOKS: usize = 8;

/// How long the facts about one engagement may take to collect.
const LOOK_TIME: Duration = Duration::from_secs(120);

/// What no block takes.
const STUCK: Part = ("stuck", 0);

/// What differs between the parties and between the markets.
pub trait Role: Debug + Send + Sync + 'static {
    /// Where it acts.
    type Venue: Venue;
    /// What it may do next.
    type Act: Act;
    /// Whose part it is.
    const PARTY: Party;

    /// What is due, from what the chain says, what is known here, and what failed lately.
    fn next(
        &self,
        desk: &Station<Self::Venue>,
        id: B256,
        view: &ViewOf<Self>,
        failed: &Failed,
    ) -> impl Future<Output = eyre::Result<Self::Act>>;

    /// Does it; what there is to tell about it. `failed` is what it was decided with.
    fn act(
        &self,
        desk: &Station<Self::Venue>,
        id: B256,
        view: &ViewOf<Self>,
        act: Self::Act,
        failed: &Failed,
    ) -> impl Future<Output = eyre::Result<Value>>;

    /// Keeps count of what is open.
    fn note(&self, _id: B256, _view: &ViewOf<Self>) {}

    /// What this party has no journal of, and may take.
    fn offers(&self, _desk: &Station<Self::Venue>) -> impl Future<Output = eyre::Result<BTreeSet<B256>>> {
        async { Ok(BTreeSet::new()) }
    }

    /// Reads what is told about and decides nothing.
    ///
    /// # Errors
    /// If the node does not answer.
    fn observe(&self, _desk: &Station<Self::Venue>) -> impl Future<Output = eyre::Result<()>> {
        async { Ok(()) }
    }

    /// Proofs that are made beside everything else.
    fn queue(&self) -> Option<&Queue> {
        None
    }

    /// Begins with the most urgent proofs, if none are made; whose they are.
    ///
    /// # Errors
    /// If the keys cannot be had.
    fn schedule(&self, _desk: &Station<Self::Venue>) -> eyre::Result<Option<B256>> {
        Ok(None)
    }
}

/// What a role acts on.
pub type ViewOf<R> = <<R as Role>::Venue as Venue>::View;
/// Where it stands.
pub type RoleState<R> = StateOf<<R as Role>::Venue>;

/// What a party may do next; each is one command, or nothing.
pub trait Act: Debug + Copy + PartialEq {
    /// Nothing for now.
    const WAIT: Self;

    /// As it stands in events.
    fn name(&self) -> &'static str;

    /// The part that stands for itself: if this fails, what is due elsewhere is done all the same.
    fn part(&self) -> Option<Part> {
        None
    }
}

impl Act for Action {
    const WAIT: Self = Self::Wait;

    fn name(&self) -> &'static str {
        Self::name(self)
    }
}

/// The event that says what went wrong, if it is to be said: once, and again from time to time. What only a person can allow
/// while a deadline comes nearer is said at every look.
fn complaint<S: Copy + PartialEq>(
    record: &mut Record<S>,
    part: Option<Part>,
    during: &str,
    error: &eyre::Report,
) -> Option<&'static str> {
    let event = if Kind::Unsettled.is_of(error) {
        "waiting"
    } else {
        "error"
    };
    let is_due = record.shall_say(part, &format!("{during}: {error:#}")) || Kind::TooDear.is_of(error);
    is_due.then_some(event)
}

/// Takes note of how the proofs of an engagement ended; what passes is no success either, or it would be said each time.
fn note_proofs<S: Copy + PartialEq>(record: &mut Record<S>, ended: &eyre::Result<JobEnd>) {
    match (ended, record.state) {
        (Ok(_), _) => record.succeeded(None),
        (Err(error), Some(state)) if !is_passing(error) => record.failed(state, None),
        _ => {}
    }
}

/// What every turn works with.
#[derive(Debug)]
pub struct Beat<R: Role> {
    /// Who signs, and where files are.
    pub desk: Station<R::Venue>,
    /// Decides what is due.
    pub role: R,
    looks: Semaphore,
    /// A single pass, which has no second try.
    pub once: bool,
}

impl<R: Role> Beat<R> {
    /// `once` for a single pass.
    pub fn new(desk: Station<R::Venue>, role: R, once: bool) -> Self {
        Self {
            desk,
            role,
            looks: Semaphore::new(LOOKS),
            once,
        }
    }

    /// One engagement's turn. The record comes back whatever happens.
    pub async fn turn(&self, id: B256, mut record: Record<RoleState<R>>) -> (Record<RoleState<R>>, eyre::Result<()>) {
        let mut done = self.free(id, &mut record).await;
        if done.is_ok() && !record.is_pausing() {
            done = self.serve(id, &mut record).await;
        }
        (record, done)
    }

    /// Sends again what no block takes, also where nothing is due any more: what this account signs for others waits behind it.
    async fn free(&self, id: B256, record: &mut Record<RoleState<R>>) -> eyre::Result<()> {
        let freed = free(&self.desk.account, &self.desk.journal_path(id), &self.desk.report).await;
        self.note_stuck(id, "resend", freed.as_ref().err());
        match freed {
            // Whoever has the journal open waits for it.
            Err(error) if !Kind::InUse.is_of(&error) => self.complain(id, record, Some(STUCK), "resend", &error),
            _ => Ok(()),
        }
    }

    /// Notes whether what fees are allowed keep this from a block.
    fn note_stuck(&self, id: B256, during: &'static str, error: Option<&eyre::Report>) {
        let why = error.filter(|error| Kind::TooDear.is_of(error));
        let why = why.map(|error| self.desk.report.redacted(format!("{error:#}")));
        let vitals = &self.desk.announce.vitals;
        vitals.note_stuck(self.desk.journal_path(id), during, why);
    }

    /// Does what is due, until something else has to happen.
    async fn serve(&self, id: B256, record: &mut Record<RoleState<R>>) -> eyre::Result<()> {
        let mut last = R::Act::WAIT;
        // What passes is no failure, and yet keeps nothing else waiting.
        let mut put_off = BTreeSet::new();
        for _ in 0..STEPS {
            let decided = {
                // Never closed.
                let _permit = self.looks.acquire().await?;
                tokio::time::timeout(LOOK_TIME, self.decide(id, record, &put_off)).await
            };
            let decided = decided.unwrap_or_else(|_| Err(eyre::eyre!("nothing known after {} s", LOOK_TIME.as_secs())));
            let (e, action, failed) = match decided {
                Ok(Some(decided)) => decided,
                Ok(None) => return Ok(()),
                Err(error) => return self.complain(id, record, None, "look", &error),
            };
            if action == R::Act::WAIT || action == last {
                if put_off.is_empty() {
                    self.note_stuck(id, "act", None);
                }
                return Ok(());
            }
            let acted = self.role.act(&self.desk, id, &e, action, &failed).await;
            self.note_stuck(id, "act", acted.as_ref().err());
            match acted {
                Ok(Value::Null) => {}
                Ok(fields) => {
                    record.succeeded(action.part());
                    self.say(Some(id), action.name(), fields)?;
                }
                Err(error) => {
                    let part = action.part();
                    if !is_passing(&error) {
                        record.failed(e.state(), part);
                    }
                    self.complain(id, record, part, action.name(), &error)?;
                    match part {
                        Some(part) if !Kind::Unreachable.is_of(&error) => drop(put_off.insert(part)),
                        None if self.once && record.failures(e.state()) == 1 => {}
                        _ => return Ok(()),
                    }
                }
            }
            last = action;
        }
        Ok(())
    }

    async fn decide(
        &self,
        id: B256,
        record: &mut Record<RoleState<R>>,
        put_off: &BTreeSet<Part>,
    ) -> eyre::Result<Option<(ViewOf<R>, R::Act, Failed)>> {
        let Some(e) = self.look(id, record).await? else {
            return Ok(None);
        };
        let failed = Failed {
            often: record.failures(e.state()) > u32::from(!self.once),
            resting: &record.resting() | put_off,
        };
        let action = self.role.next(&self.desk, id, &e, &failed).await?;
        // By this process or another one.
        let is_made =
            self.role.queue().is_some_and(|queue| queue.is_making(id)) || Lock::is_held(&proving_lock(&self.desk, id));
        let vitals = &self.desk.announce.vitals;
        // What failed is put off, and is to be done all the same.
        let is_own = is_made || action != R::Act::WAIT || !failed.resting.is_empty();
        vitals.is_own_move((ViewOf::<R>::THING, id), is_own);
        Ok(Some((e, action, failed)))
    }

    /// The engagement, if it is this party's and what the newest block says of it has its confirmations.
    async fn look(&self, id: B256, record: &mut Record<RoleState<R>>) -> eyre::Result<Option<ViewOf<R>>> {
        let market = &self.desk.market;
        let e = market.find(id).await?;
        record.is_known = true;
        let Some(e) = e else {
            eyre::ensure!(
                record.state.is_none(),
                "the node does not know this {} any more",
                ViewOf::<R>::THING
            );
            // Of another market, or younger than this node's newest block.
            return Ok(None);
        };
        if party_of(&e, R::PARTY) != self.desk.account.address() {
            return Ok(None);
        }
        self.role.note(id, &e);
        match market.confirmed(id).await {
            Ok(confirmed) if (confirmed.state(), confirmed.guard()) == (e.state(), e.guard()) => {}
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
        let (item, vitals) = ((ViewOf::<R>::THING, id), &self.desk.announce.vitals);
        match e.is_closed() || (e.is_offer() && R::PARTY == Party::Provider) {
            true => vitals.forget(item),
            // Nobody saw when the first one began.
            false => vitals.saw(item, format!("{:?}", e.state()), e.deadline(), record.state.is_some()),
        }
        if record.is_news(e.state()) {
            self.say(
                Some(id),
                "state",
                json!({
                    "state": format!("{:?}", e.state()),
                    "outcome": e.outcome(),
                    "deadline": e.deadline(),
                }),
            )?;
        }
        Ok(Some(e))
    }

    /// Takes note of how the proofs of an engagement ended, between two of its turns.
    pub fn proofs_ended(
        &self,
        id: B256,
        record: &mut Record<RoleState<R>>,
        ended: &eyre::Result<JobEnd>,
    ) -> eyre::Result<()> {
        note_proofs(record, ended);
        match ended {
            Ok(_) => Ok(()),
            Err(error) => self.complain(id, record, None, "prove", error),
        }
    }

    fn complain(
        &self,
        id: B256,
        record: &mut Record<RoleState<R>>,
        part: Option<Part>,
        during: &str,
        error: &eyre::Report,
    ) -> eyre::Result<()> {
        match complaint(record, part, during, error) {
            Some(event) => self.say(Some(id), event, error_fields(&self.desk.report, during, error)),
            None => Ok(()),
        }
    }

    /// Announces an event; `id` is `None` for one that is about everything.
    ///
    /// # Errors
    /// If it cannot be shown.
    pub fn say(&self, id: Option<B256>, event: &'static str, fields: Value) -> eyre::Result<()> {
        let subject = id.map(|id| Subject(ViewOf::<R>::THING, id));
        self.desk.announce.say(subject, event, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::client::{finality_unknown, Settled};
    use assay_chain::error::{hinted, unreachable};
    use assay_chain::fees;
    use assay_chain::venue::unsettled;
    use assay_durable::report::Reporter;
    use assay_protocol::abi::State;
    use eyre::{eyre, WrapErr};

    #[test]
    fn the_kind_of_an_error_decides_and_not_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        let _held = Lock::take(&lock).unwrap();
        let not_deep = |settled| eyre::Report::from(unsettled("engagement", B256::ZERO, settled));
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
            assert_eq!(complaint(&mut record, None, "submit", &too_dear()), Some("error"));
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
            let said = ended
                .err()
                .and_then(|error| complaint(&mut record, None, "prove", &error));
            (said, record.failures(State::Proving))
        };
        let not_deep = || Err(unsettled("engagement", B256::ZERO, Settled::Finalized).into());
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
            unsettled("engagement", B256::ZERO, Settled::Finalized).into(),
            finality_unknown(&"finalized block not found").into(),
        ] {
            assert!(hint(error).contains("--confirmations N"));
        }
        let told = unsettled("engagement", B256::ZERO, Settled::Deep(3));
        assert!(!hint(told.into()).contains("--confirmations"));
    }
}
