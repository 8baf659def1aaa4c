//! The instructions of EVM code, apart from the data that they push.

use alloy::primitives::U256;

const PUSH0: u8 = 0x5f;
const PUSH1: u8 = 0x60;
/// The longest push.
const PUSH32: u8 = 0x7f;

/// One instruction; what code that ends within its data pushes is what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction<'a> {
    /// Its opcode.
    pub(crate) opcode: u8,
    /// What a PUSH1 to PUSH32 pushes, 1 to 32 bytes; empty for the others.
    pub(crate) data: &'a [u8],
}

impl Instruction<'_> {
    /// The word that the instruction pushes, however short the compiler wrote it: leading zeros are left out.
    pub(crate) fn pushed(&self) -> Option<U256> {
        (PUSH0..=PUSH32)
            .contains(&self.opcode)
            .then(|| U256::from_be_slice(self.data))
    }
}

/// The instructions of `code` from its first byte.
pub(crate) fn instructions(mut code: &[u8]) -> impl Iterator<Item = Instruction<'_>> {
    std::iter::from_fn(move || {
        let (&opcode, rest) = code.split_first()?;
        let len = match opcode {
            PUSH1..=PUSH32 => usize::from(opcode - PUSH0),
            _ => 0,
        };
        let (data, rest) = rest.split_at(len.min(rest.len()));
        code = rest;
        Some(Instruction { opcode, data })
    })
}

/// Whether the code pushes each of the words.
pub(crate) fn pushes_all(code: &[u8], words: &[[u8; 32]]) -> bool {
    words.iter().all(|word| {
        let word = U256::from_be_bytes(*word);
        instructions(code).any(|instruction| instruction.pushed() == Some(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_told_from_instructions() {
        // PUSH1 0xf4, PUSH2 0xf2f4, PUSH0, STOP, PUSH3 without its last byte.
        let code = [0x60, 0xf4, 0x61, 0xf2, 0xf4, 0x5f, 0x00, 0x62, 1, 2];
        let read: Vec<(u8, &[u8])> = instructions(&code).map(|i| (i.opcode, i.data)).collect();
        let expected: [(u8, &[u8]); 5] = [
            (0x60, &[0xf4]),
            (0x61, &[0xf2, 0xf4]),
            (0x5f, &[]),
            (0x00, &[]),
            (0x62, &[1, 2]),
        ];
        assert_eq!(read, expected);
        assert_eq!(instructions(&[]).count(), 0);
    }

    #[test]
    fn a_word_is_found_however_many_zeros_it_begins_with() {
        for zeros in [0, 1, 2, 31, 32] {
            let mut word = [0xab; 32];
            word[..zeros].fill(0);
            let short = &word[zeros..];
            let push = PUSH0 + u8::try_from(short.len()).unwrap();
            let code = [&[0x5b, push], short, &[0x00]].concat();
            assert!(pushes_all(&code, &[word]), "{zeros}");
            let mut other = word;
            other[31] ^= 1;
            assert!(!pushes_all(&code, &[word, other]), "{zeros}");
        }
        // As data of another push the word is not pushed.
        let mut word = [0; 32];
        word[30..].copy_from_slice(&[0x60, 0x07]);
        assert!(!pushes_all(&[0x62, 0x61, 0x60, 0x07], &[word]));
    }
}
