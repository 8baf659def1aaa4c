//! The events of an audit, from blocks that prove them.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::{refused, require};
use super::relayed::{Calls, Relayed};
use super::replay::course::Moment;
use alloy::primitives::{Address, Log, B256};
use alloy::sol_types::SolEventInterface;
use assay_chain::block_proof::{BlockProof, ProvenBlock};
use assay_chain::inclusion::Nodes;
use assay_protocol::abi::IRetrievalMarket::IRetrievalMarketEvents as Event;
use eyre::WrapErr;

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

/// What the market said of the audit, in order, each with the call that led to it.
///
/// # Errors
/// Of kind rejected, if it said something that this market does not say, a transaction has nothing to do with the audit, or calls are
/// carried for none of those that other contracts made.
pub fn of_audit(
    blocks: &[ProvenBlock],
    market: Address,
    id: B256,
    relayed: &[Relayed],
) -> eyre::Result<Vec<(Moment, Event)>> {
    let (mut events, mut relayed) = (Vec::new(), relayed.iter().peekable());
    for block in blocks {
        for transaction in &block.transactions {
            let about = transaction.logs.iter().filter_map(|log| event_of(log, market, id));
            let about = about.collect::<eyre::Result<Vec<_>>>();
            let about = about.wrap_err_with(|| format!("transaction {}", transaction.hash))?;
            require(!about.is_empty(), || {
                format!("transaction {} says nothing of the audit", transaction.hash)
            })?;
            let carried =
                relayed.next_if(|next| next.transaction == transaction.hash && transaction.to != Some(market));
            let mut calls = Calls::of(transaction, market, carried);
            for event in about {
                let at = Moment {
                    block: block.number,
                    time: block.time,
                    base_fee: block.base_fee,
                    call: calls.next(&event)?,
                };
                events.push((at, event));
            }
            calls.end()?;
        }
    }
    require(relayed.peek().is_none(), || {
        "calls are carried for a transaction that made none through another contract"
    })?;
    Ok(events)
}

/// What a log says, if it is the market's about this audit.
pub(super) fn event_of(log: &Log, market: Address, id: B256) -> Option<eyre::Result<Event>> {
    let is_about = log.address == market && log.topics().get(1) == Some(&id);
    let read = || Event::decode_raw_log(log.topics(), &log.data.data);
    is_about.then(|| read().map_err(|why| refused(format!("an event that is none of the market's: {why}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Bytes;
    use alloy::sol_types::SolEvent;
    use assay_chain::block_proof::ProvenTransaction;
    use assay_protocol::abi::IRetrievalMarket::{AuditApproved, AuditProven};

    const MARKET: Address = Address::repeat_byte(1);
    const RELAY: Address = Address::repeat_byte(2);
    const ID: B256 = B256::repeat_byte(3);

    fn log(event: &impl SolEvent) -> Log {
        Log {
            address: MARKET,
            data: event.encode_log_data(),
        }
    }

    /// A transaction to a contract that had the market say three things, two of them of proofs.
    fn block(to: Address) -> Vec<ProvenBlock> {
        let proven = |accepted| AuditProven {
            id: ID,
            corpusId: B256::ZERO,
            by: RELAY,
            accepted,
            proven: accepted,
            deadline: 0,
        };
        let approved = AuditApproved {
            id: ID,
            corpusId: B256::ZERO,
            authority: RELAY,
        };
        let transaction = ProvenTransaction {
            index: 0,
            hash: B256::repeat_byte(4),
            to: Some(to),
            input: Bytes::from_static(&[9]),
            logs: vec![log(&proven(1)), log(&approved), log(&proven(2))],
        };
        vec![ProvenBlock {
            number: 5,
            hash: B256::repeat_byte(6),
            time: 7,
            base_fee: 8,
            state_root: B256::ZERO,
            transactions: vec![transaction],
        }]
    }

    fn carried(transaction: B256, calls: &[u8]) -> Relayed {
        let calls = calls.iter().map(|byte| Bytes::from(vec![*byte])).collect();
        Relayed { transaction, calls }
    }

    fn calls(to: Address, relayed: &[Relayed]) -> eyre::Result<Vec<Option<Bytes>>> {
        let events = of_audit(&block(to), MARKET, ID, relayed)?;
        Ok(events.into_iter().map(|(at, _)| at.call).collect())
    }

    #[test]
    fn events_are_of_the_call_to_the_market_or_of_those_that_are_carried() {
        let call = |byte: u8| Some(Bytes::from(vec![byte]));
        assert_eq!(calls(MARKET, &[]).unwrap(), [call(9), call(9), call(9)]);
        assert_eq!(calls(RELAY, &[]).unwrap(), [None, None, None]);
        let hash = B256::repeat_byte(4);
        let both = carried(hash, &[1, 2]);
        assert_eq!(
            calls(RELAY, std::slice::from_ref(&both)).unwrap(),
            [call(1), None, call(2)]
        );
        for (to, relayed, why) in [
            (RELAY, vec![carried(hash, &[1])], "is missing"),
            (RELAY, vec![carried(hash, &[1, 2, 3])], "1 calls that another contract"),
            (RELAY, vec![carried(ID, &[1, 2])], "calls are carried for a transaction"),
            (
                RELAY,
                vec![both.clone(), both.clone()],
                "calls are carried for a transaction",
            ),
            (MARKET, vec![both], "calls are carried for a transaction"),
        ] {
            let said = format!("{:#}", calls(to, &relayed).unwrap_err());
            assert!(said.contains(why), "{said}");
        }
    }
}
