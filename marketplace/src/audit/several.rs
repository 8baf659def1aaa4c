//! What is done about several demands at once: some may fail.

use alloy::primitives::B256;
use assay_chain::error::hinted;
use serde::Serialize;

/// How it went with each demand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Several<T> {
    /// Of the audit.
    pub id: B256,
    /// Those with which it went well.
    pub demands: Vec<T>,
    /// The others.
    pub failed: Vec<Failed>,
}

/// A demand about which something could not be done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// m.
    pub demand: u32,
    /// Why.
    #[serde(rename = "error", serialize_with = "in_words")]
    why: eyre::Report,
}

impl Failed {
    /// Demand `demand` failed with this.
    pub fn new(demand: u32, why: eyre::Report) -> Self {
        Self { demand, why }
    }
}

fn in_words<S: serde::Serializer>(why: &eyre::Report, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{why:#}"))
}

impl<T> Several<T> {
    /// How it went with those that were asked for, of which the first counts most.
    ///
    /// # Errors
    /// What was wrong with the first of them, if it went well with none.
    pub fn new(id: B256, asked: &[u32], demands: Vec<T>, mut failed: Vec<Failed>) -> eyre::Result<Self> {
        failed.sort_by_key(|failed| asked.iter().position(|m| *m == failed.demand));
        if demands.is_empty() && !failed.is_empty() {
            return Err(failed.swap_remove(0).why);
        }
        Ok(Self { id, demands, failed })
    }

    /// The same, if it went well with this demand.
    ///
    /// # Errors
    /// What was wrong with it: with the others it went as it did.
    pub fn unless_failed(mut self, demand: u32) -> eyre::Result<Self> {
        match self.failed.iter().position(|failed| failed.demand == demand) {
            Some(place) => Err(self.failed.swap_remove(place).why),
            None => Ok(self),
        }
    }

    /// Fails unless it went well with all of them.
    ///
    /// # Errors
    /// With how many it did not.
    pub fn require_all(&self) -> eyre::Result<()> {
        match self.failed.len() {
            0 => Ok(()),
            failed => Err(hinted(
                format!(
                    "{failed} of {} demands of audit {} failed",
                    failed + self.demands.len(),
                    self.id
                ),
                "the result says why; repeat the command for those",
            )),
        }
    }

    /// What was done about the only demand.
    ///
    /// # Errors
    /// If nothing was.
    pub fn only(mut self) -> eyre::Result<T> {
        self.demands
            .pop()
            .ok_or_else(|| eyre::eyre!("nothing was done about the demand"))
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Several<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.demands.is_empty() {
            return write!(f, "nothing is due about any demand of audit {}", self.id);
        }
        for demand in &self.demands {
            writeln!(f, "{demand}")?;
        }
        for Failed { demand, why } in &self.failed {
            writeln!(f, "demand {demand}: {why:#}")?;
        }
        write!(f, "{} demands, {} failed", self.demands.len(), self.failed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(demand: u32) -> Failed {
        Failed::new(demand, eyre::eyre!("no block takes {demand}"))
    }

    #[test]
    fn what_goes_well_with_one_demand_is_no_failure() {
        let several = Several::new(B256::ZERO, &[8, 7], vec![7], vec![failed(8)]).unwrap();
        let json = serde_json::to_value(&several).unwrap();
        assert_eq!(json["demands"], serde_json::json!([7]));
        assert_eq!(json["failed"][0]["error"], "no block takes 8");
        assert!(several.to_string().contains("demand 8: no block takes 8"));
        let said = several.require_all().unwrap_err().to_string();
        assert!(said.starts_with("1 of 2 demands of audit"), "{said}");
        let nothing = Several::<u32>::new(B256::ZERO, &[], Vec::new(), Vec::new());
        nothing.unwrap().require_all().unwrap();
    }

    /// A daemon lets that one rest: another's error would keep a healthy one waiting.
    #[test]
    fn an_error_is_that_of_the_demand_that_was_asked_for() {
        let none = Several::<u32>::new(
            B256::ZERO,
            &[9, 7, 8],
            Vec::new(),
            vec![failed(7), failed(8), failed(9)],
        );
        assert_eq!(none.unwrap_err().to_string(), "no block takes 9");
        let some = || Several::new(B256::ZERO, &[9, 7, 8], vec![9], vec![failed(8), failed(7)]).unwrap();
        assert_eq!(some().unless_failed(7).unwrap_err().to_string(), "no block takes 7");
        assert_eq!(some().unless_failed(9).unwrap().failed.len(), 2);
    }
}
