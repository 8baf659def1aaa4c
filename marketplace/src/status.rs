//! What is open here, in all markets: whose move it is, until when, what follows if nobody makes it, and who then has a reason to bring
//! that about.

use crate::engagement::facts::{DELIVERED, SETTLED};
use crate::engagement::Site;
use crate::home::{Home, Journaled};
use crate::table::{Table, Tabled};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::client::Chain;
use assay_chain::error::Kind;
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{Venue, View};
use assay_protocol::abi::ICredits::creditCall;
use assay_protocol::abi::{AuditView, EngagementView, Mode, Outcome, RoundView, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::standing::{of_audit, of_demand, of_engagement, of_round, Standing};
use assay_protocol::units::{as_decimal, ether, in_words, utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};

/// A market whose things are told about.
pub trait Told: Venue {
    /// The command by which its consumer takes an offer back; the id comes after it.
    const CANCEL: &'static str;

    /// Whose move it is at this time, and who besides the parties is paid for closing it now.
    fn told(
        &self,
        id: B256,
        view: &Self::View,
        now: u64,
    ) -> impl Future<Output = eyre::Result<(Standing, Vec<Address>)>> + Send;

    /// Whether anything can happen to it, or to money in it.
    fn is_open(view: &Self::View) -> bool {
        !view.is_closed()
    }

    /// What a consumer has to do that no contract asks for; of whom the journal is.
    ///
    /// # Errors
    /// If the journal cannot be read.
    fn owed(_view: &Self::View, _journal: &Path) -> eyre::Result<Option<&'static str>> {
        Ok(None)
    }

    /// Bonds that it holds though it is closed.
    fn bonds(&self, _id: B256, _view: &Self::View) -> impl Future<Output = eyre::Result<Vec<Bond>>> + Send {
        async { Ok(Vec::new()) }
    }
}

impl Told for Market {
    const CANCEL: &'static str = "assay mc cancel";

    async fn told(&self, id: B256, view: &EngagementView, now: u64) -> eyre::Result<(Standing, Vec<Address>)> {
        let challenges = match view.openChallenges {
            0 => Vec::new(),
            _ => self.open_challenges(id).await?,
        };
        let first = challenges.iter().map(|(_, challenge)| challenge.deadline).min();
        // Whoever closes over its own challenge has a part of what is burned.
        let overdue = challenges.iter().filter(|(_, challenge)| now > challenge.deadline);
        let finders = overdue.map(|(_, challenge)| challenge.challenger).collect();
        Ok((of_engagement(view, first, now), finders))
    }

    /// Only these ends leave challenges open.
    async fn bonds(&self, id: B256, view: &EngagementView) -> eyre::Result<Vec<Bond>> {
        if !matches!(view.outcome, Outcome::Fault | Outcome::Settled) {
            return Ok(Vec::new());
        }
        let mut bonds: BTreeMap<Address, Bond> = BTreeMap::new();
        for (position, challenge) in self.open_challenges(id).await? {
            let account = challenge.challenger;
            let bond = bonds.entry(account).or_insert_with(|| Bond {
                engagement: id,
                account,
                positions: Vec::new(),
                wei: U256::ZERO,
                command: format!("assay mc reclaim {id}"),
            });
            bond.positions.push(position);
            bond.wei += U256::from(self.bond(view, account));
        }
        Ok(bonds.into_values().collect())
    }

    fn owed(view: &EngagementView, journal: &Path) -> eyre::Result<Option<&'static str>> {
        let is_due = view.mode == Mode::CLEAR && view.state == State::Probing;
        Ok((is_due && Journal::peek(journal, &DELIVERED)?.is_none())
            .then_some("hand the set over with assay mc send: without it the provider aborts at the consumer's cost"))
    }
}

impl Told for Rounds {
    const CANCEL: &'static str = "assay predict cancel";

    async fn told(&self, _id: B256, view: &RoundView, now: u64) -> eyre::Result<(Standing, Vec<Address>)> {
        Ok((of_round(view, self.params.windows.publish, now), Vec::new()))
    }
}

impl Told for Audits {
    const CANCEL: &'static str = "assay audit cancel";

