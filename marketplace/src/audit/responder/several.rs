//! What is done about several demands at once: some may fail.

use alloy::primitives::B256;
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
    /// # Errors
    /// The first one, if it went well with none.
    pub fn new(id: B256, demands: Vec<T>, mut failed: Vec<Failed>) -> eyre::Result<Self> {
        if demands.is_empty() && !failed.is_empty() {
            return Err(failed.swap_remove(0).why);
        }
        Ok(Self { id, demands, failed })
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
        Failed::new(demand, eyre::eyre!("no block takes it"))
    }

    #[test]
    fn what_goes_well_with_one_demand_is_no_failure() {
        let several = Several::new(B256::ZERO, vec![7], vec![failed(8)]).unwrap();
        let json = serde_json::to_value(&several).unwrap();
        assert_eq!(json["demands"], serde_json::json!([7]));
        assert_eq!(json["failed"][0]["error"], "no block takes it");
        assert!(several.to_string().contains("demand 8: no block takes it"));
        let none = Several::<u32>::new(B256::ZERO, Vec::new(), vec![failed(8)]);
        assert_eq!(none.unwrap_err().to_string(), "no block takes it");
        assert!(Several::<u32>::new(B256::ZERO, Vec::new(), Vec::new()).is_ok());
    }
}
