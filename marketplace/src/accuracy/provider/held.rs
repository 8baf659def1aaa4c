//! The examples of an engagement as the provider holds them on disk: checked against the chain, and run through the model,
//! once.
//!
//! What was found about a set is kept beside it ([`Findings`]) under the hash of everything that the set follows from, so
//! that later commands and turns read only the positions that they need, and hash no image again. What they do read is
//! compared once more with what the consumer committed to: files may have been altered meanwhile.

use crate::accuracy::provider::findings::{contents, model, Findings};
use crate::accuracy::provider::received::{Accusation, Transfer};
use crate::engagement::facts::IMAGE_BYTES;
use crate::engagement::Site;
use crate::proving::stated::Counts;
use crate::proving::Prover;
use crate::testset::StoredSet;
use alloy::primitives::{Address, Bytes, B256, U256};
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_durable::report::Reporter;
use assay_protocol::abi::{EngagementView, Mode, ProofItem, ProofTerms};
use assay_protocol::ids::{context, is_correct};
use assay_protocol::merkle::MerkleTree;
use assay_protocol::testset::Example;
use assay_prover::proof::ProofBundle;
use std::path::{Path, PathBuf};

/// What the chain says about the engagement.
#[derive(Debug, Clone)]
pub struct Engagement {
    /// Part of every context.
    pub id: B256,
    /// EIP-155; part of every context.
    pub chain_id: u64,
    /// Part of every context.
    pub market: Address,
    /// What the model is registered with.
    pub terms: ProofTerms,
    /// Position of the first example in the whole set: contexts count from there.
    pub first: usize,
}

#[derive(Debug)]
enum Source {
    Clear(StoredSet),
    Encrypted(Box<Transfer>),
}

/// How often files were read and inputs hashed: what must not grow with the set where few positions are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Headers or rows: commitment, label and salt of one example.
    pub openings: usize,
    /// Whole examples that were read, and decrypted if they were encrypted.
    pub examples: usize,
    /// Images whose commitment was recomputed.
    pub hashed: usize,
}

/// What a proof is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Of the example in the consumer's set, hence of its test leaf.
    pub index: usize,
    /// Of the image with its salt.
    pub input_commit: U256,
    /// What the proven answer has to be, or to have among it.
    pub label: u32,
    /// Hides the label in the test leaf.
    pub leaf_salt: B256,
}

/// Examples that are the ones of their engagement: the proven set, or the probe set.
#[derive(Debug)]
pub struct Held {
    /// Whose examples they are.
    pub engagement: Engagement,
    source: Source,
    findings: Findings,
    work: Work,
}

impl Held {
    /// Opens what is here without reading the examples: a set in clear from `set` or from where it was kept, else the
    /// transfer as far as its keys are out.
    ///
    /// # Errors
    /// If it is not here, or does not lead to what the consumer committed to.
    pub async fn open(site: &Site, id: B256, e: &EngagementView, set: Option<&Path>) -> eyre::Result<Self> {
        let terms = site.market.proof_terms(e.modelId).await?;
        let file = site.files(id).join("held.json");
        let engagement = |first| Engagement {
            id,
            chain_id: site.market.chain.id,
            market: site.market.address,
            terms,
            first,
        };
        if e.mode != Mode::CLEAR {
            let transfer = Transfer::load(site, id, e).await?;
            return Ok(Self::encrypted(
                engagement(transfer.first()),
                transfer,
                &file,
                &site.report,
            ));
        }
        let own = clear_set(site, id);
        let stored = StoredSet::open(set.unwrap_or(&own)).map_err(|error| not_whole(set.unwrap_or(&own), &error))?;
        if stored.len() != site.market.examples() as usize {
            let what = format!("the set has {} examples, not {}", stored.len(), site.market.examples());
            return Err(unusable(id, &what));
        }
        let root = stored.tree().root();
        if root != e.testRoot {
            let what = format!("the set leads to root {root}, the consumer committed to {}", e.testRoot);
            return Err(unusable(id, &what));
        }
        Ok(Self::clear(engagement(0), stored, &file, &site.report))
    }

