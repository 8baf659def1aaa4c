//! Memory before it is needed and after: prefetches, what goes back to the system, and vectors on huge pages: a column of `2^18` elements touches 4 pages of 2 MB instead of 2,048 small ones.

#[cfg(target_os = "linux")]
use std::ops::Range;

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
        let pages = huge_pages(start..start + vector.capacity() * size_of::<T>());
        if !pages.is_empty() {
            // SAFETY: the range lies inside one allocation of this process; the advice changes how its pages are backed, not what they hold.
            // A refusal is an error code and no harm.
            unsafe { libc::madvise(pages.start as *mut libc::c_void, pages.len(), libc::MADV_HUGEPAGE) };
        }
    }
    vector
}

/// The whole huge pages in a range of addresses; an empty range if there are none.
#[cfg(target_os = "linux")]
fn huge_pages(addresses: Range<usize>) -> Range<usize> {
    addresses.start.next_multiple_of(HUGE_PAGE)..addresses.end / HUGE_PAGE * HUGE_PAGE
}

/// From here on, memory of a megabyte or more that this process gives back goes to the system at once, not to the allocator's
/// stock, which grows with every size of column that was ever in use. Where the allocator is not glibc's, nothing changes.
pub fn return_large_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const MEGABYTE: libc::c_int = 1 << 20;
        // SAFETY: it sets a number of the allocator's; no memory moves. Other threads read that number without a lock, a word of
        // which they see either value, and either is a threshold that the allocator works with. A refusal changes nothing.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, MEGABYTE) };
    }
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

    /// Of a gigabyte that was in use, nothing stays with the process; the allocator's own way keeps columns of several sizes.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn large_buffers_go_back() {
        const PAGE: usize = 4096;
        let resident = || {
            let counts = std::fs::read_to_string("/proc/self/statm").unwrap();
            counts.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * PAGE
        };
        return_large_buffers();
        // One that is given back would lift glibc's own threshold to its size.
        drop(vec![1_u8; 8 << 20]);
        let before = resident();
        // Small ones between them would keep a heap from shrinking.
        let columns = || (vec![1_u8; 1 << 20], vec![1_u8; 50 << 10]);
        let (columns, between): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (0..256).map(|_| columns()).unzip();
        let in_use = resident();
        drop(columns);
        let after = resident();
        assert!(in_use > before + (200 << 20), "{before} {in_use}");
        assert!(after < before + (64 << 20), "{before} {after}");
        drop(between);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn advice_is_given_for_whole_huge_pages_inside() {
        let page = 2 << 20;
        for (bytes, whole) in [
            (0..0, 0..0),
            (page..2 * page, page..2 * page),
            (1..3 * page, page..3 * page),
            (page..3 * page - 1, page..2 * page),
            (page - 1..5 * page + 1, page..5 * page),
        ] {
            assert_eq!(huge_pages(bytes), whole);
        }
        for none in [1..page, page..2 * page - 1, page + 1..2 * page + 1, 3 * page..3 * page] {
            assert!(huge_pages(none).is_empty());
        }
    }

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
