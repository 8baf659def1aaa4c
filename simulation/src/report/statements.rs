//! What the specification says of audits, judged by the lines that test it.

use super::claims::Claim;
use crate::case::Sign;
use crate::measure::{Agreement, Line};

/// A sentence, what it assumes, and which lines test it.
type Statement = (&'static str, &'static str, fn(&Line) -> bool);

const STATEMENTS: [Statement; 12] = [
    (
        "hiding documents, however many, does not pay",
        "b ≥ v·m/(1 − P0(z, m, n)) for all m ≤ R",
        |line| line.condition == "I9 bond" && line.predicted == Sign::Loss,
    ),
    ("hiding documents pays", "b below that", |line| {
        line.condition == "I9 bond" && line.predicted == Sign::Gain
    }),
    (
        "an honest responder does not lose",
        "π ≥ n·(c + gas), many drawn",
        |line| line.condition == "I9 price" && line.strategy.contains("16 drawn") && line.predicted == Sign::Gain,
    ),
    (
        "an honest responder does not lose",
        "π ≥ n·(c + gas), one drawn",
        |line| {
            line.condition == "I9 price"
                && line.strategy.contains("1 drawn")
                && !line.strategy.contains("16 drawn")
                && line.predicted == Sign::Gain
        },
    ),
    (
        "a sample misses what is hidden no more often than P0(z, m, n)",
        "exact band of 95 %",
        |line| line.condition == "audit samples",
    ),
    (
        "a verdict's \"at most h hidden\" is false no more often than δ",
        "whatever is hidden; exact band of 95 %",
        |line| line.condition == "audit verdicts",
    ),
    (
        "a requester that reveals no salt pays, and its responder does not",
        "π = n·(c + gas)",
        |line| line.condition == "audit silence" && line.strategy.contains("salt"),
    ),
    ("requests cost the responder nothing", "π = 0, b = 0", |line| {
        line.condition == "audit requests"
    }),
    (
        "a publication costs both sides: neither silence nor withholding is free",
        "gas as usual, or five times as dear at the publication",
        |line| is_publication(line) && !is_spike(line),
    ),
    (
        "a publication costs both sides: neither silence nor withholding is free",
        "gas five times as dear at the demand; an image of 96 × 96 pixels",
        |line| is_publication(line) && is_spike(line) && line.strategy.contains("image"),
    ),
    (
        "a publication costs both sides: neither silence nor withholding is free",
        "gas five times as dear at the demand; documents of a kilobyte",
        |line| is_publication(line) && is_spike(line) && !line.strategy.contains("image"),
    ),
    (
        "keeping documents that were demanded does not pay",
        "b ≥ what they are worth",
        |line| line.condition == "audit deliveries" && line.predicted == Sign::Loss,
    ),
];

fn is_publication(line: &Line) -> bool {
    line.condition == "audit demands" && line.strategy.contains(", not ")
}

fn is_spike(line: &Line) -> bool {
    line.point.ends_with("when demanded")
}

/// Each sentence: it fails if one of its lines is refuted or has the other sign.
pub fn statements(lines: &[Line]) -> Vec<Claim> {
    let judged = |(claim, assumption, fits): &Statement| {
        let mut lines = lines.iter().filter(|line| fits(line)).peekable();
        let holds = lines.peek().is_some().then(|| lines.all(stands));
        Claim {
            claim,
            assumption,
            holds,
        }
    };
    STATEMENTS.iter().map(judged).collect()
}

fn stands(line: &Line) -> bool {
    !line.refuted && line.agreement != Agreement::Disagrees
}
