//! What an import does besides rounding: said in the report, so that nobody is surprised.

use serde::Serialize;

/// Something of the file that the model leaves out, folds or reads in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The node, the tensor, or a number of them.
    pub subject: String,
    /// What happened to it.
    pub what: String,
}

impl Change {
    pub(super) fn new(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            what: what.into(),
        }
    }
}
