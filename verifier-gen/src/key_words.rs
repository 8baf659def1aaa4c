//! The numbers of the key data: what one key has and another of the same constraint system, with more rows, has not.

use halo2_proofs::halo2curves::bn256::Fr;

use crate::protocol::Protocol;

/// A word of the key data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyWord {
    /// What the transcript absorbs first.
    Digest,
    /// log₂ of the rows.
    LogRows,
    /// `1 / n`
    RowsInverse,
    /// The root of unity of order `n`.
    Omega,
    /// `ω^row` of the first row whose Lagrange polynomial is needed.
    FirstRoot,
    /// `ω^rotation`
    Root(i32),
    /// `1 / Π (ω^rotation − ω^other)` over the other rotations of the rotation set `set`.
    Denominator {
        /// Which of the protocol's sets.
        set: usize,
        /// One of its rotations.
        rotation: i32,
    },
}

/// In the order of the key data.
pub(crate) fn key_words(protocol: &Protocol) -> Vec<KeyWord> {
    let mut words = vec![
        KeyWord::Digest,
        KeyWord::LogRows,
        KeyWord::RowsInverse,
        KeyWord::Omega,
        KeyWord::FirstRoot,
    ];
    let rotations = protocol.rotations().into_iter().filter(|rotation| *rotation != 0);
    words.extend(rotations.map(KeyWord::Root));
    for (set, points) in protocol.sets.iter().enumerate() {
        if points.rotations.len() > 1 {
            let denominator = |rotation: &i32| KeyWord::Denominator {
                set,
                rotation: *rotation,
            };
            words.extend(points.rotations.iter().map(denominator));
        }
    }
    words
}

impl KeyWord {
    /// Its number, where the key's digest is `digest`.
    pub(crate) fn value(self, protocol: &Protocol, digest: Fr) -> Fr {
        match self {
            Self::Digest => digest,
            Self::LogRows => Fr::from(u64::from(protocol.k)),
            Self::RowsInverse => Fr::from(1 << protocol.k).invert().expect("a power of two is not zero"),
            Self::Omega => protocol.omega,
            Self::FirstRoot => protocol.omega_pow(protocol.lagrange_rows().start),
            Self::Root(rotation) => protocol.omega_pow(rotation),
            Self::Denominator { set, rotation } => {
                let others = protocol.sets[set].rotations.iter().filter(|other| **other != rotation);
                let product: Fr = others
                    .map(|other| protocol.omega_pow(rotation) - protocol.omega_pow(*other))
                    .product();
                product.invert().expect("rotations of a set are distinct rows")
            }
        }
    }
}
