//! The values that must not leak before their time: wiped on drop, hidden in debug output.

use assay_statement::field::Word;
use rand::{rngs::OsRng, RngCore};
use zeroize::Zeroizing;

macro_rules! secret_word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(zeroize::Zeroizing<assay_statement::field::Word>);

        impl $name {
            /// Takes the word as it is; the caller wipes its own copy.
            pub fn new(word: assay_statement::field::Word) -> Self {
                Self(zeroize::Zeroizing::new(word))
            }

            /// Where the value itself is needed: to hash it, to store it, to reveal it.
            pub fn expose(&self) -> &assay_statement::field::Word {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    };
}

pub(crate) use secret_word;

secret_word! {
    /// K: every key of an engagement's transfer comes from it.
    MasterKey
}

secret_word! {
    /// κ: the key of one example.
    ExampleKey
}

secret_word! {
    /// The consumer's part of the shuffle's seed.
    McSalt
}

impl MasterKey {
    /// A fresh key from the operating system. One key serves one engagement.
    pub fn random() -> Self {
        Self(random_word())
    }
}

impl McSalt {
    /// A fresh salt from the operating system.
    pub fn random() -> Self {
        Self(random_word())
    }
}

/// 32 bytes from the operating system.
pub(crate) fn random_word() -> Zeroizing<Word> {
    let mut word = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(word.as_mut_slice());
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_random_and_hidden() {
        assert_ne!(MasterKey::random(), MasterKey::random());
        assert_ne!(McSalt::random(), McSalt::random());
        assert_eq!(format!("{:?}", ExampleKey::new([0xab; 32])), "ExampleKey(hidden)");
    }
}
