//! Wei per agent and cause.

use serde::Serialize;
use std::collections::BTreeMap;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Agent {
    /// mp: has the model, and what is staked for it.
    Provider,
    /// mc.
    Consumer,
    /// rs: committed the corpus, and answers for it.
    Responder,
    /// rq: has it audited.
    Requester,
    /// Neither of both: challenges, copies, griefs.
    Outsider,
    /// A second account of the provider, that plays its consumer.
    Sybil,
    /// Gets fees and burned strikes; acts never.
    Treasury,
}

impl Agent {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Provider,
        Self::Consumer,
        Self::Responder,
        Self::Requester,
        Self::Outsider,
        Self::Sybil,
        Self::Treasury,
    ];

    /// In messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Consumer => "consumer",
            Self::Responder => "responder",
            Self::Requester => "requester",
            Self::Outsider => "outsider",
            Self::Sybil => "sybil",
            Self::Treasury => "treasury",
        }
    }
}

/// Why an amount came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// ε, of both sides.
    Fees,
    /// Deposits, bonds and prices paid in, and what the contracts credited of them: the awards.
    Escrow,
    /// What is staked for the model, until it returns.
    Stake,
    /// Stake that was burned, and a finder's part of it.
    Strikes,
    /// Gas at the price of its block.
    Gas,
    /// Inferences and proofs.
    Compute,
    /// What locked capital would have earned elsewhere.
    Capital,
    /// What something is worth outside of the contracts: examples kept, false answers, false verdicts, documents hidden.
    Outside,
}

impl Cause {
    /// Those that move on the chain; of the others only the books know.
    pub const ON_CHAIN: [Self; 5] = [Self::Fees, Self::Escrow, Self::Stake, Self::Strikes, Self::Gas];
}

/// The books of a run; gains are positive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books(BTreeMap<(Agent, Cause), i128>);

impl Books {
    pub(crate) fn add(&mut self, agent: Agent, cause: Cause, wei: i128) {
        *self.0.entry((agent, cause)).or_default() += wei;
    }

    /// Of one agent and cause.
    pub fn of(&self, agent: Agent, cause: Cause) -> i128 {
        self.0.get(&(agent, cause)).copied().unwrap_or_default()
    }

    /// All causes together but the stake, which is no cost before it is burned.
    pub fn profit(&self, agent: Agent) -> i128 {
        let entries = self.0.range((agent, Cause::Fees)..=(agent, Cause::Outside));
        entries
            .filter(|((_, cause), _)| *cause != Cause::Stake)
            .map(|(_, wei)| wei)
            .sum()
    }

    /// What the chain must have moved.
    pub fn on_chain(&self, agent: Agent) -> i128 {
        Cause::ON_CHAIN.iter().map(|cause| self.of(agent, *cause)).sum()
    }

    /// Adds another run's.
    pub fn merge(&mut self, other: &Self) {
        for ((agent, cause), wei) in &other.0 {
            self.add(*agent, *cause, *wei);
        }
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = (Agent, Cause, i128)> + '_ {
        self.0.iter().map(|((agent, cause), wei)| (*agent, *cause, *wei))
    }
}
