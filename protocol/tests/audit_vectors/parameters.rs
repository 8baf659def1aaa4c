//! The parameters of the market that the vectors are of, and how numbers are written.

use alloy::primitives::{Address, B256, U256};
use assay_protocol::abi::{AuditContracts, AuditWindows, DeliveryParams, RetrievalParams};

pub(crate) fn word(number: impl TryInto<U256, Error: std::fmt::Debug>) -> String {
    B256::from(number.try_into().unwrap()).to_string()
}

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
            accept: 86_401,
            answerBase: 86_402,
            answerTime: 61,
            reveal: 86_403,
            proveBase: 86_404,
            proveTime: 96,
            demand: 86_405,
            deliverBase: 86_406,
            deliverTime: 2,
            ack: 86_407,
            publishBase: 86_408,
            publishTime: 3,
            evidence: 86_409,
        },
    }
}
