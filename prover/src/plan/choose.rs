//! The layout of an architecture: the smallest in which everything has its place.

use super::error::FloorError;
use super::floor::Floor;
use super::identities;
use super::layout::{Form, FrozenArchitecture, Layout};
use super::narrow_floor;
use super::program::Program;
use crate::model::Architecture;

/// The rows of a frozen architecture and its arithmetic.
///
/// # Errors
/// If the layout does not hold the architecture.
pub fn lay_out(frozen: &FrozenArchitecture) -> Result<(Floor, Program), FloorError> {
    let place = match frozen.layout.form() {
        Form::Wide => Floor::new,
        Form::Narrow => narrow_floor::place,
    };
    let floor = place(&frozen.architecture, &frozen.layout)?;
    let program = identities::build(&frozen.architecture, &frozen.layout, &floor)?;
    Ok((floor, program))
}

impl FrozenArchitecture {
    /// Chooses the layout: the fewest rows that hold the network, then the fewest weight columns.
    ///
    /// # Errors
    /// If the architecture is invalid or too large for 2^24 rows.
    ///
    /// # Examples
    /// ```
    /// use assay_prover::model::random::tiny_network;
    /// use assay_prover::plan::compiled::Compiled;
    /// use assay_prover::plan::layout::FrozenArchitecture;
    ///
    /// let frozen = FrozenArchitecture::plan(tiny_network(10))?;
    /// let rows = 1 << frozen.layout.k;
    /// assert!(frozen.layout.salt_rows < rows);
    ///
    /// // Everything has its place in this many rows, and in half as many it has not.
    /// let mut lower = frozen.clone();
    /// lower.layout.k -= 1;
    /// assert!(Compiled::new(frozen).is_ok());
    /// assert!(Compiled::new(lower).is_err());
    /// # Ok::<(), assay_prover::plan::error::FloorError>(())
    /// ```
    pub fn plan(architecture: Architecture) -> Result<Self, FloorError> {
        Self::plan_with(architecture, 3, Layout::DEFAULT_SALT_ROWS)
    }

    /// As [`FrozenArchitecture::plan`], with a given number of activations per row and of salt rows.
    ///
    /// # Errors
    /// If the architecture is invalid or too large for 2^24 rows.
    pub fn plan_with(architecture: Architecture, lanes: usize, salt_rows: usize) -> Result<Self, FloorError> {
        architecture.validate()?;
        let mut last = FloorError::TooLarge;
        for k in architecture.cut().table_bits() + 1..=Layout::MAX_K {
            match Self::plan_at(&architecture, k, lanes, salt_rows) {
                Err(e @ FloorError::Rows { .. }) => last = e,
                decided => return decided,
            }
        }
        Err(last)
    }

    /// The fewest weight columns that suffice in `2^k` rows.
    ///
    /// # Errors
    /// [`FloorError::Rows`] if no number of them does; and if the architecture is invalid.
    pub fn plan_at(architecture: &Architecture, k: u32, lanes: usize, salt_rows: usize) -> Result<Self, FloorError> {
        let mut last = FloorError::TooLarge;
        // More weight columns than cell columns do not pay: a taller circuit is cheaper.
        for weight_columns in Layout::MIN_WEIGHT_COLUMNS..=2 * lanes + 4 {
            let layout = Layout {
                k,
                lanes,
                weight_columns,
                salt_rows,
            };
            let frozen = Self {
                architecture: architecture.clone(),
                layout,
            };
            match lay_out(&frozen) {
                Ok(_) => return Ok(frozen),
                Err(e @ FloorError::Rows { .. }) => last = e,
                Err(e) => return Err(e),
            }
        }
        Err(last)
    }
}
