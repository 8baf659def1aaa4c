//! The examples of an engagement as the provider has them: checked against the chain and run through the model.

use crate::chain::bindings::{EngagementView, ProofTerms};
use crate::chain::market::Market;
use crate::chain::statement::{context, is_correct, MerkleTree};
use crate::context::Context;
use crate::exit::hinted;
use crate::output::Output;
use crate::prover_api::{Claim, Prover};
use crate::testset::{Example, TestSet};
use alloy::primitives::{B256, U256};
use std::path::{Path, PathBuf};

/// Examples that are the ones of their engagement.
#[derive(Debug)]
pub struct Handover {
    pub id: B256,
    /// By position of the proven set, or of the probe set.
    pub entries: Vec<Entry>,
    /// Over the test leaves of the whole set.
    pub tree: MerkleTree,
    pub terms: ProofTerms,
    /// Position of the first entry in the whole set.
    pub first: usize,
    chain_id: u64,
    market: alloy::primitives::Address,
}

/// One position.
#[derive(Debug)]
pub struct Entry {
    /// Of the example in the consumer's set, hence of its test leaf.
    pub index: usize,
    /// `None` if the consumer committed to something that is no image for this model: it counts as answered wrong.
    pub example: Option<Example>,
}

/// What the model answers.
#[derive(Debug)]
pub struct Answers {
    /// Positions that it gets right, ascending.
    pub correct: Vec<usize>,
}

impl Handover {
    /// Loads a set that was handed over in clear and recomputes every input commitment and the root.
    ///
    /// # Errors
    /// With a hint to abort if it is not what the consumer committed to.
    pub async fn receive(
        market: &Market,
        id: B256,
        e: &EngagementView,
        dir: &Path,
        out: &Output,
    ) -> eyre::Result<Self> {
        let refuse = |what: String| hinted(what, format!("if the consumer has no better copy: assay mp abort {id}"));
        let set = TestSet::load(dir).map_err(|error| refuse(format!("{error:#}")))?;
        let expected = market.examples() as usize;
        if set.examples.len() != expected {
            return Err(refuse(format!(
                "the set has {} examples, not {expected}",
                set.examples.len()
            )));
        }
        let tree = set.tree()?;
        if tree.root() != e.testRoot {
            return Err(refuse(format!(
                "the set leads to root {}, the consumer committed to {}",
                tree.root(),
                e.testRoot
            )));
        }
        let bar = out.bar("recomputing input commitments", expected as u64);
        set.check_commitments(|done| bar.set(done))
            .map_err(|error| refuse(error.to_string()))?;
        let entry = |(index, example)| Entry {
            index,
            example: Some(example),
        };
        let entries = set.examples.into_iter().enumerate().map(entry).collect();
        Self::of(market, id, e, entries, tree, 0).await
    }

    /// Examples whose commitments are known to be right, from position `first` on.
    pub async fn of(
        market: &Market,
        id: B256,
        e: &EngagementView,
        entries: Vec<Entry>,
        tree: MerkleTree,
        first: usize,
    ) -> eyre::Result<Self> {
        Ok(Self {
            id,
            entries,
            tree,
            terms: market.proof_terms(e.modelId).await?,
            first,
            chain_id: market.chain.id,
            market: market.address,
        })
    }

    /// Runs the integer reference on every example.
    pub fn answers(&self, prover: &Prover, out: &Output) -> eyre::Result<Answers> {
        let bar = out.bar("running the model", self.entries.len() as u64);
        let mut correct = Vec::new();
        for (position, entry) in self.entries.iter().enumerate() {
            if let Some(e) = &entry.example {
                let class = U256::from(prover.class_of(&e.image)?);
                if is_correct(self.terms.metric, self.terms.classes, class, e.label) {
                    correct.push(position);
                }
            }
            bar.set(position as u64 + 1);
        }
        Ok(Answers { correct })
    }

    pub fn ctx(&self, position: usize) -> U256 {
        context(self.chain_id, self.market, self.id, (self.first + position) as u64)
    }

    /// # Errors
    /// If nothing can be proven about this position.
    pub fn example(&self, position: usize) -> eyre::Result<&Example> {
        let entry = self.entries.get(position);
        let example = entry.and_then(|entry| entry.example.as_ref());
        example.ok_or_else(|| eyre::eyre!("position {position} holds no example that this model could answer"))
    }

    /// What a proof for `position` must state; the output must be the label for it to count.
    pub fn claim(&self, position: usize) -> eyre::Result<Claim> {
        let e = self.example(position)?;
        Ok(Claim {
            ctx: self.ctx(position),
            weights_commit: self.terms.weightsCommit,
            input_commit: e.input_commit,
            output: U256::from(e.label),
        })
    }
}

/// Where the proofs of an engagement are kept; `position` counts in the proven set.
pub fn proof_path(ctx: &Context, market: &Market, id: B256, position: usize) -> PathBuf {
    proofs_dir(ctx, market, id).join(proof_name(position))
}

pub fn proofs_dir(ctx: &Context, market: &Market, id: B256) -> PathBuf {
    ctx.home.engagement(&market.chain, id).join("proofs")
}

pub fn proof_name(position: usize) -> String {
    format!("{position:05}.proof")
}
