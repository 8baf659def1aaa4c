//! How many windows, and which rows together.

use std::ops::RangeInclusive;

use super::magnitude::MOST_BITS;

/// The windows of magnitudes of up to `bits` bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Windows {
    /// From one window to the next.
    pub(super) bits: usize,
    /// How many.
    pub(super) count: usize,
    /// Log₂ of the buckets of a window: digits are at most `2^log_buckets`, without their signs.
    pub(super) log_buckets: usize,
}

/// Most buckets of a window: `2^18` points of 64 bytes.
const MOST_LOG_BUCKETS: usize = 18;

/// What a window costs beside the additions that can be counted, in additions for each bit of it: inversions of small batches at its end,
/// doublings. Measured roughly.
const COST_OF_A_BIT: usize = 150;

/// How many buckets cost as much as one addition when they are set to infinity and gone through, be there a point in them or not. Measured
/// roughly; what counts is that a few rows do not get more buckets than they have digits.
const BUCKETS_OF_AN_ADDITION: usize = 4;

impl Windows {
    /// `count` windows for magnitudes of `bits` bits. One window has digits without signs, `0 ≤ d < 2^bits`. More have digits from `−2^(c−1)`
    /// to `2^(c−1) − 1`, and the highest window at least one bit less than the others, so that a carry into it leaves its digit at `2^(c−1)` or less.
    fn new(bits: usize, count: usize) -> Self {
        if count == 1 {
            Self {
                bits,
                count,
                log_buckets: bits,
            }
        } else {
            let width = (bits + 1).div_ceil(count);
            Self {
                bits: width,
                count,
                log_buckets: width - 1,
            }
        }
    }

    /// Additions for `rows` rows: each row once a window, each bucket with points twice, and the way through all buckets.
    fn cost(&self, rows: usize) -> usize {
        let all = 1usize << self.log_buckets;
        let filled = all.min(4 * rows);
        self.count * (rows + 2 * filled + all / BUCKETS_OF_AN_ADDITION + COST_OF_A_BIT * self.bits)
    }

    /// The cheapest windows for `rows` rows of at most `bits ≥ 1` bits.
    pub(super) fn cheapest(rows: usize, bits: usize) -> Self {
        let all = (1..=bits)
            .map(|count| Self::new(bits, count))
            .filter(|windows| windows.log_buckets <= MOST_LOG_BUCKETS);
        all.min_by_key(|windows| windows.cost(rows))
            .expect("windows of one or two bits are always possible")
    }
}

/// The bit lengths whose rows are added together, given how many rows there are of each: short ones apart from long ones where that is
/// cheaper, else all in the first range and none in the second. Rows of length 0 cost nothing and are in neither.
pub(super) fn divided(rows_of_length: &[usize; MOST_BITS + 1]) -> [RangeInclusive<usize>; 2] {
    let longest = rows_of_length.iter().rposition(|&rows| rows > 0).unwrap_or(0);
    let all: usize = rows_of_length[1..].iter().sum();
    let cost = |rows: usize, bits: usize| {
        if rows == 0 {
            0
        } else {
            Windows::cheapest(rows, bits).cost(rows)
        }
    };
    let (mut best, mut least) = (longest, cost(all, longest));
    let mut short = 0;
    for bits in 1..longest {
        short += rows_of_length[bits];
        if rows_of_length[bits] > 0 {
            let total = cost(short, bits) + cost(all - short, longest);
            if total < least {
                (best, least) = (bits, total);
            }
        }
    }
    [1..=best, best + 1..=longest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_every_magnitude() {
        for bits in 1..=MOST_BITS {
            for rows in [1, 100, 1 << 12, 1 << 18, 1 << 24] {
                let windows = Windows::cheapest(rows, bits);
                let enough = if windows.count == 1 { bits } else { bits + 1 };
                assert!(
                    windows.bits * windows.count >= enough && windows.log_buckets <= MOST_LOG_BUCKETS,
                    "{bits} {rows}"
                );
            }
        }
        assert_eq!(
            Windows::cheapest(1 << 18, 16),
            Windows {
                bits: 16,
                count: 1,
                log_buckets: 16
            }
        );
        assert!((15..=16).contains(&Windows::cheapest(1 << 18, 253).bits));
    }

    /// The time and the memory of few rows are not those of many buckets.
    #[test]
    fn buckets_are_few_where_rows_are() {
        for bits in 1..=MOST_BITS {
            for rows in (1..=64).chain((7..=20).map(|log| 1 << log)) {
                let windows = Windows::cheapest(rows, bits);
                let buckets = windows.count << windows.log_buckets;
                assert!(buckets <= 8 * rows + 2048, "{bits} bits, {rows} rows: {windows:?}");
            }
        }
        for rows in 1..=30 {
            assert!((2..=4).contains(&Windows::cheapest(rows, 253).bits));
        }
        assert_eq!(Windows::cheapest(29_000, 253).bits, 12);
        assert_eq!(Windows::cheapest(1 << 18, 253).bits, 15);
    }

    #[test]
    fn few_long_rows_are_added_apart() {
        let mut rows = [0; MOST_BITS + 1];
        (rows[0], rows[8], rows[16], rows[253]) = (10_000, 100_000, 120_000, 29_000);
        assert_eq!(divided(&rows), [1..=16, 17..=253]);
        let mut equal = [0; MOST_BITS + 1];
        equal[16] = 50_000;
        let [all, none] = divided(&equal);
        assert!(all == (1..=16) && none.is_empty());
        assert!(divided(&[0; MOST_BITS + 1]).iter().all(RangeInclusive::is_empty));
    }
}
