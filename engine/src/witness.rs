//! What fills the advice columns, phase by phase.

use crate::error::EngineError;
use halo2_proofs::halo2curves::bn256::Fr;

/// Draws the advice columns.
pub trait Witness {
    /// Hands the columns of every phase to `phases`, in the order of the phases; those of a later one may depend on the
    /// challenges that the earlier ones brought.
    ///
    /// # Errors
    /// Any: the proof ends with it.
    fn draw(&self, phases: &mut dyn Phases) -> Result<(), EngineError>;
}

/// Takes the advice columns.
pub trait Phases {
    /// Rows that a column may fill; those behind are blinded.
    fn usable_rows(&self) -> usize;

    /// The values of the statement, by instance column, as the caller gave them.
    fn instances(&self) -> &[&[Fr]];

    /// Blinds and commits the columns of the next phase, in the order of their indices; what a column does not fill is zero.
    /// The challenges that are known then, by index.
    ///
    /// # Errors
    /// [`EngineError::PhaseColumns`], [`EngineError::AdviceLength`], [`EngineError::PhaseBeyond`], before anything is
    /// written or drawn: the phase may be committed again. [`EngineError::Transcript`], after which it may not:
    /// [`EngineError::PhaseBegun`].
    fn commit(&mut self, columns: Vec<Vec<Fr>>) -> Result<Vec<Option<Fr>>, EngineError>;
}
