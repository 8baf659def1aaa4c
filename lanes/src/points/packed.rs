//! Points as they lie in memory.

use halo2_proofs::halo2curves::bn256::{Fq, G1Affine};

use crate::modulus::{multiple, words, Prime};
use crate::words::Words;

/// Of an index of a point: its negative is meant. The other 31 bits are the index.
pub const NEGATED: u32 = 1 << 31;

/// A point in one line of the cache: the words of `x·2^260`, below `2.01·p`, and of `y·2^260`, below `3·p`. All words zero: infinity.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Point {
    pub(super) words: [u64; 8],
}

impl Point {
    /// The point at infinity.
    pub const INFINITY: Self = Self { words: [0; 8] };

    /// Whether this is the point at infinity. No point of the curve has `y = 0`, so that no other has eight words of zero.
    #[must_use]
    pub fn is_infinity(&self) -> bool {
        self.words == [0; 8]
    }

    /// The negative: `y ← 3·p − y`.
    #[must_use]
    pub fn negative(&self) -> Self {
        if self.is_infinity() {
            return *self;
        }
        let mut words = self.words;
        let mut borrow = 0i128;
        for (j, word) in THREE_PRIMES.into_iter().enumerate() {
            let difference = i128::from(word) - i128::from(words[4 + j]) + borrow;
            (words[4 + j], borrow) = (difference as u64, difference >> 64);
        }
        Self { words }
    }

    /// The library's point.
    #[must_use]
    pub fn to_affine(&self) -> G1Affine {
        let [x, y] = [0, 4].map(|first| {
            let mut words = [
                self.words[first],
                self.words[first + 1],
                self.words[first + 2],
                self.words[first + 3],
            ];
            // Below 3·p: at most two subtractions.
            for _ in 0..2 {
                words = lowered(words);
            }
            // Words of x·2^260 are the library's element 16·x.
            Fq::from_words(words) * SIXTEENTH.get_or_init(sixteenth)
        });
        G1Affine { x, y }
    }
}

static SIXTEENTH: std::sync::OnceLock<Fq> = std::sync::OnceLock::new();

fn sixteenth() -> Fq {
    Fq::from(16).invert().expect("sixteen is not zero")
}

/// `3·p`, below `2^256`.
const THREE_PRIMES: [u64; 4] = words(multiple(<Fq as Prime>::LIMBS, 3));

/// `x − p` if that is not negative.
fn lowered(words: [u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = 0i128;
    for (j, prime) in <Fq as Prime>::WORDS.into_iter().enumerate() {
        let difference = i128::from(words[j]) - i128::from(prime) + borrow;
        (out[j], borrow) = (difference as u64, difference >> 64);
    }
    if borrow < 0 {
        words
    } else {
        out
    }
}
