//! One slice as disjoint columns, so that several threads can write to it.

use std::marker::PhantomData;

/// The columns `c` to `c + W − 1` of a matrix that is stored row after row.
#[derive(Debug)]
pub struct Columns<'a, T, const W: usize> {
    first: *mut T,
    stride: usize,
    rows: usize,
    matrix: PhantomData<&'a mut [T]>,
}

// SAFETY: the columns are an exclusive borrow of elements that no other `Columns` of the same matrix has.
unsafe impl<T: Send, const W: usize> Send for Columns<'_, T, W> {}

/// Divides a matrix with rows of `stride` elements into groups of `W` columns, from left to right.
///
/// # Panics
/// If `W` does not divide `stride`, or `stride` the length.
pub fn columns<T, const W: usize>(matrix: &mut [T], stride: usize) -> Vec<Columns<'_, T, W>> {
    assert!(W > 0 && stride > 0 && stride.is_multiple_of(W));
    assert!(matrix.len().is_multiple_of(stride));
    let rows = matrix.len() / stride;
    let start = matrix.as_mut_ptr();
    if rows == 0 {
        return Vec::new();
    }
    let columns = (0..stride).step_by(W).map(|column| {
        // SAFETY: `column + W ≤ stride ≤ matrix.len()`, so the pointer stays inside the slice.
        let first = unsafe { start.add(column) };
        Columns {
            first,
            stride,
            rows,
            matrix: PhantomData,
        }
    });
    columns.collect()
}

impl<T, const W: usize> Columns<'_, T, W> {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The elements of one row.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn row(&mut self, row: usize) -> &mut [T; W] {
        assert!(row < self.rows);
        // SAFETY: row `row` of the matrix has these `W` elements, no other `Columns` has them, and `self` is borrowed exclusively.
        unsafe { &mut *self.first.add(row * self.stride).cast::<[T; W]>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_in_one_group_of_columns() {
        let mut matrix = vec![0; 5 * 12];
        for (group, mut columns) in columns::<_, 4>(&mut matrix, 12).into_iter().enumerate() {
            assert_eq!(columns.rows(), 5);
            for row in 0..5 {
                for (i, element) in columns.row(row).iter_mut().enumerate() {
                    *element += 100 * row + 4 * group + i;
                }
            }
        }
        assert!(matrix
            .iter()
            .enumerate()
            .all(|(i, &element)| element == i / 12 * 100 + i % 12));
        assert!(columns::<_, 4>(&mut [0u8; 0], 4).is_empty());
        assert_eq!(columns::<_, 1>(&mut [7], 1)[0].row(0), &[7]);
    }

    #[test]
    #[should_panic(expected = "stride.is_multiple_of(W)")]
    fn rows_that_groups_do_not_fill_are_refused() {
        let _ = columns::<_, 4>(&mut [0; 6], 6);
    }

    #[test]
    #[should_panic(expected = "matrix.len().is_multiple_of(stride)")]
    fn a_row_that_is_not_whole_is_refused() {
        let _ = columns::<_, 2>(&mut [0; 5], 4);
    }

    #[test]
    #[should_panic(expected = "row < self.rows")]
    fn a_row_beyond_the_last_is_refused() {
        columns::<_, 2>(&mut [0; 4], 2)[0].row(2);
    }
}
