//! What an audit shows, in words for whoever has to decide by it: the same for everybody who reads the same package.

use super::reading::Reading;
use super::replay::course::Course;
use super::standing::Standing;
use crate::audit::anybody::verdict::Verdict;
use alloy::primitives::{Address, U256};
use assay_economics::share::Share;
use assay_protocol::abi::{AuditOutcome, AuditView, AuditWindows};
use assay_protocol::retrieval::posted::Step;
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
    let last = reading.blocks.last();
    let last = last.ok_or_else(|| eyre::eyre!("there is no block"))?;
    let mut lines = vec![
        format!("As of block {} of {}", last.number, utc(last.time)),
        format!(" hash {}; what came after is not told here", last.hash),
    ];
    asked(course, standing, &mut lines);
    windows(&standing.params.windows, &mut lines);
    answered(course, &mut lines);
    delivered(course, &mut lines);
    let verdict = Verdict::of(&standing.audit, &delta)?;
    shown(course, standing, verdict.as_ref(), &mut lines);
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
    line(authority(a));
    line(format!(
        "at stake: price {}, bond of the responder {}",
        ether(U256::from(a.bounds.price)),
        ether(U256::from(a.bounds.bond))
    ));
    if let Some(request) = course.request.as_ref().filter(|request| !request.uri.is_empty()) {
        line(format!("the requester said besides: {:?}", request.uri));
    }
}

fn authority(a: &AuditView) -> String {
    let who = a.authority;
    if who.is_zero() {
        return "no authority: nothing could be withheld".into();
    }
    let itself = match party(a, who) {
        Some(party) => format!(", which is the {party} itself"),
        None => String::new(),
    };
    let approved = match a.approved {
        true => "approved the request",
        false => "did not approve the request",
    };
    let most = a.bounds.withholdMax;
    format!("{who} (the authority{itself}) {approved}; up to {most} documents could be withheld")
}

/// Which of both parties an account is.
fn party(a: &AuditView, who: Address) -> Option<&'static str> {
    match who {
        who if who == a.rs => Some("responder"),
        who if who == a.rq => Some("requester"),
        _ => None,
    }
}

/// How somebody is named who has a part in the audit besides.
fn itself(a: &AuditView, who: Address) -> String {
    match party(a, who) {
        Some(party) => format!(" (the {party} itself)"),
        None if who == a.authority => " (the authority)".into(),
        None => String::new(),
    }
}

