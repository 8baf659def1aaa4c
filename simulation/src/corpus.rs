//! What a simulated responder commits to: documents of which some match the predicate.
//!
//! Of a document that is never handed over only the commitment exists. Those that are demanded are real, with salts of the run's
//! own chance instead of the operating system's.

use crate::books::Agent;
use crate::engagement::PACE;
use crate::error::Error;
use crate::site::Contract;
use crate::verifier::matches;
use crate::world::World;
use alloy::primitives::{B256, U256};
use assay_protocol::abi::corpora::ICorpusRegistry;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::retrieval::corpora::{corpus_tree, document_leaf, Document};
use assay_protocol::testset::input_commit;
use rand::seq::index::sample;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// ρ of `TransferJudge`.
const WORDS_PER_HASH: u32 = 2;

/// Bytes of a message word.
const WORD_BYTES: usize = 31;

/// What a corpus is to hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents {
    pub(crate) size: u32,
    /// R.
    pub(crate) matching: u32,
    /// L.
    pub(crate) input_words: u32,
    /// Whether documents that match can be handed over.
    pub(crate) is_real: bool,
}

/// What opens a leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) commit: U256,
    pub(crate) salt: B256,
}

/// A corpus that is committed to.
#[derive(Debug, Clone)]
pub(crate) struct Corpus {
    pub(crate) id: B256,
    pub(crate) contents: Contents,
    pub(crate) matching: BTreeSet<u32>,
    pub(crate) openings: Vec<Opening>,
    pub(crate) leaves: Vec<B256>,
    pub(crate) tree: MerkleTree,
    /// Those that can be handed over.
    documents: BTreeMap<u32, Document>,
}

impl Corpus {
    /// The responder commits to documents of which any `matching` ones match.
    pub(crate) fn commit(world: &mut World, contents: Contents) -> Result<Self, Error> {
        world.wait(PACE);
        let size = contents.size as usize;
        let places = sample(&mut world.rng, size, contents.matching as usize);
        let matching: BTreeSet<u32> = places.into_iter().map(|place| place as u32).collect();
        let mut documents = BTreeMap::new();
        let mut openings = Vec::with_capacity(size);
        for index in 0..contents.size {
            let is_match = matching.contains(&index);
            if is_match && contents.is_real {
                let document = document(world, contents.input_words);
                openings.push(Opening {
                    commit: document.doc_commit,
                    salt: document.leaf_salt(),
                });
                documents.insert(index, document);
            } else {
                openings.push(opening(world, is_match));
            }
        }
        let leaf = |(index, opening): (usize, &Opening)| document_leaf(index, opening.commit, opening.salt);
        let leaves: Vec<B256> = openings.iter().enumerate().map(leaf).collect();
        let tree = corpus_tree(&leaves).ok_or(Error::Play {
            what: "a corpus without documents",
        })?;
        let call = ICorpusRegistry::commitCall {
            root: tree.root(),
            size: contents.size,
            inputWords: contents.input_words,
            wordsPerHash: WORDS_PER_HASH,
            uri: String::new(),
        };
        let id = world.send(Agent::Responder, Contract::Corpora, &call, 0)?;
        Ok(Self {
            id,
            contents,
            matching,
            openings,
            leaves,
            tree,
            documents,
        })
    }

    /// Any so many of those that match.
    pub(crate) fn any(&self, world: &mut World, many: u32) -> BTreeSet<u32> {
        let matching: Vec<u32> = self.matching.iter().copied().collect();
        let places = sample(&mut world.rng, matching.len(), many as usize);
        places.into_iter().map(|place| matching[place]).collect()
    }

    /// As they are handed over.
    pub(crate) fn documents(&self, indices: &[u32]) -> Result<Vec<Document>, Error> {
        let documents = indices.iter().map(|index| self.documents.get(index).cloned());
        documents.collect::<Option<_>>().ok_or(Error::Play {
            what: "a document that exists as a commitment alone",
        })
    }
}

fn opening(world: &mut World, is_match: bool) -> Opening {
    let weights = world.site.predicate.weightsCommit;
    loop {
        let commit = U256::from_be_bytes(world.rng.gen::<[u8; 32]>()) >> 8;
        if matches(weights, commit) == is_match {
            let salt = world.rng.gen::<[u8; 32]>().into();
            return Opening { commit, salt };
        }
    }
}

/// A document that matches, of so many words.
pub(crate) fn document(world: &mut World, input_words: u32) -> Document {
    let weights = world.site.predicate.weightsCommit;
    let mut image = vec![0; input_words as usize * WORD_BYTES];
    world.rng.fill(&mut image[..]);
    let mut document = Document::commit(image, world.rng.gen::<[u8; 32]>().into());
    document.file_salt = world.rng.gen::<[u8; 32]>().into();
    loop {
        document.input_salt.0 = world.rng.gen();
        document.doc_commit = input_commit(&document.image, &document.input_salt);
        if matches(weights, document.doc_commit) {
            return document;
        }
    }
}
