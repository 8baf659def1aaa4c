//! What each immutable of the contracts must be, by its name in the sources; those of one name are the same in all contracts of one
//! market.

use crate::market::Market;
use crate::rounds::Rounds;
use alloy::primitives::{Address, U256};
use assay_protocol::abi::IAccuracyMarket::termsCall;
use assay_protocol::abi::RetrievalParams;
use assay_protocol::retrieval::statement::audit_params_hash;
use std::collections::BTreeMap;

/// By name.
pub(crate) type Immutables = BTreeMap<&'static str, U256>;

/// A stake is this many strikes, as in `ModelRegistry`.
const STRIKES_PER_STAKE: u64 = 1000;

fn word(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

/// Of registry and accuracy market, and of the contracts that these rely on.
pub(crate) async fn of_marketplace(market: &Market) -> eyre::Result<Immutables> {
    let chain = &market.chain;
    let terms = chain.view(market.address, &termsCall {}).await?;
    let p = &market.params;
    let (prices, windows, judges, transfer, claim) = (&p.prices, &p.windows, &p.judges, &p.transfer, &p.claim);
    let (n1, n2) = (U256::from(p.n1), U256::from(p.n2));
    let (price_input, fee) = (U256::from(p.priceInput), U256::from(prices.fee));
    let strike = n1 * price_input;
    let deposit = U256::from(2) * (n1 + n2) * price_input;
    Ok(BTreeMap::from([
        ("REGISTRY", word(market.registry)),
        ("ACCURACY", word(market.address)),
        ("PREDICTION", word(market.prediction().await?)),
        ("TERMS", word(terms)),
        ("PARAMS_HASH", market.params_hash.into()),
        ("TREASURY", word(p.treasury)),
        ("PROOF_JUDGE", word(judges.proofs)),
        ("TRANSFER_JUDGE", word(judges.transfers)),
        ("PUBLICATION", word(judges.publication)),
        ("PRICE_INPUT", price_input),
        ("PRICE_PROOF", U256::from(prices.proof)),
        ("PRICE_INFERENCE", U256::from(prices.inference)),
        ("FEE", fee),
        ("FEES", U256::from(2) * fee),
        ("ENTRY", deposit + fee),
        ("ESCROW", U256::from(2) * deposit),
        ("STRIKE", strike),
        ("STAKE", U256::from(STRIKES_PER_STAKE) * strike),
        ("N1", n1),
        ("N2", n2),
        ("N", n1 + n2),
        ("FAULT_STRIKES", U256::from(p.faultStrikes)),
        ("ACCEPT_WINDOW", U256::from(windows.accept)),
        ("DECIDE_WINDOW", U256::from(windows.decide)),
        ("PROVE_BASE", U256::from(windows.proveBase)),
        ("PROVE_TIME_PER_ITEM", U256::from(windows.proveTimePerItem)),
        ("UNBOND_WINDOW", U256::from(p.unbondWindow)),
        ("WORDS_PER_CHUNK", U256::from(transfer.wordsPerChunk)),
        ("COMMIT_WINDOW", U256::from(transfer.commitWindow)),
        ("ACK_WINDOW", U256::from(transfer.ackWindow)),
        ("PUBLISH_WINDOW", U256::from(transfer.publishWindow)),
        ("KEY_WINDOW", U256::from(transfer.keyWindow)),
        ("CHALLENGE_WINDOW", U256::from(claim.challengeWindow)),
        ("RESPOND_WINDOW", U256::from(claim.respondWindow)),
        ("ANSWER_TIME", U256::from(claim.answerTime)),
        ("CHALLENGE_BOND", U256::from(claim.challengeBond)),
        ("DIRECT_MAX", U256::from(claim.directMax)),
    ]))
}

/// Of the prediction market; what it shares with the accuracy market is that one's.
pub(crate) fn of_rounds(market: &Market, rounds: &Rounds) -> Immutables {
    let (p, windows) = (&rounds.params, &rounds.params.windows);
    BTreeMap::from([
        ("REGISTRY", word(market.registry)),
        ("JUDGE", word(p.judge)),
        ("TREASURY", word(market.params.treasury)),
        ("PARAMS_HASH", rounds.params_hash.into()),
        ("PRICE_PROOF", U256::from(p.priceProof)),
        ("FEE", U256::from(p.fee)),
        ("ANSWER_GAS", U256::from(p.answerGas)),
        ("ACCEPT_WINDOW", U256::from(windows.accept)),
        ("PUBLISH_WINDOW", U256::from(windows.publish)),
        ("CONTEST_WINDOW", U256::from(windows.contest)),
        ("RESPOND_WINDOW", U256::from(windows.respond)),
        ("ANSWER_TIME", U256::from(windows.answerTime)),
        ("UNBOND_WINDOW", U256::from(market.params.unbondWindow)),
    ])
}

/// Of the retrieval market at `market` and of the contracts that it deployed.
pub(crate) fn of_audits(market: Address, p: &RetrievalParams) -> Immutables {
    let (contracts, delivery, windows) = (&p.contracts, &p.delivery, &p.windows);
    let [terms, reader] = created_by(market);
    BTreeMap::from([
        ("TERMS", word(terms)),
        ("READER", word(reader)),
        ("PARAMS_HASH", audit_params_hash(p).into()),
        ("CORPORA", word(contracts.corpora)),
        ("DOCUMENT_JUDGE", word(contracts.documents)),
        ("TRANSFER_JUDGE", word(contracts.transfers)),
        ("SHARED_KEY_JUDGE", word(contracts.sharedKeys)),
        ("PUBLICATION", word(contracts.publication)),
        ("WORDS_PER_CHUNK", U256::from(delivery.wordsPerChunk)),
        ("CHUNK_GAS", U256::from(delivery.chunkGas)),
        ("DELIVER_GAS", U256::from(delivery.deliverGas)),
        ("ACCEPT_WINDOW", U256::from(windows.accept)),
        ("ANSWER_BASE", U256::from(windows.answerBase)),
        ("ANSWER_TIME", U256::from(windows.answerTime)),
        ("REVEAL_WINDOW", U256::from(windows.reveal)),
        ("PROVE_BASE", U256::from(windows.proveBase)),
        ("PROVE_TIME", U256::from(windows.proveTime)),
        ("DEMAND_WINDOW", U256::from(windows.demand)),
        ("DELIVER_BASE", U256::from(windows.deliverBase)),
        ("DELIVER_TIME", U256::from(windows.deliverTime)),
        ("ACK_WINDOW", U256::from(windows.ack)),
        ("PUBLISH_BASE", U256::from(windows.publishBase)),
        ("PUBLISH_TIME", U256::from(windows.publishTime)),
        ("EVIDENCE_WINDOW", U256::from(windows.evidence)),
    ])
}

/// `AuditTerms` and `AuditReader` of a retrieval market: what its constructor creates, in this order.
pub(crate) fn created_by(market: Address) -> [Address; 2] {
    [1, 2].map(|nonce| market.create(nonce))
}

/// Everything that decides about the money of audits, each by its name in the sources.
pub(crate) fn parts_of_audits(market: Address, p: &RetrievalParams) -> [(&'static str, Address); 8] {
    let [terms, reader] = created_by(market);
    let contracts = &p.contracts;
    [
        ("RetrievalMarket", market),
        ("AuditTerms", terms),
        ("AuditReader", reader),
        ("DocumentJudge", contracts.documents),
        ("SharedKeyJudge", contracts.sharedKeys),
        ("TransferJudge", contracts.transfers),
        ("PublishedTransfers", contracts.publication),
        ("CorpusRegistry", contracts.corpora),
    ]
}
