//! What the page may ask of the node that it is served with: calls that change nothing, and none that costs more than a page needs.

use serde_json::{json, Map, Value};

/// What the page asks a node for.
const METHODS: [&str; 9] = [
    "eth_call",
    "eth_chainId",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
];

/// Calls of one request: the page makes no more.
pub(super) const BATCH: usize = 50;

/// Gas that one call may use, and has if it does not say how much: as much as a transaction may have (EIP-7825). Views of the contracts
/// use a small part of it.
const CALL_GAS: u64 = 1 << 24;

/// Blocks whose logs are read at one time. The page asks for half as many until it is answered.
const LOG_BLOCKS: u64 = 100_000;

/// What of a call reaches the node; `gas` is set here.
const OF_A_CALL: [&str; 5] = ["from", "to", "value", "data", "input"];

/// Why a call is not passed on, in the words of JSON-RPC.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Refusal {
    fn of_parameters(message: impl Into<String>) -> Self {
        Self {
            code: -32602,
            message: message.into(),
        }
    }
}

/// Method and parameters of a call as it is passed on.
///
/// # Errors
/// For calls that the page does not make, of more gas, or of the logs of more blocks or contracts.
pub(super) fn allowed(call: &Value) -> Result<(&'static str, Value), Refusal> {
    let Some(method) = METHODS.into_iter().find(|method| call["method"] == *method) else {
        return Err(Refusal {
            code: -32601,
            message: "this node is for reading: it answers what the page asks".into(),
        });
    };
    let mut params = match &call["params"] {
        Value::Null => Vec::new(),
        Value::Array(params) => params.clone(),
        _ => return Err(Refusal::of_parameters("parameters are a list")),
    };
    match method {
        "eth_call" => {
            let called = params.first().and_then(Value::as_object);
            let called = called.ok_or_else(|| Refusal::of_parameters("wanted are a call and its block"))?;
            let called = within_gas(called)?;
            // What comes after the block would change the state that is called.
            let at = params.get(1).cloned();
            params = [Some(called), at].into_iter().flatten().collect();
        }
        "eth_getLogs" => {
            let [Value::Object(filter)] = params.as_slice() else {
                return Err(Refusal::of_parameters("wanted is one filter"));
            };
            of_few_blocks(filter)?;
        }
        _ => {}
    }
    Ok((method, params.into()))
}

/// The call with all the gas that it may use.
fn within_gas(called: &Map<String, Value>) -> Result<Value, Refusal> {
    let gas = match called.get("gas") {
        None | Some(Value::Null) => CALL_GAS,
        Some(gas) => quantity(gas).ok_or_else(|| Refusal::of_parameters("the gas of a call is no number"))?,
    };
    if gas > CALL_GAS {
        return Err(Refusal::of_parameters(format!(
            "a call has at most {CALL_GAS} gas here, not {gas}"
        )));
    }
    let passed = OF_A_CALL
        .iter()
        .filter_map(|part| Some(((*part).to_owned(), called.get(*part)?.clone())));
    let mut passed: Map<String, Value> = passed.collect();
    passed.insert("gas".into(), json!(format!("{gas:#x}")));
    Ok(passed.into())
}

fn of_few_blocks(filter: &Map<String, Value>) -> Result<(), Refusal> {
    if !filter.get("address").is_some_and(Value::is_string) {
        return Err(Refusal::of_parameters("logs are those of one contract"));
    }
    if filter.get("blockHash").is_some_and(Value::is_string) {
        return Ok(());
    }
    let [from, to] = ["fromBlock", "toBlock"].map(|bound| filter.get(bound).and_then(quantity));
    let blocks = from
        .zip(to)
        .ok_or_else(|| {
            Refusal::of_parameters("logs are those from one block to another: fromBlock and toBlock, as numbers")
        })
        .map(|(from, to)| to.saturating_sub(from).saturating_add(1))?;
    if blocks > LOG_BLOCKS {
        return Err(Refusal::of_parameters(format!(
            "logs are those of at most {LOG_BLOCKS} blocks at one time, not of {blocks}"
        )));
    }
    Ok(())
}

