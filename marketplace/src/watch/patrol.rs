//! Passes over all engagements of a party, until told to end. Each engagement has its turn on a thread of its own: what one
//! waits for, no other waits for.

use crate::engagement::{Desk, PayingDesk};
use crate::watch::end::told_to_end;
use crate::watch::event::{error_fields, Announcer};
use crate::watch::proving::JobEnd;
use crate::watch::record::Record;
use crate::watch::station::Station;
use crate::watch::sweep::Sweep;
use crate::watch::turn::{Beat, Role, RoleState, ViewOf};
use crate::watch::vitals::Vitals;
use alloy::primitives::B256;
use assay_chain::error::{is_passing, Kind};
use assay_chain::market::Market;
use assay_chain::venue::{Venue, View};
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_protocol::accuracy::decide::{Action, Party};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

/// How long turns and a proof may take to end after the daemon was told to. What they sent is in the journals.
const FAREWELL: Duration = Duration::from_secs(75);

/// Longest pause while the node does not answer.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Age of the newest block from which on the node is behind the chain.
const STALE: u64 = 300;

/// When to look.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// Between two looks at the chain.
    pub every: Duration,
    /// Do what is due now, with the proofs that it needs, and end.
    pub once: bool,
}

/// Keeps every other daemon, also a single pass, from looking after what this account has in this state directory: both would do
/// what is due, and a proof that is made twice is spent twice.
///
/// # Errors
/// If one does.
pub fn only_one<V: Venue>(desk: &Desk<V>, party: Party) -> eyre::Result<Lock> {
    let role = match V::FOLDER {
        Market::FOLDER => party.name().to_owned(),
        folder => format!("{}-{folder}", party.name()),
    };
    let path = desk.home.daemon(&desk.account.chain, &role, desk.address());
    Lock::take_from(
        &path,
        &format!(
            "another daemon looks after the {} of this account and state directory",
            V::FOLDER
        ),
        "it does what is due; end it first, or give this one another --home or account",
    )
    .map_err(Into::into)
}

