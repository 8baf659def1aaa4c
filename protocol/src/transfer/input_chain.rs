//! The chain behind an input commitment, one chunk at a time.

use assay_statement::field::Word;
use assay_statement::field::{from_be_bytes, to_be_bytes, Fr};
use assay_statement::input::tag;
use assay_statement::poseidon::{hash, RATE};

/// Words of a message stay below 2^248.
pub fn is_message_word(word: &Word) -> bool {
    word[0] == 0
}

/// The value before the first message word; `None` unless the salt is below the scalar order.
pub fn start(input_words: usize, salt: &Word) -> Option<Word> {
    let salt = from_be_bytes(salt)?;
    Some(to_be_bytes(&hash(&[tag(input_words), salt, Fr::zero()])))
}

/// The value after `words`, which are filled up with zeros for the last call; `None` unless everything is below the
/// scalar order.
pub fn absorb(value: &Word, words: &[Word]) -> Option<Word> {
    let mut value = from_be_bytes(value)?;
    for call in words.chunks(RATE) {
        let mut inputs = [value, Fr::zero(), Fr::zero()];
        for (input, word) in inputs[1..].iter_mut().zip(call) {
            *input = from_be_bytes(word)?;
        }
        value = hash(&inputs);
    }
    Some(to_be_bytes(&value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testset::input_commit;
    use assay_statement::input::{words, InputSalt};

    #[test]
    fn chunk_by_chunk_is_the_commitment_of_the_prover() {
        let salt = InputSalt([9; 31]);
        for bytes in [1, 31, 32, 155, 310] {
            let image: Vec<u8> = (0..bytes).map(|b| b as u8).collect();
            let words: Vec<Word> = words(&image).iter().map(to_be_bytes).collect();
            let mut value = start(words.len(), &salt.to_word()).unwrap();
            for chunk in words.chunks(4) {
                value = absorb(&value, chunk).unwrap();
            }
            assert_eq!(value, input_commit(&image, &salt).to_be_bytes::<32>());
        }
    }

    #[test]
    fn numbers_from_the_scalar_order_on_have_no_value() {
        let order = crate::ids::SCALAR_ORDER.to_be_bytes::<32>();
        assert_eq!(start(1, &order), None);
        assert_eq!(absorb(&order, &[[0; 32]]), None);
        assert_eq!(absorb(&[0; 32], &[order]), None);
    }
}
