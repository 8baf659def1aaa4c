//! Passes over all engagements of a party, until told to end.

use super::consumer::Consumer;
use super::decide::{next, Action, Facts, Party, Situation};
use super::event::{error_fields, Event};
use super::provider::{Provider, SETTLED};
use super::{window, Desk};
use crate::chain::bindings::{EngagementView, State};
use crate::chain::client::Account;
use crate::chain::keys::KeyArgs;
use crate::chain::market::Market;
use crate::cmd::told_to_end;
use crate::context::Context;
use crate::exit::Exit;
use alloy::primitives::B256;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long one action may take before others get their turn. What it sent is in the journal, so it goes on there.
const PATIENCE: Duration = Duration::from_secs(600);

/// Actions on one engagement in one pass: more than any path has without the other side.
const STEPS: usize = 6;

/// Pause after an action that failed; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

/// Longest pause while the node does not answer.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// When to look.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Watching")]
pub struct PatrolArgs {
    /// Seconds between two looks at the chain
    #[arg(long, value_name = "SECONDS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
    /// Do what is due now, with the proofs that it needs, and end
    #[arg(long)]
    pub once: bool,
}

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

    async fn facts(&mut self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        match self {
            Self::Provider(provider) => provider.facts(desk, id, e).await,
            Self::Consumer(consumer) => consumer.facts(desk, id, e).await,
        }
    }

    async fn act(&mut self, desk: &Desk, id: B256, e: &EngagementView, action: Action) -> eyre::Result<Value> {
        match self {
            Self::Provider(provider) => provider.act(desk, id, e, action).await,
            Self::Consumer(consumer) => consumer.act(desk, id, e, action).await,
        }
    }
}

