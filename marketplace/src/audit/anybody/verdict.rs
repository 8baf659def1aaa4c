//! What an audit that has ended shows, and what it does not.

use assay_economics::share::Share;
use assay_economics::words::percent;
use assay_protocol::abi::{AuditAssurance, AuditState, AuditView};
use assay_protocol::retrieval::verdict::Reading;
use serde::Serialize;
use std::fmt;

/// The verdict of a closed audit.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// As the contract names it.
    pub assurance: String,
    /// z: documents answered with no match.
    pub zeros: u64,
    /// How many of them were drawn and proven.
    pub drawn: u64,
    /// Documents answered with a match; none of them is proven to be one.
    pub positives: u64,
    /// h: at most so many of them match, by the sample alone; `null` without assurance.
    pub hidden: Option<u64>,
    /// At least this share of what matches was answered so, if all documents answered so do match; `null` without assurance.
    pub recall: Option<f64>,
    /// How sure that is, one-sided.
    pub confidence: f64,
    /// Withheld and not overruled: they match, and nobody received them.
    pub kept_back: u64,
    #[serde(skip)]
    kind: AuditAssurance,
}

impl Verdict {
    /// Of an audit as the contract has it; `None` until it is closed. `delta` is how often a sample may miss more than h.
    ///
    /// # Errors
    /// If the numbers do not belong together: no market gives such a verdict.
    pub fn of(audit: &AuditView, delta: &Share) -> eyre::Result<Option<Self>> {
        if audit.state != AuditState::Closed {
            return Ok(None);
        }
        let reading = Reading::of(audit, delta)?;
        Ok(Some(Self {
            assurance: format!("{:?}", reading.assurance),
            zeros: reading.zeros,
            drawn: reading.drawn,
            positives: u64::from(audit.counts.positives),
            hidden: reading.hidden,
            recall: reading.recall,
            confidence: 1.0 - delta.value(),
            kept_back: reading.kept_back,
            kind: reading.assurance,
        }))
    }

    /// How many documents are hidden, of how many, and how much of what matches was answered so, in words; `None` without assurance.
    pub(crate) fn bounds(&self) -> Option<[String; 2]> {
        // Rounded down: a bound is not improved by printing it.
        let recall = (1e4 * self.recall?).floor() / 100.0;
        Some([
            format!("at most {} of {}", self.hidden?, self.zeros),
            format!("at least {recall:.2} %"),
        ])
    }

    /// Whether something was proven.
    pub fn is_assured(&self) -> bool {
        self.kind != AuditAssurance::NONE
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some([hidden, recall]) = self.bounds() else {
            return write!(
                f,
                "{}: nothing is proven of the documents answered with no match",
                self.assurance
            );
        };
        let of = format!("hidden {hidden} documents");
        let recall = format!(
            "recall {recall} if all {} answered with a match do match",
            self.positives
        );
        match self.kind {
            AuditAssurance::EXHAUSTIVE => write!(f, "EXHAUSTIVE: each of {} is proven; {of}, {recall}", self.zeros)?,
            _ => write!(
                f,
                "{}: {} drawn and proven; {of}, {recall}, with {} confidence",
                self.assurance,
                self.drawn,
                percent(self.confidence)
            )?,
        }
        if self.kept_back > 0 {
            write!(f, "; {} that match were kept back", self.kept_back)?;
        }
        Ok(())
    }
}
