//! Why a node does not take a transaction or does not answer a request. Nodes agree on the reasons but not on codes or words: this
//! is the only place that reads their words.

/// Codes of JSON-RPC and of EIP-1474.
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const LIMIT_EXCEEDED: i64 = -32005;

/// A reason that somebody acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has this very transaction.
    Known,
    /// It has another one with this nonce, whose fees are too high for this one to take its place.
    Underpriced,
    /// The account cannot pay for it.
    Unpayable,
    Other,
}

impl Refusal {
    /// The reason that this message gives.
    pub(super) fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&["already known", "alreadyknown", "already imported"])
            || (says(&["known transaction"]) && !says(&["unknown transaction"]))
        {
            Self::Known
        } else if says(&["replacement", "could not replace"]) {
            Self::Underpriced
        } else if says(&["insufficient funds", "insufficientfunds", "upfront cost exceeds"]) {
            Self::Unpayable
        } else {
            Self::Other
        }
    }
}

/// Whether a limit is exceeded by what was asked for, not by how often: the same request is refused for ever.
pub(super) fn asks_too_much(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    let says = |words: &[&str]| {
        let mut said = message.split(|c: char| !c.is_alphanumeric());
        said.any(|word| words.contains(&word))
    };
    let is_of_size = says(&["result", "results", "range", "block", "blocks", "log", "logs"]);
    let is_of_rate = says(&[
        "rate",
        "ratelimit",
        "ratelimited",
        "request",
        "requests",
        "units",
        "credits",
        "throughput",
        "second",
        "sec",
    ]);
    code == LIMIT_EXCEEDED && (is_of_size || !is_of_rate)
}

/// Whether the node has never heard of a block tag; not whether it has no such block at the moment.
pub(super) fn is_unknown_tag(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match code {
        METHOD_NOT_FOUND => true,
        _ if says(&["not found"]) => false,
        INVALID_PARAMS => true,
        _ => says(&["tag"]) && says(&["invalid", "unknown", "unsupported", "not supported"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_what_is_asked_for_is_not_one_on_how_often() {
        for message in [
            "limit exceeded",
            "query returned more than 10000 results",
            "query returned more than 10000 results. Try with this block range [0x1, 0x2].",
            "request exceeds the block range limit",
            "too many logs for one request",
        ] {
            assert!(asks_too_much(-32005, message), "{message}");
        }
        for message in [
            "project ID request rate exceeded",
            "daily request count exceeded, request rate limited",
            "Too many requests",
            "rate limited, try again in 4ms",
            "exceeded its compute units per second capacity",
        ] {
            assert!(!asks_too_much(-32005, message), "{message}");
        }
        assert!(!asks_too_much(-32000, "limit exceeded"));
    }

    #[test]
    fn a_node_that_does_not_know_the_tag_is_not_one_that_lost_the_block() {
        for (code, message) in [
            (-32601, "the method eth_getBlockByNumber does not exist: not found"),
            (-32602, "invalid argument 0: hex string without 0x prefix"),
            (-32000, "Invalid block tag"),
            (-32000, "block tag finalized is not supported"),
        ] {
            assert!(is_unknown_tag(code, message), "{message}");
        }
        for (code, message) in [
            (-32000, "finalized block not found"),
            (-32602, "finalized block not found"),
            (-39001, "Unknown block"),
            (-32603, "Internal error"),
            (-32005, "limit exceeded"),
        ] {
            assert!(!is_unknown_tag(code, message), "{message}");
        }
    }

    #[test]
    fn nodes_say_the_same_in_different_words() {
        let cases = [
            ("already known", Refusal::Known),
            ("transaction already imported", Refusal::Known),
            ("AlreadyKnown", Refusal::Known),
            ("Known transaction", Refusal::Known),
            ("replacement transaction underpriced", Refusal::Underpriced),
            ("ReplacementNotAllowed", Refusal::Underpriced),
            ("could not replace existing tx", Refusal::Underpriced),
            (
                "insufficient funds for gas * price + value: have 0 want 1",
                Refusal::Unpayable,
            ),
            ("Insufficient funds for gas * price + value", Refusal::Unpayable),
            ("InsufficientFunds, Account balance: 0", Refusal::Unpayable),
            ("Upfront cost exceeds account balance", Refusal::Unpayable),
            ("unknown transaction type", Refusal::Other),
            ("Unknown transaction type: 2", Refusal::Other),
            ("nonce too low", Refusal::Other),
            ("max fee per gas less than block base fee", Refusal::Other),
        ];
        for (message, refusal) in cases {
            assert_eq!(Refusal::of(message), refusal, "{message}");
        }
    }
}
