//! Keys of the examples, and the seed that both sides toss.

use super::secret::{ExampleKey, MasterKey, McSalt};
use super::words::{digest, uint, TAG_KEY, TAG_SALT, TAG_SEED, WORD_BYTES};
use alloy::primitives::B256;
use assay_statement::field::Word;
use zeroize::Zeroizing;

/// Largest probe set whose keys a client sends or accepts: 64 KiB of calldata.
pub const MAX_PROBE_KEYS: usize = 2048;

/// `keysA` has another length than the probe set asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys of {expected} probe positions take {} bytes, not {got}", expected * WORD_BYTES)]
pub struct KeysLength {
    /// N1.
    pub expected: usize,
    /// Bytes.
    pub got: usize,
}

/// κ of the example `index`, a dataset index.
pub fn example_key(master: &MasterKey, index: usize) -> ExampleKey {
    ExampleKey::new(digest(&TAG_KEY, &[master.expose(), &uint(index)]))
}

/// What the consumer commits to when it opens.
pub fn mc_salt_hash(salt: &McSalt) -> B256 {
    digest(&TAG_SALT, &[salt.expose()]).into()
}

/// The seed of the shuffle. Secret until the consumer reveals its salt.
pub fn seed(engagement_id: B256, test_root: B256, ct_root: B256, mp_seed: B256, salt: &McSalt) -> B256 {
    let words: [&Word; 5] = [&engagement_id.0, &test_root.0, &ct_root.0, &mp_seed.0, salt.expose()];
    digest(&TAG_SEED, &words).into()
}

/// The keys of a probe set in the order of its positions, one after the other: `keysA` of `revealA`.
pub fn pack(keys: &[ExampleKey]) -> Zeroizing<Vec<u8>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(keys.len() * WORD_BYTES));
    for key in keys {
        packed.extend_from_slice(key.expose());
    }
    packed
}

/// # Errors
/// Unless `packed` has exactly one key for each of `n1` positions.
pub fn unpack(packed: &[u8], n1: usize) -> Result<Vec<ExampleKey>, KeysLength> {
    let (words, rest) = packed.as_chunks::<WORD_BYTES>();
    if words.len() != n1 || !rest.is_empty() {
        return Err(KeysLength {
            expected: n1,
            got: packed.len(),
        });
    }
    Ok(words.iter().map(|word| ExampleKey::new(*word)).collect())
}

/// The keys that count: those of the probe set as they were revealed, all others from K.
#[derive(Debug, Clone)]
pub struct KeysOfRecord {
    /// By position, 0 to N1 − 1; empty in SIMPLE mode.
    pub probe: Vec<ExampleKey>,
    /// Unknown until the provider has proceeded.
    pub master: Option<MasterKey>,
}

impl KeysOfRecord {
    /// The key of the example `index` at `position`; `None` while it is not out.
    pub fn key(&self, position: usize, index: usize) -> Option<ExampleKey> {
        match self.probe.get(position) {
            Some(key) => Some(key.clone()),
            None => self.master.as_ref().map(|master| example_key(master, index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_keys_unpack_and_other_lengths_do_not() {
        let master = MasterKey::new([1; 32]);
        let keys: Vec<_> = (0..3).map(|i| example_key(&master, i)).collect();
        let packed = pack(&keys);
        assert_eq!(unpack(&packed, 3).unwrap(), keys);
        for (bytes, n1) in [(&packed[..95], 3), (&packed[..64], 3), (&packed[..], 2), (&[][..], 1)] {
            assert_eq!(
                unpack(bytes, n1),
                Err(KeysLength {
                    expected: n1,
                    got: bytes.len()
                })
            );
        }
    }

    #[test]
    fn probe_keys_are_as_revealed_and_the_others_derived() {
        let master = MasterKey::new([1; 32]);
        let odd = ExampleKey::new([9; 32]);
        let mut keys = KeysOfRecord {
            probe: vec![odd.clone()],
            master: None,
        };
        assert_eq!(keys.key(0, 5), Some(odd.clone()));
        assert_eq!(keys.key(1, 5), None);
        keys.master = Some(master.clone());
        assert_eq!(keys.key(0, 5), Some(odd));
        assert_eq!(keys.key(1, 5), Some(example_key(&master, 5)));
    }

    #[test]
    fn a_seed_depends_on_every_part() {
        let word = B256::repeat_byte;
        let salt = McSalt::new([5; 32]);
        let base = seed(word(1), word(2), word(3), word(4), &salt);
        assert_ne!(base, seed(word(0), word(2), word(3), word(4), &salt));
        assert_ne!(base, seed(word(1), word(0), word(3), word(4), &salt));
        assert_ne!(base, seed(word(1), word(2), word(0), word(4), &salt));
        assert_ne!(base, seed(word(1), word(2), word(3), word(0), &salt));
        assert_ne!(base, seed(word(1), word(2), word(3), word(4), &McSalt::new([0; 32])));
        assert_ne!(mc_salt_hash(&salt), mc_salt_hash(&McSalt::new([0; 32])));
    }
}
