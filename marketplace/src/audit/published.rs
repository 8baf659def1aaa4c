//! A predicate as its requester publishes it: the opening of its weights, with which everybody recomputes the commitment, runs the
//! network and proves.

use crate::home::predicate_secret;
use crate::openings::model::{check, load, Claim};
use crate::proving::reference_string::SrsUse;
use crate::proving::{input_words, save_arch, verifier_key, MissingSecret, ModelFiles, Prover};
use crate::verifier::record::metric_of;
use alloy::primitives::{Address, B256, U256};
use assay_chain::client::Chain;
use assay_chain::error::{hinted, usage};
use assay_chain::market::{all_answers, Market};
use assay_durable::file::write_atomic;
use assay_durable::report::Reporter;
use assay_protocol::abi::{Metric, ModelRecord, Predicate};
use assay_protocol::testset::ImageSize;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::proof::{Memory, ModelOpening};
use eyre::WrapErr;
use std::path::{Path, PathBuf};

/// A predicate with its weights.
#[derive(Debug)]
pub struct Published {
    path: PathBuf,
    opening: ModelOpening,
}

/// The reference string that keys are made under, and what of them stays in memory.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// Which string.
    pub srs: SrsUse,
    /// As suits the machine if nothing is said.
    pub memory: Option<Memory>,
}

impl Published {
    /// Reads the opening of a predicate; nothing of what it states is believed yet.
    ///
    /// # Errors
    /// If it is no opening, or its network does not answer with one bit.
    pub fn load(path: &Path) -> eyre::Result<Self> {
        let opening = load(path)?;
        let metric = metric_of(opening.model.architecture.output)?;
        if metric != Metric::BIN {
            return Err(hinted(
                format!(
                    "{} answers with {metric:?}: a predicate answers with one bit, it matches or not",
                    path.display()
                ),
                "import a network of two classes with: assay model import --metric bin",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            opening,
        })
    }

    /// Where it was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The predicate that it says it opens, decided by this verifier.
    pub fn predicate(&self, verifier: Address, verifier_codehash: B256) -> Predicate {
        Predicate {
            verifier,
            verifierCodehash: verifier_codehash,
            vkDigest: self.opening.vk_digest.into(),
            weightsCommit: self.weights_commit(),
        }
    }

    /// What it says it opens.
    pub fn weights_commit(&self) -> U256 {
        U256::from_be_bytes(self.opening.weights_commit)
    }

    /// Its architecture, with the layout that it says its key has.
    pub fn frozen(&self) -> FrozenArchitecture {
        self.opening.frozen()
    }

    /// L of its input.
    pub fn input_words(&self) -> u32 {
        input_words(self.opening.model.architecture.image_len())
    }

    /// Of the images that it reads.
    pub fn image_size(&self) -> ImageSize {
        let input = self.opening.model.architecture.input;
        ImageSize {
            height: input.h as u32,
            width: input.w as u32,
        }
    }

    /// What verifiers of its architecture are listed under in an address book.
    pub fn arch_id(&self) -> B256 {
        self.opening.frozen().arch_id().into()
    }

    /// Fails unless it opens the weights of this predicate and the predicate's verifier is the one of its key: commitment, key and
    /// code are made anew.
    ///
    /// # Errors
    /// Of kind rejected, naming what differs.
    pub async fn require(
        &self,
        predicate_hash: B256,
        record: ModelRecord,
        chain: &Chain,
        keys: &KeyUse,
        out: &Reporter,
    ) -> eyre::Result<()> {
        let files = ModelFiles {
            model: self.path.clone(),
            arch: None,
            secret: None,
            srs: keys.srs.clone(),
            memory: keys.memory,
        };
        let claim = Claim::Registered {
            id: predicate_hash,
            record: Box::new(record),
            chain: chain.clone(),
        };
        let named = chain.clone();
        check(&files, &claim, async || Ok(Some(named)), out)
            .await
            .map(drop)
            .wrap_err_with(|| format!("{} does not open the predicate", self.path.display()))
    }

    /// A prover for it, whose files are kept in `dir`: proofs and promises of all audits with this predicate are counted together.
    ///
    /// # Errors
    /// If what is kept there is not of this opening, and those of [`ModelFiles::prover`].
    pub fn prover(&self, dir: &Path, keys: &KeyUse, chain: &Chain, out: &Reporter) -> eyre::Result<Prover> {
        let files = ModelFiles {
            model: dir.join("predicate.assay"),
            arch: Some(dir.join("predicate.arch.json")),
            secret: Some(predicate_secret(dir)),
            srs: keys.srs.clone(),
            memory: keys.memory,
        };
        let (frozen, secret) = (self.opening.frozen(), files.secret_path());
        if !secret.exists() {
            // The secret last: with it all of them are there.
            write_atomic(&files.model, &self.opening.model.to_bytes()?, true)?;
            save_arch(&dir.join("predicate.arch.json"), &frozen)?;
            let string = keys.srs.load(chain, frozen.layout.k, out)?;
            let key = verifier_key(&frozen, string, out)?;
            self.opening.secret(&key)?.write_new(&secret)?;
        }
        let prover = files.prover(chain, MissingSecret::Missed, out)?;
        if prover.weights_commit()? != self.weights_commit() {
            return Err(hinted(
                format!("{} has the files of another predicate, or damaged ones", dir.display()),
                "remove predicate.assay, predicate.arch.json and predicate.secret there: they are made again from the opening",
            ));
        }
        Ok(prover)
    }
}

/// Fails if the weights are those of a model in the registry: what is published is open for good, in every market.
///
/// # Errors
/// With the model's id.
pub async fn require_unregistered(market: &Market, weights_commit: U256) -> eyre::Result<()> {
    let ids = market.model_ids().await?;
    let asked = ids.into_iter().map(|id| async move {
        let record = market.model(id).await?.record;
        Ok((record.weightsCommit == weights_commit).then_some(id))
    });
    match all_answers(asked).await?.into_iter().flatten().next() {
        None => Ok(()),
        Some(id) => Err(usage(format!(
            "these are the weights of model {id}, which is registered in a market: as a predicate they would be public, and \
             everybody could prove for it; train another network, or salt this one with a secret file of its own"
        ))),
    }
}
