//! What the verdict of an audit says, and what it does not.
//!
//! It is about the documents of the corpus that were answered with "no match": at most `h` of them are hidden ones, by the sample
//! alone, with one-sided confidence. A share would say nothing about a diluted corpus, so it is a number of documents and a recall.
//! What is not in the corpus is not in the verdict, and whether a document that was answered with a match does match, whoever
//! received it must say.

use crate::abi::{AuditAssurance, AuditOutcome, AuditView};
use assay_economics::error::Error;
use assay_economics::hypergeometric::{bound, recall};
use assay_economics::share::Share;

/// A verdict, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What was shown of the documents answered with no match: nothing where one account is both parties, whatever the contract says.
    pub assurance: AuditAssurance,
    /// z: how many those are.
    pub zeros: u64,
    /// How many of them were drawn: `min(n, z)` if the sample was proven, else none.
    pub drawn: u64,
    /// h: at most so many of them match; `None` without assurance.
    pub hidden: Option<u64>,
    /// At least this share of the documents that match was answered so, if all that were do; `None` without assurance.
    pub recall: Option<f64>,
    /// Documents withheld and not overruled: they match, and nobody received them.
    pub kept_back: u64,
    /// The requester is the responder: it knew the sample, so the audit shows nothing.
    pub is_self_dealt: bool,
}

impl Reading {
    /// Reads an audit that has ended; `delta` is the probability with which a sample may miss more than h, 5 % unless somebody asks
    /// otherwise.
    ///
    /// # Errors
    /// If the numbers do not belong together: no market gives such a verdict.
    pub fn of(audit: &AuditView, delta: &Share) -> Result<Self, Error> {
        let (counts, samples) = (&audit.counts, u64::from(audit.bounds.samples));
        let positives = u64::from(counts.positives);
        let zeros = u64::from(audit.size).saturating_sub(positives);
        let is_self_dealt = audit.rq == audit.rs;
        let assurance = match is_self_dealt {
            true => AuditAssurance::NONE,
            false => assurance(audit.outcome, samples, zeros),
        };
        let drawn = match assurance {
            AuditAssurance::NONE => 0,
            _ => zeros.min(samples),
        };
        let hidden = match assurance {
            AuditAssurance::EXHAUSTIVE => Some(0),
            AuditAssurance::SAMPLED => Some(bound(zeros, drawn, delta)?),
            _ => None,
        };
        Ok(Self {
            assurance,
            zeros,
            drawn,
            hidden,
            recall: hidden.map(|hidden| recall(positives, hidden)),
            kept_back: u64::from(counts.withheld).saturating_sub(counts.overruled.into()),
            is_self_dealt,
        })
    }
}

