//! The paper's claims, judged by the lines that test them.

use crate::case::Rule;
use crate::measure::Line;
use serde::Serialize;

/// A sentence of the paper, or of what is said of audits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What it says.
    pub claim: &'static str,
    /// Under which assumption it is tried.
    pub assumption: &'static str,
    /// Whether the simulation confirms it; `None` if no line says.
    pub holds: Option<bool>,
}

/// Each claim under each assumption.
pub fn claims(lines: &[Line]) -> Vec<Claim> {
    // No gain of whoever deviates in any line that fits.
    let deters = |condition: &str, part: &str, point: &str| {
        let fits =
            |line: &&Line| line.condition == condition && line.strategy.contains(part) && line.point.starts_with(point);
        let mut lines = lines.iter().filter(fits).peekable();
        lines
            .peek()
            .is_some()
            .then(|| lines.all(|line| !line.estimate.is_positive()))
    };
    let is_band = |line: &&Line| line.condition == "random contests" && matches!(line.rule, Rule::Band(_));
    let bands: Vec<&Line> = lines.iter().filter(is_band).collect();
    let bounded = (!bands.is_empty()).then(|| bands.iter().all(|line| !line.refuted));
    let claim = |claim, assumption, holds| Claim {
        claim,
        assumption,
        holds,
    };
    let (factor, fee, beta) = (
        "griefing by aborts costs 99 times the harm (ε = N1·P)",
        "ε = N1·P/99 deters providers that abort",
        "M = βKZ with β ≥ 2 deters false answers",
    );
    vec![
        claim(
            factor,
            "opened examples are worth nothing (v = 0)",
            deters("paper 99×", "v = 0", "ε"),
        ),
        claim(
            factor,
            "they are worth their price (v = 1)",
            deters("paper 99×", "v = 1", "ε"),
        ),
        claim(fee, "v = 0", deters("paper ε", "v = 0", "ε")),
        claim(fee, "v = 1", deters("paper ε", "v = 1", "ε")),
        claim(
            "random contests bound the share of false answers",
            "exact band of 95 %",
            bounded,
        ),
        claim(beta, "nobody contests (q = 0)", deters("paper β", "invents", "0 ×")),
        claim(
            beta,
            "q is half of what I8a asks",
            deters("paper β", "invents", "0.5 ×"),
        ),
        claim(beta, "q is twice what I8a asks", deters("paper β", "invents", "2 ×")),
    ]
}
