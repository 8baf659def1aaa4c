//! Playing a demand for documents: lists, deliveries, publications and evidence.

use crate::audit::{key_pair, Audit};
use crate::books::Agent;
use crate::corpus::document;
use crate::engagement::PACE;
use crate::error::Error;
use crate::site::Contract;
use crate::terms::DELIVERY;
use crate::world::World;
use alloy::primitives::{B256, U256};
use assay_protocol::abi::{DemandView, IRetrievalMarket as market, Point, TransferEvidence};
use assay_protocol::retrieval::amounts::demand_fee;
use assay_protocol::retrieval::delivery::{layout, Parcel};
use assay_protocol::retrieval::shared_key::stream_id;
use assay_protocol::transfer::open::Opened;
use assay_protocol::transfer::places::Listed;

/// A demand from its list on.
#[derive(Debug)]
pub(crate) struct Demand<'a> {
    audit: &'a Audit,
    m: u64,
    indices: Vec<u32>,
    listed: Listed,
    delivered: Option<(Point, Parcel)>,
}

fn unplayable<E>(_: E) -> Error {
    Error::Play {
        what: "a delivery that cannot be made or read",
    }
}

impl<'a> Demand<'a> {
    /// The requester demands every document that was answered with a match.
    pub(crate) fn open(world: &mut World, audit: &'a Audit) -> Result<Self, Error> {
        let guard = audit.guard(world)?;
        let indices: Vec<u32> = audit.answers.ones().collect();
        let listed = Listed::new(indices.clone(), audit.corpus.contents.size as usize);
        let pages = audit.answers.openings(&indices);
        let (listed, pages) = listed.zip(pages).ok_or(Error::Play {
            what: "a demand for nothing",
        })?;
        let words = audit.corpus.contents.input_words;
        let fee = demand_fee(&DELIVERY, indices.len() as u32, words, world.base_fee().into()).to::<u128>();
        let call = market::demandCall {
            id: audit.id,
            guard,
            indices: indices.clone(),
            pages,
        };
        let m = world
            .send(Agent::Requester, Contract::Retrieval, &call, fee)?
            .to::<u64>();
        world.lock(stream_id(audit.id, m), Agent::Requester, fee);
        Ok(Self {
            audit,
            m,
            indices,
            listed,
            delivered: None,
        })
    }

    /// The responder commits to a ciphertext: of what was demanded, or of other documents in their places.
    pub(crate) fn deliver(&mut self, world: &mut World, is_garbage: bool) -> Result<(), Error> {
        world.wait(PACE);
        let (audit, words) = (self.audit, self.audit.corpus.contents.input_words);
        let mut documents = audit.corpus.documents(&self.indices)?;
        if is_garbage {
            documents.iter_mut().for_each(|other| *other = document(world, words));
        }
        let own = key_pair(world)?;
        let key = own
            .delivery_key(audit.id, self.m, &audit.key.public())
            .map_err(unplayable)?;
        let layout = layout(documents.len(), words as usize, DELIVERY.wordsPerChunk as usize).map_err(unplayable)?;
        let parcel = Parcel::encrypt(layout, &key, &self.listed, &documents).map_err(unplayable)?;
        let call = market::deliverCall {
            id: audit.id,
            m: U256::from(self.m),
            guard: self.view(world)?.listHash,
            ctRoot: parcel.root(),
            ephemeral: own.public(),
        };
        world.act(Agent::Responder, Contract::Retrieval, &call, 0)?;
        self.delivered = Some((own.public(), parcel));
        Ok(())
    }

    /// The requester has the ciphertext, and says so.
    pub(crate) fn acknowledge(&self, world: &mut World) -> Result<(), Error> {
        world.wait(PACE);
        let call = market::ackCall {
            id: self.audit.id,
            m: U256::from(self.m),
            guard: self.parcel()?.1.root(),
        };
        world.act(Agent::Requester, Contract::Retrieval, &call, 0)
    }

    /// The requester has not acknowledged: the responder publishes, in a spike at once, else when gas is not above its mean.
    pub(crate) fn publish(&self, world: &mut World, is_spike: bool) -> Result<(), Error> {
        let deadline = self.view(world)?.deadline;
        world.wait_past(deadline);
        if is_spike {
            world.spike();
        } else {
            world.wait_for_gas(world.site.terms.climate.mean);
        }
        self.publish_now(world)
    }

    /// The responder publishes, whether it may or not.
    pub(crate) fn publish_now(&self, world: &mut World) -> Result<(), Error> {
        let (_, parcel) = self.parcel()?;
        let words: Vec<B256> = parcel.words().map(|word| B256::from(*word)).collect();
        let call = market::publishChunksCall {
            id: self.audit.id,
            m: U256::from(self.m),
            guard: parcel.root(),
            from: U256::ZERO,
            cipherWords: words,
        };
        world.act(Agent::Responder, Contract::Retrieval, &call, 0)
    }

    /// The requester opens what it was handed and shows that it is not what was committed to.
    pub(crate) fn accuse(&mut self, world: &mut World) -> Result<(), Error> {
        world.wait(PACE);
        let audit = self.audit;
        let (ephemeral, parcel) = self.delivered.as_mut().ok_or(Error::Play {
            what: "a delivery that was not made",
        })?;
        let key = audit
            .key
            .delivery_key(audit.id, self.m, ephemeral)
            .map_err(unplayable)?;
        let opened = parcel.open(&key, &self.listed, &audit.corpus.leaves);
        let Opened::Faulty(evidence) = opened.map_err(unplayable)? else {
            return Err(Error::Play {
                what: "an accusation of an honest delivery",
            });
        };
        let call = market::proveBadDataCall {
            id: audit.id,
            m: U256::from(self.m),
            indices: self.indices.clone(),
            slot: U256::from(evidence.position),
            secret: audit.key.reveal(audit.id, self.m, ephemeral).map_err(unplayable)?,
            evidence: TransferEvidence::from(&*evidence),
        };
        world.act(Agent::Requester, Contract::Retrieval, &call, 0)
    }

    /// Somebody settles, once nothing can be done about the demand any more.
    pub(crate) fn settle(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        let after = self.view(world)?.settleAfter;
        world.wait_past(after);
        let (id, m) = (self.audit.id, U256::from(self.m));
        world.act(by, Contract::Retrieval, &market::settleDemandCall { id, m }, 0)
    }

    fn parcel(&self) -> Result<&(Point, Parcel), Error> {
        self.delivered.as_ref().ok_or(Error::Play {
            what: "a delivery that was not made",
        })
    }

    pub(crate) fn view(&self, world: &mut World) -> Result<DemandView, Error> {
        let (id, m) = (self.audit.id, U256::from(self.m));
        world.view(Contract::Retrieval, &market::demandAtCall { id, m })
    }
}
