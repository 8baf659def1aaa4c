//! The test set as the provider receives it: checked against the chain and run through the model.

use crate::chain::bindings::{EngagementView, ProofTerms};
use crate::chain::market::Market;
use crate::chain::statement::{context, is_correct, MerkleTree};
use crate::context::Context;
use crate::exit::hinted;
use crate::output::Output;
use crate::prover_api::{Claim, Prover};
use crate::testset::TestSet;
use alloy::primitives::{B256, U256};
use std::path::{Path, PathBuf};

/// A set that is the one of its engagement.
#[derive(Debug)]
pub struct Handover {
    pub id: B256,
    pub set: TestSet,
    pub tree: MerkleTree,
    pub terms: ProofTerms,
    chain_id: u64,
    market: alloy::primitives::Address,
}

/// What the model answers.
#[derive(Debug)]
pub struct Answers {
    /// By position.
    pub classes: Vec<u32>,
    pub correct: Vec<usize>,
}

impl Handover {
    /// Loads the set and recomputes every input commitment and the root.
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
        Ok(Self {
            id,
            set,
            tree,
            terms: market.proof_terms(e.modelId).await?,
            chain_id: market.chain.id,
            market: market.address,
        })
    }

    /// Runs the integer reference on every example.
    pub fn answers(&self, prover: &Prover, out: &Output) -> eyre::Result<Answers> {
        let bar = out.bar("running the model", self.set.examples.len() as u64);
        let mut classes = Vec::with_capacity(self.set.examples.len());
        for e in &self.set.examples {
            classes.push(prover.class_of(&e.image)?);
            bar.set(classes.len() as u64);
        }
        let right = |p: &usize| self.is_correct(*p, classes[*p]);
        let correct = (0..classes.len()).filter(right).collect();
        Ok(Answers { classes, correct })
    }

    fn is_correct(&self, position: usize, class: u32) -> bool {
        let label = self.set.examples[position].label;
        is_correct(self.terms.metric, self.terms.classes, U256::from(class), label)
    }

    pub fn ctx(&self, position: usize) -> U256 {
        context(self.chain_id, self.market, self.id, position as u64)
    }

    /// What a proof for `position` must state; the output must be the label for it to count.
    pub fn claim(&self, position: usize) -> Claim {
        let e = &self.set.examples[position];
        Claim {
            ctx: self.ctx(position),
            weights_commit: self.terms.weightsCommit,
            input_commit: e.input_commit,
            output: U256::from(e.label),
        }
    }
}

/// Where the proofs of an engagement are kept.
pub fn proof_path(ctx: &Context, market: &Market, id: B256, position: usize) -> PathBuf {
    ctx.home
        .engagement(&market.chain, id)
        .join("proofs")
        .join(format!("{position:05}.proof"))
}
