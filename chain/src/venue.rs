//! What a market is to those who only move things along: a contract in which something by an id goes from state to state, each
//! with a guard and a deadline, until it is closed.

use crate::client::{Chain, Settled};
use crate::error::{hinted, is_of_node, Error, Kind};
use crate::market::Market;
use crate::revert::state_words;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::SolEvent;
use assay_protocol::abi::IAccuracyMarket::Closed;
use assay_protocol::abi::{EngagementView, State};
use std::fmt::Debug;
use std::future::Future;

/// What a contract says of one thing.
pub trait View: Debug + Clone + Send + Sync {
    /// Where it stands.
    type State: Debug + Copy + PartialEq + Send + Sync;
    /// What it is called.
    const THING: &'static str;
    /// The command that shows it; the id comes after it.
    const SHOW: &'static str;
    /// The command that closes it once its window has passed; the id comes after it.
    const TIMEOUT: &'static str;

    /// Where it stands.
    fn state(&self) -> Self::State;
    /// What a call of a party must name now: the thing it answers.
    fn guard(&self) -> B256;
    /// What moves leave of themselves that change neither state nor guard; 0 where there are none.
    fn progress(&self) -> u64 {
        0
    }
    /// Last second of the window that runs now; 0 if none does.
    fn deadline(&self) -> u64;
    /// Whoever pays for proofs.
    fn consumer(&self) -> Address;
    /// Whoever makes them.
    fn provider(&self) -> Address;
    /// Whether it waits for somebody to take it.
    fn is_offer(&self) -> bool;
    /// Whether nothing can happen any more.
    fn is_closed(&self) -> bool;
    /// Whether nobody can ask for a proof any more.
    fn is_proven(&self) -> bool {
        self.is_closed()
    }
    /// As the contract names it; `None` while it is open.
    fn outcome(&self) -> String;
    /// The state in words, after "is".
    fn state_words(&self) -> String;
    /// Who may do what next, and by which command.
    fn next(&self, _id: B256) -> Option<String> {
        None
    }
    /// What a transaction that closed it credited to consumer and provider, wei: the escrow, all of it.
    fn credited(receipt: &TransactionReceipt, id: B256) -> Option<(U256, U256)>;
}

/// A contract in which things of one kind are settled.
pub trait Venue: Debug + Clone + Send + Sync + 'static {
    /// What it says of one of them.
    type View: View;
    /// Directory with one inside for each of them, in a chain's state.
    const FOLDER: &'static str;

    /// The node that all answers come from.
    fn chain(&self) -> &Chain;
    /// Where the contract is.
    fn address(&self) -> Address;
    /// The contracts that may owe its parties money.
    ///
    /// # Errors
    /// If the node does not answer.
    fn creditors(&self) -> impl Future<Output = eyre::Result<Vec<Address>>> + Send;
    /// The contract as it was when this block was the newest.
    #[must_use]
    fn as_of(&self, block: B256) -> Self;
    /// The thing with this id, if the contract has it.
    fn find(&self, id: B256) -> impl Future<Output = eyre::Result<Option<Self::View>>> + Send;
    /// As it was when `block` was the newest.
    ///
    /// # Errors
    /// If there was none then.
    fn at(&self, id: B256, block: BlockId) -> impl Future<Output = eyre::Result<Self::View>> + Send;

    /// As the newest block has it.
    ///
    /// # Errors
    /// If the contract has none with this id.
    fn newest(&self, id: B256) -> impl Future<Output = eyre::Result<Self::View>> + Send {
        self.at(id, self.chain().at())
    }

    /// As it was when the newest confirmed block was the newest.
    fn confirmed(&self, id: B256) -> impl Future<Output = eyre::Result<Self::View>> + Send {
        async move {
            let block = self.chain().newest_confirmed().await?;
            self.at(id, block).await
        }
    }

    /// Fails unless state and guard were the same when the newest settled block was the newest: secrets, and what cannot be
    /// taken back, answer nothing less.
    ///
    /// # Errors
    /// [`Kind::Unsettled`], or if the node does not answer.
    fn require_settled(&self, id: B256, now: &Self::View) -> impl Future<Output = eyre::Result<()>> + Send {
        async move {
            let (block, settled) = self.chain().newest_settled().await?;
            match self.at(id, block).await {
                Ok(then) if (then.state(), then.guard()) == (now.state(), now.guard()) => Ok(()),
                Err(error) if Kind::Unreachable.is_of(&error) => Err(error),
                // Another state, or none yet.
                _ => Err(unsettled(Self::View::THING, id, settled).into()),
            }
        }
    }

    /// Fails unless state, guard and [progress](View::progress) were the same in the newest block with its confirmations: what is
    /// sent before may revert, which costs its gas.
    ///
    /// # Errors
    /// As [`require_deep`](Self::require_deep).
    fn require_confirmed(&self, id: B256, now: &Self::View) -> impl Future<Output = eyre::Result<()>> + Send {
        let standing = |view: &Self::View| (view.state(), view.guard(), view.progress());
        let expected = standing(now);
        self.require_deep(id, move |then| standing(then) == expected)
    }

    /// Fails unless it was so in the newest block with its confirmations. A node that answers, but not of that block, since it keeps no
    /// state of it, keeps nobody from sending: there is no more to lose than gas.
    ///
    /// # Errors
    /// [`Kind::Unsettled`], or if nobody answers.
    fn require_deep(
        &self,
        id: B256,
        is_so: impl Fn(&Self::View) -> bool + Send,
    ) -> impl Future<Output = eyre::Result<()>> + Send {
        async move {
            match self.confirmed(id).await {
                Ok(then) if is_so(&then) => Ok(()),
                Err(error) if Kind::Unreachable.is_of(&error) => Err(error),
                Err(error) if is_of_node(&error) => Ok(()),
                // Another state, or none yet.
                _ => Err(unsettled(Self::View::THING, id, Settled::Deep(self.chain().confirmations)).into()),
            }
        }
    }
}