/// What an audit has shown: everything due was proven in a Complete one, and in no other. Without a document answered with no match
/// there was nothing to prove.
pub fn assurance(outcome: AuditOutcome, samples: u64, zeros: u64) -> AuditAssurance {
    match outcome {
        AuditOutcome::Complete if zeros == 0 => AuditAssurance::NONE,
        AuditOutcome::Complete if samples < zeros => AuditAssurance::SAMPLED,
        AuditOutcome::Complete => AuditAssurance::EXHAUSTIVE,
        _ => AuditAssurance::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{AuditBounds, AuditCounts, AuditState, Point};
    use alloy::primitives::{Address, B256, U256};

    fn ended(size: u32, positives: u32, samples: u32, outcome: AuditOutcome) -> AuditView {
        let word = B256::ZERO;
        let (rq, rs, authority) = (Address::repeat_byte(2), Address::repeat_byte(1), Address::ZERO);
        AuditView {
            corpusId: word,
            predicateHash: word,
            requestHash: word,
            answersHash: word,
            guard: word,
            seed: word,
            saltHash: word,
            requesterKey: Point {
                x: U256::from(1),
                y: U256::from(2),
            },
            rq,
            rs,
            authority,
            state: AuditState::Closed,
            outcome,
            approved: false,
            confirmed: true,
            size,
            inputWords: 1,
            bounds: AuditBounds {
                samples,
                namedMax: 0,
                onesMax: size,
                withholdMax: 5,
                bond: 0,
                price: 0,
            },
            counts: AuditCounts {
                pages: 1,
                positives,
                withheld: 5,
                overruled: 2,
                named: 0,
                due: samples,
                proven: samples,
                demands: 0,
                openDemands: 0,
                published: 0,
                demanded: 0,
            },
            deadline: 0,
            overruleBy: 0,
            closedAt: 1,
            corpusCommittedAt: 1,
        }
    }

    fn read(audit: &AuditView) -> Reading {
        Reading::of(audit, &"5%".parse().unwrap()).unwrap()
    }

    /// The contract's struct has no parts: its words are the same.
    #[test]
    fn a_view_has_the_words_of_the_contract() {
        use alloy::sol_types::SolValue;
        let words = ended(7, 1, 2, AuditOutcome::Complete).abi_encode();
        assert_eq!(words.len(), 39 * 32);
        let word = |at: usize| U256::from_be_slice(&words[32 * at..32 * (at + 1)]);
        // size and L, after confirmed; onesMax; positives; closedAt.
        assert_eq!([16, 17, 20, 25, 37].map(word).map(|w| w.to::<u64>()), [7, 1, 7, 1, 1]);
    }

    /// Rows 23, 26, 28 and 29 of the economics page.
    #[test]
    fn a_sample_bounds_a_number_of_documents() {
        let read = |size, positives, samples| {
            let reading = read(&ended(size, positives, samples, AuditOutcome::Complete));
            (reading.assurance, reading.hidden.unwrap(), reading.recall.unwrap())
        };
        let (assurance, hidden, recall) = read(1_000, 50, 59);
        assert_eq!((assurance, hidden), (AuditAssurance::SAMPLED, 45));
        assert!((recall - 0.5263).abs() < 1e-4);
        let (_, hidden, recall) = read(1_000_000, 100, 299);
        assert_eq!(hidden, 9_966, "a diluted corpus hides many");
        assert!(recall < 0.01);
        let (assurance, hidden, recall) = read(101, 1, 95);
        assert_eq!((assurance, hidden, recall), (AuditAssurance::SAMPLED, 0, 1.0));
        let (assurance, hidden, recall) = read(100, 5, 95);
        assert_eq!((assurance, hidden, recall), (AuditAssurance::EXHAUSTIVE, 0, 1.0));
    }

    #[test]
    fn only_a_complete_audit_with_something_to_prove_assures() {
        for outcome in [
            AuditOutcome::None,
            AuditOutcome::Cancelled,
            AuditOutcome::Declined,
            AuditOutcome::Timeout,
            AuditOutcome::Unchecked,
            AuditOutcome::Violation,
        ] {
            let reading = read(&ended(100, 5, 95, outcome));
            assert_eq!(
                (reading.assurance, reading.hidden, reading.drawn),
                (AuditAssurance::NONE, None, 0)
            );
        }
        // Everything was answered with a match: nothing was proven.
        let all = read(&ended(100, 100, 100, AuditOutcome::Complete));
        assert_eq!(
            (all.assurance, all.hidden, all.recall),
            (AuditAssurance::NONE, None, None)
        );
    }

    #[test]
    fn what_is_kept_back_and_who_asked_is_told() {
        let mut v = ended(100, 5, 95, AuditOutcome::Complete);
        assert_eq!(read(&v).kept_back, 3);
        assert_eq!(read(&v).assurance, AuditAssurance::EXHAUSTIVE);
        v.rq = v.rs;
        let own = read(&v);
        assert_eq!(
            (own.is_self_dealt, own.assurance, own.hidden, own.drawn),
            (true, AuditAssurance::NONE, None, 0)
        );
    }
}
