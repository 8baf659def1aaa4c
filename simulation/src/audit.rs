//! Playing an audit of a corpus up to its proofs: each move as its party sends it.

use crate::books::{Agent, Cause};
use crate::corpus::Corpus;
use crate::engagement::PACE;
use crate::error::Error;
use crate::site::Contract;
use crate::terms::{wei, DAY};
use crate::verifier::proof;
use crate::world::World;
use alloy::primitives::{Address, B256};
use assay_protocol::abi::{AuditView, IRetrievalMarket as market, RequestTerms, SampleGroup};
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::sample::{due, group, Due, ProvenDocument};
use assay_protocol::retrieval::shared_key::{KeyPair, KeySeed};
use assay_protocol::retrieval::statement::predicate_hash;
use assay_protocol::transfer::keys::mc_salt_hash;
use assay_protocol::transfer::secret::McSalt;
use rand::Rng;
use std::collections::BTreeSet;

/// Proofs in one transaction: below the gas of a transaction and 128 KiB.
const PROOFS_AT_ONCE: usize = 16;

/// What a requester asks for; amounts in ether.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// n.
    pub(crate) samples: u32,
    /// b.
    pub(crate) bond: f64,
    /// π.
    pub(crate) price: f64,
}

/// An audit from its request on.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) id: B256,
    pub(crate) corpus: Corpus,
    pub(crate) key: KeyPair,
    pub(crate) answers: Answers,
    requester: Agent,
    ask: Ask,
    salt: McSalt,
    hidden: BTreeSet<u32>,
    due: Vec<Due>,
}

/// The secret bytes of a fresh key.
pub(crate) fn key_pair(world: &mut World) -> Result<KeyPair, Error> {
    KeyPair::new(KeySeed::new(world.rng.gen())).map_err(|_| Error::Play {
        what: "a seed that makes no key",
    })
}

impl Audit {
    /// Somebody requests an audit of a corpus.
    pub(crate) fn request(world: &mut World, requester: Agent, corpus: Corpus, ask: Ask) -> Result<Self, Error> {
        world.wait(PACE);
        let (salt, key) = (McSalt::new(world.rng.gen()), key_pair(world)?);
        let predicate = world.site.predicate.clone();
        let terms = RequestTerms {
            corpusId: corpus.id,
            predicateHash: predicate_hash(&predicate),
            samples: ask.samples,
            namedMax: 0,
            onesMax: corpus.contents.matching,
            withholdMax: 0,
            saltHash: mc_salt_hash(&salt),
            requesterKey: key.public(),
            authority: Address::ZERO,
            bond: wei(ask.bond),
            price: wei(ask.price),
            expiry: world.now + DAY / 2,
        };
        let call = market::requestCall {
            t: terms,
            predicate,
            uri: String::new(),
        };
        let price = wei(ask.price);
        let id = world.send(requester, Contract::Retrieval, &call, price)?;
        world.lock(id, requester, price);
        let answers = Answers::of(corpus.contents.size as usize, []).map_err(|_| Error::Play {
            what: "a corpus that no answers fit",
        })?;
        Ok(Self {
            id,
            corpus,
            key,
            answers,
            requester,
            ask,
            salt,
            hidden: BTreeSet::new(),
            due: Vec::new(),
        })
    }

    /// The request is withdrawn, by anybody once it has expired.
    pub(crate) fn cancel(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        if by != self.requester {
            self.window_passes(world)?;
        }
        world.act(by, Contract::Retrieval, &market::cancelRequestCall { id: self.id }, 0)
    }

    /// The responder takes the request on.
    pub(crate) fn accept(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let bond = wei(self.ask.bond);
        let call = market::acceptCall { id, guard };
        world.act(Agent::Responder, Contract::Retrieval, &call, bond)?;
        world.lock(id, Agent::Responder, bond);
        Ok(())
    }

    /// The responder answers that these, of those that match, do not.
    pub(crate) fn answer(&mut self, world: &mut World, hidden: BTreeSet<u32>) -> Result<(), Error> {
        let ones = self.corpus.matching.difference(&hidden).copied();
        let answers = Answers::of(self.corpus.contents.size as usize, ones);
        self.answers = answers.map_err(|_| Error::Play {
            what: "answers about a document that there is not",
        })?;
        self.hidden = hidden;
        let (id, guard) = (self.id, self.guard(world)?);
        let pages = (0..self.answers.pages()).filter_map(|q| self.answers.page(q));
        let call = market::postAnswersCall {
            id,
            guard,
            pages: pages.map(|page| page.bits).collect(),
            seal: true,
        };
        world.act(Agent::Responder, Contract::Retrieval, &call, 0)
    }

