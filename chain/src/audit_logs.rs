//! What is in the transactions and logs of an audit and not in the market's storage.

use crate::audits::Audits;
use crate::error::{hinted, hinted_because};
use crate::history::history;
use crate::market::decoded;
use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::IRetrievalMarket::{
    publishChunksCall, AnswersPosted, AuditRequested, DemandPublished, Demanded, SaltRevealed, Withheld,
};
use assay_protocol::retrieval::posted::Step;
use assay_protocol::retrieval::statement::list_hash;
use serde::Deserialize;
use serde_json::json;

impl Audits {
    /// Every event of a kind about an audit, oldest first.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn events<E: SolEvent>(&self, id: B256) -> eyre::Result<Vec<E>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        Ok(decoded::<E>(&logs)?.map(|(event, _)| event).collect())
    }

    /// The calls that answered, in their order, so far.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn answer_steps(&self, id: B256) -> eyre::Result<Vec<Step>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        let mut steps = Vec::new();
        for log in &logs {
            match log.topic0() {
                Some(topic) if *topic == AnswersPosted::SIGNATURE_HASH => {
                    let posted = AnswersPosted::decode_log(&log.inner)?.data;
                    steps.push(Step::Page {
                        bits: posted.bits.to_vec(),
                    });
                }
                Some(topic) if *topic == Withheld::SIGNATURE_HASH => {
                    let withheld = Withheld::decode_log(&log.inner)?.data;
                    steps.push(Step::Withheld {
                        indices: withheld.indices,
                        log: withheld.log,
                    });
                }
                _ => {}
            }
        }
        Ok(steps)
    }

    /// What the requester showed: salt and named documents; `None` before.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn revealed(&self, id: B256) -> eyre::Result<Option<SaltRevealed>> {
        Ok(self.events::<SaltRevealed>(id).await?.into_iter().last())
    }

    /// The documents of demand `m`, as the market keeps the hash of.
    ///
    /// # Errors
    /// If there is no such demand, or the node serves other logs than the market's.
    pub async fn demanded(&self, id: B256, m: u32) -> eyre::Result<Vec<u32>> {
        let kept = self.demand(id, m).await?.listHash;
        let events = self.events::<Demanded>(id).await?.into_iter();
        let listed = events.filter(|event| event.m == U256::from(m));
        let listed = listed.map(|event| event.indices).find(|list| list_hash(list) == kept);
        listed.ok_or_else(|| missing("list of documents", id, m))
    }

    /// The words of every published chunk of demand `m` in order, from the transactions that published them.
    ///
    /// # Errors
    /// If a contract published them, and the node does not say what it called.
    pub async fn published_words(&self, id: B256, m: u32) -> eyre::Result<Vec<B256>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        let events = decoded::<DemandPublished>(&logs)?.filter(|(event, _)| event.m == U256::from(m));
        let mut words = Vec::new();
        for (_, hash) in events {
            let transaction = self.chain.provider.get_transaction_by_hash(hash).await?;
            let direct = transaction
                .filter(|t| t.to() == Some(self.address))
                .and_then(|t| published_in(t.input(), id, m));
            match direct {
                Some(published) => words.extend(published),
                // The calldata is that of a call within the transaction.
                None => words.extend(self.published_within(hash, id, m).await?),
            }
        }
        Ok(words)
    }

    /// What contracts published for demand `m` in a transaction.
    ///
    /// # Errors
    /// If the node traces no transactions.
    async fn published_within(&self, hash: B256, id: B256, m: u32) -> eyre::Result<Vec<B256>> {
        let calls = self.calls_within(hash).await.map_err(|error| {
            hinted_because(
                error,
                format!("transaction {hash} published chunks through a contract, and the node does not say what that called"),
                "use a node that answers debug_traceTransaction: without every chunk no bad delivery can be shown",
            )
        })?;
        let published = calls.iter().filter_map(|call| published_in(call, id, m));
        Ok(published.flatten().collect())
    }

    /// What the market was called with in a transaction, in the order of execution, but for what was undone.
    ///
    /// # Errors
    /// If the node traces no transactions.
    pub async fn calls_within(&self, hash: B256) -> eyre::Result<Vec<Bytes>> {
        let tracer = json!({"tracer": "callTracer"});
        let asked = self
            .chain
            .provider
            .raw_request("debug_traceTransaction".into(), (hash, tracer));
        let trace: Frame = asked.await?;
        Ok(trace.calls_of(self.address))
    }
}

