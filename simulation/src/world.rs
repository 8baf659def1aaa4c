//! One run: a copy of a site, in which time passes, agents act, and every wei is booked.

use crate::books::{Agent, Books, Cause};
use crate::error::Error;
use crate::fees::BaseFee;
use crate::machine::Machine;
use crate::site::{account, Contract, Site, FUNDS, START};
use crate::terms::DAY;
use alloy::primitives::{Address, Log, B256, U256};
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::{IAccuracyMarket, ICredits, IModelRegistry, IPredictionMarket, IRetrievalMarket};
use assay_protocol::retrieval::shared_key::stream_id;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// What capital earns elsewhere in a year, percent.
const RATE_PERCENT: i128 = 5;
const YEAR: i128 = 365 * DAY as i128;
/// Above the base fee, a part of it: what every transaction pays for being taken up.
const TIP_PART: u128 = 20;

/// What is locked in an engagement, a round, an audit or a demand that is not closed.
#[derive(Debug, Default)]
struct Locked {
    since: u64,
    amounts: Vec<(Agent, u128, u64)>,
}

/// A run.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) now: u64,
    pub(crate) books: Books,
    /// Of all transactions.
    pub(crate) gas: u64,
    /// Seconds from the first lock to the end of the one closed last.
    pub(crate) last_duration: u64,
    machine: Machine,
    base_fee: BaseFee,
    open: BTreeMap<B256, Locked>,
    exiting: bool,
}

impl World {
    /// The same seed gives the same run.
    pub(crate) fn new(site: &Site, seed: [u8; 32]) -> Self {
        let mut books = Books::default();
        books.add(Agent::Provider, Cause::Stake, -(site.staked as i128));
        Self {
            machine: Machine::new(site.state.clone()),
            site: site.clone(),
            rng: ChaCha8Rng::from_seed(seed),
            now: START,
            books,
            gas: 0,
            last_duration: 0,
            base_fee: BaseFee::new(site.terms.climate, START),
            open: BTreeMap::new(),
            exiting: false,
        }
    }