fn windows(w: &AuditWindows, lines: &mut Vec<String>) {
    lines.push("How long the market gives, in seconds".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    line(format!("a request is open for {} at most", w.accept));
    line(format!(
        "to answer {} and {} for each 4,096 documents; then to draw the sample {}",
        w.answerBase, w.answerTime, w.reveal
    ));
    line(format!(
        "to prove {} and {} for each proof; then to demand documents {}",
        w.proveBase, w.proveTime, w.demand
    ));
    line(format!(
        "to deliver {} and {} for each chunk; to acknowledge {}; else to publish {} and {} for each chunk; to show bad data {}",
        w.deliverBase, w.deliverTime, w.ack, w.publishBase, w.publishTime, w.evidence
    ));
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
        (None, None) if a.outcome == AuditOutcome::Cancelled => line("nothing: nobody took the request on".into()),
        (None, None) => line("the responder took the request and did not answer for every document".into()),
    }
    if !course.withheld.is_empty() {
        line(format!("withheld: {}", runs(course.withheld.iter().copied())));
    }
    for step in &course.steps {
        if let Step::Withheld { indices, log } = step {
            let indices = runs(indices.iter().copied());
            line(format!(
                "why {indices} are withheld, the responder said in a log with SHA-256 {log}"
            ));
        }
    }
    if !course.overruled.is_empty() {
        line(format!(
            "of these overruled: {}",
            runs(course.overruled.iter().copied())
        ));
    }
    for (indices, ruling) in &course.rulings {
        let indices = runs(indices.iter().copied());
        line(format!(
            "why {indices} are overruled, the authority said in a ruling with SHA-256 {ruling}"
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
        meaning(course, a)
    ));
    if let Some((by, requester, responder)) = course.closed {
        line(format!(
            "closed by {by}{}; the requester got {}, the responder {}",
            itself(a, by),
            ether(requester),
            ether(responder)
        ));
    }
    match verdict {
        Some(_) if a.rq == a.rs => {
            line("NONE: requester and responder are one account, which knew the sample before it answered".into());
        }
        Some(verdict) if verdict.is_assured() => line(format!("{verdict} (--delta {DELTA})")),
        Some(verdict) => line(format!("{verdict}")),
        None => {}
    }
    lines.push("What it does not show".into());
    let mut line = |text: &str| lines.push(format!(" {text}"));
    line("anything about documents that are not in the corpus, or were altered before it was committed to");
    line("that a document answered with a match does match: whoever received it sees that");
    line("that the predicate is the right question");
    line("that requester and responder are not in league with each other behind two accounts");
}

/// What an outcome says by itself.
fn meaning(course: &Course, a: &AuditView) -> String {
    match a.outcome {
        AuditOutcome::Cancelled => {
            let expiry = course.request.as_ref().map_or(0, |request| request.terms.expiry);
            match a.closedAt <= expiry {
                true => "the requester withdrew the request".into(),
                false => format!("nobody took the request on up to {}", utc(expiry)),
            }
        }
        AuditOutcome::Declined => {
            "the responder refused it, which has weight only if an authority approved the request".into()
        }
        AuditOutcome::Timeout => "the responder took the request on and did not answer in time".into(),
        AuditOutcome::Unchecked => "the requester never drew a sample, so nothing was proven".into(),
        AuditOutcome::Violation => violation(course, a),
        AuditOutcome::Complete if a.confirmed => {
            "everything due was proven, and the requester confirmed that it demands nothing more".into()
        }
        AuditOutcome::Complete => {
            "everything due was proven, and the time for demands passed; the requester confirmed nothing".into()
        }
        _ => "it has not ended".into(),
    }
}

/// What failed, and no more than that: a proof that is missing is one that a contract did not accept.
fn violation(course: &Course, a: &AuditView) -> String {
    let (due, proven) = (a.counts.due, a.counts.proven);
    if proven < due {
        let verifier = course.request.as_ref().map(|request| request.predicate.verifier);
        return format!(
            "of {due} proofs that were due, verifier {} had not accepted {} in time: it was sent none that it accepts, which is the \
             responder's fault only if that contract accepts every true proof",
            verifier.unwrap_or_default(),
            due.saturating_sub(proven)
        );
    }
    match course.demands.iter().any(|demand| demand.fault.is_some()) {
        true => "a document was delivered and shown to be another one, or not what was committed to".into(),
        false => "documents that were demanded were neither delivered and acknowledged nor published in time".into(),
    }
}

fn others(standing: &Standing, lines: &mut Vec<String>) {
    lines.push("What else is known of the corpus".into());
    let mut line = |text: String| lines.push(format!(" {text}"));
    if standing.attestations.is_empty() {
        line("no source attested it: what is missing from it no audit shows".into());
    }
    for said in &standing.attestations {
        line(format!(
            "attested on {} by {}{}, statement with SHA-256 {}",
            utc(said.attestedAt),
            said.source,
            itself(&standing.audit, said.source),
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
        let who = itself(&standing.audit, other.requester);
        line(format!("audit {} of {}{who}: {how}", other.id, other.requester));
    }
}

fn sorted(indices: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let set: std::collections::BTreeSet<u32> = indices.collect();
    set.into_iter()
}

/// Ascending numbers, those that follow each other as one: `1, 4-7`.
pub(super) fn runs(numbers: impl Iterator<Item = u32>) -> String {
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
    use assay_chain::block_proof::ProvenBlock;
    use assay_chain::release::{DeploymentCheck, DeploymentGrade};
    use assay_protocol::abi::corpora::Attestation;
    use assay_protocol::abi::{AuditState, BadData};
    use std::collections::BTreeMap;
    use std::path::Path;

    fn attested(source: Address) -> Attestation {
        Attestation {
            source,
            attestedAt: 1_799_000_000,
            statement: B256::repeat_byte(60),
        }
    }

    /// A story as a state has it in which everything is as its events say.
    fn reading(course: Course) -> Reading {
        let mut audit = course.view.clone();
        audit.confirmed = course.closed.is_some_and(|(by, ..)| by == audit.rq);
        let standing = Standing {
            audit,
            demands: Vec::new(),
            corpus: known().corpus,
            attestations: [Address::repeat_byte(61), course.view.rs, course.view.authority]
                .map(attested)
                .into(),
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
        let last = ProvenBlock {
            number: 99,
            hash: B256::repeat_byte(64),
            time: 1_800_002_000,
            base_fee: 9,
            state_root: B256::ZERO,
            transactions: Vec::new(),
        };
        Reading {
            blocks: vec![last],
            standing,
            course,
        }
    }

    /// Packages are refused whose report says it in other words: those of this file are of [`VERSION`](super::super::record::VERSION),
    /// and others are another version's. `ASSAY_BLESS=1` writes it anew.
    #[test]
    fn a_version_has_one_wording() {
        let text = report(&reading(play(known(), story()).unwrap())).unwrap().join("\n") + "\n";
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/package/report.snap");
        if std::env::var_os("ASSAY_BLESS").is_some() {
            std::fs::write(&kept, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(kept).unwrap());
    }

    /// The report of the story, ended in another way.
    fn ended(events: usize, change: impl FnOnce(&mut Course, &mut AuditView)) -> String {
        let mut events_of = story();
        events_of.truncate(events);
        let course = play(known(), events_of).unwrap();
        let mut reading = reading(course);
        (reading.standing.audit.state, reading.standing.audit.closedAt) = (AuditState::Closed, 1_800_001_000);
        change(&mut reading.course, &mut reading.standing.audit);
        reading.course.view = reading.standing.audit.clone();
        report(&reading).unwrap().join("\n")
    }

    #[test]
    fn what_is_not_the_same_is_not_said_in_the_same_words() {
        let cancelled = |at: u64| {
            ended(1, |_, audit| {
                (audit.outcome, audit.closedAt) = (AuditOutcome::Cancelled, at);
            })
        };
        let expiry = play(known(), story()).unwrap().request.unwrap().terms.expiry;
        assert!(cancelled(expiry).contains("as Cancelled: the requester withdrew the request"));
        assert!(cancelled(expiry + 1).contains("as Cancelled: nobody took the request on up to"));

        let complete = |confirmed| ended(20, |_, audit| audit.confirmed = confirmed);
        assert!(complete(true).contains("the requester confirmed that it demands nothing more"));
        assert!(complete(false).contains("the time for demands passed; the requester confirmed nothing"));

        let unproven = ended(8, |_, audit| audit.outcome = AuditOutcome::Violation);
        let verifier = Address::repeat_byte(30);
        let said = format!("of 5 proofs that were due, verifier {verifier} had not accepted 3 in time");
        assert!(unproven.contains(&said), "{unproven}");
        assert!(
            unproven.contains("only if that contract accepts every true proof"),
            "{unproven}"
        );
        let undelivered = ended(11, |_, audit| audit.outcome = AuditOutcome::Violation);
        assert!(
            undelivered.contains("neither delivered and acknowledged nor published"),
            "{undelivered}"
        );
        let bad = ended(13, |course, audit| {
            audit.outcome = AuditOutcome::Violation;
            course.demands[0].fault = Some((BadData::Start, true));
        });
        assert!(bad.contains("delivered and shown to be another one"), "{bad}");
    }

    #[test]
    fn an_audit_of_oneself_shows_nothing_and_parties_are_named_wherever_they_are() {
        let own = ended(20, |_, audit| audit.rq = audit.rs);
        assert!(
            own.contains("\n NONE: requester and responder are one account"),
            "{own}"
        );
        assert!(!own.contains("SAMPLED") && !own.contains("hidden at most"), "{own}");
        let party = ended(20, |_, audit| audit.authority = audit.rq);
        assert!(
            party.contains("(the authority, which is the requester itself) approved"),
            "{party}"
        );
        assert!(party.contains("(the requester itself); the requester got"), "{party}");
        let whole = ended(20, |_, _| {});
        for said in ["(the responder itself), statement", "(the authority), statement"] {
            assert!(whole.contains(said), "{whole}");
        }
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
