//! What the paper prints, and what is wrong with it.

/// A row of the paper's Table 3 (samples without a failure) or 4 (samples for a measured accuracy).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Failure rate to exclude, or margin of the accuracy.
    pub share: &'static str,
    /// Samples.
    pub samples: u64,
    /// Dollars.
    pub dollars: f64,
}

/// Table 3. The row of 2.5 % is in truth that of 2 %.
pub const TABLE_3: [Row; 3] = [
    Row {
        share: "5%",
        samples: 72,
        dollars: 7.65,
    },
    Row {
        share: "2.5%",
        samples: 183,
        dollars: 19.43,
    },
    Row {
        share: "1%",
        samples: 366,
        dollars: 38.86,
    },
];

/// Table 4.
pub const TABLE_4: [Row; 3] = [
    Row {
        share: "5%",
        samples: 600,
        dollars: 63.71,
    },
    Row {
        share: "2.5%",
        samples: 2396,
        dollars: 254.4,
    },
    Row {
        share: "1%",
        samples: 14_979,
        dollars: 1590.5,
    },
];

/// Dollars that a million predictions cost in the paper's section 6.2.
pub const MILLION_PREDICTIONS: f64 = 1500.0;

/// Something that the paper gets wrong, by its number in this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slip {
    /// G1 to G17.
    pub name: &'static str,
    /// Where it stands.
    pub place: &'static str,
    /// What is wrong, for somebody who has not read it.
    pub what: &'static str,
}

/// What is wrong with the paper's arithmetic.
pub const SLIPS: [Slip; 13] = [
    Slip { name: "G1", place: "5.3, steps 5 and 6", what: "A provider that loses a contest is to lose βZP: a price times a price is no amount of money. It deposited βKZ, and loses that." },
    Slip { name: "G2", place: "6.2", what: "The chance of a wrong estimate is printed as exp(−2ε²/N): it would grow with the sample. It is exp(−2Nε²)." },
    Slip { name: "G3", place: "Table 4", what: "2,396 samples for 2.5 % are rounded down from 2,396.6: one too few. It takes 2,397." },
    Slip { name: "G4", place: "Table 3", what: "The row called 2.5 % is the size for 2 %, and 366 samples exclude 1.003 %, not 1 %. Two-sided it takes 146 and 368; whoever only asks whether too many answers are wrong needs one side, 119 and 299." },
    Slip { name: "G5", place: "5.4", what: "The bound after N samples without a failure is printed as exp((1 − δ)/N), always more than 1. It is 1 − δ^(1/N), and of a corpus of known size less." },
    Slip { name: "G6", place: "6.2", what: "2.4 % on top of $1,500 matches no row: Table 3 gives $38.86, 2.6 %." },
    Slip { name: "G11", place: "Appendix B, when to proceed", what: "The sign is reversed: the provider should go on while the risk of failing is below the limit. Its own number, 0.007 %, also leaves out the pay for proofs; the limit is 3.95 % at its prices." },
    Slip { name: "G12", place: "Appendix B, expected gain", what: "Income and profit are added up, the cost of proving is missing, and one letter stands for the chance of aborting and for that of failing. What is left on average is (1 − q)(N1·P + N2·Z) − ε." },
    Slip { name: "G13", place: "Appendix B, griefing a provider", what: "Its largest safe chance is 1.77 at its own prices, which is no probability; its own equation solved right gives 0.88. And it makes the griefer pay 100 times less than it harms, not more." },
    Slip { name: "G14", place: "Appendix B, griefing a consumer", what: "A faked success costs two fees, since the cheater is on both sides. The factor of 99 is right only if the consumer's own fee counts as harm and the examples it lost are worth nothing." },
    Slip { name: "G15", place: "Appendices A and B", what: "The fee is NP/99 in one place, N1·P/99 and N1·P in others. None of them covers what the opened examples are worth to somebody who only wants those." },
    Slip { name: "G16", place: "5.2 and Appendix B", what: "The price of success is 2NZ in one place, 2(N1·P + N2·Z) in the other: two protocols, one that proves all examples and one that proves the rest after a probe." },
    Slip { name: "G17", place: "Table 4", what: "It multiplies all samples by the price of a proof. Only the N2 are proven, and precision comes from those; labels and inferences of the others are not in its cost." },
];

/// G11: the paper's α of appendix B, `49·N1·P/(49·N1·P + 99·N·E)`, above which it proceeds.
pub fn alpha_to_proceed(n1: f64, n: f64, p: f64, e: f64) -> f64 {
    49.0 * n1 * p / (49.0 * n1 * p + 99.0 * n * e)
}

/// G13: the paper's α of griefing as printed, `(N·E/50 − 2·N2·Z)/(N1·P − N2·Z)`, and as its own equation gives it, with twice the
/// `N2·Z` below.
pub fn alpha_of_griefing(n1: f64, n2: f64, p: f64, z: f64, e: f64) -> [f64; 2] {
    let above = (n1 + n2) * e / 50.0 - 2.0 * n2 * z;
    [above / (n1 * p - n2 * z), above / (n1 * p - 2.0 * n2 * z)]
}
