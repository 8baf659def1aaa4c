//! An architecture with its circuit, before any model.

use super::fixed::Fixed;
use super::floor::Floor;
use super::layout::FrozenArchitecture;
use super::program::Program;

/// Everything that follows from a frozen architecture.
#[derive(Debug)]
pub struct Compiled {
    pub frozen: FrozenArchitecture,
    pub floor: Floor,
    pub fixed: Fixed,
    pub program: Program,
}
