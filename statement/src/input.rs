//! The salted hash chain that commits to an image.
//!
//! `h_0 = H(TAG_LEN, salt, 0)`, `h_{j+1} = H(h_j, m_{2j}, m_{2j+1})`, zero words only to complete the last call; the
//! commitment is the last `h`. Words hold 31 bytes big-endian, the last one zero-filled on the right;
//! `TAG_LEN = (uint120(keccak256("assay.input.v1")) << 64) | L` with `L` the number of words.
//!
//! An input that is public from the start has the salt of [`InputSalt::public`], which everybody can compute: its commitment binds
//! as any other does, and hides nothing.

use crate::field::{from_be_bytes, Fr, Word};
use crate::poseidon::{hash, INPUTS, RATE};
use halo2_proofs::halo2curves::ff::Field;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest, Keccak256};

/// Bytes of one message word.
pub const WORD_BYTES: usize = 31;

/// 31 random bytes that hide an image behind its commitment: as a number they are below the scalar order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InputSalt(pub [u8; 31]);

impl InputSalt {
    /// A fresh salt from the operating system.
    pub fn random() -> Self {
        use rand::RngCore;
        let mut bytes = [0; 31];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The salt of the public input at this index of its list: the first 31 bytes of
    /// `keccak256("assay.input.public-salt.v1" ‖ index)`, the index in 8 bytes, big-endian.
    pub fn public(index: u64) -> Self {
        let digest = Keccak256::new()
            .chain_update(b"assay.input.public-salt.v1")
            .chain_update(index.to_be_bytes())
            .finalize();
        let mut bytes = [0; 31];
        bytes.iter_mut().zip(digest).for_each(|(byte, d)| *byte = d);
        Self(bytes)
    }

    /// The salt that a word states; `None` unless it is below 2^248.
    pub fn from_word(word: &Word) -> Option<Self> {
        match word {
            [0, bytes @ ..] => Some(Self(*bytes)),
            _ => None,
        }
    }

    /// The salt as a 32-byte word, its first byte 0.
    pub fn to_word(&self) -> Word {
        let mut word = [0; 32];
        word[1..].copy_from_slice(&self.0);
        word
    }

    /// The 31 bytes as one big-endian message word.
    pub fn to_field(&self) -> Fr {
        word(&self.0)
    }
}

/// Hexadecimal digits after `0x`.
impl Serialize for InputSalt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(self.0)))
    }
}

impl<'de> Deserialize<'de> for InputSalt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 31];
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        hex::decode_to_slice(digits, &mut bytes).map_err(D::Error::custom)?;
        Ok(Self(bytes))
    }
}

impl std::fmt::Debug for InputSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InputSalt(hidden)")
    }
}

/// Number of message words of `bytes` image bytes.
pub const fn word_count(bytes: usize) -> usize {
    bytes.div_ceil(WORD_BYTES)
}

/// Number of calls of the hash after the first, which absorbs the salt.
pub const fn call_count(bytes: usize) -> usize {
    word_count(bytes).div_ceil(RATE)
}

/// The message words of an image.
pub fn words(image_hwc: &[u8]) -> Vec<Fr> {
    image_hwc.chunks(WORD_BYTES).map(word).collect()
}

/// First input of the first call: domain and number of words.
pub fn tag(word_count: usize) -> Fr {
    let digest = Keccak256::digest(b"assay.input.v1");
    let mut bytes = [0; 32];
    bytes[9..24].copy_from_slice(&digest[17..32]);
    bytes[24..].copy_from_slice(&(word_count as u64).to_be_bytes());
    from_be_bytes(&bytes).expect("the tag has 184 bits")
}

/// Inputs of every call of the chain, the hash so far first.
pub fn calls(image_hwc: &[u8], salt: &InputSalt) -> Vec<[Fr; INPUTS]> {
    let words = words(image_hwc);
    let mut calls = vec![[tag(words.len()), salt.to_field(), Fr::ZERO]];
    for pair in words.chunks(RATE) {
        let h = hash(calls.last().expect("the first call is there"));
        calls.push([h, pair[0], pair.get(1).copied().unwrap_or(Fr::ZERO)]);
    }
    calls
}

/// The commitment to an image of HWC bytes.
pub fn input_commit(image_hwc: &[u8], salt: &InputSalt) -> Fr {
    hash(calls(image_hwc, salt).last().expect("the first call is there"))
}

/// Up to 31 bytes, big-endian, zero-filled on the right.
fn word(bytes: &[u8]) -> Fr {
    let mut padded = [0; 32];
    padded[1..=bytes.len()].copy_from_slice(bytes);
    from_be_bytes(&padded).expect("a word has 248 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_byte_another_salt_or_length_changes_the_commitment() {
        let salt = InputSalt([7; 31]);
        let image: Vec<u8> = (0..100u8).collect();
        let commit = input_commit(&image, &salt);
        let mut other = image.clone();
        other[99] ^= 1;
        assert_ne!(input_commit(&other, &salt), commit);
        assert_ne!(input_commit(&image, &InputSalt([8; 31])), commit);
        // One word more, of zeros.
        let mut longer = image.clone();
        longer.resize(130, 0);
        assert_ne!(input_commit(&longer, &salt), commit);
    }

    #[test]
    fn a_salt_is_a_word_below_248_bits_and_62_digits_of_text() {
        let salt = InputSalt(std::array::from_fn(|b| b as u8 + 0xa0));
        let mut word = salt.to_word();
        assert_eq!((word[0], InputSalt::from_word(&word)), (0, Some(salt)));
        assert_eq!(crate::field::to_be_bytes(&salt.to_field()), word);
        word[0] = 1;
        assert_eq!(InputSalt::from_word(&word), None);

        let text = serde_json::to_string(&salt).unwrap();
        assert_eq!(
            text,
            "\"0xa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe\""
        );
        assert_eq!(serde_json::from_str::<InputSalt>(&text).unwrap(), salt);
        assert_eq!(
            serde_json::from_str::<InputSalt>(&text.replace("0x", "")).unwrap(),
            salt
        );
        for wrong in [
            text.replace("be", ""),
            text.replace("be", "bebf"),
            text.replace("be", "bg"),
        ] {
            assert!(serde_json::from_str::<InputSalt>(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn public_salts_are_these_and_one_for_each_index() {
        let hex = |index| hex::encode(InputSalt::public(index).0);
        let expected = |index: u64| {
            let message = [&b"assay.input.public-salt.v1"[..], &index.to_be_bytes()].concat();
            hex::encode(&Keccak256::digest(message)[..31])
        };
        for index in [0, 1, 4095, u64::MAX] {
            assert_eq!(hex(index), expected(index));
        }
        assert_eq!(hex(0), "729dcc1f3696d8d4e9805fc6c46715e0a979060f5e7f0dda4a736ffe7165c2");
    }

    #[test]
    fn the_tag_holds_domain_and_length() {
        let digest = Keccak256::digest(b"assay.input.v1");
        let bytes = crate::field::to_be_bytes(&tag(892));
        assert_eq!(bytes[..9], [0; 9]);
        assert_eq!(bytes[9..24], digest[17..]);
        assert_eq!(bytes[24..], 892u64.to_be_bytes());
    }
}
