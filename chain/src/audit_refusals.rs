//! What retrieval markets, their judges and their libraries refuse, in words.

use alloy::sol_types::SolInterface;
use assay_protocol::abi::AuditLibraries::AuditLibrariesErrors as L;
use assay_protocol::abi::IDocumentJudge::IDocumentJudgeErrors as D;
use assay_protocol::abi::IRetrievalMarket::IRetrievalMarketErrors as A;
use assay_protocol::abi::ISharedKeyJudge::ISharedKeyJudgeErrors as K;

const SHOW: Option<&str> = Some("assay audit show ID tells where it stands");

/// Words and a hint; `None` if the data is no refusal of theirs.
pub(super) fn words(data: &[u8]) -> Option<(String, Option<&'static str>)> {
    if let Ok(error) = A::abi_decode(data) {
        return Some(match request(&error) {
            Some(words) => words,
            None => market(error),
        });
    }
    if let Ok(error) = D::abi_decode(data) {
        return Some((documents(error), None));
    }
    if let Ok(K::WrongSharedPoint(e)) = K::abi_decode(data) {
        let words = format!("this is not the key of demand {} of audit {}", e.m, e.id);
        return Some((words, None));
    }
    L::abi_decode(data).ok().map(|error| (library(error), None))
}

/// What is wrong with the terms of a request.
fn request(error: &A) -> Option<(String, Option<&'static str>)> {
    let words = match error {
        A::WrongPredicate(e) => (
            format!("the predicate has hash {}, the request names {}", e.given, e.expected),
            None,
        ),
        A::ZeroSaltHash(_) => ("the commitment to the salt is zero".into(), None),
        A::BadSamples(e) => (
            format!("a sample of {} documents is not of 1 to {}", e.given, e.limit),
            Some("as many as the corpus has make the audit exhaustive"),
        ),
        A::BadNamedMax(e) => (
            format!("{} named documents are more than the corpus has, {}", e.given, e.limit),
            None,
        ),
        A::BadOnesMax(e) => (
            format!(
                "{} matches are more than the corpus has documents, {}",
                e.given, e.limit
            ),
            None,
        ),
        A::BadWithholdMax(e) => (
            format!("{} documents may not be withheld, at most {}", e.given, e.limit),
            Some("without an authority nothing can be withheld"),
        ),
        A::WordsPerHashMismatch(e) => (
            format!(
                "the documents were hashed {} words at a time, the judge of deliveries hashes {}",
                e.given, e.expected
            ),
            Some("the corpus cannot be audited here"),
        ),
        A::WindowTooLong(e) => (
            format!(
                "the window {} would be {} s, at most {} are allowed",
                String::from_utf8_lossy(e.name.as_slice()).trim_end_matches('\0'),
                e.given,
                e.limit
            ),
            Some("ask for fewer documents"),
        ),
        A::KeyUsed(e) => (
            format!("{} has used this key in another request", e.rq),
            Some("every audit needs a key of its own"),
        ),
        _ => return None,
    };
    Some(words)
}