/// A call within a transaction, as the call tracer shows it.
#[derive(Debug, Deserialize)]
struct Frame {
    /// `CALL`, or another instruction.
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    to: Option<Address>,
    #[serde(default)]
    input: Bytes,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    calls: Vec<Frame>,
}

impl Frame {
    /// What a contract was called with, in the order of execution, but for what was undone.
    fn calls_of(&self, contract: Address) -> Vec<Bytes> {
        let mut found = Vec::new();
        self.visit(&mut |frame| {
            // Code that another contract runs in its own place is not called.
            if frame.to == Some(contract) && frame.kind == "CALL" && frame.error.is_none() {
                found.push(frame.input.clone());
            }
        });
        found
    }

    /// In the order of execution, but not into what was undone.
    fn visit(&self, look: &mut impl FnMut(&Self)) {
        look(self);
        if self.error.is_none() {
            self.calls.iter().for_each(|call| call.visit(look));
        }
    }
}

/// The words that a call of the market published for demand `m`; `None` if it is another call.
fn published_in(input: &[u8], id: B256, m: u32) -> Option<Vec<B256>> {
    let call = publishChunksCall::abi_decode(input).ok()?;
    (call.id == id && call.m == U256::from(m)).then_some(call.cipherWords)
}

fn missing(what: &str, id: B256, m: u32) -> eyre::Report {
    hinted(
        format!("the node has no {what} of demand {m} of audit {id}"),
        "use a node that serves the logs of the whole chain",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(input: Bytes, error: Option<&str>, calls: Vec<Frame>) -> Frame {
        Frame {
            kind: "CALL".into(),
            to: Some(Address::ZERO),
            input,
            error: error.map(str::to_owned),
            calls,
        }
    }

    fn publishing(m: u64, word: u8) -> Bytes {
        let call = publishChunksCall {
            id: B256::repeat_byte(1),
            m: U256::from(m),
            guard: B256::ZERO,
            from: U256::ZERO,
            cipherWords: vec![B256::repeat_byte(word)],
        };
        call.abi_encode().into()
    }

    #[test]
    fn calls_within_a_transaction_are_read_in_order_but_for_those_undone() {
        let undone = frame(
            Bytes::new(),
            Some("execution reverted"),
            vec![frame(publishing(0, 9), None, vec![])],
        );
        let inner = frame(Bytes::new(), None, vec![frame(publishing(0, 2), None, vec![])]);
        let mut borrowed = frame(publishing(0, 6), None, vec![]);
        borrowed.kind = "DELEGATECALL".into();
        let mut elsewhere = frame(publishing(0, 5), None, vec![]);
        elsewhere.to = Some(Address::repeat_byte(1));
        let calls = vec![
            frame(publishing(0, 1), None, vec![]),
            undone,
            frame(publishing(1, 8), None, vec![]),
            frame(publishing(0, 7), Some("execution reverted"), vec![]),
            inner,
            borrowed,
            elsewhere,
        ];
        let whole = frame(Bytes::new(), None, calls);
        let calls = whole.calls_of(Address::ZERO);
        let words = calls
            .iter()
            .filter_map(|call| published_in(call, B256::repeat_byte(1), 0));
        let words: Vec<B256> = words.flatten().collect();
        assert_eq!(words, [B256::repeat_byte(1), B256::repeat_byte(2)]);
    }

    #[test]
    fn a_trace_of_a_node_is_read() {
        let text = r#"{"type":"CALL","from":"0x0000000000000000000000000000000000000001","to":"0x0000000000000000000000000000000000000002",
            "input":"0x12","calls":[{"type":"CREATE","input":"0x"}]}"#;
        let trace: Frame = serde_json::from_str(text).unwrap();
        assert_eq!((trace.input.len(), trace.calls.len(), trace.calls[0].to), (1, 1, None));
        assert_eq!((&trace.kind[..], &trace.calls[0].kind[..]), ("CALL", "CREATE"));
    }
}
