//! Playing an engagement: each move as its party sends it.
//!
//! In FULL and SIMPLE the ciphertext is a root and nothing more: no strategy here disputes what was transferred, and the keys,
//! the seed and the order that follows from it are real.

use crate::books::{Agent, Cause};
use crate::error::Error;
use crate::site::Contract;
use crate::terms::{wei, DAY};
use crate::verifier::{truth, CLASSES};
use crate::world::World;
use alloy::primitives::{B256, U256};
use assay_protocol::abi::{Adjudication, EngagementView, IAccuracyMarket as market, Mode, OfferTerms};
use assay_protocol::ids::{needed_correct, test_leaf};
use assay_protocol::merkle::MerkleTree;
use assay_protocol::transfer::keys::{example_key, mc_salt_hash, pack, seed};
use assay_protocol::transfer::secret::{MasterKey, McSalt};
use assay_protocol::transfer::shuffle::Shuffle;
use rand::Rng;

/// Seconds between a move and the next.
pub(crate) const PACE: u64 = 120;

/// What a consumer asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) mode: Mode,
    pub(crate) adjudication: Adjudication,
    pub(crate) target_bps: u16,
}

impl Offer {
    pub(crate) const fn new(mode: Mode, adjudication: Adjudication, target_bps: u16) -> Self {
        Self {
            mode,
            adjudication,
            target_bps,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) input: U256,
    pub(crate) label: u32,
    pub(crate) salt: B256,
    /// Whether the model answers with the label.
    right: bool,
}

/// An engagement from its offer on.
#[derive(Debug)]
pub(crate) struct Engagement {
    pub(crate) id: B256,
    pub(crate) offer: Offer,
    pub(crate) consumer: Agent,
    pub(crate) examples: Vec<Example>,
    pub(crate) tree: MerkleTree,
    mc_salt: McSalt,
    master: MasterKey,
    pub(crate) order: Shuffle,
    pub(crate) probes: usize,
    pub(crate) claimed: Vec<u8>,
}

impl Engagement {
    /// The consumer offers a set of N examples of which the model answers those right for which `right` is true.
    pub(crate) fn open(world: &mut World, consumer: Agent, offer: Offer, right: &[bool]) -> Result<Self, Error> {
        world.wait(PACE);
        let weights = world.site.record.weightsCommit;
        let examples: Vec<Example> = right
            .iter()
            .map(|right| {
                let input = U256::from_be_bytes(world.rng.gen::<[u8; 32]>()) >> 8;
                let truth = truth(weights, input);
                Example {
                    input,
                    label: if *right { truth } else { (truth + 1) % CLASSES },
                    salt: world.rng.gen::<[u8; 32]>().into(),
                    right: *right,
                }
            })
            .collect();
        let leaf = |(i, e): (usize, &Example)| test_leaf(i as u64, e.input, e.label, e.salt);
        let leaves: Vec<B256> = examples.iter().enumerate().map(leaf).collect();
        let tree = MerkleTree::new(&leaves).ok_or(Error::Play {
            what: "a test set without examples",
        })?;
        let mc_salt = McSalt::new(world.rng.gen());
        let terms = OfferTerms {
            modelId: world.site.model_id,
            modelHash: world.site.model_hash,
            mode: offer.mode,
            adjudication: offer.adjudication,
            testRoot: tree.root(),
            mcSaltHash: match offer.mode {
                Mode::FULL => mc_salt_hash(&mc_salt),
                _ => B256::ZERO,
            },
            targetBps: offer.target_bps,
            expiry: world.now + DAY / 2,
        };
        let entry = entry(world);
        let id = world.send(consumer, Contract::Accuracy, &market::openCall { terms }, entry)?;
        world.lock(id, consumer, entry);
        let probes = match offer.mode {
            Mode::FULL => world.site.terms.prices.probe as usize,
            _ => 0,
        };
        Ok(Self {
            id,
            offer,
            consumer,
            order: Shuffle::identity(right.len()),
            master: MasterKey::new(world.rng.gen()),
            examples,
            tree,
            mc_salt,
            probes,
            claimed: Vec::new(),
        })
    }

    /// The provider accepts: both fees are gone.
    pub(crate) fn accept(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let entry = entry(world);
        world.act(
            Agent::Provider,
            Contract::Accuracy,
            &market::acceptCall { id, guard },
            entry,
        )?;
        world.lock(id, Agent::Provider, entry);
        let fee = wei(world.site.terms.prices.fee);
        world.rebook_fee(Agent::Provider, fee);
        world.rebook_fee(self.consumer, fee);
        Ok(())
    }

    /// The consumer commits to the ciphertext.
    pub(crate) fn commit(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::commitTransferCall {
            id,
            guard,
            ctRoot: world.rng.gen::<[u8; 32]>().into(),
        };
        world.act(self.consumer, Contract::Accuracy, &call, 0)
    }

    /// The provider acknowledges it; in FULL the order of the examples is fixed, though only the consumer knows it.
    pub(crate) fn acknowledge(&mut self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let mp_seed: B256 = world.rng.gen::<[u8; 32]>().into();
        let call = market::ackCall {
            id,
            guard,
            mpSeed: mp_seed,
        };
        world.act(Agent::Provider, Contract::Accuracy, &call, 0)?;
        if self.offer.mode == Mode::FULL {
            let seed = seed(id, self.tree.root(), guard, mp_seed, &self.mc_salt);
            self.order = Shuffle::new(seed, self.examples.len());
        }
        Ok(())
    }

