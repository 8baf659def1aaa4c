//! Playing a round of predictions: each move as its party sends it.

use crate::books::{Agent, Cause};
use crate::engagement::PACE;
use crate::error::Error;
use crate::site::Contract;
use crate::terms::{wei, DAY};
use crate::verifier::{proof, truth, CLASSES};
use crate::world::World;
use alloy::primitives::{B256, U256};
use assay_protocol::abi::{
    AnswerGroup, IPredictionMarket as market, Metric, OutputOpening, Privacy, RoundTerms, RoundView,
};
use assay_protocol::merkle::MerkleTree;
use assay_protocol::prediction::amounts::Stakes;
use assay_protocol::prediction::indices::bitmap;
use assay_protocol::prediction::inputs::input_tree;
use assay_protocol::prediction::lanes::Lanes;
use assay_protocol::prediction::outputs::Outputs;
use rand::Rng;
use std::collections::BTreeSet;

/// Answers in one transaction: below the gas of a transaction and 128 KiB.
const ANSWERS_AT_ONCE: usize = 16;

/// What a consumer asks for; amounts in ether.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// K.
    pub(crate) predictions: u32,
    /// C.
    pub(crate) cap: u32,
    /// M.
    pub(crate) deposit: f64,
    /// π.
    pub(crate) price: f64,
    pub(crate) privacy: Privacy,
}

/// A round from its offer on.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) id: B256,
    ask: Ask,
    inputs: Vec<U256>,
    tree: MerkleTree,
    outputs: Option<Outputs>,
    wrong: BTreeSet<u32>,
    contested: BTreeSet<u32>,
}

impl Round {
    /// The consumer offers K inputs.
    pub(crate) fn open(world: &mut World, ask: Ask) -> Result<Self, Error> {
        world.wait(PACE);
        let inputs: Vec<U256> = (0..ask.predictions)
            .map(|_| U256::from_be_bytes(world.rng.gen::<[u8; 32]>()) >> 8)
            .collect();
        let tree = input_tree(&inputs).ok_or(Error::Play {
            what: "a round without inputs",
        })?;
        let terms = RoundTerms {
            modelId: world.site.model_id,
            modelHash: world.site.model_hash,
            inputRoot: tree.root(),
            predictions: ask.predictions,
            contestCap: ask.cap,
            mpDeposit: wei(ask.deposit),
            price: wei(ask.price),
            privacy: ask.privacy,
            expiry: world.now + DAY / 2,
        };
        let quiet = market::quietBondCall {
            privacy: ask.privacy,
            predictions: ask.predictions,
            baseFee: U256::from(world.base_fee()),
        };
        let quiet = world.view(Contract::Prediction, &quiet)?;
        let entry = (stakes(world, ask).consumer_entry() + quiet).to::<u128>();
        let id = world.send(
            Agent::Consumer,
            Contract::Prediction,
            &market::openCall { terms },
            entry,
        )?;
        world.lock(id, Agent::Consumer, entry);
        Ok(Self {
            id,
            ask,
            inputs,
            tree,
            outputs: None,
            wrong: BTreeSet::new(),
            contested: BTreeSet::new(),
        })
    }

    /// The provider serves outputs, of which those with an index in `wrong` are invented: they cost no inference.
    pub(crate) fn serve(&mut self, world: &mut World, wrong: BTreeSet<u32>) -> Result<(), Error> {
        let weights = world.site.record.weightsCommit;
        let outputs = self.inputs.iter().zip(0u32..).map(|(input, index)| {
            let truth = truth(weights, *input);
            let output = if wrong.contains(&index) {
                (truth + 1) % CLASSES
            } else {
                truth
            };
            U256::from(output)
        });
        let outputs: Vec<U256> = outputs.collect();
        let honest = u128::from(self.ask.predictions) - wrong.len() as u128;
        let cost = honest * wei(world.site.terms.inference_cost);
        world.book(Agent::Provider, Cause::Compute, -cost.cast_signed());
        let lanes = Lanes::of(Metric::TOP1, self.ask.privacy);
        let outputs = Outputs::commit(lanes, &outputs, world.rng.gen::<[u8; 32]>().into()).ok_or(Error::Play {
            what: "outputs that fit no word",
        })?;
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::serveCall {
            id,
            guard,
            outputsRoot: outputs.root(),
        };
        let stakes = stakes(world, self.ask);
        let entry = stakes.provider_entry().to::<u128>();
        world.act(Agent::Provider, Contract::Prediction, &call, entry)?;
        world.lock(id, Agent::Provider, entry);
        world.rebook_fee(Agent::Provider, stakes.fee);
        world.rebook_fee(Agent::Consumer, stakes.fee);
        (self.outputs, self.wrong) = (Some(outputs), wrong);
        Ok(())
    }

    /// The provider shows all outputs.
    pub(crate) fn publish(&self, world: &mut World) -> Result<(), Error> {
        let outputs = self.outputs()?;
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::publishCall {
            id,
            guard,
            master: outputs.master(),
            words: outputs.words().to_vec(),
        };
        world.act(Agent::Provider, Contract::Prediction, &call, 0)
    }

