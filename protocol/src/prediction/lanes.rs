//! Outputs packed into words: 15 classes, 3 sets of five or 240 bits a word in public, one output a word in private, so that an
//! opening shows no neighbour.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::abi::{Metric, Privacy};
use alloy::primitives::U256;

/// Bits of a word that lanes may take.
const WORD_BITS: usize = 240;

/// How outputs lie in words.
///
/// Output `i` is lane `i mod lanes` of word `⌊i / lanes⌋`; lane `ℓ` has the bits `b·ℓ … b·ℓ + b − 1`, lowest first. Unused lanes
/// and bits are zero.
///
/// # Examples
/// ```
/// use alloy::primitives::U256;
/// use assay_protocol::abi::{Metric, Privacy};
/// use assay_protocol::prediction::lanes::Lanes;
///
/// let lanes = Lanes::of(Metric::TOP1, Privacy::PUBLIC);
/// assert_eq!((lanes.bits, lanes.per_word, lanes.words(16)), (16, 15, 2));
/// let words = lanes.pack(&[U256::from(3), U256::from(7)]);
/// assert_eq!(words, Some(vec![U256::from(3 + (7 << 16))]));
/// assert_eq!(lanes.output(&words.unwrap(), 1), Some(U256::from(7)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// Of one output.
    pub bits: usize,
    /// Outputs in a word.
    pub per_word: usize,
}

impl Lanes {
    /// Those of a round.
    pub fn of(metric: Metric, privacy: Privacy) -> Self {
        let bits = match metric {
            Metric::TOP5 => 80,
            Metric::BIN => 1,
            _ => 16,
        };
        let per_word = match privacy {
            Privacy::PRIVATE => 1,
            _ => WORD_BITS / bits,
        };
        Self { bits, per_word }
    }

    /// Words of so many outputs.
    pub fn words(&self, outputs: usize) -> usize {
        outputs.div_ceil(self.per_word)
    }

    /// The words of these outputs; `None` if one does not fit its lane.
    pub fn pack(&self, outputs: &[U256]) -> Option<Vec<U256>> {
        let word = |lanes: &[U256]| {
            lanes.iter().enumerate().try_fold(U256::ZERO, |word, (lane, output)| {
                (output.bit_len() <= self.bits).then(|| word | (*output << (self.bits * lane)))
            })
        };
        outputs.chunks(self.per_word).map(word).collect()
    }

    /// Output `index` of these words, if there is such a word.
    pub fn output(&self, words: &[U256], index: usize) -> Option<U256> {
        let word = words.get(index / self.per_word)?;
        Some(self.lane(*word, index))
    }

    /// What a word says of output `index`.
    pub fn lane(&self, word: U256, index: usize) -> U256 {
        let mask = (U256::from(1) << self.bits) - U256::from(1);
        (word >> (self.bits * (index % self.per_word))) & mask
    }

    /// Whether these are the words of so many outputs: as many as there must be, and nothing in bits that no output has.
    pub fn is_packing(&self, words: &[U256], outputs: usize) -> bool {
        let used = |word: usize| {
            let here = outputs.saturating_sub(word * self.per_word).min(self.per_word);
            here * self.bits
        };
        words.len() == self.words(outputs) && words.iter().enumerate().all(|(w, word)| word.bit_len() <= used(w))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const METRICS: [Metric; 3] = [Metric::TOP1, Metric::TOP5, Metric::BIN];
    const PRIVACY: [Privacy; 2] = [Privacy::PUBLIC, Privacy::PRIVATE];

    #[test]
    fn lanes_fill_240_bits_in_public_and_one_in_private() {
        let of = |metric| PRIVACY.map(|privacy| Lanes::of(metric, privacy).per_word);
        assert_eq!(METRICS.map(of), [[15, 1], [3, 1], [240, 1]]);
    }

    proptest! {
        #[test]
        fn every_output_comes_back_from_one_lane_of_one_word(
            metric in 0..3usize,
            private in 0..2usize,
            seeds in prop::collection::vec(any::<u128>(), 1..300),
        ) {
            let lanes = Lanes::of(METRICS[metric], PRIVACY[private]);
            let mask = (U256::from(1) << lanes.bits) - U256::from(1);
            let outputs: Vec<U256> = seeds.iter().map(|seed| U256::from(*seed) & mask).collect();
            let words = lanes.pack(&outputs).unwrap();
            prop_assert!(lanes.is_packing(&words, outputs.len()));
            for (i, output) in outputs.iter().enumerate() {
                prop_assert_eq!(lanes.output(&words, i), Some(*output));
            }
        }
    }

    #[test]
    fn what_has_a_bit_too_many_or_a_word_too_few_is_no_packing() {
        for metric in METRICS {
            for privacy in PRIVACY {
                let lanes = Lanes::of(metric, privacy);
                let n = lanes.per_word + 1;
                let full = (U256::from(1) << lanes.bits) - U256::from(1);
                let words = lanes.pack(&vec![full; n]).unwrap();
                assert!(lanes.is_packing(&words, n));
                assert!(!lanes.is_packing(&words, n - 1) && !lanes.is_packing(&words[..1], n));
                let mut more = words.clone();
                more[1] |= U256::from(1) << lanes.bits;
                assert!(!lanes.is_packing(&more, n));
                let mut high = words;
                high[0] |= U256::from(1) << (lanes.bits * lanes.per_word);
                assert!(!lanes.is_packing(&high, n));
                assert_eq!(lanes.pack(&[full + U256::from(1)]), None);
            }
        }
    }
}
