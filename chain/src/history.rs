//! The events of one engagement, also from nodes that serve the logs of a few blocks at a time.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::client::Chain;
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use std::future::Future;

/// Every event of a market about an id, oldest first; the oldest of all has topic `first`.
///
/// # Errors
/// If the node refuses the logs of a single block, or does not answer.
pub async fn history(chain: &Chain, market: Address, id: B256, first: B256) -> eyre::Result<Vec<Log>> {
    let filter = Filter::new().address(market).topic1(id);
    let head = chain.provider.get_block_number().await?;
    let page = |first: u64, last: u64| {
        let filter = filter.clone().from_block(first).to_block(last);
        async move { chain.provider.get_logs(&filter).await }
    };
    let is_first = |log: &Log| log.topic0() == Some(&first);
    Ok(backwards(head, page, is_first).await?)
}

/// Asks for everything up to block `head`; where that is refused, for pages from the end on until the first event is found.
async fn backwards<T, P, F>(head: u64, page: P, is_first: impl Fn(&T) -> bool) -> Result<Vec<T>, TransportError>
where
    P: Fn(u64, u64) -> F,
    F: Future<Output = Result<Vec<T>, TransportError>>,
{
    let mut pages = Vec::new();
    let (mut last, mut span) = (head, head + 1);
    loop {
        span = span.min(last + 1);
        let first = last + 1 - span;
        match page(first, last).await {
            Ok(found) => {
                let is_all = first == 0 || found.iter().any(&is_first);
                pages.push(found);
                if is_all {
                    break;
                }
                last = first - 1;
            }
            // Some refuse in HTTP's words.
            Err(RpcError::ErrorResp(_) | RpcError::Transport(TransportErrorKind::HttpError(_))) if span > 1 => {
                span /= 2;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Blocks that hold one event each; the first of them is the offer.
    const EVENTS: [u64; 4] = [1_000, 1_500, 1_501, 9_999];

    /// What a node answers that serves `limit` blocks at a time, and how often it was asked.
    async fn ask(head: u64, limit: u64) -> (Result<Vec<u64>, TransportError>, usize) {
        let asked = Cell::new(0);
        let page = |first: u64, last: u64| {
            asked.set(asked.get() + 1);
            let found = EVENTS.into_iter().filter(|block| (first..=last).contains(block));
            let answer = if last + 1 - first > limit {
                let refusal = r#"{"code": -32005, "message": "too many blocks"}"#;
                Err(RpcError::ErrorResp(serde_json::from_str(refusal).unwrap()))
            } else {
                Ok(found.collect())
            };
            async { answer }
        };
        let found = backwards(head, page, |block| *block == EVENTS[0]).await;
        (found, asked.get())
    }

    #[tokio::test]
    async fn a_node_without_a_limit_is_asked_once() {
        let (found, asked) = ask(20_000, u64::MAX).await;
        assert_eq!((found.unwrap(), asked), (EVENTS.to_vec(), 1));
        let (found, asked) = ask(0, u64::MAX).await;
        assert_eq!((found.unwrap(), asked), (vec![], 1));
    }

    #[tokio::test]
    async fn pages_go_back_to_the_offer_and_no_further() {
        for limit in [1_000, 300, 7] {
            let (found, asked) = ask(20_000, limit).await;
            assert_eq!(found.unwrap(), EVENTS, "{limit}");
            // Halving ends above half of the limit.
            assert!(
                asked as u64 <= 16 + 2 * 19_000 / limit,
                "{asked} requests, {limit} blocks each"
            );
        }
        let (found, _) = ask(800, 50).await;
        assert!(found.unwrap().is_empty(), "no event at all");
    }

    #[tokio::test]
    async fn a_node_that_refuses_a_single_block_is_believed() {
        let (found, asked) = ask(20_000, 0).await;
        assert!(found.is_err());
        assert_eq!(asked, 15);
    }
}