    /// Of open demands one that anybody may settle, else the first that somebody has to answer.
    async fn told(&self, id: B256, view: &AuditView, now: u64) -> eyre::Result<(Standing, Vec<Address>)> {
        let demands = self.open_demands(id, view).await?;
        let first = demands
            .iter()
            .map(|(_, demand)| of_demand(view, demand, now))
            .min_by_key(|standing| (!standing.is_closable, standing.until));
        Ok((first.unwrap_or_else(|| of_audit(view, now)), Vec::new()))
    }

    fn is_open(view: &AuditView) -> bool {
        !view.is_closed() || view.counts.openDemands > 0
    }
}

/// One engagement, round or audit that is open.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `engagement`, `round` or `audit`.
    pub kind: &'static str,
    /// Which one.
    pub id: B256,
    /// What this state directory's accounts are in it: `consumer` (of an audit: its requester), `provider` (its responder), `both`;
    /// `null` if neither is known to be one of them.
    pub role: Option<&'static str>,
    /// As the contract names it; `null` if nobody knows.
    pub state: Option<String>,
    /// Whose move it is: `consumer`, `provider`, or `null` if it is nobody's, as once its time is over.
    pub mover: Option<&'static str>,
    /// Its account.
    pub mover_address: Option<Address>,
    /// Whether that is one of this state directory's accounts, or, where anybody closes, one of them is paid by it.
    pub is_mine: bool,
    /// What this state directory's consumer owes besides, though no window is its own; `null` if nothing.
    pub owed: Option<&'static str>,
    /// What is to be done.
    pub to_do: &'static str,
    /// What anybody can bring about if nobody moves in time.
    pub silence: String,
    /// The outcome that this is, as the contract names it; `null` where nothing is closed by it.
    pub outcome: Option<String>,
    /// Last second for the move, Unix time; 0 if no window runs.
    pub until: u64,
    /// Last second before anybody can close, Unix time; later than `until` if another party moves in between.
    pub closes: u64,
    /// Whether anybody can close now.
    pub is_closable: bool,
    /// The command that closes it; `null` before its time.
    pub command: Option<String>,
    /// By the time of the newest block; 0 if it is over.
    pub seconds_left: u64,
    /// Why less is said than there is to say; `null` if nothing is wrong.
    pub error: Option<String>,
}

/// What a contract owes an account: assay withdraw.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// Who may withdraw it.
    pub account: Address,
    /// Who owes it.
    pub contract: Address,
    /// How much, wei.
    #[serde(serialize_with = "as_decimal")]
    pub wei: U256,
}

/// Bonds of one account that a closed engagement holds, from its end on until they are taken back.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bond {
    /// Which.
    pub engagement: B256,
    /// Who challenged, and alone may take them back.
    pub account: Address,
    /// What it challenged.
    pub positions: Vec<u32>,
    /// All of them, wei.
    #[serde(serialize_with = "as_decimal")]
    pub wei: U256,
    /// By which command.
    pub command: String,
}

/// What is open here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// By the end of their windows, the first one first.
    pub open: Vec<Row>,
    /// Records of this chain that are of other markets, or of markets that nobody named.
    pub elsewhere: usize,
    /// Offers and requests that were signed here and of which no record says how that ended: repeat the command that made them.
    pub unfinished: usize,
    /// What contracts owe this state directory's accounts.
    pub credits: Vec<Credit>,
    /// What closed engagements hold of them.
    pub bonds: Vec<Bond>,
    /// Time of the newest block.
    #[serde(skip)]
    now: u64,
}

/// The accounts that signed anything in the journals of a chain. A journal that cannot be read tells of none.
///
/// # Errors
/// If the state directory cannot be read.
pub fn signers(home: &Home, chain: &Chain) -> eyre::Result<BTreeSet<Address>> {
    let mut signers = BTreeSet::new();
    for journal in home.journals(chain)? {
        let steps = Journal::peek_steps(&journal).unwrap_or_default();
        signers.extend(steps.values().filter_map(|step| step.signer().ok()));
    }
    Ok(signers)
}

