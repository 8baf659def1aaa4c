//! Where a formula asks for more, or counts less, than the contracts do: by condition.

/// What a reader of the lines of a condition should know.
pub(super) const NOTES: [(&str, &str); 5] = [
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
];
