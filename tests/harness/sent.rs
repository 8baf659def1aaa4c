//! What a party has sent, for tests that count its transactions.

use crate::Party;
use serde_json::Value;

impl Party<'_> {
    /// What this party has had mined, a line each: block, nonce, receiver, and how the call begins (its selector and two words). It
    /// explains a count that is not as expected.
    ///
    /// # Panics
    /// If the node does not answer.
    pub fn transactions(&self) -> String {
        let ask = |method: &str, params: &str| -> Value {
            serde_json::from_str(&self.devnet.rpc(method, params)).expect("a node answers in JSON")
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = self.address();
        let newest = text(&ask("eth_blockNumber", "[]"));
        let newest = u64::from_str_radix(newest.trim_start_matches("0x"), 16).expect("a block's number");
        let mut lines = Vec::new();
        for number in 0..=newest {
            let block = ask("eth_getBlockByNumber", &format!("[\"{number:#x}\", true]"));
            for sent in block["transactions"].as_array().into_iter().flatten() {
                if text(&sent["from"]).eq_ignore_ascii_case(&own) {
                    let (nonce, to, input) = (text(&sent["nonce"]), text(&sent["to"]), text(&sent["input"]));
                    let begins: String = input.chars().take(2 + 8 + 128).collect();
                    lines.push(format!("block {number}, nonce {nonce}, to {to}: {begins}"));
                }
            }
        }
        lines.join("\n")
    }
}
