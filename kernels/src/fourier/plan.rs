//! What is transformed, and the factors for it.

use std::sync::OnceLock;

use assay_lanes::fourier::{Factor, Twiddles, LONGEST_LOG};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};

/// A transform of `2^k` elements: `b_q = scale · back^q · Σ_i a_i·(shift·root^q)^i`.
///
/// The factors are computed at the first use of a path and kept: for lanes about three times the square root of the length, for the
/// portable path as many as there are elements (32 bytes each).
#[derive(Debug)]
pub struct Plan {
    k: u32,
    pub(super) root: Fr,
    pub(super) shift: Fr,
    pub(super) scale: Fr,
    pub(super) back: Fr,
    short: OnceLock<Short>,
    layers: OnceLock<Vec<Fr>>,
}

/// The factors of the passes.
#[derive(Debug)]
pub(super) struct Short {
    /// One for each pass, the first one with the shift.
    pub(super) passes: Vec<Twiddles>,
    /// `back^(R·row)` for every output row of the last pass, `R` being the first pass's length; none if `back` is one.
    pub(super) back: Option<Vec<Factor>>,
}

impl Plan {
    /// `b_q = Σ_i a_i·root^(q·i)`: what `best_fft` computes. `root` must have order `2^k`.
    ///
    /// # Panics
    /// If `k` is above 28, the most that the field has roots for, or `root` has another order.
    #[must_use]
    pub fn new(k: u32, root: Fr) -> Self {
        assert!(k <= Fr::S, "the field has no root of that order");
        let in_order = match k {
            0 => root == Fr::ONE,
            _ => square(root, k - 1) == -Fr::ONE,
        };
        assert!(in_order, "a root of order 2^{k}");
        Self {
            k,
            root,
            shift: Fr::ONE,
            scale: Fr::ONE,
            back: Fr::ONE,
            short: OnceLock::new(),
            layers: OnceLock::new(),
        }
    }

    /// Coefficients to values at `ω^q`.
    #[must_use]
    pub fn to_values(k: u32) -> Self {
        Self::new(k, root_of_unity(k))
    }

    /// Values at `ω^q` to coefficients.
    #[must_use]
    pub fn to_coefficients(k: u32) -> Self {
        Self::from_coset(k, Fr::ONE)
    }

    /// Coefficients to values at `shift·ω^q`.
    #[must_use]
    pub fn to_coset(k: u32, shift: Fr) -> Self {
        Self {
            shift,
            ..Self::to_values(k)
        }
    }

    /// Values at `shift·ω^q` to coefficients.
    ///
    /// # Panics
    /// If `shift` is zero.
    #[must_use]
    pub fn from_coset(k: u32, shift: Fr) -> Self {
        let back = shift.invert().expect("a coset's shift is not zero");
        let root = root_of_unity(k).invert().expect("a root of unity is not zero");
        Self {
            scale: Fr::TWO_INV.pow_vartime([u64::from(k)]),
            back,
            ..Self::new(k, root)
        }
    }

    /// Log₂ of the length.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Log₂ of the passes' lengths: as equal as they can be, each at most [`LONGEST_LOG`], the longer ones first.
    fn split(&self) -> Vec<u32> {
        let passes = if self.k <= 2 * LONGEST_LOG { 2 } else { 3 };
        (0..passes).map(|pass| (self.k + passes - 1 - pass) / passes).collect()
    }

    /// Needs a `k` of 6 to 28.
    pub(super) fn short(&self) -> &Short {
        self.short.get_or_init(|| {
            let split = self.split();
            let passes = split.iter().enumerate().map(|(pass, &log)| {
                let shift = if pass == 0 {
                    square(self.shift, self.k - log)
                } else {
                    Fr::ONE
                };
                Twiddles::new(log, square(self.root, self.k - log), shift)
            });
            let passes = passes.collect();
            let rows = 1usize << (self.k - split[0]);
            let ratio = square(self.back, split[0]);
            let back = (self.back != Fr::ONE).then(|| powers(ratio).take(rows).map(Factor::new).collect());
            Short { passes, back }
        })
    }

    /// Factor `j` of the layer that joins halves of `m` elements, `shift^(n/2m)·root^(j·n/2m)`, at `m + j`.
    pub(super) fn layers(&self) -> &[Fr] {
        self.layers.get_or_init(|| {
            let mut factors = vec![Fr::ONE; 1 << self.k];
            let (mut root, mut shift) = (self.root, self.shift);
            for layer in (0..self.k).rev() {
                let half = 1usize << layer;
                for (factor, power) in factors[half..2 * half].iter_mut().zip(powers(root)) {
                    *factor = shift * power;
                }
                (root, shift) = (root.square(), shift.square());
            }
            factors
        })
    }
}

/// The root of order `2^k` that halo2's domains use.
fn root_of_unity(k: u32) -> Fr {
    assert!(k <= Fr::S, "the field has no root of that order");
    square(Fr::ROOT_OF_UNITY, Fr::S - k)
}

/// `value^(2^times)`.
pub(super) fn square(value: Fr, times: u32) -> Fr {
    (0..times).fold(value, |value, _| value.square())
}

/// `1, value, value², …`
pub(super) fn powers(value: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |power| Some(*power * value))
}
