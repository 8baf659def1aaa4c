//! The circuit of an architecture.
//!
//! Phase 1 commits to weights, image, every activation and the lookup's multiplicities; then the challenges α, γ, β, θ
//! are drawn; phase 2 holds the sums they make of it. Layers are polynomial identities at a random point
//! ([`identities`](crate::plan::identities)), ranges and clips one lookup argument ([`chips`](crate::chips)).
//!
//! | module | content |
//! |---|---|
//! | `network` | the chips of the layout's form |
//! | `wide`, `narrow` | the chips of each form in order |
//! | `params` | what gates depend on |
//! | `synthesis` | columns assigned, copies, instances |
//! | `system` | columns and gates, counted |
//! | `shape` | a verifying key's shape, for whoever counts what its contract costs |
//! | [`cost`] | size of proofs, rows, columns and memory to expect |

/// Part of the name of every cached key: raise it with any change of gates, layout or fixed columns.
pub const CIRCUIT_VERSION: u32 = 1;

pub mod cost;
mod narrow;
mod network;
mod params;
mod shape;
mod synthesis;
mod system;
mod wide;

pub use crate::plan::columns::Columns;
pub use crate::plan::compiled::Compiled;
pub use crate::plan::error::FloorError;
pub use crate::plan::fixed::Fixed;
pub use crate::plan::floor::Floor;
pub use crate::plan::layout::{FrozenArchitecture, Layout};
pub use crate::plan::program;
pub use crate::witness::phase2;
pub use cost::{ColumnCounts, Cost, Footprint, MemoryBytes, Region};
pub use params::CircuitParams;
pub use shape::KeyShape;
pub use synthesis::{Edit, NetworkCircuit};
