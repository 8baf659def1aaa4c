//! One inequality: whether it holds, by which numbers, in a sentence.

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// It depends on a number that was not given; the sentence says from where on it holds.
    Open,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Such as `I3 CLEAR v=1`.
    pub name: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was compared, if it was given.
    pub value: Option<f64>,
    /// With what, if there is one number.
    pub limit: Option<f64>,
    /// What that means.
    pub sentence: String,
}

/// Amounts are read from decimal numbers: this much, relative to the limit, is how they were rounded.
const ROUNDING: f64 = 1e-12;

pub(super) fn reaches(value: f64, limit: f64) -> bool {
    value >= limit - ROUNDING * limit.abs()
}

impl Condition {
    /// Of a value that has to reach a limit; `sentences` say what follows if it does and if it does not.
    pub(super) fn at_least(name: &'static str, value: f64, limit: f64, [holds, fails]: [String; 2]) -> Self {
        let does = reaches(value, limit);
        Self {
            name,
            verdict: if does { Verdict::Holds } else { Verdict::Fails },
            value: Some(value),
            limit: Some(limit),
            sentence: if does { holds } else { fails },
        }
    }

    pub(super) fn given(name: &'static str, value: Option<f64>, limit: f64, [holds, fails, open]: [String; 3]) -> Self {
        match value {
            Some(value) => Self::at_least(name, value, limit, [holds, fails]),
            None => Self {
                name,
                verdict: Verdict::Open,
                value: None,
                limit: Some(limit),
                sentence: open,
            },
        }
    }

    pub(super) fn fact(name: &'static str, verdict: Verdict, value: Option<f64>, sentence: String) -> Self {
        Self {
            name,
            verdict,
            value,
            limit: None,
            sentence,
        }
    }
}

/// The names of those that fail, in one line.
#[cfg(test)]
pub(super) fn failing(conditions: &[Condition]) -> String {
    let failing = conditions.iter().filter(|c| c.verdict == Verdict::Fails);
    failing.map(|c| c.name).collect::<Vec<_>>().join(" | ")
}
