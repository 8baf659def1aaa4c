//! Every sentence of the page about what was shown, by its case.
//!
//! None says more than the contracts do: no bare "passed" or "verified", never a motive. `*…*` is stressed. `{name}` is a value,
//! `{name|one|many}` a number and what there is of it. Changing a word here changes what readers believe: `web/test` has them all.

/// By case: the kind of the page, then the outcome or assurance that the contracts name, or what else tells cases apart.
pub const SENTENCES: [(&str, &str); 48] = [
    ("none", "No information."),
    ("lead.contracts", "The code of these contracts is unknown: nothing below is stated as a fact. They say:"),
    (
        "lead.verifier",
        "Not checked: the verifier that took the proofs is not one that you named as known. Only if it checks what it should:",
    ),
    (
        "lead.string",
        "The verifier rests on the development string, whose secret is public: anybody can forge what it accepts. It took:",
    ),
    ("one account", " Consumer and provider are one account: to others this says nothing."),
    (
        "verdict.proven",
        "At least {proven} of {n} examples chosen by {consumer} were answered correctly: {proven|proof was|proofs were} checked by the contract. Target {target} was met.",
    ),
    (
        "verdict.proven.bound",
        " Accuracy on what they were drawn from ≥ {bound} at 95 %, *if* they were drawn at random.",
    ),
    ("verdict.claimed", "The provider claimed {claimed} of {n}; {proven} were proven. "),
    ("verdict.claimed.early", "Accepted by its consumer before the window to object was over."),
    ("verdict.claimed.answered", "{challenges|challenge was|challenges were} answered with a proof."),
    (
        "verdict.claimed.disputed",
        "No objection was left unanswered in the window: {answered} Without a reader who held the proofs the rest shows nothing.",
    ),
    (
        "verdict.claimed.silence",
        "Nobody who held the proofs objected in the window. Without such a reader this shows nothing.",
    ),
    ("verdict.FailedAccuracy", "The provider conceded."),
    ("verdict.Fault", "The provider did not prove a claimed example in time."),
    ("verdict.Abort", "The provider {provider} left before it proved anything, at {time}."),
    (
        "verdict.BadData",
        "The consumer {consumer} had handed over data that it had not committed to; shown at {time}.",
    ),
    ("verdict.McSilent", "The consumer {consumer} did not make its move in time; closed at {time}."),
    ("verdict.MpSilent", "The provider {provider} did not make its move in time; closed at {time}."),
    ("verdict.Cancelled", "The offer of the consumer {consumer} ended without being accepted, at {time}."),
    (
        "verdict.open",
        "Not closed: {state}, until {until}. {proven} of {n} examples are proven so far; nothing is shown yet.",
    ),
    (
        "round.confirmed",
        "The consumer confirmed receipt of {predictions|prediction|predictions} and contested none. This says nothing about their correctness.",
    ),
    (
        "round.delivered",
        "{predictions|prediction was|predictions were} delivered and none was contested. This says nothing about their correctness.",
    ),
    ("round.Upheld", "{contested} contested predictions of {predictions} were proven."),
    (
        "round.Upheld.bound",
        " If the consumer drew them at random, at most {hidden} of {predictions} are wrong (95 %).",
    ),
    (
        "round.Fault",
        "A contested prediction was not proven in time. The contract cannot tell a false answer from an absent provider.",
    ),
    ("round.Cancelled", "The offer of the consumer {consumer} ended without being served, at {time}."),
    (
        "round.open",
        "Not closed: {state}, until {until}. {proven} of {contested} contested predictions are proven so far; nothing is shown yet.",
    ),
    (
        "audit.handed",
        "{withheld} were withheld ({overruled} overruled), {demanded} demanded; receipt of the matching ones: {receipt} by the requester.",
    ),
    ("audit.handed.confirmed", "confirmed"),
    ("audit.handed.not", "not confirmed"),
    (
        "audit.SAMPLED",
        "{drawn} of the {zeros} documents answered 'no match', drawn by a salt committed to before the answers, were proven not to match. ",
    ),
    (
        "audit.SAMPLED.bound",
        "At most {hidden} of them match (95 %), *if* requester and responder do not act together; of all matching ones at least {recall} were answered 'match', *if* every document answered 'match' matches. ",
    ),
    ("audit.EXHAUSTIVE", "All {zeros} documents answered 'no match' were proven not to match. "),
    ("audit.Complete.own", " Requester and responder are one account, which knew the sample."),
    ("audit.Complete.none", " No document was answered 'no match', so there was nothing to prove."),
    (
        "audit.Violation",
        "A proof that was due from the responder {responder}, or a delivery, failed; closed at {time}.",
    ),
    (
        "audit.Timeout",
        "The responder {responder} took the request and did not answer in time; closed at {time}.",
    ),
    (
        "audit.Declined.approved",
        "The responder {responder} declined a request that the authority {authority} had approved, at {time}.",
    ),
    ("audit.Declined", " The responder {responder} declined a request that no authority had approved."),
    ("audit.Cancelled", "The request of {requester} ended without being accepted, at {time}."),
    (
        "audit.open",
        "Not closed: {state}, until {until}. {proven} of {due} documents that are due are proven so far; nothing is shown yet.",
    ),
    (
        "model",
        "A model of {provider}, registered at {time}: {faults|fault|faults} of the provider. The counts below are of three kinds and are never added up; no score follows from them.",
    ),
    (
        "corpus",
        "{responder} committed to {documents|document|documents} at {time}; {attestations|address|addresses} attested something about them. Nothing here says what is not among them.",
    ),
    (
        "address",
        "What {address} did in this marketplace, as provider and as consumer: {engagements|engagement|engagements}, {rounds|round|rounds}.",
    ),
    (
        "party",
        "What {address} did in audits: {corpora|corpus|corpora} committed, {audits|audit|audits} of them accepted, {requests|request|requests} made, {attested|corpus|corpora} attested.",
    ),
    (
        "contracts.REPRODUCED",
        "These contracts have the code of this release, assay {version}, with parameters that agree, and began from its creation code.",
    ),
    (
        "contracts.TRUSTED",
        "These contracts are not those of this release. You named them as known by their digest.",
    ),
    ("contracts.UNKNOWN", "The code of these contracts is unknown: nothing below is stated as a fact."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_sentence_says_more_than_was_shown() {
        let cases: BTreeSet<_> = SENTENCES.iter().map(|(case, _)| case).collect();
        assert_eq!(cases.len(), SENTENCES.len(), "each case has one");
        for (case, text) in SENTENCES {
            let words = text.to_lowercase();
            for word in [
                "passed",
                "verified",
                "valid",
                "trusted by",
                "guarantee",
                "wants",
                "intend",
            ] {
                assert!(!words.contains(word), "{case}: {text}");
            }
            assert_eq!(text.matches('*').count() % 2, 0, "{case}: {text}");
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{case}: {text}");
        }
    }
}
