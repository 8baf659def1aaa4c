//! Audits of the size that corpora have, too large to play: by the exact formulas that the smaller ones are played against.

use crate::error::Error;
use assay_economics::audits::hiding_factor;
use assay_economics::error::Error as Formula;
use assay_economics::hypergeometric::{bound, detection};
use assay_economics::share::Share;
use serde::Serialize;

/// An audit, by the formulas of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exact {
    /// z: documents that were answered with no.
    pub zeros: u64,
    /// n: how many of them are proven.
    pub samples: u64,
    /// R: documents that could be hidden.
    pub hidden: u64,
    /// Probability that one of those is drawn, if all are hidden.
    pub found: f64,
    /// b/v: least bond that deters hiding any number of them, in values of one document.
    pub factor: f64,
    /// h: what a verdict says, at 95 %.
    pub bound: u64,
}

/// δ of verdicts.
pub(crate) fn delta() -> Share {
    "5%".parse().expect("a share")
}

/// z, n and R of the page.
const AUDITS: [(u64, u64, u64); 7] = [
    (9_900, 299, 100),
    (9_900, 299, 1),
    (9_900, 59, 100),
    (950, 59, 50),
    (950, 300, 50),
    (99_000, 299, 1_000),
    (999_900, 299, 100),
];

/// All that the page shows.
///
/// # Errors
/// If the numbers above do not go together.
pub fn audits() -> Result<Vec<Exact>, Error> {
    let exact = |(zeros, samples, hidden)| -> Result<Exact, Formula> {
        Ok(Exact {
            zeros,
            samples,
            hidden,
            found: detection(zeros, hidden, samples)?,
            factor: hiding_factor(zeros, hidden, samples)?,
            bound: bound(zeros, samples, &delta())?,
        })
    };
    let rows: Result<Vec<Exact>, Formula> = AUDITS.into_iter().map(exact).collect();
    rows.map_err(|error| Error::Formula {
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_of_the_specification_has_its_numbers() {
        let rows = audits().unwrap();
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 5e-4, "{value}, not {expected}");
        near(rows[0].factor, 104.805);
        near(rows[1].factor, 33.110);
        assert_eq!(rows[0].bound, 97);
        assert_eq!(delta().value(), 0.05);
    }
}
