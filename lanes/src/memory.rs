//! Memory before it is needed: prefetches, and vectors on huge pages: a column of `2^18` elements touches 4 pages of 2 MB instead of 2,048 small ones.

/// Bytes of a huge page.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 1 << 21;

/// An empty vector with room for `capacity` elements. Of a large one, the operating system is asked to use huge pages; it may decline, and
/// other systems than Linux are not asked.
#[must_use]
pub fn vec_on_huge_pages<T>(capacity: usize) -> Vec<T> {
    let vector = Vec::with_capacity(capacity);
    #[cfg(target_os = "linux")]
    {
        let start = vector.as_ptr() as usize;
        let end = start + vector.capacity() * size_of::<T>();
        let (first, last) = (start.next_multiple_of(HUGE_PAGE), end / HUGE_PAGE * HUGE_PAGE);
        if size_of::<T>() > 0 && first < last {
            // SAFETY: the range lies inside one allocation of this process; the advice changes how its pages are backed, not what they hold.
            // A refusal is an error code and no harm.
            unsafe { libc::madvise(first as *mut libc::c_void, last - first, libc::MADV_HUGEPAGE) };
        }
    }
    vector
}

/// Asks for an element to come into the cache, where the processor can be asked. An index beyond the slice does nothing.
#[inline]
pub fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let first: *const i8 = std::ptr::from_ref(element).cast();
        // Elements that are no longer than a line of 64 bytes lie in two at most.
        let last = first.wrapping_add(size_of::<T>().saturating_sub(1));
        // SAFETY: every processor of this architecture has the instruction; it reads nothing that the program sees and cannot fault.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(first);
            _mm_prefetch::<_MM_HINT_T0>(last);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_vectors() {
        for capacity in [0, 1, 1 << 10, (1 << 20) + 3] {
            let mut vector = vec_on_huge_pages::<u64>(capacity);
            assert!(vector.is_empty() && vector.capacity() >= capacity);
            vector.extend(0..capacity as u64);
            assert!((0..capacity as u64).eq(vector));
        }
        assert!(vec_on_huge_pages::<()>(7).is_empty());
    }
}
