//! How far contracts and verifier behind a verdict or a round are known.

use crate::engagement::Site;
use crate::verifier::check::{Trust, VerifierCheck};
use alloy::primitives::{Address, B256};
use assay_chain::release::{DeploymentCheck, Surveyed};
use assay_chain::venue::ModelVenue;
use assay_protocol::abi::Assurance;
use serde::Serialize;
use std::fmt;

/// What a reader knows of the contracts that say what they say.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grades {
    /// Of registry, market, terms, judges and their library.
    pub deployment: DeploymentCheck,
    /// Of the model.
    pub verifier: VerifierCheck,
    /// Fees and strikes go here.
    pub treasury: Address,
}

impl Grades {
    /// Judges the contracts of `site`, and the verifier that the model is registered with.
    ///
    /// # Errors
    /// If the node does not answer, or no such model is registered. What is not known is a grade, not an error.
    pub async fn read<V: ModelVenue + Surveyed>(site: &Site<V>, model_id: B256, trust: &Trust) -> eyre::Result<Self> {
        let market = site.market.marketplace();
        let record = market.model(model_id).await?.record;
        Ok(Self {
            deployment: site.deployment_check().await?,
            verifier: trust.judge(&market.chain, &record, &site.report).await?,
            treasury: market.params.treasury,
        })
    }

    /// Whether a verdict may be told as what the contracts call it.
    pub(crate) fn allow(&self, assurance: Assurance) -> bool {
        match assurance {
            Assurance::PROVEN => self.deployment.is_known() && self.verifier.is_known(),
            Assurance::OPTIMISTIC => self.deployment.is_known(),
            _ => true,
        }
    }

    /// What is not known, in words.
    pub(crate) fn unknown(&self) -> &'static str {
        if !self.deployment.is_known() {
            return "these contracts are not those of this release, so nothing that they say is stated as a fact";
        }
        "proofs were accepted by a verifier that was not compared with the model's architecture (--arch FILE) or with a code \
         hash you trust (--trust-codehash HASH)"
    }
}

impl fmt::Display for Grades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = &self.verifier;
        writeln!(f, "contracts      {}", self.deployment)?;
        if let (false, Some(digest)) = (self.deployment.is_known(), self.deployment.digest) {
            writeln!(f, "               digest {digest}")?;
        }
        writeln!(f, "treasury       {}", self.treasury)?;
        writeln!(f, "verifier       {v}")?;
        writeln!(f, "               {}, code hash {}", v.address, v.codehash)?;
        writeln!(f, "               key {}", v.vk_digest)?;
        writeln!(f, "               weights {}, {} classes", v.weights_commit, v.classes)
    }
}
