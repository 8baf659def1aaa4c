//! Why a node does not take a transaction. Nodes agree on the reasons but not on codes or words: this is the only place that
//! reads their words.

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
        if says(&["already known", "alreadyknown", "already imported", "known transaction"]) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("nonce too low", Refusal::Other),
            ("max fee per gas less than block base fee", Refusal::Other),
        ];
        for (message, refusal) in cases {
            assert_eq!(Refusal::of(message), refusal, "{message}");
        }
    }
}