    /// Lets so many seconds pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        self.base_fee.advance(self.now, &mut self.rng);
    }

    /// Lets time pass until a deadline is over.
    pub(crate) fn wait_past(&mut self, deadline: u64) {
        self.wait((deadline + 1).saturating_sub(self.now));
    }

    /// The base fee is that of a spike now, and returns to its mean as it does.
    pub(crate) fn spike(&mut self) {
        self.base_fee.spike();
    }

    /// Whoever has a day waits until gas is not above a price, up to half of it.
    pub(crate) fn wait_for_gas(&mut self, price: u64) {
        let mut left = DAY / 2;
        while self.base_fee() > price && left > 0 {
            self.wait(600);
            left -= 600;
        }
    }

    /// Wei per gas in the block that comes next.
    pub(crate) fn base_fee(&self) -> u64 {
        self.base_fee.wei()
    }

    pub(crate) fn profit(&self, agent: Agent) -> i128 {
        self.books.profit(agent)
    }

    /// Something costs, or is worth, so much outside of the chain.
    pub(crate) fn book(&mut self, agent: Agent, cause: Cause, wei: i128) {
        self.books.add(agent, cause, wei);
    }

    /// From now until what has this identifier is closed.
    pub(crate) fn lock(&mut self, id: B256, agent: Agent, wei: u128) {
        let now = self.now;
        let locked = self.open.entry(id).or_insert_with(|| Locked {
            since: now,
            ..Locked::default()
        });
        locked.amounts.push((agent, wei, now));
    }

    /// A fee that was paid in as part of an amount.
    pub(crate) fn rebook_fee(&mut self, agent: Agent, wei: u128) {
        self.books.add(agent, Cause::Escrow, wei as i128);
        self.books.add(agent, Cause::Fees, -(wei as i128));
    }

    fn gas_price(&self) -> u128 {
        let base_fee = u128::from(self.base_fee.wei());
        base_fee + base_fee / TIP_PART
    }

    /// Sends a transaction of an agent; its gas is paid whether it is refused or not.
    ///
    /// # Errors
    /// If the contract refuses it.
    pub(crate) fn send<C: SolCall>(
        &mut self,
        from: Agent,
        to: Contract,
        call: &C,
        value: u128,
    ) -> Result<C::Return, Error> {
        let price = self.gas_price();
        self.machine.set_block(self.now, self.base_fee.wei());
        let at = self.site.at(to);
        let done = self
            .machine
            .send(account(from), Some(at), call.abi_encode(), value, price)?;
        self.gas += done.gas;
        self.books
            .add(from, Cause::Gas, -(u128::from(done.gas) * price).cast_signed());
        if !done.success {
            return Err(Error::Reverted {
                call: C::SIGNATURE,
                from: from.name(),
                reason: done.output.to_string(),
            });
        }
        self.books.add(from, Cause::Escrow, -value.cast_signed());
        for log in &done.logs {
            self.heard(log);
        }
        C::abi_decode_returns(&done.output).map_err(|_| Error::Answer { call: C::SIGNATURE })
    }

    /// As [`World::send`], where the answer says nothing.
    pub(crate) fn act<C: SolCall>(&mut self, from: Agent, to: Contract, call: &C, value: u128) -> Result<(), Error> {
        self.send(from, to, call, value).map(|_| ())
    }

    pub(crate) fn view<C: SolCall>(&mut self, of: Contract, call: &C) -> Result<C::Return, Error> {
        self.machine.set_block(self.now, self.base_fee.wei());
        let (at, price) = (self.site.at(of), u128::from(self.base_fee.wei()));
        let done = self
            .machine
            .view(account(Agent::Treasury), at, call.abi_encode(), price)?;
        C::abi_decode_returns(&done.output).map_err(|_| Error::Answer { call: C::SIGNATURE })
    }

    fn heard(&mut self, log: &Log) {
        let (Some(contract), Some(topic)) = (self.site.contract_at(log.address), log.topics().first()) else {
            return;
        };
        match *topic {
            ICredits::Credited::SIGNATURE_HASH => self.credited(contract, log),
            IModelRegistry::Struck::SIGNATURE_HASH => {
                if let Ok(struck) = IModelRegistry::Struck::decode_log(log) {
                    let burned = (u128::from(struck.strikes) * self.site.strike).cast_signed();
                    self.books.add(Agent::Provider, Cause::Stake, burned);
                    self.books.add(Agent::Provider, Cause::Strikes, -burned);
                }
            }
            IAccuracyMarket::Closed::SIGNATURE_HASH
            | IAccuracyMarket::Cancelled::SIGNATURE_HASH
            | IPredictionMarket::RoundClosed::SIGNATURE_HASH
            | IPredictionMarket::RoundCancelled::SIGNATURE_HASH
            | IRetrievalMarket::AuditClosed::SIGNATURE_HASH => {
                if let Some(id) = log.topics().get(1) {
                    self.closed(*id);
                }
            }
            IRetrievalMarket::DemandSettled::SIGNATURE_HASH => {
                if let Ok(settled) = IRetrievalMarket::DemandSettled::decode_log(log) {
                    self.closed(stream_id(settled.id, settled.m.to::<u64>()));
                }
            }
            _ => (),
        }
    }

    fn credited(&mut self, contract: Contract, log: &Log) {
        let Ok(credited) = ICredits::Credited::decode_log(log) else {
            return;
        };
        let agent = Agent::ALL.into_iter().find(|agent| account(*agent) == credited.account);
        let cause = match (contract, agent) {
            (Contract::Registry, _) if self.exiting => Cause::Stake,
            (Contract::Registry, _) => Cause::Strikes,
            (_, Some(Agent::Treasury)) => Cause::Fees,
            _ => Cause::Escrow,
        };
        if let Some(agent) = agent {
            self.books.add(agent, cause, credited.amount.to::<u128>().cast_signed());
        }
    }

    fn closed(&mut self, id: B256) {
        let Some(locked) = self.open.remove(&id) else { return };
        self.last_duration = self.now - locked.since;
        for (agent, wei, since) in locked.amounts {
            let seconds = i128::from(self.now - since);
            let cost = wei.cast_signed() / 100 * RATE_PERCENT * seconds / YEAR;
            self.books.add(agent, Cause::Capital, -cost);
        }
    }

    /// Ends the run: everything must be closed, the stake returns, everybody withdraws, and every wei must be where the books
    /// say.
    ///
    /// # Errors
    /// If anything is left open, or any wei is unaccounted for.
    pub(crate) fn finish(mut self) -> Result<Books, Error> {
        if !self.open.is_empty() {
            return Err(Error::NotClosed { open: self.open.len() });
        }
        for contract in Contract::WITH_MONEY {
            self.balance_is_owed(contract)?;
        }
        self.exiting = true;
        let model_id = self.site.model_id;
        let exit = IModelRegistry::requestExitCall { modelId: model_id };
        self.send(Agent::Provider, Contract::Registry, &exit, 0)?;
        self.wait(self.site.terms.unbond() + 1);
        let exit = IModelRegistry::exitCall { modelId: model_id };
        self.send(Agent::Provider, Contract::Registry, &exit, 0)?;
        for contract in Contract::WITH_MONEY {
            for agent in Agent::ALL {
                self.withdraw(agent, contract)?;
            }
            let left = self.balance_is_owed(contract)?;
            equal("what a contract keeps when all is withdrawn", U256::ZERO, left)?;
        }
        for agent in Agent::ALL {
            let booked = FUNDS.cast_signed() + self.books.on_chain(agent);
            let balance = self.machine.balance(account(agent))?;
            equal(
                "an account against the books",
                U256::from(booked.cast_unsigned()),
                balance,
            )?;
        }
        let stake = self.books.of(Agent::Provider, Cause::Stake);
        equal("the stake", U256::ZERO, U256::from(stake.unsigned_abs()))?;
        Ok(self.books)
    }

    fn withdraw(&mut self, agent: Agent, contract: Contract) -> Result<(), Error> {
        let to: Address = account(agent);
        if self.view(contract, &ICredits::creditCall { account: to })?.is_zero() {
            return Ok(());
        }
        self.send(agent, contract, &ICredits::withdrawCall { to }, 0)?;
        Ok(())
    }

    /// What the contract owes is what it has.
    fn balance_is_owed(&mut self, contract: Contract) -> Result<U256, Error> {
        let owed = self.view(contract, &ICredits::totalOwedCall {})?;
        let balance = self.machine.balance(self.site.at(contract))?;
        equal("the balance of a contract against totalOwed", owed, balance)?;
        Ok(balance)
    }
}

fn equal(what: &'static str, expected: U256, got: U256) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Unaccounted {
        what,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}
