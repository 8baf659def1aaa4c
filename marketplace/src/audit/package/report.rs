//! What an audit shows, in words for whoever has to decide by it: the same for everybody who reads the same package.

use super::reading::Reading;
use super::replay::course::Course;
use super::standing::Standing;
use crate::audit::anybody::verdict::Verdict;
use alloy::primitives::{Address, U256};
use assay_economics::share::Share;
use assay_protocol::abi::AuditOutcome;
use assay_protocol::units::{ether, utc};

/// How often the sample of a report may miss more than its bound.
const DELTA: &str = "5%";

/// Lines without what a reader checks besides; a line that begins with a space goes on under the heading above.
///
/// # Errors
/// If the numbers do not belong together.
pub fn report(reading: &Reading) -> eyre::Result<Vec<String>> {
    let delta: Share = DELTA.parse().map_err(|why| eyre::eyre!("{why}"))?;
    let (course, standing) = (&reading.course, &reading.standing);
    let mut lines = Vec::new();
    asked(course, standing, &mut lines);
    answered(course, &mut lines);
    delivered(course, &mut lines);
    shown(
        course,
        standing,
        Verdict::of(&standing.audit, &delta)?.as_ref(),
        &mut lines,
    );
    others(standing, &mut lines);
    lines.push("What happened when".into());
    let diary = course.diary.iter();
    lines.extend(diary.map(|(time, what)| format!(" {} {what}", utc(*time))));
    Ok(lines)
}

