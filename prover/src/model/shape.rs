//! Sizes of tensors and the order of their elements.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes of one tensor: channels, rows, columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Channels.
    pub c: usize,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

impl Shape {
    /// Channels, rows, columns.
    pub const fn new(c: usize, h: usize, w: usize) -> Self {
        Self { c, h, w }
    }

    /// Number of elements.
    pub const fn len(&self) -> usize {
        self.c * self.h * self.w
    }

    /// Whether some size is 0.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Index of element `(c, i, j)` in channel-major order.
    pub const fn index(&self, c: usize, i: usize, j: usize) -> usize {
        (c * self.h + i) * self.w + j
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.c, self.h, self.w)
    }
}
