//! How long everything in an audit may take, as `AuditTerms` says.

use super::amounts::chunks_per_document;
use super::answers::page_count;
use crate::abi::{AuditWindows, DeliveryParams, RequestTerms, RetrievalParams};

/// Seconds of the longest window that a market allows.
pub const MAX_WINDOW: u64 = 365 * 24 * 3600;

/// W_answer of a corpus of so many documents, seconds.
pub fn answer_window(windows: &AuditWindows, documents: u32) -> u64 {
    linear(
        windows.answerBase,
        windows.answerTime,
        page_count(documents as usize) as u64,
    )
}

/// W_prove of so many samples and named documents.
pub fn prove_window(windows: &AuditWindows, items: u64) -> u64 {
    linear(windows.proveBase, windows.proveTime, items)
}

/// W_deliver when so many documents of L words were demanded so far.
pub fn deliver_window(params: &RetrievalParams, documents: u64, input_words: u32) -> u64 {
    let chunks = chunks(&params.delivery, documents, input_words);
    linear(params.windows.deliverBase, params.windows.deliverTime, chunks)
}

/// W_publish, likewise.
pub fn publish_window(params: &RetrievalParams, documents: u64, input_words: u32) -> u64 {
    let chunks = chunks(&params.delivery, documents, input_words);
    linear(params.windows.publishBase, params.windows.publishTime, chunks)
}

/// The window that would be longer than a market allows, by its name in the contract; `None` if the request may be made.
pub fn too_long(params: &RetrievalParams, terms: &RequestTerms, input_words: u32) -> Option<&'static str> {
    let most = u64::from(terms.onesMax);
    let items = u64::from(terms.samples) + u64::from(terms.namedMax);
    let windows = [
        ("prove", prove_window(&params.windows, items)),
        ("deliver", deliver_window(params, most, input_words)),
        ("publish", publish_window(params, most, input_words)),
    ];
    let too_long = windows.into_iter().find(|(_, window)| *window > MAX_WINDOW);
    too_long.map(|(name, _)| name)
}

fn chunks(delivery: &DeliveryParams, documents: u64, input_words: u32) -> u64 {
    documents.saturating_mul(chunks_per_document(delivery, input_words))
}

fn linear(base: u64, time: u64, units: u64) -> u64 {
    base.saturating_add(time.saturating_mul(units))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::abi::{AuditContracts, Point};
    use alloy::primitives::{Address, B256, U256};

    pub(crate) fn params() -> RetrievalParams {
        RetrievalParams {
            contracts: AuditContracts {
                corpora: Address::repeat_byte(1),
                documents: Address::repeat_byte(2),
                transfers: Address::repeat_byte(3),
                sharedKeys: Address::repeat_byte(4),
                publication: Address::repeat_byte(5),
            },
            delivery: DeliveryParams {
                wordsPerChunk: 8,
                chunkGas: 12_000,
                deliverGas: 90_000,
            },
            windows: AuditWindows {
                accept: 10,
                answerBase: 100,
                answerTime: 7,
                reveal: 11,
                proveBase: 3600,
                proveTime: 96,
                demand: 12,
                deliverBase: 1000,
                deliverTime: 1,
                ack: 13,
                publishBase: 2000,
                publishTime: 3,
                evidence: 14,
            },
        }
    }

    pub(crate) fn terms() -> RequestTerms {
        RequestTerms {
            corpusId: B256::repeat_byte(1),
            predicateHash: B256::repeat_byte(2),
            samples: 299,
            namedMax: 20,
            onesMax: 500,
            withholdMax: 10,
            saltHash: B256::repeat_byte(3),
            requesterKey: Point {
                x: U256::from(1),
                y: U256::from(2),
            },
            authority: Address::repeat_byte(6),
            bond: 1000,
            price: 77,
            expiry: 1_800_000_000,
        }
    }

    #[test]
    fn windows_count_pages_proofs_and_chunks() {
        let params = params();
        assert_eq!(answer_window(&params.windows, 4096), 107);
        assert_eq!(answer_window(&params.windows, 4097), 114);
        assert_eq!(prove_window(&params.windows, 319), 3600 + 319 * 96);
        assert_eq!(deliver_window(&params, 2, 892), 1000 + 226);
        assert_eq!(publish_window(&params, 2, 892), 2000 + 678);
    }

    #[test]
    fn a_request_may_not_make_a_window_endless() {
        let (params, terms) = (params(), terms());
        assert_eq!(too_long(&params, &terms, 892), None);
        let many = |change: fn(&mut RequestTerms)| {
            let mut terms = terms.clone();
            change(&mut terms);
            too_long(&params, &terms, 892)
        };
        assert_eq!(many(|terms| terms.samples = 330_000), Some("prove"));
        assert_eq!(many(|terms| terms.onesMax = 1 << 18), Some("publish"));
        assert_eq!(many(|terms| terms.onesMax = u32::MAX), Some("deliver"));
    }
}
