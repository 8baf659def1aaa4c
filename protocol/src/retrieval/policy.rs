//! What a responder takes on, and what a requester must hold before it asks.

use super::corpora::corpus_tree;
use super::windows::prove_window;
use crate::abi::corpora::Corpus;
use crate::abi::{AuditWindows, RequestTerms};
use alloy::primitives::{Address, B256};

/// What a responder found out about a request before it answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Findings {
    /// The weights that the requester published, with the salt of their commitment, have the predicate's commitment.
    pub weights_match: bool,
    /// The verifier's code is the one that its verifying key gives: no other decides, and it cannot change its mind.
    pub code_matches: bool,
    /// L of the predicate's input.
    pub input_words: u32,
    /// ρ of its commitment.
    pub words_per_hash: u32,
    /// Documents that match or for which no proof can be made: they will be answered with one.
    pub ones: u32,
    /// Of those, how many it will not hand over.
    pub privileged: u32,
    /// Of one proof, as measured.
    pub proof_seconds: u64,
    /// Proofs that it owes elsewhere within the same time.
    pub promised: u64,
}

/// What a responder has decided for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The authorities that it recognises: another one could be the requester itself, and overrule everything.
    pub authorities: Vec<Address>,
    /// Least price per document that may have to be proven, wei.
    pub least_price: u128,
    /// Largest bond, wei.
    pub most_bond: u128,
    /// Most documents that it hands over: whoever writes the predicate decides what matches it.
    pub most_ones: u32,
}

/// Why a request is not taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum Refusal {
    #[error("the published weights do not have the commitment of the predicate")]
    Weights,
    #[error("the verifier's code is not the one that its verifying key gives")]
    Code,
    #[error("the predicate takes {predicate} words, documents of the corpus have {corpus}")]
    InputWords { predicate: u32, corpus: u32 },
    #[error("the predicate's input is hashed {predicate} words at a time, documents of the corpus {corpus}")]
    WordsPerHash { predicate: u32, corpus: u32 },
    #[error("{ones} documents match or cannot be proven, the request allows {most}")]
    Ones { ones: u32, most: u32 },
    #[error("{ones} documents match or cannot be proven and would be handed over, at most {most} are to be")]
    HandedOver { ones: u32, most: u32 },
    #[error("{privileged} documents are to be withheld, the request allows {most}")]
    Withheld { privileged: u32, most: u32 },
    #[error("the authority {0} is not one that is recognised here")]
    Authority(Address),
    #[error("{proofs} proofs take {needed} s, half of the window is {half} s")]
    Time { proofs: u64, needed: u64, half: u64 },
    #[error("a price of {price} wei for up to {items} proofs, the least is {least} wei for each")]
    Price { price: u128, items: u64, least: u128 },
    #[error("a bond of {bond} wei, the most is {most}")]
    Bond { bond: u128, most: u128 },
}

/// Everything that speaks against a request; nothing if it may be accepted.
pub fn refusals(
    terms: &RequestTerms,
    corpus: &Corpus,
    windows: &AuditWindows,
    found: &Findings,
    rules: &Rules,
) -> Vec<Refusal> {
    let items = u64::from(terms.samples) + u64::from(terms.namedMax);
    let proofs = items.saturating_add(found.promised);
    let needed = proofs.saturating_mul(found.proof_seconds);
    let half = prove_window(windows, items) / 2;
    let authority = terms.authority;
    let recognised = authority.is_zero() || rules.authorities.contains(&authority);
    let least = u128::from(items).saturating_mul(rules.least_price);
    let against = [
        (!found.weights_match).then_some(Refusal::Weights),
        (!found.code_matches).then_some(Refusal::Code),
        (found.input_words != corpus.inputWords).then_some(Refusal::InputWords {
            predicate: found.input_words,
            corpus: corpus.inputWords,
        }),
        (found.words_per_hash != corpus.wordsPerHash).then_some(Refusal::WordsPerHash {
            predicate: found.words_per_hash,
            corpus: corpus.wordsPerHash,
        }),
        (found.ones > terms.onesMax).then_some(Refusal::Ones {
            ones: found.ones,
            most: terms.onesMax,
        }),
        (found.ones > rules.most_ones).then_some(Refusal::HandedOver {
            ones: found.ones,
            most: rules.most_ones,
        }),
        (found.privileged > terms.withholdMax).then_some(Refusal::Withheld {
            privileged: found.privileged,
            most: terms.withholdMax,
        }),
        (!recognised).then_some(Refusal::Authority(authority)),
        (needed > half).then_some(Refusal::Time { proofs, needed, half }),
        (terms.price < least).then_some(Refusal::Price {
            price: terms.price,
            items,
            least: rules.least_price,
        }),
        (terms.bond > rules.most_bond).then_some(Refusal::Bond {
            bond: terms.bond,
            most: rules.most_bond,
        }),
    ];
    against.into_iter().flatten().collect()
}

