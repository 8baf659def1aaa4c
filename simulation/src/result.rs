//! Playing an engagement from its proofs on: what its parties claim, challenge and demand.

use crate::books::{Agent, Cause};
use crate::engagement::{Engagement, PACE};
use crate::error::Error;
use crate::site::Contract;
use crate::terms::wei;
use crate::verifier::{proof, truth};
use crate::world::World;
use alloy::primitives::U256;
use assay_protocol::abi::{IAccuracyMarket as market, ProofItem};
use assay_protocol::transfer::bitmap::ResultBitmap;

impl Engagement {
    /// The provider makes so many proofs, and keeps them.
    pub(crate) fn prove(&self, world: &mut World, proofs: usize) {
        let cost = proofs as u128 * wei(world.site.terms.proof_cost);
        world.book(Agent::Provider, Cause::Compute, -cost.cast_signed());
    }

    fn item(&self, world: &World, position: usize) -> Result<ProofItem, Error> {
        let index = self.order.index_of(self.probes + position);
        let (index, path) = index.and_then(|i| Some((i, self.tree.path(i)?))).ok_or(Error::Play {
            what: "a position outside of the test set",
        })?;
        let example = &self.examples[index];
        Ok(ProofItem {
            position: position as u32,
            inputCommit: example.input,
            label: example.label,
            leafSalt: example.salt,
            path,
            output: U256::from(truth(world.site.record.weightsCommit, example.input)),
            proof: proof().into(),
        })
    }

    /// DIRECT: proofs of these positions, each in a transaction of its own, until the target is met.
    pub(crate) fn submit(&self, world: &mut World, positions: &[usize]) -> Result<(), Error> {
        for position in positions.iter().take(self.needed()) {
            world.wait(PACE);
            let items = vec![self.item(world, *position)?];
            let call = market::submitProofsCall { id: self.id, items };
            world.act(Agent::Provider, Contract::Accuracy, &call, 0)?;
        }
        Ok(())
    }

    /// OPTIMISTIC: the provider claims these positions.
    pub(crate) fn post(&mut self, world: &mut World, positions: &[usize]) -> Result<(), Error> {
        let bitmap = ResultBitmap::of(self.size(), positions.iter().copied()).map_err(|_| Error::Play {
            what: "a result outside of the proven set",
        })?;
        self.claimed = bitmap.bytes().to_vec();
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::postResultCall {
            id,
            guard,
            bitmap: self.claimed.clone().into(),
        };
        world.act(Agent::Provider, Contract::Accuracy, &call, 0)
    }

    pub(crate) fn accept_result(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        world.act(
            self.consumer,
            Contract::Accuracy,
            &market::acceptResultCall { id, guard },
            0,
        )
    }

    pub(crate) fn challenge(&self, world: &mut World, by: Agent, position: usize) -> Result<(), Error> {
        let terms = &world.site.terms;
        let toll = if by == self.consumer { 0.0 } else { terms.prices.proof };
        let value = wei(terms.bond) + wei(toll);
        let call = market::challengeCall {
            id: self.id,
            bitmap: self.claimed.clone().into(),
            position: position as u32,
        };
        world.act(by, Contract::Accuracy, &call, value)
    }

    pub(crate) fn answer(&self, world: &mut World, by: Agent, position: usize) -> Result<(), Error> {
        let item = self.item(world, position)?;
        world.act(by, Contract::Accuracy, &market::answerCall { id: self.id, item }, 0)
    }

    /// Nobody answered: the challenger closes as Fault and takes its bond home.
    pub(crate) fn convict(&self, world: &mut World, by: Agent, position: usize) -> Result<(), Error> {
        let (id, position) = (self.id, position as u32);
        let challenge = world.view(Contract::Accuracy, &market::challengeAtCall { id, position })?;
        world.wait_past(challenge.deadline);
        world.act(
            by,
            Contract::Accuracy,
            &market::timeoutChallengeCall { id, position },
            0,
        )?;
        world.act(by, Contract::Accuracy, &market::reclaimBondCall { id, position }, 0)
    }

    /// The consumer asks for k* proofs.
    pub(crate) fn demand(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let value = self.needed() as u128 * wei(world.site.terms.bond) / 2;
        world.act(
            self.consumer,
            Contract::Accuracy,
            &market::demandFullCall { id, guard },
            value,
        )
    }

    /// The provider hands in what was demanded.
    pub(crate) fn submit_demanded(&self, world: &mut World, positions: &[usize]) -> Result<(), Error> {
        for position in positions.iter().take(self.needed()) {
            world.wait(PACE);
            let call = market::submitDemandedCall {
                id: self.id,
                bitmap: self.claimed.clone().into(),
                items: vec![self.item(world, *position)?],
            };
            world.act(Agent::Provider, Contract::Accuracy, &call, 0)?;
        }
        Ok(())
    }
}
