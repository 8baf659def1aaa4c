//! What is open here, in all markets: whose move it is, until when, and what follows if nobody makes it.

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
use assay_protocol::abi::{AuditView, EngagementView, Mode, Privacy, RoundState, RoundView, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::standing::{of_audit, of_demand, of_engagement, of_round, Standing};
use assay_protocol::units::{as_decimal, ether, in_words, utc};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};

/// A market whose things are told about.
pub trait Told: Venue {
    /// Whose move it is at this time, and until when: Unix seconds, 0 if no window runs.
    fn told(&self, id: B256, view: &Self::View, now: u64)
        -> impl Future<Output = eyre::Result<(Standing, u64)>> + Send;

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
}

impl Told for Market {
    async fn told(&self, id: B256, view: &EngagementView, _now: u64) -> eyre::Result<(Standing, u64)> {
        let first = match view.openChallenges {
            0 => None,
            _ => {
                let challenges = self.open_challenges(id).await?;
                challenges.iter().map(|(_, challenge)| challenge.deadline).min()
            }
        };
        Ok((of_engagement(view), first.unwrap_or(view.deadline)))
    }

    fn owed(view: &EngagementView, journal: &Path) -> eyre::Result<Option<&'static str>> {
        let is_due = view.mode == Mode::CLEAR && view.state == State::Probing;
        Ok((is_due && Journal::peek(journal, &DELIVERED)?.is_none())
            .then_some("hand the set over with assay mc send: without it the provider aborts at the consumer's cost"))
    }
}

impl Told for Rounds {
    async fn told(&self, _id: B256, view: &RoundView, now: u64) -> eyre::Result<(Standing, u64)> {
        let until = match view.state {
            RoundState::Served if view.contested > view.proven => view.answerBy,
            RoundState::Rooted if view.privacy == Privacy::PRIVATE && now > view.deadline => {
                view.deadline + self.params.windows.publish
            }
            _ => view.deadline,
        };
        Ok((of_round(view, now), until))
    }
}

impl Told for Audits {
    /// Of open demands the first that somebody has to answer.
    async fn told(&self, id: B256, view: &AuditView, now: u64) -> eyre::Result<(Standing, u64)> {
        let demands = self.open_demands(id, view).await?;
        let first = demands
            .iter()
            .map(|(_, demand)| of_demand(demand, now))
            .min_by_key(|(_, until)| *until);
        Ok(first.unwrap_or((of_audit(view), view.deadline)))
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
    /// Whose move it is: `consumer`, `provider`, or `null` if it is nobody's.
    pub mover: Option<&'static str>,
    /// Its account.
    pub mover_address: Option<Address>,
    /// Whether that is one of this state directory's accounts.
    pub is_mine: bool,
    /// What this state directory's consumer owes besides, though no window is its own; `null` if nothing.
    pub owed: Option<&'static str>,
    /// What is to be done.
    pub to_do: &'static str,
    /// What anybody can bring about if nobody moves in time.
    pub silence: &'static str,
    /// Unix seconds; 0 if no window runs.
    pub until: u64,
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
                Ok(Some(view)) if !V::is_open(&view) && damage.is_none() => {}
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
        // Those without a window are last.
        self.open.sort_by_key(|row| (row.until == 0, row.until, row.id));
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
        let (standing, until) = site.market.told(id, view, self.now).await?;
        let is = |address: Address| mine.contains(&address);
        let (consumer, provider) = (is(view.consumer()), is(view.provider()));
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
                None => false,
            },
            to_do: standing.to_do,
            silence: standing.silence,
            until,
            seconds_left: until.saturating_sub(self.now),
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
                (None, _) => String::new(),
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
                    None => row.silence.into(),
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
        silence: "",
        until: 0,
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