    /// A set in clear; findings about it are kept in `file`.
    pub fn clear(engagement: Engagement, set: StoredSet, file: &Path, out: &Reporter) -> Self {
        let contents = contents("clear", &[set.tree().root()]);
        Self {
            findings: Findings::load(file, contents, set.len(), out),
            engagement,
            source: Source::Clear(set),
            work: Work::default(),
        }
    }

    /// A transfer whose keys are out; findings about it are kept in `file`.
    pub fn encrypted(engagement: Engagement, transfer: Transfer, file: &Path, out: &Reporter) -> Self {
        Self {
            findings: Findings::load(file, transfer.contents(), transfer.len(), out),
            engagement,
            source: Source::Encrypted(Box::new(transfer)),
            work: Work::default(),
        }
    }

    /// Number of positions.
    pub fn len(&self) -> usize {
        match &self.source {
            Source::Clear(set) => set.len(),
            Source::Encrypted(transfer) => transfer.len(),
        }
    }

    /// Before any key is out; never of a set in clear.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was read and hashed so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Looks for bad data in the whole set, unless that was done before; the evidence, if there are any. What is wrong with a
    /// set in clear is said when it is read: nobody can be convicted of it.
    ///
    /// # Errors
    /// For files that cannot be read or were altered.
    pub fn check(&mut self, out: &Reporter) -> eyre::Result<Option<Accusation>> {
        let Source::Encrypted(transfer) = &mut self.source else {
            return Ok(None);
        };
        if self.findings.is_faultless() {
            return Ok(None);
        }
        let bar = out.bar("decrypting and checking the examples", transfer.len() as u64);
        let work = &mut self.work;
        let accusation = transfer.scan(|| {
            work.examples += 1;
            work.hashed += 1;
            bar.set(work.hashed as u64);
        })?;
        if accusation.is_none() {
            self.findings.note_faultless()?;
        }
        Ok(accusation)
    }

    /// Positions that the model gets right, ascending: by the integer reference, unless this model was run on the set before.
    /// An encrypted set has been checked.
    ///
    /// # Errors
    /// For files that cannot be read or were altered.
    pub fn correct(&mut self, prover: &Prover, out: &Reporter) -> eyre::Result<Vec<usize>> {
        let model = model(prover.weights_commit()?, prover.vk_digest());
        if let Some(correct) = self.findings.correct(model) {
            return Ok(correct);
        }
        let bar = out.bar("running the model", self.len() as u64);
        let mut correct = Vec::new();
        for position in 0..self.len() {
            match self.example(position, prover.image_len())? {
                Ok(e) => {
                    let ProofTerms { metric, classes, .. } = self.engagement.terms;
                    let outputs = prover.outputs_of(&e.image)?;
                    // Of a model that is registered there is one.
                    if matches!(outputs[..], [output] if is_correct(metric, classes, output, e.label)) {
                        correct.push(position);
                    }
                }
                Err(why) => out.warn(format_args!("position {position}: {why}; it counts as wrong")),
            }
            bar.set(position as u64 + 1);
        }
        self.findings.note_correct(model, &correct)?;
        Ok(correct)
    }

    /// One example for a model whose images have `image_bytes` bytes, or why it is none.
    ///
    /// # Errors
    /// If it cannot be read, is not what the consumer committed to, or the set was not checked.
    pub fn example(&mut self, position: usize, image_bytes: usize) -> eyre::Result<Result<Example, String>> {
        self.work.examples += 1;
        match &mut self.source {
            Source::Clear(set) => {
                self.work.hashed += 1;
                set.example(position).map(Ok).map_err(|error| {
                    let (id, dir) = (self.engagement.id, set.dir().display());
                    hinted(
                        format!("{error:#}"),
                        format!(
                            "if the copy in {dir} was altered, remove it, ask the consumer for the set again and run: assay mp \
                             prove {id} --set DIR"
                        ),
                    )
                })
            }
            Source::Encrypted(transfer) => {
                eyre::ensure!(
                    self.findings.is_faultless(),
                    "the examples of engagement {} were not checked",
                    self.engagement.id
                );
                let received = transfer.received(position)?;
                Ok(received.example(image_bytes).map_err(|why| why.to_string()))
            }
        }
    }

