//! Affine additions on BN254's first group, many with one inversion.
//!
//! `λ = (y_2 − y_1) / (x_2 − x_1)`, `x_3 = λ² − x_1 − x_2`, `y_3 = λ·(x_1 − x_3) − y_1`
//!
//! A batch multiplies its differences `x_2 − x_1` up, inverts the product once and takes each inverse out of it: three products an addition,
//! six with the rest. One difference of zero (`P + P`, `P − P`) would spoil the whole batch, and `P + 0` makes no difference of zero but a
//! wrong sum. So a batch whose product is zero is done again by `complete`, which knows every case; and whoever adds keeps points at
//! infinity out of what comes next, which [`add`] makes possible by saying that some result is one.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `packed` | points as they lie in memory | nothing here |
//! | `gather` | eight points by index | `packed` |
//! | `packing` | the library's points, packed | `gather`, `packed` |
//! | `batch` | the buffers of a batch | `gather` |
//! | `quick` | additions of points that differ | `batch`, `gather`, `packed` |
//! | `complete` | additions of any points | `batch`, `gather`, `packed` |
//! | `adding` | all of a list, batch by batch | all of these |

mod adding;
#[cfg(target_arch = "x86_64")]
mod batch;
#[cfg(target_arch = "x86_64")]
mod complete;
#[cfg(target_arch = "x86_64")]
mod gather;
mod packed;
mod packing;
#[cfg(target_arch = "x86_64")]
mod quick;

pub use adding::{add, Scratch};
pub use packed::{Point, NEGATED};
pub use packing::pack;
