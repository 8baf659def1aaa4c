//! What was found.

use super::Claim;
use crate::exact::Exact;
use crate::measure::Line;
use crate::plot::Plot;
use serde::Serialize;

/// All lines of a simulation, with what follows from them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The first seed.
    pub seed: u64,
    /// How many, from that one on.
    pub seeds: u64,
    /// Whether it is the small grid of the tests.
    pub smoke: bool,
    /// Runs, each of which closed, with every wei accounted for.
    pub runs: u64,
    /// Of all of them.
    pub gas: u64,
    /// One a case.
    pub lines: Vec<Line>,
    /// What the paper says.
    pub claims: Vec<Claim>,
    /// What is said of audits.
    pub audits: Vec<Claim>,
    /// Predicted curves.
    pub plots: Vec<Plot>,
    /// Audits that are too large to play.
    pub exact: Vec<Exact>,
}

impl Report {
    /// Lines by which a prediction is refuted.
    pub fn refuted(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.refuted)
    }
}
