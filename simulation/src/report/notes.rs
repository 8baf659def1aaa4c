//! Where a formula asks for more, or counts less, than the contracts do: by condition.

/// What a reader of the lines of a condition should know.
pub(super) const NOTES: [(&str, &str); 8] = [
    (
        "I2",
        "α* counts the proofs of a set that fails. A provider that sees it fail makes none, so that going on pays up to a risk that \
         is a little higher.",
    ),
    (
        "I8a",
        "A provider that is caught loses the price, the 2Z of the contest and a strike besides M: the condition asks for more than \
         it takes. In its lines these are small beside M, but in the last one.",
    ),
    (
        "I8c Z",
        "A contested index brings the provider 2Z and gas, so that it loses nothing from Z = c/2 on: Z ≥ c leaves it c.",
    ),
    ("I8c G", "Of the 1.25 a quarter is room for a rising base fee, and pays the tip."),
    (
        "I10",
        "The condition counts the publication; the tip, and closing a round of which nothing is left to contest, cost besides.",
    ),
    (
        "I9 bond",
        "What is hidden is taken to be worth v even if it is found. If a Violation leads to its disclosure, less bond deters.",
    ),
    (
        "I9 price",
        "The condition counts proofs. Accepting, answering and the tip cost besides: next to nothing beside sixteen proofs, more than a \
         tenth of the price beside one.",
    ),
    (
        "audit demands",
        "A responder that publishes gets half of the gas of `deliver` too, at the base fee of that call; one that hands the ciphertext \
         over gets nothing of it. So a demand that is delivered while gas is dear makes it worth a little to withhold a short ciphertext \
         and publish it when gas is cheap; of an image the publication costs more. For the same reason an acknowledged demand costs the \
         responder the gas of `deliver`, less than half of what it costs the requester.",
    ),
];