/// Connects, waiting for the node as long as it takes unless this is a single pass.
///
/// # Errors
/// Every other one.
pub async fn connect<V>(
    announce: &Announcer,
    report: &Reporter,
    schedule: Schedule,
    desk: impl AsyncFn() -> eyre::Result<PayingDesk<V>>,
) -> eyre::Result<PayingDesk<V>> {
    let mut pause = Duration::from_secs(1);
    loop {
        match desk().await {
            Err(error) if Kind::Unreachable.is_of(&error) && !schedule.once => {
                announce.vitals.lost_node();
                announce.say(None, "rpcLost", error_fields(report, "connect", &error))?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            result => return result,
        }
    }
}

/// The sweep between two turns of it, or in one.
#[derive(Debug)]
enum Sweeping {
    Over(Sweep),
    Running(JoinHandle<(Sweep, Vec<eyre::Report>)>),
}

/// An engagement between turns, or in one.
#[derive(Debug)]
enum Turn<S> {
    Over(Record<S>),
    Running(Task<S>),
}

/// A party's daemon.
#[derive(Debug)]
pub struct Patrol<R: Role> {
    beat: Arc<Beat<R>>,
    turns: BTreeMap<B256, Turn<RoleState<R>>>,
    /// Engagements that were looked at.
    known: BTreeSet<B256>,
    /// Engagements whose proofs ended since their last turn, and how.
    proved: BTreeMap<B256, eyre::Result<JobEnd>>,
    /// With `once`: engagements whose proofs somebody or something keeps from being made.
    put_off: BTreeSet<B256>,
    sweep: Sweeping,
    is_lost: bool,
}

impl<R: Role> Patrol<R>
where
    RoleState<R>: 'static,
{
    /// Knows of no engagement before its first pass.
    pub fn new(desk: Station<R::Venue>, role: R, schedule: Schedule) -> Self {
        let beat = Beat::new(desk, role, schedule.once);
        Self {
            beat: Arc::new(beat),
            turns: BTreeMap::new(),
            known: BTreeSet::new(),
            proved: BTreeMap::new(),
            put_off: BTreeSet::new(),
            sweep: Sweeping::Over(Sweep::default()),
            is_lost: false,
        }
    }

    /// Passes until told to end; with `once` until nothing is due.
    ///
    /// # Errors
    /// If events cannot be printed; with `once` also what keeps it from looking.
    pub async fn run(mut self, schedule: Schedule) -> eyre::Result<()> {
        let every = schedule.every;
        let mut told = tokio::spawn(told_to_end());
        let mut pause = every;
        let desk = &self.beat.desk;
        self.vitals().connected();
        self.beat.say(
            None,
            "started",
            json!({ "account": desk.account.address(), "market": desk.market.address() }),
        )?;
        while !told.is_finished() {
            let passed = tokio::select! {
                passed = self.pass() => passed,
                _ = &mut told => break,
            };
            match &passed {
                Err(error) if Kind::Unreachable.is_of(error) => self.vitals().lost_node(),
                Err(_) => self.vitals().found_node(),
                Ok(()) => self.vitals().turned(),
            }
            match passed {
                Err(error) if schedule.once => return Err(error),
                Err(error) => {
                    let (name, fields) = if Kind::Unreachable.is_of(&error) {
                        pause = if self.is_lost {
                            (pause * 2).min(MAX_PAUSE.max(every))
                        } else {
                            Duration::from_secs(1)
                        };
                        self.is_lost = true;
                        let mut fields = error_fields(&self.beat.desk.report, "look", &error);
                        fields["wait"] = pause.as_secs().into();
                        ("rpcLost", fields)
                    } else {
                        ("error", error_fields(&self.beat.desk.report, "look", &error))
                    };
                    self.beat.say(None, name, fields)?;
                }
                Ok(()) => {
                    pause = every;
                    if std::mem::replace(&mut self.is_lost, false) {
                        self.beat.say(None, "rpcBack", Value::Null)?;
                    }
                    match self.beat.role.queue() {
                        Some(queue) if schedule.once && queue.is_busy() => {
                            tokio::select! {
                                () = queue.job_ended() => continue,
                                _ = &mut told => break,
                            }
                        }
                        _ if schedule.once => break,
                        _ => {}
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.beat.desk.wake.notified() => {}
                _ = &mut told => break,
            }
        }
        // What is not over by then goes on from its journal.
        let _ = tokio::time::timeout(FAREWELL, self.end()).await;
        self.beat.say(None, "ended", Value::Null)
    }

    async fn end(&mut self) {
        if let Some(queue) = self.beat.role.queue() {
            queue.end().await;
        }
        for turn in self.turns.values_mut() {
            if let Turn::Running(task) = turn {
                let _ = task.await;
            }
        }
        if let Sweeping::Running(task) = &mut self.sweep {
            let _ = task.await;
        }
    }

    /// Gives every engagement whose last turn is over the next one.
    ///
    /// # Errors
    /// If the node does not answer, or events cannot be printed: what goes wrong with one engagement is said there.
    async fn pass(&mut self) -> eyre::Result<()> {
        self.look_at_node().await?;
        self.news().await?;
        let journaled = self.beat.desk.journaled();
        self.begin_turns(&journaled).await?;
        self.sweep(&journaled).await?;
        if self.beat.once {
            let sweep = self.swept().await?;
            self.sweep = Sweeping::Over(sweep);
            self.turns_over().await?;
        }
        let beat = self.beat.clone();
        let offers = beat.role.offers(&beat.desk).await?;
        // Before that it is not known how many are open.
        if journaled.is_subset(&self.known) {
            self.begin_turns(&offers).await?;
        }
        if self.beat.once {
            self.turns_over().await?;
        }
        if let Some(id) = beat.role.schedule(&beat.desk)? {
            beat.say(Some(id), Action::Prove.name(), Value::Null)?;
        }
        match beat.once {
            true => Ok(()),
            false => beat.role.observe(&beat.desk).await,
        }
    }

    /// Frees what is stuck in journals that have no turn, beside everything else: what fails there, or takes long, keeps no turn
    /// waiting.
    ///
    /// # Errors
    /// If events cannot be printed.
    async fn sweep(&mut self, journaled: &BTreeSet<B256>) -> eyre::Result<()> {
        if matches!(&self.sweep, Sweeping::Running(task) if !task.is_finished()) {
            return Ok(());
        }
        let mut sweep = self.swept().await?;
        let (beat, handle) = (self.beat.clone(), Handle::current());
        let desk = &beat.desk;
        let mut but: BTreeSet<_> = journaled.iter().map(|id| desk.journal_path(*id)).collect();
        let till = desk.till.clone().try_lock_owned();
        if till.is_err() {
            but.insert(desk.home.withdrawals(desk.market.chain(), desk.address()));
        }
        let turn = move || {
            let news = handle.block_on(sweep.turn(&beat.desk, &but));
            drop(till);
            (sweep, news)
        };
        self.sweep = Sweeping::Running(tokio::task::spawn_blocking(turn));
        Ok(())
    }

    /// Waits for a sweep that runs, and tells what came of it.
    ///
    /// # Errors
    /// If events cannot be printed.
    async fn swept(&mut self) -> eyre::Result<Sweep> {
        let (sweep, news) = match std::mem::replace(&mut self.sweep, Sweeping::Over(Sweep::default())) {
            Sweeping::Running(task) => task.await.unwrap_or_default(),
            Sweeping::Over(sweep) => return Ok(sweep),
        };
        let report = &self.beat.desk.report;
        for error in news {
            self.beat.say(None, "error", error_fields(report, "resend", &error))?;
        }
        let stuck = sweep.stuck().iter();
        let stuck = stuck.map(|(path, why)| (path.clone(), report.redacted(why.clone())));
        self.vitals().swept(sweep.paid_wei(), stuck.collect());
        Ok(sweep)
    }

    fn vitals(&self) -> &Vitals {
        &self.beat.desk.announce.vitals
    }

    async fn look_at_node(&mut self) -> eyre::Result<()> {
        let chain = self.beat.desk.market.chain();
        let block = chain.now().await?;
        self.vitals().saw_block(block);
        let machine = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let behind = machine.unwrap_or_default().as_secs().saturating_sub(block);
        self.vitals()
            .node_behind((!chain.is_devnet() && behind > STALE).then_some(behind));
        Ok(())
    }

    /// What became of the proofs. What went wrong is said before the next turn, which knows what was said already.
    async fn news(&mut self) -> eyre::Result<()> {
        let Some(queue) = self.beat.role.queue() else {
            return Ok(());
        };
        let Some((id, ended)) = queue.reap().await else {
            return Ok(());
        };
        if let Ok(ended) = &ended {
            let fields = json!({ "result": format!("{ended:?}") });
            self.beat.say(Some(id), "proven", fields)?;
        }
        if self.beat.once && ended.as_ref().is_err_and(is_passing) {
            self.put_off.insert(id);
        }
        self.proved.insert(id, ended);
        Ok(())
    }

    async fn begin_turns(&mut self, ids: &BTreeSet<B256>) -> eyre::Result<()> {
        self.collect(JoinHandle::is_finished).await?;
        for id in ids {
            let mut record = match self.turns.remove(id) {
                Some(Turn::Over(record)) => record,
                Some(running) => {
                    self.turns.insert(*id, running);
                    continue;
                }
                None => Record::default(),
            };
            if let Some(ended) = self.proved.remove(id) {
                self.beat.proofs_ended(*id, &mut record, &ended)?;
            }
            if self.put_off.contains(id) {
                self.turns.insert(*id, Turn::Over(record));
                continue;
            }
            let (beat, id, handle) = (self.beat.clone(), *id, Handle::current());
            let turn = move || handle.block_on(beat.turn(id, record));
            self.vitals().turn_began((ViewOf::<R>::THING, id));
            self.turns.insert(id, Turn::Running(tokio::task::spawn_blocking(turn)));
        }
        Ok(())
    }

    async fn turns_over(&mut self) -> eyre::Result<()> {
        self.collect(|_| true).await
    }

    /// Takes back the records of turns, waiting for those that are due.
    ///
    /// # Errors
    /// If a turn could not print what it did.
    async fn collect(&mut self, is_due: impl Fn(&Task<RoleState<R>>) -> bool) -> eyre::Result<()> {
        let vitals = &self.beat.desk.announce.vitals;
        for (id, turn) in &mut self.turns {
            if let Turn::Running(task) = turn {
                if is_due(task) {
                    let (record, printed) = over(task).await;
                    vitals.turn_ended((ViewOf::<R>::THING, *id));
                    if record.is_known {
                        self.known.insert(*id);
                    }
                    *turn = Turn::Over(record);
                    printed?;
                }
            }
        }
        Ok(())
    }
}

type Task<S> = JoinHandle<(Record<S>, eyre::Result<()>)>;

/// A turn that broke off has forgotten its record.
async fn over<S>(
    task: impl Future<Output = Result<(Record<S>, eyre::Result<()>), JoinError>>,
) -> (Record<S>, eyre::Result<()>) {
    task.await
        .unwrap_or_else(|error| (Record::default(), Err(error.into())))
}
