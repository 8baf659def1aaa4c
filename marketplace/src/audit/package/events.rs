//! The events of an audit, from blocks that prove them.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::{refused, require};
use super::replay::course::Moment;
use alloy::primitives::{Address, Log, B256};
use alloy::sol_types::SolEventInterface;
use assay_chain::block_proof::{BlockProof, ProvenBlock};
use assay_chain::inclusion::Nodes;
use assay_protocol::abi::IRetrievalMarket::IRetrievalMarketEvents as Event;

/// Follows every block from its header on.
///
/// # Errors
/// Of kind rejected, if something is not of its block, or blocks are not in their order, each once.
pub fn proven(blocks: &[BlockProof], nodes: &mut Nodes) -> eyre::Result<Vec<ProvenBlock>> {
    let proven = blocks.iter().map(|block| block.check(nodes));
    let proven = proven.collect::<Result<Vec<_>, _>>();
    let proven = proven.map_err(refused)?;
    require(proven.is_sorted_by(|a, b| a.number < b.number), || {
        "blocks are not in their order, each once"
    })?;
    require(proven.is_sorted_by(|a, b| a.time <= b.time), || {
        "a block is older than the one before it"
    })?;
    Ok(proven)
}

/// What the market said of the audit, in order.
///
/// # Errors
/// Of kind rejected, if it said something that this market does not say, or a transaction has nothing to do with the audit.
pub fn of_audit(blocks: &[ProvenBlock], market: Address, id: B256) -> eyre::Result<Vec<(Moment, Event)>> {
    let mut events = Vec::new();
    for block in blocks {
        for transaction in &block.transactions {
            let mut logs = transaction
                .logs
                .iter()
                .filter(|log| is_about(log, market, id))
                .peekable();
            require(logs.peek().is_some(), || {
                format!("transaction {} says nothing of the audit", transaction.hash)
            })?;
            let call = (transaction.to == Some(market)).then(|| transaction.input.clone());
            for log in logs {
                let event = Event::decode_raw_log(log.topics(), &log.data.data);
                let event = event.map_err(|why| {
                    refused(format!(
                        "transaction {}: an event that is none of the market's: {why}",
                        transaction.hash
                    ))
                })?;
                let at = Moment {
                    block: block.number,
                    time: block.time,
                    base_fee: block.base_fee,
                    call: call.clone(),
                };
                events.push((at, event));
            }
        }
    }
    Ok(events)
}

fn is_about(log: &Log, market: Address, id: B256) -> bool {
    log.address == market && log.topics().get(1) == Some(&id)
}
