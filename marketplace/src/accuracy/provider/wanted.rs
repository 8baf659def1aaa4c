//! The proofs that an engagement asks for.

use crate::accuracy::provider::prepared::{OneProof, Plan, Prepared};
use crate::engagement::paths::proof_path;
use crate::engagement::Site;
use crate::home::Journaled;
use crate::proofs::claims::{Claims, SENDING};
use crate::proofs::task::{About, Place, Shown, Task};
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_durable::file::parent;
use assay_prover::proof::ProofBundle;

/// A proven set with what is to be proven of it, once it was begun with.
#[derive(Debug)]
pub struct Wanted<'a> {
    site: &'a Site,
    prover: &'a Prover,
    prepared: Prepared,
    plan: Plan,
    /// Those that were kept.
    pub made: Vec<OneProof>,
}

impl<'a> Wanted<'a> {
    /// What this plan says is to be made.
    pub fn new(site: &'a Site, prover: &'a Prover, prepared: Prepared, plan: Plan) -> Self {
        Self {
            site,
            prover,
            prepared,
            plan,
            made: Vec::new(),
        }
    }

    /// What it was made of, and the proofs that were kept.
    pub fn into_parts(self) -> (Prepared, Plan, Vec<OneProof>) {
        (self.prepared, self.plan, self.made)
    }
}

impl Claims for Wanted<'_> {
    fn id(&self) -> B256 {
        self.prepared.held.engagement.id
    }

    fn positions(&self) -> Vec<usize> {
        self.plan.to_make.clone()
    }

    async fn now(&self) -> eyre::Result<u64> {
        self.site.market.chain.now().await
    }

    /// What is overdue comes after all that can be in time.
    fn by(&self, position: usize, now: u64) -> u64 {
        let due = self.plan.demand.due(&[position], self.prepared.e.deadline);
        due.into_iter().find(|by| *by >= now).unwrap_or(u64::MAX)
    }

    /// When an eighth of the window is left, daemons give up what nobody is proving.
    fn spare(&self) -> u64 {
        SENDING + self.site.market.prove_seconds(self.prepared.e.mode) / 8
    }

    fn about(&mut self, position: usize) -> eyre::Result<About> {
        let counts = self.prepared.held.counts_at(position)?;
        Ok(About::counted(self.prover.vk_digest(), &counts))
    }

    fn task(&mut self, position: usize) -> eyre::Result<Task> {
        let held = &mut self.prepared.held;
        let example = held.example(position, self.prover.image_len())?;
        let example = example.map_err(|why| eyre::eyre!("nothing can be proven at position {position}: {why}"))?;
        let about = About::counted(self.prover.vk_digest(), &held.counts_at(position)?);
        let place = Place {
            kind: Journaled::Engagement,
            id: self.id(),
            position,
        };
        let shown = Shown {
            image: &example.image,
            salt: &example.input_salt,
        };
        Ok(Task::new(self.prover.arch_id(), place, about, shown))
    }

    async fn is_asked(&self, _: usize) -> eyre::Result<bool> {
        // What the market does not need any more, it is not sent.
        Ok(true)
    }

    fn keep(&mut self, position: usize, bundle: &ProofBundle, seconds: Option<f64>) -> eyre::Result<()> {
        let counts = self.prepared.held.counts_at(position)?;
        counts.verify(self.prover.verifier_key(), bundle)?;
        let file = proof_path(self.site, self.id(), position);
        std::fs::create_dir_all(parent(&file))?;
        bundle.save(&file)?;
        self.plan.to_make.retain(|left| *left != position);
        self.made.push(OneProof::new(position, file, bundle, seconds));
        Ok(())
    }

    fn is_used_up(&self, made: usize) -> eyre::Result<bool> {
        let is_used_up = self.plan.is_used_up(made, self.prover)?;
        if is_used_up {
            let out = &self.site.report;
            out.warn("the model's proofs are used up; the target is met all the same");
        }
        Ok(is_used_up)
    }
}