    /// A round that is served, in PUBLIC also published.
    pub(crate) fn served(world: &mut World, ask: Ask, wrong: BTreeSet<u32>) -> Result<Self, Error> {
        let mut round = Self::open(world, ask)?;
        round.serve(world, wrong)?;
        if ask.privacy == Privacy::PUBLIC {
            round.publish(world)?;
        }
        Ok(round)
    }

    /// The consumer contests indices that it did not contest before.
    pub(crate) fn contest(&mut self, world: &mut World, indices: &BTreeSet<u32>) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::contestCall {
            id,
            guard,
            bitmap: bitmap(indices, self.ask.predictions).into(),
        };
        let gas = indices.len() as u128 * u128::from(world.site.terms.answer_gas);
        let value = gas * u128::from(world.base_fee());
        world.act(Agent::Consumer, Contract::Prediction, &call, value)?;
        self.contested.extend(indices);
        Ok(())
    }

    /// Contested indices whose outputs are invented: nobody can prove them.
    pub(crate) fn unprovable(&self) -> bool {
        self.contested.iter().any(|index| self.wrong.contains(index))
    }

    /// The provider makes the proofs of all contested indices.
    pub(crate) fn prove(&self, world: &mut World) {
        let cost = self.contested.len() as u128 * wei(world.site.terms.proof_cost);
        world.book(Agent::Provider, Cause::Compute, -cost.cast_signed());
    }

    /// Somebody answers with the provider's proofs, all contested indices.
    pub(crate) fn answer(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        let indices: Vec<u32> = self.contested.iter().copied().collect();
        for indices in indices.chunks(ANSWERS_AT_ONCE) {
            let groups: Result<_, _> = indices.iter().map(|index| self.group(*index)).collect();
            let call = market::answerCall {
                id: self.id,
                groups: groups?,
            };
            world.act(by, Contract::Prediction, &call, 0)?;
        }
        Ok(())
    }

    fn group(&self, index: u32) -> Result<AnswerGroup, Error> {
        let at = index as usize;
        let opened = self.outputs()?.open(at);
        let parts = opened.zip(self.tree.path(at)).zip(self.inputs.get(at));
        let ((opened, path), input) = parts.ok_or(Error::Play {
            what: "an index outside of the round",
        })?;
        Ok(AnswerGroup {
            indices: vec![index],
            inputCommits: vec![*input],
            inputPaths: vec![path],
            outputs: vec![OutputOpening {
                word: opened.word,
                salt: opened.salt,
                path: opened.path,
            }],
            proof: proof().into(),
        })
    }

    pub(crate) fn confirm(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        world.act(
            Agent::Consumer,
            Contract::Prediction,
            &market::confirmCall { id, guard },
            0,
        )
    }

    /// The provider closes what is proven, once the window is over or all of C is contested.
    pub(crate) fn finalize(&self, world: &mut World) -> Result<(), Error> {
        if self.contested.len() < self.ask.cap as usize {
            self.silence(world)?;
        }
        world.wait(PACE);
        world.act(
            Agent::Provider,
            Contract::Prediction,
            &market::finalizeCall { id: self.id },
            0,
        )
    }

    /// Somebody closes what is overdue.
    pub(crate) fn timeout(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        let deadline = world.view(Contract::Prediction, &market::timeoutAtCall { id: self.id })?;
        let answer_by = self.view(world)?.answerBy;
        world.wait_past(if answer_by == 0 { deadline } else { answer_by });
        world.act(by, Contract::Prediction, &market::timeoutCall { id: self.id }, 0)
    }

    /// The consumer lets its window pass.
    pub(crate) fn silence(&self, world: &mut World) -> Result<(), Error> {
        let deadline = self.view(world)?.deadline;
        world.wait_past(deadline);
        Ok(())
    }

    /// Last second for the answers that are due.
    pub(crate) fn answer_by(&self, world: &mut World) -> Result<u64, Error> {
        Ok(self.view(world)?.answerBy)
    }

    /// After a contest: the provider answers what it can prove, else the consumer closes as Fault.
    pub(crate) fn settle(&self, world: &mut World) -> Result<(), Error> {
        if self.unprovable() {
            return self.timeout(world, Agent::Consumer);
        }
        if !self.contested.is_empty() {
            self.prove(world);
            self.answer(world, Agent::Provider)?;
        }
        self.finalize(world)
    }

    fn outputs(&self) -> Result<&Outputs, Error> {
        self.outputs.as_ref().ok_or(Error::Play {
            what: "a round that was not served",
        })
    }

    fn view(&self, world: &mut World) -> Result<RoundView, Error> {
        world.view(Contract::Prediction, &market::roundCall { id: self.id })
    }

    /// What a call of a party has to name now; some time passes before.
    fn guard(&self, world: &mut World) -> Result<B256, Error> {
        world.wait(PACE);
        Ok(self.view(world)?.guard)
    }
}

fn stakes(world: &World, ask: Ask) -> Stakes {
    let terms = &world.site.terms;
    Stakes {
        proof: wei(terms.prices.proof),
        contest_cap: ask.cap,
        provider: wei(ask.deposit),
        price: wei(ask.price),
        fee: wei(terms.round_fee),
    }
}