    /// What a proof at `position` is sent with; no image is read for it.
    ///
    /// # Errors
    /// If nothing can be proven about this position, or the consumer sent bad data there.
    pub fn opening(&mut self, position: usize) -> eyre::Result<Opening> {
        self.work.openings += 1;
        let nothing = || eyre::eyre!("position {position} holds no example that this model could answer");
        match &mut self.source {
            Source::Clear(set) => {
                let (input_commit, label, leaf_salt) = set.stated(position).ok_or_else(nothing)?;
                Ok(Opening {
                    index: position,
                    input_commit,
                    label,
                    leaf_salt,
                })
            }
            Source::Encrypted(transfer) => {
                let header = transfer.header(position)?;
                Ok(Opening {
                    index: header.index,
                    input_commit: header.input_commit,
                    label: header.label.try_into().map_err(|_| nothing())?,
                    leaf_salt: header.leaf_salt,
                })
            }
        }
    }

    /// What a proof for `position` must state to count.
    pub fn counts_at(&mut self, position: usize) -> eyre::Result<Counts> {
        let opening = self.opening(position)?;
        Ok(self.counts_with(position, &opening))
    }

    fn counts_with(&self, position: usize, opening: &Opening) -> Counts {
        let e = &self.engagement;
        let ctx = context(e.chain_id, e.market, e.id, (e.first + position) as u64);
        Counts::of(&e.terms, ctx, opening.input_commit, opening.label)
    }

    fn tree(&self) -> &MerkleTree {
        match &self.source {
            Source::Clear(set) => set.tree(),
            Source::Encrypted(transfer) => transfer.tree(),
        }
    }

    /// A bundle as the market takes it; `None` if it is about something else.
    pub fn item(&mut self, position: usize, bundle: &ProofBundle) -> eyre::Result<Option<ProofItem>> {
        let opening = self.opening(position)?;
        let Some(statement) = self.counts_with(position, &opening).stated_by(bundle) else {
            return Ok(None);
        };
        let path = self.tree().path(opening.index);
        Ok(Some(ProofItem {
            position: position as u32,
            inputCommit: opening.input_commit,
            label: opening.label,
            leafSalt: opening.leaf_salt,
            path: path.ok_or_else(|| eyre::eyre!("position {position} is not in the tree"))?,
            output: U256::from_be_bytes(statement.output),
            proof: Bytes::copy_from_slice(bundle.proof()),
        }))
    }
}

/// A set in clear that cannot be read here: that says nothing about the consumer's copy, so it hints nothing that costs money.
pub(crate) fn not_whole(given: &Path, error: &eyre::Report) -> eyre::Report {
    let dir = given.display();
    hinted(
        format!("{error:#}"),
        format!("{dir} is not the whole set: check --set, or ask the consumer for it again"),
    )
}

fn unusable(id: B256, what: &str) -> eyre::Report {
    hinted(
        what,
        format!("check that this is the set of engagement {id}, or ask the consumer for it again"),
    )
}

/// The proven set, for commands that send proofs of it.
///
/// # Errors
/// If nothing was proven here.
pub async fn held(
    site: &Site,
    journal: &Journal,
    id: B256,
    e: &EngagementView,
    set: Option<&Path>,
) -> eyre::Result<Held> {
    let was_proven = match e.mode {
        Mode::CLEAR => set.is_some() || clear_set(site, id).is_dir(),
        _ => journal.fact(&IMAGE_BYTES)?.is_some(),
    };
    if !was_proven {
        return Err(hinted(
            "nothing was proven for this engagement here",
            format!("run: assay mp prove {id}"),
        ));
    }
    Held::open(site, id, e, set).await
}

/// Where this provider keeps a set in clear: what the consumer put somewhere may be gone when proofs are sent.
pub fn clear_set(site: &Site, id: B256) -> PathBuf {
    site.files(id).join("set")
}
