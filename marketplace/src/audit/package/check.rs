//! Anybody, without a node: checks a package.

use super::container::Package;
use super::opened::open;
use super::proofs::verify;
use super::reading::Reading;
use super::record::Record;
use super::refusal::require;
use super::report::report;
use super::result::{Demand, EvidenceChecked, Other, Predicate, Proofs, Trusted};
use super::weights::{self, Checked};
use crate::audit::anybody::verdict::Verdict;
use crate::audit::anybody::Fields;
use crate::corpus::show::Attestation;
use crate::proving::reference_string::SrsUse;
use alloy::primitives::B256;
use assay_chain::artefact::Release;
use assay_chain::error::{Error, Kind};
use assay_chain::release::DeploymentGrade;
use assay_durable::report::Reporter;
use assay_economics::share::Share;
use assay_protocol::abi::AuditOutcome;
use assay_protocol::units::utc;
use eyre::WrapErr;
use std::fs::File;
use std::io::Take;
use std::path::Path;

/// What a check needs besides the package.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The reference string that the predicate's key is made under.
    pub srs: SrsUse,
    /// How often a sample may miss more than the verdict's bound.
    pub delta: Share,
    /// Digest of contracts that are not this release's and are trusted all the same.
    pub trusted_deployment: Option<B256>,
}

/// Checks the package at a path.
///
/// # Errors
/// Of kind rejected, with the first thing in it that is wrong; if the file cannot be read, or `--srs` names another reference string.
pub fn check(path: &Path, ask: &Ask, out: &Reporter) -> eyre::Result<EvidenceChecked> {
    let context = || path.display().to_string();
    let package = Package::open(path).wrap_err_with(context)?;
    require_current(&package.record).wrap_err_with(context)?;
    let documents = package.documents()?;
    examine(&package.record, &package.predicate, documents, ask, out).wrap_err_with(context)
}

fn require_current(record: &Record) -> eyre::Result<()> {
    if record.is_current() {
        return Ok(());
    }
    let why = format!(
        "evidence rejected: it is {} {} of release {}, this program reads that of release {}",
        record.schema,
        record.version,
        record.release,
        Release::hash()
    );
    let error = Error::new(Kind::Rejected, why);
    Err(error
        .hint("check it with the release that wrote it, or ask for a package of this one")
        .into())
}

/// Checks the parts of a package.
///
/// # Errors
/// Those of [`check`], but for files.
pub fn examine(
    record: &Record,
    predicate: &[u8],
    documents: Option<Take<File>>,
    ask: &Ask,
    out: &Reporter,
) -> eyre::Result<EvidenceChecked> {
    let reading = Reading::of(record, ask.trusted_deployment)?;
    let words = report(&reading)?;
    require(words == record.report, || {
        "its report says something else than the rest of it"
    })?;
    let (standing, asked) = (&reading.standing, reading.predicate()?);
    let weights = weights::check(
        record,
        predicate,
        asked,
        standing.audit.inputWords,
        &standing.code_hashes,
        &ask.srs,
        out,
    )?;
    let verified = verify(&reading.course, asked.weightsCommit, &weights.key, out)?;
    require_shown(
        standing.audit.counts.proven as usize,
        verified,
        weights.not_compared.as_deref(),
    )?;
    let documents = documents.map(|part| open(part, &reading, &weights.model, &ask.delta, out));
    let (documents, judged) = documents.transpose()?.unzip();
    let counts = &standing.audit.counts;
    let besides = besides(record, &reading, &weights, verified);
    Ok(EvidenceChecked {
        chain_id: record.chain_id,
        market: record.market,
        fields: Fields::new(record.audit, &standing.audit),
        verdict: Verdict::of(&standing.audit, &ask.delta)?,
        caution: caution(is_for_want_of_proofs(&reading), weights.not_compared.as_deref()),
        demand_list: Demand::of(&reading),
        other_audits: Other::of(&reading),
        requests: standing.requests,
        attestations: standing
            .attestations
            .iter()
            .map(|said| Attestation::of(standing.audit.rs, said))
            .collect(),
        deployment: standing.deployment.clone(),
        proofs: Proofs {
            due: counts.due,
            accepted: counts.proven,
            verified,
        },
        predicate: Predicate {
            weights_commit: asked.weightsCommit.into(),
            vk_digest: asked.vkDigest,
            reference_string: record.reference_string,
            parameters: weights.model.architecture.parameter_count(),
            verifier: asked.verifier,
            verifier_codehash: asked.verifierCodehash,
            not_compared: weights.not_compared,
        },
        documents,
        judged,
        trusted: Trusted::of(&reading, besides),
        report: words,
    })
}

