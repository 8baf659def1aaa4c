//! Buffers that are kept from one operation to the next: the operating system takes longer to give pages than a transform takes.

use std::sync::{Mutex, PoisonError};

/// Buffers of one type. As many are kept as were in use at once.
#[derive(Debug)]
pub(crate) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Default> Spare<T> {
    /// Runs `work` with a buffer that nobody else has; what is in it is what was left in it.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // A panic elsewhere leaves a list of whole buffers.
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer = taken.unwrap_or_default();
        let result = work(&mut buffer);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        result
    }
}

/// Makes `buffer` exactly `length` long without keeping its contents, on huge pages if it has to grow.
pub(crate) fn resize<T: Copy>(buffer: &mut Vec<T>, length: usize, filling: T) {
    if buffer.capacity() < length {
        *buffer = assay_lanes::memory::vec_on_huge_pages(length);
    }
    buffer.resize(length, filling);
}
