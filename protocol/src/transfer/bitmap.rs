//! The result that a provider posts: one bit for each position of the proven set.
//!
//! Bit `p` is bit `p mod 8`, least significant first, of byte `⌊p/8⌋`; the unused bits of the last byte are zero.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{keccak256, B256};

/// A result in its one encoding: `⌈n/8⌉` bytes, unused bits zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultBitmap {
    n: usize,
    bytes: Vec<u8>,
}

/// Why bytes or positions are no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum BitmapError {
    #[error("a result of {n} positions has {} bytes, not {got}", n.div_ceil(8))]
    Length { n: usize, got: usize },
    #[error("bits after the last of {n} positions are set")]
    UnusedBits { n: usize },
    #[error("there is no position {position} among {n}")]
    Position { n: usize, position: usize },
}

impl ResultBitmap {
    /// The result that claims exactly these positions correct; one given twice counts once.
    ///
    /// # Errors
    /// If a position is not below `n`.
    pub fn of(n: usize, correct: impl IntoIterator<Item = usize>) -> Result<Self, BitmapError> {
        let mut bytes = vec![0; n.div_ceil(8)];
        for position in correct {
            if position >= n {
                return Err(BitmapError::Position { n, position });
            }
            if let Some(byte) = bytes.get_mut(position / 8) {
                *byte |= 1 << (position % 8);
            }
        }
        Ok(Self { n, bytes })
    }

    /// A posted result.
    ///
    /// # Errors
    /// As the contract's `BadBitmap`: another length, or unused bits that are set.
    pub fn parse(n: usize, bytes: &[u8]) -> Result<Self, BitmapError> {
        if bytes.len() != n.div_ceil(8) {
            return Err(BitmapError::Length { n, got: bytes.len() });
        }
        if !n.is_multiple_of(8) && bytes.last().is_some_and(|last| last >> (n % 8) != 0) {
            return Err(BitmapError::UnusedBits { n });
        }
        Ok(Self {
            n,
            bytes: bytes.to_vec(),
        })
    }

    /// As they are posted.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `position` is claimed correct; what is no position is not.
    pub fn is_set(&self, position: usize) -> bool {
        let byte = self.bytes.get(position / 8).filter(|_| position < self.n);
        byte.is_some_and(|byte| (byte >> (position % 8)) & 1 == 1)
    }

    /// The claimed positions in ascending order.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.n).filter(|p| self.is_set(*p))
    }

    /// `claimedCorrect` of the verdict.
    pub fn correct(&self) -> u32 {
        self.bytes.iter().map(|b| b.count_ones()).sum()
    }

    /// `resultHash` of the verdict.
    pub fn hash(&self) -> B256 {
        keccak256(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_the_protocol_says() {
        let bitmap = ResultBitmap::of(10, [0, 3, 9, 3]).unwrap();
        assert_eq!(bitmap.bytes(), [0b0000_1001, 0b10]);
        assert_eq!(bitmap.correct(), 3);
        assert_eq!(bitmap.positions().collect::<Vec<_>>(), [0, 3, 9]);
        assert!(!bitmap.is_set(10) && !bitmap.is_set(1000));
        assert_eq!(bitmap.hash(), keccak256([9, 2]));
    }

    #[test]
    fn only_the_canonical_encoding_is_read() {
        let bitmap = ResultBitmap::of(10, [0, 9]).unwrap();
        assert_eq!(ResultBitmap::parse(10, bitmap.bytes()), Ok(bitmap));
        assert_eq!(
            ResultBitmap::parse(10, &[1]),
            Err(BitmapError::Length { n: 10, got: 1 })
        );
        assert_eq!(
            ResultBitmap::parse(10, &[1, 0, 0]),
            Err(BitmapError::Length { n: 10, got: 3 })
        );
        for bit in 2..8 {
            let error = ResultBitmap::parse(10, &[1, 1 << bit]).unwrap_err();
            assert_eq!(error, BitmapError::UnusedBits { n: 10 });
        }
        assert!(ResultBitmap::parse(16, &[255, 255]).is_ok());
        assert_eq!(
            ResultBitmap::of(8, [8]),
            Err(BitmapError::Position { n: 8, position: 8 })
        );
    }
}