impl Status {
    /// Nothing yet, at the time of the newest block.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn begin(chain: &Chain) -> eyre::Result<Self> {
        Ok(Self {
            open: Vec::new(),
            elsewhere: 0,
            unfinished: 0,
            credits: Vec::new(),
            bonds: Vec::new(),
            now: chain.now().await?,
        })
    }

    /// Time of the newest block, Unix seconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Counts records of what no market was named for.
    ///
    /// # Errors
    /// If the state directory cannot be read.
    pub fn pass_over(&mut self, home: &Home, chain: &Chain, kind: Journaled) -> eyre::Result<()> {
        self.elsewhere += home.recorded(chain, kind)?.len();
        Ok(())
    }

    /// Counts the offers that were signed and have no confirmations yet, as far as anybody noted.
    ///
    /// # Errors
    /// If the state directory cannot be read.
    pub fn count_unfinished(&mut self, home: &Home, chain: &Chain) -> eyre::Result<()> {
        let is_unfinished = |journal: &PathBuf| {
            let steps = Journal::peek_steps(journal).unwrap_or_default();
            steps.values().any(|step| step.mined.is_none() && !step.lost)
        };
        self.unfinished = home.offers(chain)?.iter().filter(|path| is_unfinished(path)).count();
        Ok(())
    }

    /// Adds what these contracts owe these accounts.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn add_credits(
        &mut self,
        chain: &Chain,
        contracts: &[Address],
        mine: &BTreeSet<Address>,
    ) -> eyre::Result<()> {
        for contract in contracts.iter().copied() {
            for account in mine.iter().copied() {
                let wei = chain.view(contract, &creditCall { account }).await?;
                if !wei.is_zero() {
                    self.credits.push(Credit { account, contract, wei });
                }
            }
        }
        Ok(())
    }

    /// Adds what is open of one market. `mine` are this party's accounts.
    ///
    /// # Errors
    /// If the node does not answer, or the state directory cannot be read: what is wrong with one record stands in its row.
    pub async fn add<V: Told>(&mut self, site: &Site<V>, mine: &BTreeSet<Address>) -> eyre::Result<()> {
        let mut ids = site.ids()?;
        ids.sort_unstable();
        for id in ids {
            let journal = site.journal_path(id);
            let (settled, damage) = match Journal::peek(&journal, &SETTLED) {
                Ok(settled) => (settled.unwrap_or_default(), None),
                Err(error) => (false, Some(format!("{error:#}"))),
            };
            if settled {
                continue;
            }
            match site.market.find(id).await {
                Ok(None) if damage.is_none() => self.elsewhere += 1,
                Ok(Some(view)) if !V::is_open(&view) && damage.is_none() => {
                    let bonds = site.market.bonds(id, &view).await?;
                    self.bonds
                        .extend(bonds.into_iter().filter(|bond| mine.contains(&bond.account)));
                }
                Ok(Some(view)) => {
                    let row = match self.row(site, id, &view, mine, damage).await {
                        Err(error) if Kind::Unreachable.is_of(&error) => return Err(error),
                        Err(error) => unknown::<V>(id, format!("{error:#}")),
                        Ok(row) => row,
                    };
                    self.open.push(row);
                }
                Err(error) if Kind::Unreachable.is_of(&error) => return Err(error),
                found => {
                    let why = found.err().map(|error| format!("{error:#}"));
                    let error = [damage, why].into_iter().flatten().collect::<Vec<_>>().join("; ");
                    self.open.push(unknown::<V>(id, error));
                }
            }
        }
        // Those without a window are last, but for what anybody closes.
        self.open
            .sort_by_key(|row| (row.until == 0 && !row.is_closable, row.until, row.id));
        Ok(())
    }

    async fn row<V: Told>(
        &self,
        site: &Site<V>,
        id: B256,
        view: &V::View,
        mine: &BTreeSet<Address>,
        damage: Option<String>,
    ) -> eyre::Result<Row> {
        let (standing, finders) = site.market.told(id, view, self.now).await?;
        let is = |address: Address| mine.contains(&address);
        let (consumer, provider) = (is(view.consumer()), is(view.provider()));
        let is_paid = |party, is_me| is_me && standing.silence.pays_to(party);
        let owed = match (consumer, &damage) {
            (true, None) => V::owed(view, &site.journal_path(id))?,
            _ => None,
        };
        Ok(Row {
            kind: V::View::THING,
            id,
            role: match (consumer, provider) {
                (true, true) => Some("both"),
                (true, false) => Some("consumer"),
                (false, true) => Some("provider"),
                (false, false) => None,
            },
            state: Some(format!("{:?}", view.state())),
            mover: standing.mover.map(Party::name),
            mover_address: standing.mover.map(|mover| match mover {
                Party::Consumer => view.consumer(),
                Party::Provider => view.provider(),
            }),
            owed,
            is_mine: match standing.mover {
                Some(Party::Consumer) => consumer,
                Some(Party::Provider) => provider,
                None => {
                    standing.is_closable
                        && (is_paid(Party::Consumer, consumer)
                            || is_paid(Party::Provider, provider)
                            || finders.into_iter().any(is))
                }
            },
            to_do: standing.to_do,
            silence: standing.silence.to_string(),
            outcome: standing.silence.outcome(),
            until: standing.until,
            closes: standing.closes,
            is_closable: standing.is_closable,
            command: standing.is_closable.then(|| match view.is_offer() && consumer {
                true => format!("{} {id}", V::CANCEL),
                false => format!("{} {id}", V::View::TIMEOUT),
            }),
            seconds_left: standing.until.saturating_sub(self.now),
            error: damage,
        })
    }
}

