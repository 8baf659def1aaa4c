//! What of an architecture and its layout the gates depend on.

use crate::model::{Cut, OutputMode};
use crate::plan::floor::ImageRead;
use crate::plan::layout::{FrozenArchitecture, Layout};

/// What `configure` needs to know.
#[derive(Clone, Copy, Debug)]
pub struct CircuitParams {
    /// Number of rows and columns.
    pub layout: Layout,
    /// [`Architecture::cut`](crate::model::Architecture::cut), which the requantisation gate holds.
    pub cut: Cut,
    /// How the image is read, which the gate over tensor rows holds.
    pub image: ImageRead,
    /// [`Architecture::output`](crate::model::Architecture::output), which chooses the gate over the logits.
    pub output: OutputMode,
}

impl CircuitParams {
    /// Those of an architecture with its layout.
    pub fn of(frozen: &FrozenArchitecture) -> Self {
        Self {
            layout: frozen.layout,
            cut: frozen.architecture.cut(),
            image: ImageRead::of(&frozen.architecture),
            output: frozen.architecture.output,
        }
    }
}

impl Default for CircuitParams {
    fn default() -> Self {
        Self {
            layout: Layout {
                k: 0,
                lanes: 3,
                weight_columns: 3,
                salt_rows: 0,
            },
            cut: Cut::of(16),
            image: ImageRead::default(),
            output: OutputMode::Top1,
        }
    }
}