    /// The consumer reveals the keys of the probe set, in SIMPLE of all.
    pub(crate) fn reveal(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let master = (*self.master.expose()).into();
        if self.offer.mode == Mode::SIMPLE {
            return world.act(
                self.consumer,
                Contract::Accuracy,
                &market::revealAllCall { id, guard, master },
                0,
            );
        }
        let keys: Vec<_> = (0..self.probes)
            .filter_map(|position| self.order.index_of(position))
            .map(|index| example_key(&self.master, index))
            .collect();
        let call = market::revealACall {
            id,
            guard,
            mcSalt: (*self.mc_salt.expose()).into(),
            keysA: pack(&keys).to_vec().into(),
        };
        world.act(self.consumer, Contract::Accuracy, &call, 0)
    }

    /// Offer accepted, examples handed over: the provider has to decide. It has run the model on what it sees.
    pub(crate) fn probing(world: &mut World, consumer: Agent, offer: Offer, right: &[bool]) -> Result<Self, Error> {
        let mut engagement = Self::open(world, consumer, offer, right)?;
        engagement.accept(world)?;
        if offer.mode != Mode::CLEAR {
            engagement.commit(world)?;
            engagement.acknowledge(world)?;
            engagement.reveal(world)?;
        }
        Ok(engagement)
    }

    /// The provider runs the model on the examples that it sees: N1 in FULL, all in the other modes.
    pub(crate) fn infer(&self, world: &mut World) -> usize {
        let seen = match self.offer.mode {
            Mode::FULL => self.probes,
            _ => self.examples.len(),
        };
        let cost = seen as u128 * wei(world.site.terms.inference_cost);
        world.book(Agent::Provider, Cause::Compute, -cost.cast_signed());
        (0..seen).filter(|position| self.right_at(*position)).count()
    }

    /// The provider runs the model on the N2 examples that it sees after it went on.
    pub(crate) fn infer_rest(&self, world: &mut World) {
        let cost = (self.examples.len() - self.probes) as u128 * wei(world.site.terms.inference_cost);
        world.book(Agent::Provider, Cause::Compute, -cost.cast_signed());
    }

    fn right_at(&self, position: usize) -> bool {
        let index = self.order.index_of(position);
        index.is_some_and(|index| self.examples[index].right)
    }

    /// Positions of the proven set that the model answers right.
    pub(crate) fn correct(&self) -> Vec<usize> {
        (0..self.size()).filter(|p| self.right_at(self.probes + p)).collect()
    }

    /// And those that it does not.
    pub(crate) fn wrong(&self) -> Vec<usize> {
        (0..self.size()).filter(|p| !self.right_at(self.probes + p)).collect()
    }

    /// Examples of the proven set.
    pub(crate) fn size(&self) -> usize {
        self.examples.len() - self.probes
    }

    /// k*.
    pub(crate) fn needed(&self) -> usize {
        needed_correct(self.offer.target_bps, self.size() as u32) as usize
    }

    pub(crate) fn abort(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        world.act(Agent::Provider, Contract::Accuracy, &market::abortCall { id, guard }, 0)
    }

    /// The provider goes on, and in FULL the consumer reveals all keys.
    pub(crate) fn proceed(&self, world: &mut World) -> Result<(), Error> {
        self.go_on(world)?;
        if self.offer.mode == Mode::FULL {
            self.reveal_all(world)?;
        }
        Ok(())
    }

    /// The provider goes on; its consumer has not answered yet.
    pub(crate) fn go_on(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        world.act(
            Agent::Provider,
            Contract::Accuracy,
            &market::proceedCall { id, guard },
            0,
        )
    }

    fn reveal_all(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::revealBCall {
            id,
            guard,
            master: (*self.master.expose()).into(),
        };
        world.act(self.consumer, Contract::Accuracy, &call, 0)
    }

    pub(crate) fn concede(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        world.act(
            Agent::Provider,
            Contract::Accuracy,
            &market::concedeCall { id, guard },
            0,
        )
    }

    /// Whose move it is lets the window pass, and `by` closes.
    pub(crate) fn timeout(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        self.window_passes(world)?;
        world.act(by, Contract::Accuracy, &market::timeoutCall { id: self.id }, 0)
    }

    fn window_passes(&self, world: &mut World) -> Result<(), Error> {
        let deadline = world.view(Contract::Accuracy, &market::timeoutAtCall { id: self.id })?;
        world.wait_past(deadline);
        Ok(())
    }

    fn view(&self, world: &mut World) -> Result<EngagementView, Error> {
        world.view(Contract::Accuracy, &market::engagementCall { id: self.id })
    }

    /// What a call of a party has to name now; some time passes before.
    pub(crate) fn guard(&self, world: &mut World) -> Result<B256, Error> {
        world.wait(PACE);
        Ok(self.view(world)?.guard)
    }
}

/// D + ε.
fn entry(world: &World) -> u128 {
    let prices = &world.site.terms.prices;
    2 * u128::from(prices.examples()) * wei(prices.example) + wei(prices.fee)
}