/// A venue about registered models.
pub trait ModelVenue: Venue {
    /// The accuracy market and the registry that it is deployed with.
    fn marketplace(&self) -> &Market;
}

/// Fails unless the thing is in one of these states.
///
/// # Errors
/// With the state it is in, and the command that tells more.
pub fn require_state<W: View>(id: B256, view: &W, allowed: &[W::State]) -> eyre::Result<()> {
    if allowed.contains(&view.state()) {
        return Ok(());
    }
    Err(hinted(
        format!("{} {id} is {}", W::THING, view.state_words()),
        format!("{} {id} tells where it stands", W::SHOW),
    ))
}

/// The events of one kind in a receipt, whichever contract they are of: ids are unlike in all of them.
pub fn events<E: SolEvent>(receipt: &TransactionReceipt) -> impl Iterator<Item = E> + '_ {
    let decoded = |log: &alloy::rpc::types::Log| log.log_decode::<E>().ok();
    receipt.logs().iter().filter_map(decoded).map(|log| log.inner.data)
}

/// Where the things of a venue stand.
pub type StateOf<V> = <<V as Venue>::View as View>::State;

/// A state that a reorganisation may still undo.
pub fn unsettled(thing: &str, id: B256, settled: Settled) -> Error {
    let wait = "wait for more blocks, then repeat the command";
    let (lacks, hint) = match settled {
        Settled::Finalized => (
            "is not in a finalized block".into(),
            format!("{wait}; if the chain finalizes none, say how deep is enough: --confirmations N"),
        ),
        Settled::Deep(blocks) => (format!("does not have {blocks} confirmations"), wait.into()),
    };
    Error::new(Kind::Unsettled, format!("the state of {thing} {id} {lacks} yet"))
        .because(eyre::eyre!("what is answered before could be lost in a reorganisation"))
        .hint(hint)
}

impl View for EngagementView {
    type State = State;
    const THING: &'static str = "engagement";
    const SHOW: &'static str = "assay verdict show";
    const TIMEOUT: &'static str = "assay timeout run";

    fn state(&self) -> State {
        self.state
    }

    fn guard(&self) -> B256 {
        self.guard
    }

    fn deadline(&self) -> u64 {
        self.deadline
    }

    fn consumer(&self) -> Address {
        self.mc
    }

    fn provider(&self) -> Address {
        self.mp
    }

    fn is_offer(&self) -> bool {
        self.state == State::Offered
    }

    fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    fn outcome(&self) -> String {
        format!("{:?}", self.outcome)
    }

    fn state_words(&self) -> String {
        state_words(self.state)
    }

    fn credited(receipt: &TransactionReceipt, id: B256) -> Option<(U256, U256)> {
        let closed = events::<Closed>(receipt).find(|closed| closed.id == id)?;
        Some((closed.mcAmount, closed.mpAmount))
    }
}

impl Venue for Market {
    type View = EngagementView;
    const FOLDER: &'static str = "engagements";

    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn address(&self) -> Address {
        self.address
    }

    async fn creditors(&self) -> eyre::Result<Vec<Address>> {
        let all = [self.address, self.registry, self.prediction().await?];
        Ok(all.into_iter().filter(|contract| !contract.is_zero()).collect())
    }

    fn as_of(&self, block: B256) -> Self {
        Self::as_of(self, block)
    }

    async fn find(&self, id: B256) -> eyre::Result<Option<EngagementView>> {
        self.find_engagement(id).await
    }

    async fn at(&self, id: B256, block: BlockId) -> eyre::Result<EngagementView> {
        self.engagement_at(id, block).await
    }
}

impl ModelVenue for Market {
    fn marketplace(&self) -> &Market {
        self
    }
}
