//! Roots of unity by layers.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;

use crate::modulus::{limbs, Limbs};
use crate::words::Words;

/// Log₂ of the longest transform that a pass does. One more layer adds `2·p` to the bounds of `transform` and doubles a buffer of 320 kB.
pub const LONGEST_LOG: u32 = 10;

/// One factor, in lane form and below `p`.
#[derive(Debug, Clone, Copy)]
pub struct Factor(Limbs);

impl Factor {
    /// The factor that multiplies by `value`.
    #[must_use]
    pub fn new(value: Fr) -> Self {
        // Words of 16·value: value·2^260.
        Self(limbs((value * Fr::from(16)).to_words()))
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn limbs(&self) -> &Limbs {
        &self.0
    }
}

/// The factors of a transform of `2^log` elements that takes coefficients `a_i` to `Σ a_i·(shift·root^q)^i`.
#[derive(Debug, Clone)]
pub struct Twiddles {
    /// Factor `j` of the layer that joins halves of `m` elements, `shift^(2^log/2m)·root^(j·2^log/2m)`, is at `m + j`.
    factors: Vec<Factor>,
    log: u32,
    shifted: bool,
}

impl Twiddles {
    /// `root` has order `2^log`.
    ///
    /// # Panics
    /// If `log` is above [`LONGEST_LOG`].
    #[must_use]
    pub fn new(log: u32, root: Fr, shift: Fr) -> Self {
        assert!(log <= LONGEST_LOG);
        let mut factors = vec![Factor::new(Fr::ONE); 1 << log];
        let (mut layer_root, mut layer_shift) = (root, shift);
        for layer in (0..log).rev() {
            let half = 1 << layer;
            let mut factor = layer_shift;
            for j in 0..half {
                factors[half + j] = Factor::new(factor);
                factor *= layer_root;
            }
            layer_root = layer_root.square();
            layer_shift = layer_shift.square();
        }
        Self {
            factors,
            log,
            shifted: shift != Fr::ONE,
        }
    }

    /// How many elements the transform has.
    #[must_use]
    pub fn length(&self) -> usize {
        1 << self.log
    }

    /// Where row `row` of the input stands before the first layer: the bits of the index in reverse.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn place(&self, row: usize) -> usize {
        if self.log == 0 {
            0
        } else {
            row.reverse_bits() >> (usize::BITS - self.log)
        }
    }

    /// The factors of the layer that joins halves of `half` elements.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn layer(&self, half: usize) -> &[Factor] {
        &self.factors[half..2 * half]
    }

    /// Whether the shift is not one.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn shifted(&self) -> bool {
        self.shifted
    }
}