/// These are not the leaves of the corpus: an audit of it is not to be requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{got} leaves that are not those of the corpus of {expected}: no false delivery could be shown without them")]
pub struct LeavesMissing {
    /// Documents of the corpus.
    pub expected: u32,
    /// Leaves that are here.
    pub got: usize,
}

/// A requester holds every leaf of the corpus before it asks: a header that opens no leaf convicts only beside the leaf that it does
/// not open. Leaves are salted hashes and say nothing of the documents.
///
/// # Errors
/// Unless these are all of them.
pub fn require_leaves(corpus: &Corpus, leaves: &[B256]) -> Result<(), LeavesMissing> {
    let root = corpus_tree(leaves).map(|tree| tree.root());
    if leaves.len() == corpus.size as usize && root == Some(corpus.root) {
        Ok(())
    } else {
        Err(LeavesMissing {
            expected: corpus.size,
            got: leaves.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::windows::tests::{params, terms};
    use super::*;

    const FOUND: Findings = Findings {
        weights_match: true,
        code_matches: true,
        input_words: 892,
        words_per_hash: 2,
        ones: 500,
        privileged: 10,
        proof_seconds: 48,
        promised: 0,
    };

    fn corpus() -> Corpus {
        Corpus {
            rs: Address::repeat_byte(1),
            size: 10_000,
            committedAt: 1,
            root: B256::repeat_byte(2),
            inputWords: 892,
            wordsPerHash: 2,
        }
    }

    fn rules() -> Rules {
        Rules {
            authorities: vec![Address::repeat_byte(6)],
            least_price: 0,
            most_bond: 1000,
            most_ones: 10_000,
        }
    }

    fn refused(change: impl Fn(&mut RequestTerms, &mut Findings, &mut Rules)) -> Vec<Refusal> {
        let (mut terms, mut found, mut rules) = (terms(), FOUND, rules());
        change(&mut terms, &mut found, &mut rules);
        refusals(&terms, &corpus(), &params().windows, &found, &rules)
    }

    #[test]
    fn each_rule_refuses_alone() {
        // 319 proofs of 48 s in half of 3600 + 319·96 s.
        assert_eq!(refused(|_, _, _| ()), []);
        assert_eq!(refused(|_, found, _| found.weights_match = false), [Refusal::Weights]);
        assert_eq!(refused(|_, found, _| found.code_matches = false), [Refusal::Code]);
        let words = Refusal::InputWords {
            predicate: 9,
            corpus: 892,
        };
        assert_eq!(refused(|_, found, _| found.input_words = 9), [words]);
        let rate = Refusal::WordsPerHash {
            predicate: 3,
            corpus: 2,
        };
        assert_eq!(refused(|_, found, _| found.words_per_hash = 3), [rate]);
        let ones = Refusal::Ones { ones: 501, most: 500 };
        assert_eq!(refused(|_, found, _| found.ones = 501), [ones]);
        let handed_over = Refusal::HandedOver { ones: 500, most: 499 };
        assert_eq!(refused(|_, _, rules| rules.most_ones = 499), [handed_over]);
        let withheld = Refusal::Withheld {
            privileged: 11,
            most: 10,
        };
        assert_eq!(refused(|_, found, _| found.privileged = 11), [withheld]);
        let own = Address::repeat_byte(9);
        assert_eq!(refused(|terms, _, _| terms.authority = own), [Refusal::Authority(own)]);
        assert_eq!(refused(|terms, _, _| terms.authority = Address::ZERO), []);
        let bond = Refusal::Bond { bond: 1001, most: 1000 };
        assert_eq!(refused(|terms, _, _| terms.bond = 1001), [bond]);
        let price = Refusal::Price {
            price: 77,
            items: 319,
            least: 1,
        };
        assert_eq!(refused(|_, _, rules| rules.least_price = 1), [price]);
    }

    #[test]
    fn proofs_owed_elsewhere_count() {
        let half = (3600 + 319 * 96) / 2;
        let last = half / 48 - 319;
        assert_eq!(refused(|_, found, _| found.promised = last), []);
        let time = Refusal::Time {
            proofs: 319 + last + 1,
            needed: (320 + last) * 48,
            half,
        };
        assert_eq!(refused(|_, found, _| found.promised = last + 1), [time]);
        assert!(!refused(|_, found, _| found.proof_seconds = u64::MAX).is_empty());
    }

    #[test]
    fn a_requester_needs_every_leaf() {
        let leaves: Vec<B256> = (0..5).map(B256::repeat_byte).collect();
        let root = corpus_tree(&leaves).unwrap().root();
        let corpus = Corpus {
            size: 5,
            root,
            ..corpus()
        };
        assert_eq!(require_leaves(&corpus, &leaves), Ok(()));
        let missing = |got| Err(LeavesMissing { expected: 5, got });
        assert_eq!(require_leaves(&corpus, &leaves[1..]), missing(4));
        assert_eq!(require_leaves(&corpus, &[]), missing(0));
        let mut wrong = leaves.clone();
        wrong.swap(0, 1);
        assert_eq!(require_leaves(&corpus, &wrong), missing(5));
    }
}
