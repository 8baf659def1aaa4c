//! Who is told how far a proof is.

use std::time::Duration;

/// Told of each step of a key or a proof, in order and on the caller's thread. Steps do not nest.
pub trait Observer {
    /// A step begins.
    fn begin(&self, _step: &'static str) {}
    /// The step that began last has ended well.
    fn end(&self, _step: &'static str, _elapsed: Duration) {}
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
