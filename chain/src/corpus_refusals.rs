//! What the registry of corpora refuses, in words.

use alloy::sol_types::SolInterface;
use assay_protocol::abi::corpora::ICorpusRegistry::ICorpusRegistryErrors as C;

/// Words and a hint; `None` if the data is no refusal of its own.
pub(super) fn words(data: &[u8]) -> Option<(String, Option<&'static str>)> {
    C::abi_decode(data).ok().map(registry)
}

fn registry(error: C) -> (String, Option<&'static str>) {
    match error {
        C::ZeroRoot(_) => ("the root of the documents is zero".into(), None),
        C::BadCorpusSize(e) => (
            format!("{} documents are not 1 to {}", e.given, e.largest),
            Some("make several corpora of them, for example one for each period"),
        ),
        C::BadInputShape(e) => (
            format!("a model input of {} words, {} per hash", e.inputWords, e.wordsPerHash),
            None,
        ),
        C::UriTooLong(e) => (
            format!("the uri has {} bytes, at most {} are allowed", e.given, e.limit),
            None,
        ),
        C::CorpusExists(e) => (
            format!("corpus {} was committed before", e.corpusId),
            Some("assay corpus show ID shows it"),
        ),
        C::UnknownCorpus(e) => (
            format!("nobody committed corpus {}", e.corpusId),
            Some("check the id; assay corpus list ADDRESS has those of a responder"),
        ),
        C::ZeroStatement(_) => ("the hash of the statement is zero".into(), None),
        C::AlreadyAttested(e) => (
            format!("{} has attested corpus {} before", e.source, e.corpusId),
            Some("a source attests a corpus once; what it said is in assay corpus show ID"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Address, B256};
    use alloy::sol_types::SolError;
    use assay_protocol::abi::corpora::ICorpusRegistry;

    #[test]
    fn refusals_name_what_was_given() {
        let (source, id) = (Address::repeat_byte(7), B256::repeat_byte(9));
        let data = ICorpusRegistry::AlreadyAttested { corpusId: id, source }.abi_encode();
        let (words, hint) = words(&data).unwrap();
        assert!(words.contains(&source.to_string()) && words.contains(&id.to_string()));
        assert!(hint.unwrap().contains("once"));
        assert_eq!(super::words(&[1, 2, 3, 4]), None);
    }
}