/// Connects, waiting for the node as long as it takes unless this is a single pass.
///
/// # Errors
/// Every other one.
pub async fn connect(ctx: &Context, keys: &KeyArgs, args: &PatrolArgs) -> eyre::Result<(Market, Account)> {
    let mut pause = Duration::from_secs(1);
    loop {
        match ctx.market_and_account(keys).await {
            Err(error) if is_lost(&error) && !args.once => {
                Event::new(None, "rpcLost", error_fields(&ctx.out, "connect", &error)).print(&ctx.out)?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            result => return result,
        }
    }
}

fn is_lost(error: &eyre::Report) -> bool {
    Exit::of(error) == Exit::ChainUnreachable
}

/// An engagement whose last action failed.
#[derive(Debug, Clone, Copy)]
struct Failure {
    state: State,
    pause: Duration,
    again: Instant,
}

/// A party's daemon.
#[derive(Debug)]
pub struct Patrol {
    desk: Desk,
    role: Role,
    /// State of each engagement when it was last looked at.
    seen: BTreeMap<B256, State>,
    failed: BTreeMap<B256, Failure>,
    /// The node did not answer when it was last asked.
    is_lost: bool,
    /// Last complaint about each, so that the same is said once.
    said: BTreeMap<Option<B256>, String>,
}

impl Patrol {
    pub fn new(desk: Desk, role: Role) -> Self {
        Self {
            desk,
            role,
            seen: BTreeMap::new(),
            failed: BTreeMap::new(),
            is_lost: false,
            said: BTreeMap::new(),
        }
    }

    /// Passes until told to end; with `once` until nothing is due.
    ///
    /// # Errors
    /// If events cannot be printed; with `once` also if the node does not answer.
    pub async fn run(mut self, args: &PatrolArgs) -> eyre::Result<()> {
        let every = Duration::from_secs(args.every);
        let mut told = tokio::spawn(told_to_end());
        let mut pause = every;
        self.say(
            None,
            "started",
            json!({ "account": self.desk.account.address(), "market": self.desk.market.address }),
        )?;
        while !told.is_finished() {
            match self.pass(|| told.is_finished()).await {
                Err(error) if !is_lost(&error) || args.once => return Err(error),
                Err(error) => {
                    pause = if self.is_lost {
                        (pause * 2).min(MAX_PAUSE.max(every))
                    } else {
                        Duration::from_secs(1)
                    };
                    self.is_lost = true;
                    let mut fields = error_fields(&self.desk.ctx.out, "look", &error);
                    fields["wait"] = pause.as_secs().into();
                    self.say(None, "rpcLost", fields)?;
                }
                Ok(()) => {
                    pause = every;
                    if args.once {
                        match &mut self.role {
                            Role::Provider(provider) if provider.is_busy() => {
                                tokio::select! {
                                    () = provider.job_ended() => continue,
                                    _ = &mut told => break,
                                }
                            }
                            _ => break,
                        }
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = &mut told => break,
            }
        }
        if let Role::Provider(provider) = &mut self.role {
            provider.end().await;
        }
        self.say(None, "ended", Value::Null)
    }

    /// Looks at every engagement, the most urgent first, and does what is due.
    ///
    /// # Errors
    /// If the node does not answer, or events cannot be printed: what goes wrong with one engagement is said, and the others
    /// get their turn.
    async fn pass(&mut self, told: impl Fn() -> bool) -> eyre::Result<()> {
        if self.is_lost {
            self.desk.market.chain.now().await?;
            self.is_lost = false;
            self.say(None, "rpcBack", Value::Null)?;
        }
        self.news().await?;
        let mut due = Vec::new();
        for id in self.ids().await? {
            if self.desk.fact(id, SETTLED).is_ok_and(|settled| settled == Some(true)) {
                continue;
            }
            match self.look(id).await {
                Ok(Some(e)) => due.push((e.deadline, id)),
                Ok(None) => {}
                Err(error) => self.complain(id, "look", error)?,
            }
        }
        due.sort_unstable();
        for (_, id) in due {
            if told() {
                break;
            }
            self.serve(id).await?;
        }
        Ok(())
    }

    /// What became of the proofs.
    async fn news(&mut self) -> eyre::Result<()> {
        let Role::Provider(provider) = &mut self.role else {
            return Ok(());
        };
        let Some((id, ended)) = provider.reap().await else {
            return Ok(());
        };
        match ended {
            Ok(ended) => {
                self.failed.remove(&id);
                self.say(Some(id), "proven", json!({ "result": format!("{ended:?}") }))
            }
            Err(error) => {
                if let (false, Some(state)) = (is_lost(&error), self.seen.get(&id)) {
                    self.fail(id, *state);
                }
                self.say(Some(id), "error", error_fields(&self.desk.ctx.out, "prove", &error))
            }
        }
    }

    /// Engagements that this program has a journal of, and offers that may be accepted.
    async fn ids(&mut self) -> eyre::Result<BTreeSet<B256>> {
        let dir = self.desk.ctx.home.engagements(&self.desk.market.chain);
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut ids: BTreeSet<B256> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        if let Role::Provider(provider) = &mut self.role {
            ids.extend(provider.offers(&self.desk).await?);
        }
        Ok(ids)
    }

    /// The engagement, if it is this party's and what the newest block says of it has its confirmations.
    async fn look(&mut self, id: B256) -> eyre::Result<Option<EngagementView>> {
        let market = &self.desk.market;
        let e = match market.engagement(id).await {
            Ok(e) => e,
            Err(error) if is_lost(&error) => return Err(error),
            // Of another market.
            Err(_) => return Ok(None),
        };
        let party = match self.role.party() {
            Party::Provider => e.mp,
            Party::Consumer => e.mc,
        };
        if party != self.desk.account.address() {
            return Ok(None);
        }
        match market.confirmed_engagement(id).await {
            Ok(confirmed) if (confirmed.state, confirmed.guard) == (e.state, e.guard) => {}
            Err(error) if is_lost(&error) => return Err(error),
            // It is young, or a reorganisation is still possible.
            _ => return Ok(None),
        }
        if self.seen.insert(id, e.state) != Some(e.state) {
            self.failed.remove(&id);
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

    /// The engagement gets its next turn after a pause that doubles with each failure in a row.
    fn fail(&mut self, id: B256, state: State) {
        let before = self.failed.get(&id).map(|failure| failure.pause * 2);
        let pause = before.unwrap_or(FIRST_PAUSE).min(PATIENCE);
        let again = Instant::now() + pause;
        self.failed.insert(id, Failure { state, pause, again });
    }

    /// Does what is due about one engagement, until something else has to happen.
    async fn serve(&mut self, id: B256) -> eyre::Result<()> {
        if self
            .failed
            .get(&id)
            .is_some_and(|failure| Instant::now() < failure.again)
        {
            return Ok(());
        }
        let mut last = Action::Wait;
        for _ in 0..STEPS {
            let action = match self.decide(id).await {
                Ok(Some((e, action))) if action != Action::Wait && action != last => {
                    let acted = tokio::time::timeout(PATIENCE, self.role.act(&self.desk, id, &e, action)).await;
                    let acted = acted.unwrap_or_else(|_| {
                        Err(eyre::eyre!("not done after {} s; it goes on later", PATIENCE.as_secs()))
                    });
                    match acted {
                        Ok(Value::Null) => {}
                        Ok(fields) => {
                            // A proof that was begun is no success yet.
                            if action != Action::Prove {
                                self.failed.remove(&id);
                                self.said.remove(&Some(id));
                            }
                            self.say(Some(id), action.name(), fields)?;
                        }
                        Err(error) => {
                            if !is_lost(&error) {
                                self.fail(id, e.state);
                            }
                            return self.complain(id, action.name(), error);
                        }
                    }
                    action
                }
                Ok(_) => return Ok(()),
                Err(error) => return self.complain(id, "look", error),
            };
            last = action;
        }
        Ok(())
    }

    async fn decide(&mut self, id: B256) -> eyre::Result<Option<(EngagementView, Action)>> {
        let Some(e) = self.look(id).await? else {
            return Ok(None);
        };
        let facts = Facts {
            has_failed: self.failed.get(&id).is_some_and(|failure| failure.state == e.state),
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

    /// Says what went wrong, once in a row.
    ///
    /// # Errors
    /// The error itself if the node does not answer: nothing else can be done either.
    fn complain(&mut self, id: B256, during: &str, error: eyre::Report) -> eyre::Result<()> {
        if is_lost(&error) {
            return Err(error);
        }
        let text = format!("{during}: {error:#}");
        if self.said.insert(Some(id), text.clone()) == Some(text) {
            return Ok(());
        }
        self.say(Some(id), "error", error_fields(&self.desk.ctx.out, during, &error))
    }

    fn say(&self, id: Option<B256>, event: &'static str, fields: Value) -> eyre::Result<()> {
        Event::new(id, event, fields).print(&self.desk.ctx.out)
    }
}
