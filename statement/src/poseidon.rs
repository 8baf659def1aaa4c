//! Poseidon over BN254 with circomlib's parameters, for three inputs (width 4).
//!
//! # Source
//! eprint 2019/458; round numbers and constants as circomlib's `poseidon(3)`, taken from the crate `light-poseidon`.

use crate::field::{from_be_bytes, Fr};
use halo2_proofs::halo2curves::ff::Field;
use std::sync::OnceLock;

/// Words of the state: one of capacity and three inputs.
pub const WIDTH: usize = 4;
/// Inputs of one call: the hash so far and [`RATE`] message words.
pub const INPUTS: usize = WIDTH - 1;
/// Message words absorbed by one call, ρ.
pub const RATE: usize = INPUTS - 1;

/// Round constants and the mixing matrix.
#[derive(Debug)]
pub struct Parameters {
    /// Full rounds, half of them before and half after the partial ones.
    pub full_rounds: usize,
    /// Rounds whose S-box takes the first word only.
    pub partial_rounds: usize,
    /// One row of constants per round.
    pub constants: Vec<[Fr; WIDTH]>,
    /// The mixing matrix, by rows: `state' = mds·state`.
    pub mds: [[Fr; WIDTH]; WIDTH],
}

impl Parameters {
    /// Full and partial rounds together.
    pub fn rounds(&self) -> usize {
        self.full_rounds + self.partial_rounds
    }

    /// Whether round `r` applies the S-box to the whole state.
    pub fn is_full(&self, r: usize) -> bool {
        r < self.full_rounds / 2 || r >= self.full_rounds / 2 + self.partial_rounds
    }
}

/// The parameters of width 4.
pub fn parameters() -> &'static Parameters {
    static PARAMETERS: OnceLock<Parameters> = OnceLock::new();
    PARAMETERS.get_or_init(|| {
        use ark_bn254::Fr as Ark;
        let ark = light_poseidon::parameters::bn254_x5::get_poseidon_parameters::<Ark>(WIDTH as u8)
            .expect("the crate has width 4");
        let words = |row: &[Ark]| -> [Fr; WIDTH] { std::array::from_fn(|i| from_ark(&row[i])) };
        Parameters {
            full_rounds: ark.full_rounds,
            partial_rounds: ark.partial_rounds,
            constants: ark.ark.chunks(WIDTH).map(words).collect(),
            mds: std::array::from_fn(|i| words(&ark.mds[i])),
        }
    })
}

fn from_ark(v: &ark_bn254::Fr) -> Fr {
    use ark_ff::{BigInteger, PrimeField};
    let bytes: [u8; 32] = v
        .into_bigint()
        .to_bytes_be()
        .try_into()
        .expect("an element has 32 bytes");
    from_be_bytes(&bytes).expect("both crates have the same field")
}

/// State before each round and after the last: `rounds + 1` entries, the first is `[0, inputs]`.
pub fn trace(inputs: &[Fr; INPUTS]) -> Vec<[Fr; WIDTH]> {
    let p = parameters();
    let mut state = [Fr::ZERO; WIDTH];
    state[1..].copy_from_slice(inputs);
    let mut states = Vec::with_capacity(p.rounds() + 1);
    states.push(state);
    for (r, constants) in p.constants.iter().enumerate() {
        for (i, c) in constants.iter().enumerate() {
            state[i] += c;
            if i == 0 || p.is_full(r) {
                state[i] = state[i].square().square() * state[i];
            }
        }
        state = std::array::from_fn(|i| (0..WIDTH).map(|j| p.mds[i][j] * state[j]).sum());
        states.push(state);
    }
    states
}

/// `poseidon(inputs)` as circomlib defines it.
pub fn hash(inputs: &[Fr; INPUTS]) -> Fr {
    trace(inputs).last().expect("a trace is never empty")[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::to_be_bytes;
    use ark_bn254::Fr as Ark;
    use light_poseidon::{Poseidon, PoseidonBytesHasher};

    #[test]
    fn agrees_with_light_poseidon() {
        let mut theirs = Poseidon::<Ark>::new_circom(INPUTS).unwrap();
        for seed in 0u64..20 {
            let inputs: [Fr; INPUTS] =
                std::array::from_fn(|i| Fr::from(seed + 1).pow([3 + 77 * i as u64]) - Fr::from(9));
            let bytes = inputs.map(|v| to_be_bytes(&v));
            let expected = theirs.hash_bytes_be(&[&bytes[0], &bytes[1], &bytes[2]]).unwrap();
            assert_eq!(to_be_bytes(&hash(&inputs)), expected);
        }
    }

    /// `circomlibjs`: `poseidon([1, 2, 3])`.
    #[test]
    fn agrees_with_circomlibs_published_value() {
        let expected = "0e7732d89e6939c0ff03d5e58dab6302f3230e269dc5b968f725df34ab36d732";
        assert_eq!(hex::encode(to_be_bytes(&hash(&[1, 2, 3].map(Fr::from)))), expected);
    }
}
