//! Work on columns row by row: register programs, inversions, values of polynomials.
//!
//! Programs are those of [`assay_lanes::program`], which describes them; here they run over all rows, with lanes or without.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `portable` | one run over some rows, one element at a time | nothing here |
//! | `run` | all rows | `portable` |
//! | `elements` | slices of elements | nothing here |

mod elements;
mod portable;
mod run;

pub(crate) use elements::{add_scaled, evaluate, invert, scale};
pub(crate) use run::{run, Buffers};
