//! Statements and proofs that differ from honest ones.

use halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::PrimeField,
    group::prime::PrimeCurveAffine,
    CurveAffine,
};

use crate::harness::{Word, CALLDATA, PAIRING, POINT, SCALAR};

/// A changed statement or proof, and how it was changed.
#[derive(Clone, Debug)]
pub struct Mutation {
    pub what: String,
    /// Means the same as the honest one to a verifier that checks neither ranges nor lengths.
    pub alias: bool,
    pub instances: Vec<Word>,
    pub proof: Vec<u8>,
}

/// Which words of a proof are coordinates: all points come before the evaluations, except the last two.
#[derive(Clone, Copy, Debug)]
pub struct ProofShape {
    pub points: usize,
    pub scalars: usize,
}

impl ProofShape {
    fn is_scalar(&self, word: usize) -> bool {
        let first = 2 * (self.points - 2);
        (first..first + self.scalars).contains(&word)
    }

    /// Byte offsets of the points.
    pub fn points(&self) -> Vec<usize> {
        let early = 64 * (self.points - 2);
        let late = early + 32 * self.scalars;
        (0..early).step_by(64).chain([late, late + 64]).collect()
    }

    /// The reason for which the contract must refuse these instances and this false proof: what is no proof of the
    /// circuit, then what is no point, what is no scalar, and what only the equation refuses.
    pub fn reason(&self, instances: &[Word], proof: &[u8]) -> Option<u8> {
        let word = |at: usize| -> Word { proof[at..at + 32].try_into().unwrap() };
        if proof.len() != 64 * self.points + 32 * self.scalars {
            return CALLDATA;
        }
        let is_point = |at: &usize| {
            let [x, y] = [0, 32].map(|offset| element::<Fq>(word(at + offset)));
            let point = x
                .zip(y)
                .and_then(|(x, y)| Option::<G1Affine>::from(G1Affine::from_xy(x, y)));
            point.is_some_and(|point| !bool::from(point.is_identity()))
        };
        if !self.points().iter().all(is_point) {
            return POINT;
        }
        let first = 64 * (self.points - 2);
        let mut scalars = instances.to_vec();
        scalars.extend((0..self.scalars).map(|n| word(first + 32 * n)));
        if scalars.into_iter().any(|word| element::<Fr>(word).is_none()) {
            return SCALAR;
        }
        PAIRING
    }
}

/// A canonical big-endian number.
fn element<F: PrimeField<Repr = Word>>(mut word: Word) -> Option<F> {
    word.reverse();
    F::from_repr(word).into()
}

const ALIAS: &str = "plus the scalar modulus";
const LONGER: &str = "more";

/// Every way of changing one word or one point, and the length.
pub fn mutations(instances: &[Word], proof: &[u8], shape: ProofShape) -> Vec<Mutation> {
    assert_eq!(proof.len(), 64 * shape.points + 32 * shape.scalars);
    let mut out = vec![];
    let mut push = |what: String, new_instances: Vec<Word>, new_proof: Vec<u8>| {
        if new_instances != instances || new_proof != proof {
            // Calldata that ends early reads as zeros.
            let is_cut_zero = proof.strip_suffix(&[0]) == Some(&new_proof[..]);
            let alias = what.ends_with(ALIAS) || what.ends_with(LONGER) || is_cut_zero;
            out.push(Mutation {
                alias,
                what,
                instances: new_instances,
                proof: new_proof,
            });
        }
    };
    for i in 0..instances.len() {
        for (how, word) in changed_words(&instances[i], Fr::MODULUS, i) {
            let mut new = instances.to_vec();
            new[i] = word;
            push(format!("instance {i} {how}"), new, proof.to_vec());
        }
        let mut new = instances.to_vec();
        new.swap(i, (i + 1) % instances.len());
        push(format!("instance {i} swapped with the next"), new, proof.to_vec());
    }
    let count = proof.len() / 32;
    for i in 0..count {
        let at = 32 * i..32 * i + 32;
        let modulus = if shape.is_scalar(i) { Fr::MODULUS } else { Fq::MODULUS };
        for (how, word) in changed_words(proof[at.clone()].try_into().unwrap(), modulus, i) {
            let how = if how == ALIAS && !shape.is_scalar(i) {
                "plus the base modulus"
            } else {
                how
            };
            let mut new = proof.to_vec();
            new[at.clone()].copy_from_slice(&word);
            push(format!("proof word {i} {how}"), instances.to_vec(), new);
        }
        let mut new = proof.to_vec();
        let next = 32 * ((i + 1) % count);
        new[at.clone()].copy_from_slice(&proof[next..next + 32]);
        new[next..next + 32].copy_from_slice(&proof[at]);
        push(format!("proof word {i} swapped with the next"), instances.to_vec(), new);
    }
    let points = shape.points();
    for (i, at) in points.iter().enumerate() {
        let mut with = |how: &str, point: [u8; 64]| {
            let mut new = proof.to_vec();
            new[*at..at + 64].copy_from_slice(&point);
            push(format!("point {i} {how}"), instances.to_vec(), new);
        };
        let (x, y) = proof[*at..at + 64].split_at(32);
        with("at infinity", [0; 64]);
        with(
            "negated",
            join(x, &sub_be(&modulus_be(Fq::MODULUS), y.try_into().unwrap())),
        );
        with("off the curve", join(y, x));
        with("replaced by the generator", join(&small_word(1), &small_word(2)));
        let other = points[(i + 1) % points.len()];
        with("replaced by the next", proof[other..other + 64].try_into().unwrap());
    }
    push(
        "proof one byte short".into(),
        instances.to_vec(),
        proof[..proof.len() - 1].to_vec(),
    );
    push(
        "proof one word short".into(),
        instances.to_vec(),
        proof[..proof.len() - 32].to_vec(),
    );
    push(
        "proof of one byte more".into(),
        instances.to_vec(),
        [proof, &[0]].concat(),
    );
    push(
        "proof of one word more".into(),
        instances.to_vec(),
        [proof, &[0; 32]].concat(),
    );
    push("no proof".into(), instances.to_vec(), vec![]);
    out
}

fn changed_words(word: &Word, modulus: &str, salt: usize) -> Vec<(&'static str, Word)> {
    let mut flipped = *word;
    flipped[(salt * 11 + 31) % 32] ^= 1 << (salt % 8);
    let mut last_bit = *word;
    last_bit[31] ^= 1;
    vec![
        ("with a bit flipped", flipped),
        ("with the last bit flipped", last_bit),
        (ALIAS, add_be(word, &modulus_be(modulus))),
        ("zeroed", [0; 32]),
        ("of ones", [0xff; 32]),
    ]
}

pub fn modulus_be(modulus: &str) -> Word {
    hex::decode(modulus.trim_start_matches("0x"))
        .unwrap()
        .try_into()
        .unwrap()
}

/// Modulo 2^256.
pub fn add_be(a: &Word, b: &Word) -> Word {
    let mut out = [0; 32];
    let mut carry = 0;
    for i in (0..32).rev() {
        let sum = u16::from(a[i]) + u16::from(b[i]) + carry;
        out[i] = sum as u8;
        carry = sum >> 8;
    }
    out
}

fn sub_be(a: &Word, b: &Word) -> Word {
    let negated = b.map(|byte| !byte);
    add_be(&add_be(a, &negated), &small_word(1))
}

pub fn small_word(value: u8) -> Word {
    let mut out = [0; 32];
    out[31] = value;
    out
}

fn join(x: &[u8], y: &[u8]) -> [u8; 64] {
    [x, y].concat().try_into().unwrap()
}