impl Tabled for Status {
    fn tabled(&self) -> Table {
        let mut table = Table::new(["kind", "id", "role", "state", "move", "until", "if nobody moves"]);
        for row in &self.open {
            let mover = match (row.mover, row.is_mine) {
                (Some(_), true) => match (row.role, row.mover_address) {
                    // Which key it takes.
                    (Some("both"), Some(address)) => format!("YOURS, {address}: {}", row.to_do),
                    _ => format!("YOURS: {}", row.to_do),
                },
                (Some(mover), false) => format!("{mover}: {}", row.to_do),
                (None, is_mine) => row.command.as_ref().map_or_else(String::new, |command| {
                    let who = if is_mine { "YOURS" } else { "anybody" };
                    format!("{who}: {command}")
                }),
            };
            let mover = match row.owed {
                Some(owed) => format!("YOURS: {owed}; {mover}"),
                None => mover,
            };
            let until = match row.until {
                0 => String::new(),
                until if self.now > until => format!("{}, over", utc(until)),
                until => format!("{}, {}", utc(until), in_words(row.seconds_left)),
            };
            table.row([
                row.kind.into(),
                row.id.to_string(),
                row.role.unwrap_or("-").into(),
                row.state.clone().unwrap_or_else(|| "?".into()),
                mover,
                until,
                match &row.error {
                    Some(error) => format!("DAMAGED: {error}"),
                    None => row.silence.clone(),
                },
            ]);
        }
        table
    }
}

/// What is kept here of something that nothing is known about.
fn unknown<V: Told>(id: B256, error: String) -> Row {
    Row {
        kind: V::View::THING,
        id,
        role: None,
        state: None,
        mover: None,
        mover_address: None,
        is_mine: false,
        owed: None,
        to_do: "",
        silence: String::new(),
        outcome: None,
        until: 0,
        closes: 0,
        is_closable: false,
        command: None,
        seconds_left: 0,
        error: Some(error),
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.open.is_empty() {
            true => write!(f, "nothing is open here")?,
            false => self.tabled().fmt(f)?,
        }
        for credit in &self.credits {
            let (wei, account, contract) = (ether(credit.wei), credit.account, credit.contract);
            write!(f, "\n{contract} owes {account} {wei}: assay withdraw")?;
        }
        for bond in &self.bonds {
            let (wei, account, id, command) = (ether(bond.wei), bond.account, bond.engagement, &bond.command);
            write!(
                f,
                "\nengagement {id} is closed and holds {wei} of bonds of {account}: {command}"
            )?;
        }
        if self.unfinished > 0 {
            write!(
                f,
                "\n{} offer(s) were signed here and may have been made since: repeat the commands that made them",
                self.unfinished
            )?;
        }
        match self.elsewhere {
            0 => Ok(()),
            other => write!(
                f,
                "\n{other} record(s) of this chain are of markets that were not looked at: name one with --market or --retrieval"
            ),
        }
    }
}