    /// A request that is accepted and answered.
    pub(crate) fn answered(world: &mut World, corpus: Corpus, ask: Ask, hidden: BTreeSet<u32>) -> Result<Self, Error> {
        let mut audit = Self::request(world, Agent::Requester, corpus, ask)?;
        audit.accept(world)?;
        audit.answer(world, hidden)?;
        Ok(audit)
    }

    /// The requester shows its salt: the contract draws.
    pub(crate) fn reveal(&mut self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::revealCall {
            id,
            guard,
            salt: (*self.salt.expose()).into(),
            named: Vec::new(),
            pages: Vec::new(),
        };
        world.act(self.requester, Contract::Retrieval, &call, 0)?;
        let seed = self.view(world)?.seed;
        self.due = due(&self.answers, seed, self.ask.samples, &[]);
        Ok(())
    }

    /// Whether a document that the responder hides was drawn: nobody can prove that it does not match.
    pub(crate) fn is_caught(&self) -> bool {
        self.due.iter().any(|due| self.hidden.contains(&due.index))
    }

    /// The responder makes the proofs of all that was drawn.
    pub(crate) fn prove(&self, world: &mut World) {
        let cost = self.due.len() as u128 * wei(world.site.terms.proof_cost);
        world.book(Agent::Responder, Cause::Compute, -cost.cast_signed());
    }

    /// Somebody sends the responder's proofs of all that was drawn.
    pub(crate) fn submit(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        for some in self.due.chunks(PROOFS_AT_ONCE) {
            world.wait(PACE);
            let groups: Option<Vec<_>> = some.iter().map(|due| self.proven(*due)).collect();
            let call = market::submitProofsCall {
                id: self.id,
                predicate: world.site.predicate.clone(),
                groups: groups.ok_or(Error::Play {
                    what: "a document outside of the corpus",
                })?,
            };
            world.act(by, Contract::Retrieval, &call, 0)?;
        }
        Ok(())
    }

    fn proven(&self, due: Due) -> Option<SampleGroup> {
        let opening = self.corpus.openings.get(due.index as usize)?;
        let document = ProvenDocument {
            doc_commit: opening.commit,
            leaf_salt: opening.salt,
            path: self.corpus.tree.path(due.index as usize)?,
            proof: proof().into(),
        };
        Some(group(&self.answers, due, document))
    }

    /// An honest audit up to its demands.
    pub(crate) fn delivering(world: &mut World, corpus: Corpus, ask: Ask) -> Result<Self, Error> {
        let mut audit = Self::answered(world, corpus, ask, BTreeSet::new())?;
        audit.reveal(world)?;
        audit.prove(world);
        audit.submit(world, Agent::Responder)?;
        Ok(audit)
    }

    /// After the draw: the responder proves if it can, and its requester confirms; else the audit ends as a Violation.
    pub(crate) fn settle(&self, world: &mut World) -> Result<(), Error> {
        if self.is_caught() {
            return self.timeout(world, self.requester);
        }
        self.prove(world);
        self.submit(world, Agent::Responder)?;
        self.confirm(world)
    }

    pub(crate) fn confirm(&self, world: &mut World) -> Result<(), Error> {
        let (id, guard) = (self.id, self.guard(world)?);
        let call = market::confirmCall { id, guard };
        world.act(self.requester, Contract::Retrieval, &call, 0)
    }

    /// Somebody closes as Complete, once nothing can be demanded any more.
    pub(crate) fn finalize(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        self.window_passes(world)?;
        world.act(by, Contract::Retrieval, &market::finalizeCall { id: self.id }, 0)
    }

    /// Whose move it is lets the window pass, and somebody closes.
    pub(crate) fn timeout(&self, world: &mut World, by: Agent) -> Result<(), Error> {
        self.window_passes(world)?;
        world.act(by, Contract::Retrieval, &market::timeoutCall { id: self.id }, 0)
    }

    fn window_passes(&self, world: &mut World) -> Result<(), Error> {
        let deadline = self.view(world)?.deadline;
        world.wait_past(deadline);
        Ok(())
    }

    pub(crate) fn view(&self, world: &mut World) -> Result<AuditView, Error> {
        world.view(Contract::Retrieval, &market::auditCall { id: self.id })
    }

    /// What a call of a party has to name now; some time passes before.
    pub(crate) fn guard(&self, world: &mut World) -> Result<B256, Error> {
        world.wait(PACE);
        Ok(self.view(world)?.guard)
    }
}
