//! What the farm of the demo did, for its summary.

use assay_marketplace::table::Table;
use serde::Serialize;
use std::fmt;

/// What the workers did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Farmed {
    pub(super) workers: Vec<Worked>,
    /// Proofs that were asked for.
    pub(super) asked: usize,
    /// Starts, each with an opening of its own.
    pub(super) openings: u64,
    pub(super) allotted: u64,
    /// From the first worker's start to the last proof.
    pub(super) seconds: f64,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Worked {
    pub(super) name: String,
    pub(super) proofs: u64,
    pub(super) proving_s: f64,
    pub(super) killed: bool,
}

impl Farmed {
    /// # Errors
    /// If a proof was lost, or more than one opening was spent on the worker that was.
    pub(super) fn check(&self) -> eyre::Result<()> {
        let made: u64 = self.workers.iter().map(|worker| worker.proofs).sum();
        eyre::ensure!(made == self.asked as u64, "{made} of {} proofs are there", self.asked);
        // The one that was killed may just have been between two proofs.
        eyre::ensure!(
            (made..=made + 1).contains(&self.openings) && self.openings <= self.allotted,
            "{} openings were spent on {made} proofs and one worker that was killed, {} were allotted",
            self.openings,
            self.allotted
        );
        Ok(())
    }
}

impl fmt::Display for Farmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["worker", "proofs", "proving", ""]);
        for worker in &self.workers {
            let end = if worker.killed { "killed -9" } else { "" };
            table.row([
                worker.name.clone(),
                worker.proofs.to_string(),
                format!("{:.1} s", worker.proving_s),
                end.into(),
            ]);
        }
        writeln!(f, "{table}")?;
        writeln!(
            f,
            "{} proofs in {:.0} s, none lost, none twice; {} openings of {} that the farm was allotted",
            self.asked, self.seconds, self.openings, self.allotted
        )
    }
}
