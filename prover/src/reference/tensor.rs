//! A tensor as the ops read it.

use crate::model::Shape;

/// One tensor: channel-major bytes and their shape.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    /// Of `data`.
    pub shape: Shape,
    /// Row-major within a channel, channel after channel.
    pub data: &'a [u8],
}

impl<'a> Tensor<'a> {
    /// The map of channel `c`, row-major.
    pub fn channel(&self, c: usize) -> &'a [u8] {
        let size = self.shape.h * self.shape.w;
        &self.data[c * size..(c + 1) * size]
    }
}
