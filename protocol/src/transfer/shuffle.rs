//! The permutation from positions to examples: swap-or-not.
//!
//! # Source
//! Hoang, Morris, Rogaway, "An enciphering scheme based on a card shuffle" (CRYPTO 2012), with the rounds of the
//! Ethereum consensus specification and tagged Keccak-256.

use super::words::{digest, uint, TAG_SHUFFLE};
use alloy::primitives::{B256, U256};
use assay_statement::field::Word;

/// Each decides for every place whether it swaps with its partner. As many as the Ethereum consensus specification has.
pub const ROUNDS: usize = 90;

/// The most places: documents of the largest corpus.
pub const MAX_PLACES: usize = 1 << 20;

/// Places that share one hash.
const BLOCK: usize = 256;

/// π: from positions `0..n` to dataset indices `0..n`.
#[derive(Debug, Clone)]
pub struct Shuffle {
    n: usize,
    rounds: Vec<Round>,
}

#[derive(Debug, Clone)]
struct Round {
    pivot: usize,
    /// One bit per place, least significant first.
    blocks: Vec<Word>,
}

impl Shuffle {
    /// # Panics
    /// Unless `n` is 1 to [`MAX_PLACES`].
    pub fn new(seed: B256, n: usize) -> Self {
        assert!((1..=MAX_PLACES).contains(&n), "a shuffle of {n} places");
        let round = |r: usize| Round {
            pivot: U256::from_be_bytes(digest(&TAG_SHUFFLE, &[&seed.0, &uint(r)]))
                .wrapping_rem(U256::from(n))
                .to::<usize>(),
            blocks: (0..n.div_ceil(BLOCK))
                .map(|b| digest(&TAG_SHUFFLE, &[&seed.0, &uint(r), &uint(b)]))
                .collect(),
        };
        Self {
            n,
            rounds: (0..ROUNDS).map(round).collect(),
        }
    }

    /// The order of SIMPLE mode, where nothing is drawn.
    pub fn identity(n: usize) -> Self {
        Self { n, rounds: Vec::new() }
    }

    /// Positions, and as many dataset indices.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Only the identity of no places is.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// π(position); `None` past the last position.
    pub fn index_of(&self, position: usize) -> Option<usize> {
        (position < self.n).then(|| self.rounds.iter().fold(position, |i, round| round.apply(i, self.n)))
    }

    /// The position of an example; `None` past the last one.
    pub fn position_of(&self, index: usize) -> Option<usize> {
        // A round is its own inverse.
        (index < self.n).then(|| self.rounds.iter().rev().fold(index, |i, round| round.apply(i, self.n)))
    }
}

impl Round {
    fn apply(&self, i: usize, n: usize) -> usize {
        let flip = (self.pivot + n - i) % n;
        let place = i.max(flip);
        let (block, bit) = (&self.blocks[place / BLOCK], place % BLOCK);
        if (block[31 - bit / 8] >> (bit % 8)) & 1 == 1 {
            flip
        } else {
            i
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_a_bijection_and_the_inverse_undoes_it() {
        for n in 1..=300 {
            let shuffle = Shuffle::new(B256::repeat_byte(n as u8), n);
            let mut seen = vec![false; n];
            for position in 0..n {
                let index = shuffle.index_of(position).unwrap();
                assert!(!std::mem::replace(&mut seen[index], true), "n = {n}: {index} twice");
                assert_eq!(shuffle.position_of(index), Some(position));
            }
            assert_eq!((shuffle.index_of(n), shuffle.position_of(n)), (None, None));
        }
    }

    #[test]
    fn the_identity_moves_nothing() {
        let order = Shuffle::identity(5);
        assert!((0..5).all(|p| order.index_of(p) == Some(p) && order.position_of(p) == Some(p)));
        assert_eq!(order.index_of(5), None);
    }

    #[test]
    fn seeds_give_different_orders() {
        let order = |seed| {
            let shuffle = Shuffle::new(B256::repeat_byte(seed), 64);
            (0..64).map(|p| shuffle.index_of(p).unwrap()).collect::<Vec<_>>()
        };
        assert_ne!(order(1), order(2));
    }

    /// Over many seeds every place is left by every example about equally often.
    #[test]
    fn the_probe_set_is_drawn_evenly() {
        const SEEDS: usize = 4000;
        let mut first = [0u32; 5];
        for s in 0..SEEDS {
            first[Shuffle::new(uint(s).into(), 5).index_of(0).unwrap()] += 1;
        }
        // 800 expected, standard deviation 25: six of them.
        assert!(first.iter().all(|c| (650..950).contains(c)), "{first:?}");
    }
}
