//! Money and windows: each number of `AuditPayouts` and `AuditTerms` that clients compute for themselves.

use crate::parameters::{params, word};
use alloy::primitives::U256;
use assay_protocol::abi::{AuditOutcome, RequestTerms};
use assay_protocol::retrieval::amounts::{chunks_fee, chunks_per_document, deliver_fee, demand_fee, demand_row, row};
use assay_protocol::retrieval::windows::{
    answer_window, deliver_window, prove_window, publish_window, too_long, MAX_WINDOW,
};
use serde_json::{json, Value};

/// Of the market's parameters; `terms` are those of a request whose windows are short enough.
pub(crate) fn amounts(terms: &RequestTerms) -> Value {
    json!({
        "outcomes": outcomes(),
        "demandRows": demand_rows(),
        "demands": demands(),
        "answerWindows": answer_windows(),
        "proveWindows": prove_windows(),
        "requests": requests(terms),
    })
}

/// Of the smallest, odd and the largest amounts.
fn outcomes() -> Vec<Value> {
    let outcomes = [
        AuditOutcome::Cancelled,
        AuditOutcome::Declined,
        AuditOutcome::Timeout,
        AuditOutcome::Unchecked,
        AuditOutcome::Violation,
        AuditOutcome::Complete,
    ];
    let amounts = [(0, 0), (7, 100), (u128::MAX, u128::MAX - 1)];
    let cases = outcomes
        .into_iter()
        .flat_map(|outcome| amounts.map(|(price, bond)| (outcome, price, bond)));
    let case = |(outcome, price, bond)| {
        let row = row(outcome, price, bond).unwrap();
        json!({
            "outcome": word(outcome as u8),
            "price": word(price),
            "bond": word(bond),
            "rq": word(row.requester),
            "rs": word(row.responder),
        })
    };
    cases.map(case).collect()
}

fn demand_rows() -> Vec<Value> {
    let amounts = [(0, 0), (1001, 1000), (1001, 1001), (1001, 1010), (u128::MAX, u128::MAX)];
    let mut rows = Vec::new();
    for (violated, published) in [(false, false), (false, true), (true, false), (true, true)] {
        for (paid, spent) in amounts {
            let row = demand_row(violated, published, paid, spent);
            rows.push(json!({
                "violated": violated,
                "published": published,
                "paid": word(paid),
                "spent": word(spent),
                "rq": word(row.requester),
                "rs": word(row.responder),
            }));
        }
    }
    rows
}

/// Inputs at the borders of a chunk of eight words; the first and a later demand; what `deliver` and all chunks use up of B.
fn demands() -> Vec<Value> {
    let params = params();
    let cases = [
        (1, 1, 1, 1),
        (1, 2, 8, 7),
        (2, 3, 9, 1_234_567_891),
        (3, 3, 892, 1_234_567_891),
        (128, 1 << 20, 892, u64::MAX),
        (5, 5, 1 << 20, 0),
    ];
    let case = |(documents, so_far, input_words, base_fee): (u32, u64, u32, u64)| {
        let base_fee = u128::from(base_fee);
        let chunks = u64::from(documents) * chunks_per_document(&params.delivery, input_words);
        json!({
            "documents": word(documents),
            "soFar": word(so_far),
            "inputWords": word(input_words),
            "baseFee": word(base_fee),
            "fee": word(demand_fee(&params.delivery, documents, input_words, base_fee)),
            "chunks": word(chunks),
            "deliverFee": word(deliver_fee(&params.delivery, base_fee)),
            "chunksFee": word(chunks_fee(&params.delivery, chunks, base_fee)),
            "deliverWindow": word(deliver_window(&params, so_far, input_words)),
            "publishWindow": word(publish_window(&params, so_far, input_words)),
        })
    };
    cases.map(case).to_vec()
}

/// At the borders of a page.
fn answer_windows() -> Vec<Value> {
    let case = |documents| {
        json!({
            "documents": word(documents),
            "window": word(answer_window(&params().windows, documents)),
        })
    };
    [1, 4096, 4097, 10_000, 1 << 20].map(case).to_vec()
}

fn prove_windows() -> Vec<Value> {
    let case = |items| json!({"items": word(items), "window": word(prove_window(&params().windows, items))});
    [0, 1, 319, (1 << 20) + 128].map(case).to_vec()
}

/// Requests about a corpus of 2^20 documents on both sides of each window's limit; `tooLong` is empty where none exceeds it.
fn requests(terms: &RequestTerms) -> Vec<Value> {
    let params = params();
    let cases = [
        // Samples and named documents: 327,599 at most.
        (327_579, 20, 0, 1),
        (327_580, 20, 0, 1),
        (327_599, 0, 0, 1),
        (327_599, 1, 0, 1),
        // Chunks, eleven a document: 10,483,197 at most may be published.
        (1, 0, 953_017, 80),
        (1, 0, 953_018, 80),
        // Fifteen a document: 15,724,797 at most may be delivered.
        (1, 0, 1_048_319, 112),
        (1, 0, 1_048_320, 112),
    ];
    let expected = ["", "prove", "", "prove", "", "publish", "publish", "deliver"];
    let case = |((samples, named_max, ones_max, input_words), expected): ((u32, u32, u32, u32), &str)| {
        let terms = RequestTerms {
            samples,
            namedMax: named_max,
            onesMax: ones_max,
            withholdMax: 0,
            ..terms.clone()
        };
        let name = too_long(&params, &terms, input_words).unwrap_or_default();
        assert_eq!(name, expected);
        let window = match name {
            "" => 0,
            "prove" => prove_window(&params.windows, u64::from(samples) + u64::from(named_max)),
            "deliver" => deliver_window(&params, ones_max.into(), input_words),
            _ => publish_window(&params, ones_max.into(), input_words),
        };
        json!({
            "samples": word(samples),
            "namedMax": word(named_max),
            "onesMax": word(ones_max),
            "inputWords": word(input_words),
            "tooLong": name,
            "limit": word(U256::from(MAX_WINDOW)),
            "window": word(window),
        })
    };
    cases.into_iter().zip(expected).map(case).collect()
}