fn asked(course: &Course, standing: &Standing, lines: &mut Vec<String>) {
    let (a, corpus) = (&standing.audit, &standing.corpus);
    lines.push("What was asked".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    line(format!(
        "{} (the responder) committed to a corpus of {} documents on {}",
        a.rs,
        a.size,
        utc(corpus.committedAt)
    ));
    line(format!("corpus {}, root {}", a.corpusId, corpus.root));
    line(format!(
        "{} (the requester) asked which of them match predicate {}",
        a.rq, a.predicateHash
    ));
    line(format!(
        "a sample of {} of those answered with no match was to be proven, and up to {} more that the requester names",
        a.bounds.samples, a.bounds.namedMax
    ));
    line(authority(a.authority, a.approved, a.bounds.withholdMax));
    line(format!(
        "at stake: price {}, bond of the responder {}",
        ether(U256::from(a.bounds.price)),
        ether(U256::from(a.bounds.bond))
    ));
    if let Some(request) = course.request.as_ref().filter(|request| !request.uri.is_empty()) {
        line(format!("the requester said besides: {:?}", request.uri));
    }
}

fn authority(who: Address, approved: bool, withhold_max: u32) -> String {
    if who.is_zero() {
        return "no authority: nothing could be withheld".into();
    }
    let approved = if approved {
        "approved the request"
    } else {
        "did not approve the request"
    };
    format!("{who} (the authority) {approved}; up to {withhold_max} documents could be withheld")
}

fn answered(course: &Course, lines: &mut Vec<String>) {
    let a = &course.view;
    lines.push("What was answered".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    match (&course.answers, &course.reason) {
        (Some(answers), _) => {
            line(format!(
                "{} documents match, {} do not",
                answers.positives(),
                answers.zeros()
            ));
            if answers.positives() > 0 {
                line(format!("those that match: {}", runs(answers.ones())));
            }
        }
        (None, Some(reason)) => line(format!("the request was refused: {reason:?}")),
        (None, None) if a.outcome == AuditOutcome::Cancelled => line("the request was withdrawn".into()),
        (None, None) => line("the responder took the request and did not answer for every document".into()),
    }
    if !course.withheld.is_empty() {
        line(format!("withheld: {}", runs(course.withheld.iter().copied())));
    }
    if !course.overruled.is_empty() {
        line(format!(
            "of these overruled: {}",
            runs(course.overruled.iter().copied())
        ));
    }
    if !course.due.is_empty() {
        line(format!(
            "of {} proofs that no match is there, {} were accepted; the documents: {}",
            a.counts.due,
            a.counts.proven,
            runs(sorted(course.due.iter().map(|due| due.index)))
        ));
    }
}

fn delivered(course: &Course, lines: &mut Vec<String>) {
    for (m, demand) in course.demands.iter().enumerate() {
        if m == 0 {
            lines.push("What was demanded on chain".into());
        }
        let how = match (&demand.fault, demand.view.published) {
            (Some((claim, _)), _) => format!("delivered, and shown to be bad ({claim:?})"),
            (None, true) => "not acknowledged, therefore published in full".into(),
            (None, false) if demand.view.ctRoot.is_zero() => "never delivered".into(),
            (None, false) => "delivered, and not shown to be bad".into(),
        };
        lines.push(format!(" documents {}: {how}", runs(demand.indices.iter().copied())));
    }
}

fn shown(course: &Course, standing: &Standing, verdict: Option<&Verdict>, lines: &mut Vec<String>) {
    let a = &standing.audit;
    lines.push("What it shows".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    line(format!(
        "the audit ended on {} as {:?}: {}",
        utc(a.closedAt),
        a.outcome,
        meaning(a.outcome)
    ));
    if let Some((by, requester, responder)) = course.closed {
        line(format!(
            "closed by {by}; the requester got {}, the responder {}",
            ether(requester),
            ether(responder)
        ));
    }
    if a.rq == a.rs {
        line("requester and responder are one account, which knew the sample: this shows NOTHING".into());
    }
    if let Some(verdict) = verdict {
        line(format!("{verdict}"));
    }
    lines.push("What it does not show".into());
    let mut line = |text: &str| lines.push(format!(" {text}"));
    line("anything about documents that are not in the corpus, or were altered before it was committed to");
    line("that a document answered with a match does match: whoever received it sees that");
    line("that the predicate is the right question");
    line("that requester and responder are not in league with each other behind two accounts");
}

/// What an outcome says by itself.
fn meaning(outcome: AuditOutcome) -> &'static str {
    match outcome {
        AuditOutcome::Cancelled => "the request was withdrawn, or nobody took it on in time",
        AuditOutcome::Declined => {
            "the responder refused it, which has weight only if an authority approved the request"
        }
        AuditOutcome::Timeout => "the responder took the request on and did not answer in time",
        AuditOutcome::Unchecked => "the requester never drew a sample, so nothing was proven",
        AuditOutcome::Violation => "a proof that was due, or a delivery, failed",
        AuditOutcome::Complete => "everything due was proven, and no demand was left",
        _ => "it has not ended",
    }
}

fn others(standing: &Standing, lines: &mut Vec<String>) {
    lines.push("What else is known of the corpus".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    if standing.attestations.is_empty() {
        line("no source attested it: what is missing from it no audit shows".into());
    }
    for said in &standing.attestations {
        let own = if said.source == standing.audit.rs {
            " (the responder itself)"
        } else {
            ""
        };
        line(format!(
            "attested on {} by {}{own}, statement with SHA-256 {}",
            utc(said.attestedAt),
            said.source,
            said.statement
        ));
    }
    line(format!(
        "audits of it were asked for {} times; {} others were accepted",
        standing.requests,
        standing.others.len()
    ));
    for other in &standing.others {
        let how = match other.outcome {
            AuditOutcome::None => format!("{:?}", other.state),
            outcome => format!("{outcome:?}"),
        };
        line(format!("audit {} of {}: {how}", other.id, other.requester));
    }
}

fn sorted(indices: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let set: std::collections::BTreeSet<u32> = indices.collect();
    set.into_iter()
}

/// Ascending numbers, those that follow each other as one: `1, 4-7`.
fn runs(numbers: impl Iterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let text = |(first, last): (u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    runs.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::replay::play::play;
    use super::super::replay::tests::{known, story};
    use super::super::standing::Other;
    use super::*;
    use alloy::primitives::B256;
    use assay_chain::release::{DeploymentCheck, DeploymentGrade};
    use assay_protocol::abi::corpora::Attestation;
    use assay_protocol::abi::AuditState;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Packages are refused whose report says it in other words: those of this file are of [`VERSION`](super::super::record::VERSION),
    /// and others are another version's. `ASSAY_BLESS=1` writes it anew.
    #[test]
    fn a_version_has_one_wording() {
        let course = play(known(), story()).unwrap();
        let attested = |source: Address| Attestation {
            source,
            attestedAt: 1_799_000_000,
            statement: B256::repeat_byte(60),
        };
        let standing = Standing {
            audit: course.view.clone(),
            demands: Vec::new(),
            corpus: known().corpus,
            attestations: vec![attested(Address::repeat_byte(61)), attested(course.view.rs)],
            accepted: Vec::new(),
            others: vec![Other {
                id: B256::repeat_byte(62),
                requester: Address::repeat_byte(63),
                state: AuditState::Sampled,
                outcome: AuditOutcome::None,
            }],
            requests: 3,
            params: known().params,
            deployment: DeploymentCheck {
                grade: DeploymentGrade::Reproduced,
                digest: None,
                differences: Vec::new(),
            },
            code_hashes: BTreeMap::new(),
        };
        let reading = Reading {
            blocks: Vec::new(),
            standing,
            course,
        };
        let text = report(&reading).unwrap().join("\n") + "\n";
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/package/report.snap");
        if std::env::var_os("ASSAY_BLESS").is_some() {
            std::fs::write(&kept, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(kept).unwrap());
    }

    #[test]
    fn numbers_that_follow_each_other_are_one_run() {
        assert_eq!(runs([].into_iter()), "");
        assert_eq!(runs([3].into_iter()), "3");
        assert_eq!(
            runs([0, 1, 2, 4, 6, 7, u32::MAX].into_iter()),
            "0-2, 4, 6-7, 4294967295"
        );
        assert_eq!(runs(sorted([5, 4, 4, 9].into_iter())), "4-5, 9");
    }
}
