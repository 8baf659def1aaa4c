//! Why an architecture has no circuit, or not with this layout.

use crate::model::{ArchitectureError, OutputMode};

/// Why an architecture has no circuit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum FloorError {
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    #[error("{what} needs {needed} rows, but 2^{k} leaves {available}")]
    Rows {
        what: &'static str,
        needed: usize,
        available: usize,
        k: u32,
    },
    #[error("the network does not fit 2^24 rows")]
    TooLarge,
    #[error("the layout's {size} is {got}, outside {min}..={max}")]
    Layout {
        size: &'static str,
        got: usize,
        min: usize,
        max: usize,
    },
    #[error("the image has {channels} channels, and a circuit reads three: R, G, B")]
    Image { channels: usize },
    #[error("the narrow layout tells a class or a bit, and the output is {output}: take another profile")]
    NarrowOutput { output: OutputMode },
    #[error("the narrow layout holds shifts up to {max}, and this one is {shift}: take another profile")]
    NarrowShift { shift: u32, max: u32 },
}