/// Fails if an assurance would rest on proofs that nobody verified but a verifier that nobody knows.
///
/// # Errors
/// Of kind rejected, with how many.
fn require_shown(accepted: usize, verified: usize, not_compared: Option<&str>) -> eyre::Result<()> {
    let elsewhere = accepted.saturating_sub(verified);
    match not_compared {
        Some(why) if elsewhere > 0 => Err(Error::new(
            Kind::Rejected,
            format!(
                "evidence rejected: {elsewhere} of {accepted} proofs are not in it, since they reached the market through another \
                 contract, and the verifier that accepted them is not known: {why}"
            ),
        )
        .hint("name a checkout of your own with ASSAY_REPO, so that the verifier is made anew and compared, or ask for a package made \
             with a node that answers debug_traceTransaction")
        .into()),
        _ => Ok(()),
    }
}

/// Whether the audit ended because proofs that were due were not accepted in time.
fn is_for_want_of_proofs(reading: &Reading) -> bool {
    let audit = &reading.standing.audit;
    audit.outcome == AuditOutcome::Violation && audit.counts.proven < audit.counts.due
}

/// What is said before everything else: an outcome that a contract of the requester's could have brought about.
fn caution(is_for_want_of_proofs: bool, not_compared: Option<&str>) -> Option<String> {
    let why = not_compared.filter(|_| is_for_want_of_proofs)?;
    Some(format!(
        "that the audit ended as a violation shows nothing about the responder yet: proofs are missing by the word of a verifier \
         contract that was not compared with the predicate ({why}), and one that refuses true proofs leads to the same end"
    ))
}

/// What has to be believed besides the hashes of blocks.
fn besides(record: &Record, reading: &Reading, weights: &Checked, verified: usize) -> Vec<String> {
    let mut besides = Vec::new();
    let string = record.reference_string;
    besides.push(match weights.is_development {
        true => format!(
            "reference string {string} is the development one, whose secret is public: proofs under it show nothing outside of tests"
        ),
        false => format!("that nobody knows the secret of reference string {string}"),
    });
    let accepted = reading.standing.audit.counts.proven as usize;
    let elsewhere = accepted.saturating_sub(verified);
    if elsewhere > 0 {
        besides.push(format!(
            "{elsewhere} proofs that reached the market through another contract, which its verifier accepted"
        ));
    }
    match &weights.not_compared {
        Some(why) if is_for_want_of_proofs(reading) => besides.push(format!(
            "that the verifier, which was not compared with the predicate, would have accepted true proofs of what is missing: {why}"
        )),
        Some(why) => besides.push(format!(
            "nothing of the verifier, which was not compared with the predicate ({why}): each proof was verified here"
        )),
        None => {}
    }
    if let Some(last) = reading.blocks.last() {
        besides.push(format!(
            "nothing of what came after block {} ({}), happened in other markets than {}, or to other commitments to the same documents: \
             it is not in this file",
            last.number,
            utc(last.time),
            record.market
        ));
    }
    let carried: usize = record.relayed.iter().map(|relayed| relayed.calls.len()).sum();
    if carried > 0 {
        besides.push(format!(
            "nothing of {carried} calls to the market that other contracts made and only the exporter carries: what they hold was \
             verified by itself"
        ));
    }
    for (m, demand) in reading.course.demands.iter().enumerate() {
        if matches!(demand.fault, Some((_, false))) {
            besides.push(format!(
                "the market's word for the bad data in demand {m}: its evidence came through another contract"
            ));
        }
        if demand.view.published && demand.words.is_none() {
            besides.push(format!(
                "the market's word for the publication of demand {m}, which came through another contract"
            ));
        }
    }
    if reading.standing.deployment.grade == DeploymentGrade::Trusted {
        besides.push("the contracts, which are not those of this release (--trust-deployment)".into());
    }
    besides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rests_on_a_verifier_that_is_not_known_is_said_with_caution() {
        assert_eq!(caution(true, None), None);
        assert_eq!(caution(false, Some("no compiler")), None);
        assert!(caution(true, Some("no compiler")).is_some_and(|said| said.contains("no compiler")));
    }

    #[test]
    fn proofs_that_nobody_verified_show_nothing_unless_the_verifier_is_known() {
        for (accepted, verified, not_compared, is_shown) in [
            (3, 3, Some("no compiler"), true),
            (3, 2, None, true),
            (3, 2, Some("no compiler"), false),
            (3, 0, Some("no compiler"), false),
            (0, 0, Some("no compiler"), true),
        ] {
            assert_eq!(require_shown(accepted, verified, not_compared).is_ok(), is_shown);
        }
    }
}
