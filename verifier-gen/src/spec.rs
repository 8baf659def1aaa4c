//! What to generate a contract for.

use crate::vk_data::g2_words;
use halo2_proofs::{
    halo2curves::bn256::{Bn256, G1Affine, G2Affine},
    plonk::VerifyingKey,
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use serde::Serialize;

/// The part of the KZG parameters that a verifier needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KzgKey {
    /// The generator that commitments are multiples of.
    pub g1: G1Affine,
    /// The generator of the other group.
    pub g2: G2Affine,
    /// The secret times `g2`.
    pub s_g2: G2Affine,
}

impl From<&ParamsKZG<Bn256>> for KzgKey {
    fn from(params: &ParamsKZG<Bn256>) -> Self {
        Self {
            g1: params.get_g()[0],
            g2: params.g2(),
            s_g2: params.s_g2(),
        }
    }
}

impl KzgKey {
    /// Of the string whose secret is 1, under which everything can be proven: where nothing depends on the string.
    pub fn of_generators() -> Self {
        Self {
            g1: G1Affine::generator(),
            g2: G2Affine::generator(),
            s_g2: G2Affine::generator(),
        }
    }

    /// What tells one string from another in the code of a generated verifier: the words of `−τ·G2`, each of them pushed
    /// somewhere.
    pub fn words_of_string(&self) -> [[u8; 32]; 4] {
        g2_words(&-self.s_g2)
    }
}

/// How the contract is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// Fallback function; calldata is `instances || proof`.
    Raw,
    /// `verify(bytes32 vkDigest, uint256[N] inst, bytes proof)`: the words are the circuit's instances and one more, which binds
    /// the first `leading_points` commitments of the proof.
    Bound {
        /// What the words are.
        words: CallWords,
        /// 1 up to the number of commitments of the first phase.
        leading_points: usize,
    },
}

/// The words `inst` of a [`Bound`](Interface::Bound) call: every one is the circuit's next instance, but for one that has to be
/// `keccak256(leading points) >> 8`, each point as `x || y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CallWords {
    /// What a call is for, a sentence of the contract's documentation.
    pub notice: &'static str,
    /// What each word is called there.
    pub names: &'static [&'static str],
    /// Which of them is the hash.
    pub hash: usize,
}

/// What to generate a contract for.
#[derive(Clone, Copy, Debug)]
pub struct VerifierSpec<'a> {
    /// The circuit's; everything in the contract but the pairing's points follows from it.
    pub vk: &'a VerifyingKey<G1Affine>,
    /// Of the string that `vk` was made with.
    pub kzg: KzgKey,
    /// Words of the instance column that a statement fills.
    pub num_instances: usize,
    /// What the calldata is.
    pub interface: Interface,
    /// A Solidity identifier with a capital first letter.
    pub contract_name: &'a str,
    /// For the first line of the source: what to run to get it again.
    pub command: &'a str,
}