/// A number, as JSON-RPC writes it or as JSON does.
fn quantity(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => u64::from_str_radix(text.strip_prefix("0x")?, 16).ok(),
        value => value.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, params: Value) -> Value {
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    }

    fn refused(method: &str, params: Value) -> String {
        let refusal = allowed(&call(method, params)).unwrap_err();
        assert_eq!(refusal.code, -32602);
        refusal.message
    }

    #[test]
    fn a_call_has_the_gas_that_it_asks_for_and_no_more_than_there_is() {
        let passed = |gas: Value| allowed(&call("eth_call", json!([{"to": "0x01", "gas": gas}, "latest"])));
        assert_eq!(
            passed(json!("0x10")),
            Ok(("eth_call", json!([{"to": "0x01", "gas": "0x10"}, "latest"])))
        );
        let most = json!([{"to": "0x01", "gas": "0x1000000"}, "latest"]);
        assert_eq!(passed(Value::Null), Ok(("eth_call", most.clone())));
        assert_eq!(passed(json!(16_777_216)), Ok(("eth_call", most)));
        for (gas, why) in [
            (json!("0x1000001"), "at most 16777216 gas here, not 16777217"),
            (json!("0xffffffffffffffffff"), "no number"),
            (json!("16777216"), "no number"),
            (json!(-1), "no number"),
        ] {
            let said = refused("eth_call", json!([{"to": "0x01", "gas": gas}, "latest"]));
            assert!(said.contains(why), "{said}");
        }
        // Another spelling, and what would change the state that is called.
        let tricked =
            json!([{"to": "0x01", "gasLimit": "0xffffffff", "accessList": []}, "latest", {"0x01": {"code": "0x"}}]);
        assert_eq!(
            allowed(&call("eth_call", tricked)),
            Ok(("eth_call", json!([{"to": "0x01", "gas": "0x1000000"}, "latest"])))
        );
        assert!(refused("eth_call", json!([])).contains("a call and its block"));
        assert!(refused("eth_call", json!({"to": "0x01"})).contains("a list"));
    }

    #[test]
    fn logs_are_those_of_one_contract_and_of_few_blocks() {
        let of = |from: &str, to: &str| json!([{"address": "0x01", "fromBlock": from, "toBlock": to}]);
        for few in [
            of("0x0", "0x1869f"),
            of("0x5", "0x0"),
            json!([{"address": "0x01", "blockHash": "0x02"}]),
        ] {
            assert_eq!(allowed(&call("eth_getLogs", few.clone())), Ok(("eth_getLogs", few)));
        }
        let one = json!({"address": "0x01", "fromBlock": "0x0", "toBlock": "0x1"});
        for (params, why) in [
            (of("0x0", "0x186a0"), "at most 100000 blocks at one time, not of 100001"),
            (of("0x0", "0xffffffffffffffff"), "at most 100000 blocks"),
            (of("0x0", "latest"), "as numbers"),
            (json!([{"address": "0x01"}]), "as numbers"),
            (json!([{"fromBlock": "0x0", "toBlock": "0x1"}]), "of one contract"),
            (
                json!([{"address": ["0x01", "0x02"], "fromBlock": "0x0", "toBlock": "0x1"}]),
                "of one contract",
            ),
            (json!([one, one]), "one filter"),
            (json!([]), "one filter"),
        ] {
            let said = refused("eth_getLogs", params);
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_a_page_does_not_ask_is_not_passed_on() {
        for method in [
            "eth_sendRawTransaction",
            "debug_traceCall",
            "evm_mine",
            "eth_newFilter",
            "",
        ] {
            assert_eq!(allowed(&call(method, json!([]))).unwrap_err().code, -32601, "{method}");
        }
        assert_eq!(
            allowed(&json!({"method": "eth_chainId"})),
            Ok(("eth_chainId", json!([])))
        );
    }
}
