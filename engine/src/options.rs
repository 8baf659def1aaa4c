//! How a proof is made.

/// None of it changes what the proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Check gates and copies as soon as the witness is drawn. Without it a table that does not satisfy the circuit is found
    /// too, at the end.
    pub check: bool,
    /// Keep what is the same in every proof: `degree − 1` times 32 bytes for each row of each fixed column, of each column of
    /// the permutation and of each remembered column. What is kept once stays.
    pub keep: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            check: true,
            keep: false,
        }
    }
}