fn market(error: A) -> (String, Option<&'static str>) {
    match error {
        A::WrongAuditState(e) => (format!("audit {} is {:?}", e.id, e.given), SHOW),
        A::WrongDemandState(e) => (format!("demand {} of audit {} is {:?}", e.m, e.id, e.given), SHOW),
        A::NoSuchPage(e) => (format!("page {} of answers that have {}", e.given, e.pages), None),
        A::PagesMissing(e) => (
            format!("{} of {} pages of answers are there", e.given, e.expected),
            Some("post the rest before sealing"),
        ),
        A::AboveLimit(e) => (
            format!(
                "{} documents are more than the {} that the request allows",
                e.given, e.limit
            ),
            None,
        ),
        A::Repeated(e) => (
            format!("document {} was named, withheld or demanded before", e.index),
            None,
        ),
        A::NotAscending(e) => (
            format!("document number {} of the list is not above the one before", e.k),
            None,
        ),
        A::WrongAnswer(e) => (
            format!(
                "document {} was answered with {}",
                e.index,
                if e.given { "a match" } else { "no match" }
            ),
            None,
        ),
        A::WrongPageCount(e) => (
            format!("{} pages were supplied, {} are needed", e.given, e.expected),
            None,
        ),
        A::NotWithheld(e) => (format!("document {} is not withheld", e.index), None),
        A::WrongSalt(e) => (
            format!("the salt has hash {}, the request committed to {}", e.given, e.expected),
            Some("it is in the journal of the state directory that made the request"),
        ),
        A::BadRanks(e) => (format!("{} ranks for {} documents", e.given, e.expected), None),
        A::NotNamed(e) => (format!("document {} was not named", e.index), None),
        A::BadDemand(e) => (
            format!("a demand for {} documents is not one for 1 to {}", e.given, e.limit),
            Some("make several demands"),
        ),
        A::DocumentWithheld(e) => (
            format!("document {} is withheld", e.index),
            Some("it can be demanded once the authority has overruled that"),
        ),
        A::ZeroCtRoot(_) => ("the root of the ciphertext is zero".into(), None),
        A::WrongCtRoot(e) => (
            format!(
                "the published chunks lead to root {}, committed was {}",
                e.given, e.expected
            ),
            None,
        ),
        A::NoSuchSlot(e) => (format!("document {} of a demand for {}", e.given, e.slots), None),
        A::DemandsOpen(e) => (
            format!("{} demands of audit {} are not settled", e.count, e.id),
            Some("assay timeout run ID settles those whose time has passed"),
        ),
        // Those about requests have words of their own.
        _ => ("the retrieval market refuses the request".into(), None),
    }
}

fn documents(error: D) -> String {
    match error {
        D::BadDocumentGroup(e) => format!(
            "a proof has {} commitments, {} salts and {} paths instead of one each",
            e.docCommits, e.leafSalts, e.paths
        ),
        D::WrongDocumentLeaf(e) => format!(
            "document {} leads to root {}, the corpus has {}",
            e.index, e.given, e.expected
        ),
    }
}

fn library(error: L) -> String {
    match error {
        L::WrongPage(e) => format!(
            "page {} of the answers has hash {}, posted was {}",
            e.q, e.given, e.expected
        ),
        L::NoSuchDocument(e) => format!("document {} of a corpus of {}", e.index, e.size),
        L::AnsweredOne(e) => format!("document {} was answered with a match: it cannot be a sample", e.index),
        L::WrongSample(e) => format!(
            "sample {} is the document with {} zeros before it, not with {}",
            e.j, e.expectedRank, e.rank
        ),
        L::BadPoint(e) => format!("({}, {}) is no point of the curve", e.x, e.y),
        L::CurveCallFailed(_) => "the chain does not compute on the curve".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Address, B256, U256};
    use alloy::sol_types::SolError;
    use assay_protocol::abi::IRetrievalMarket;

    #[test]
    fn refusals_name_what_was_given() {
        let rq = Address::repeat_byte(7);
        let used = IRetrievalMarket::KeyUsed {
            rq,
            keyX: U256::from(1),
        }
        .abi_encode();
        let (said, hint) = words(&used).unwrap();
        assert!(said.contains(&rq.to_string()) && hint.unwrap().contains("key"));
        let (id, count) = (B256::repeat_byte(9), U256::from(2));
        let (said, _) = words(&IRetrievalMarket::DemandsOpen { id, count }.abi_encode()).unwrap();
        assert!(said.contains(&id.to_string()) && said.starts_with("2 demands"));
        assert_eq!(words(&[1, 2, 3, 4]), None);
    }

    /// Each of a request's refusals has words of its own.
    #[test]
    fn no_refusal_has_only_general_words() {
        for selector in A::selectors() {
            let data = [selector.as_slice(), &[0; 32 * 4]].concat();
            let (said, _) = words(&data).expect("an error of the market");
            assert_ne!(
                said,
                "the retrieval market refuses the request",
                "{}",
                hex::encode(selector)
            );
        }
    }
}
