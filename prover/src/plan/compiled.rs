//! An architecture with its circuit, before any model.

use super::fixed::Fixed;
use super::floor::Floor;
use super::layout::FrozenArchitecture;
use super::program::Program;

/// Everything that follows from a frozen architecture.
#[derive(Debug)]
pub struct Compiled {
    /// What all of it follows from.
    pub frozen: FrozenArchitecture,
    /// Which rows hold what.
    pub floor: Floor,
    /// The fixed columns.
    pub fixed: Fixed,
    /// The arithmetic region.
    pub program: Program,
}
