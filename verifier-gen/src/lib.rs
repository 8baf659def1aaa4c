//! Solidity verifiers for halo2-axiom verifying keys: KZG on BN254, SHPLONK, Keccak transcript.
//!
//! | module | |
//! |---|---|
//! | `protocol` | order of transcript, evaluations and openings, read from the verifying key |
//! | `plan` | the contract's memory map |
//! | `constraints`, `expr` | gates, copy constraints and lookups, and their Yul |
//! | `opening` | SHPLONK |
//! | `vk_data` | the second contract, whose code is the verifying key's data |
//! | [`calldata`] | what the contract is called with |
//! | `template` | the Solidity in `templates/`, filled in |
//! | [`manifest`] | lengths, digests and the memory map as data |
//! | `evm` | (feature `evm`) compile and run in process |
//!
//! `VerifyingKey → Protocol → Plan → { constraints, opening, vk_data } → template → Generated`
//!
//! # Soundness
//! A generated contract accepts what halo2's `verify_proof` accepts with [`KeccakRead`](assay_transcript::KeccakRead) read to its end,
//! and nothing else. What an accepted proof means is up to the circuit, and whether the parameters' secret is unknown
//! is up to whoever chose them; neither is established here.

#![warn(clippy::unwrap_used)]

pub mod calldata;
mod constraints;
mod contract;
mod error;
#[cfg(feature = "evm")]
pub mod evm;
mod expr;
pub mod manifest;
mod opening;
mod plan;
mod protocol;
mod template;
mod vk_data;

use halo2_proofs::{
    halo2curves::bn256::{Bn256, G1Affine, G2Affine},
    plonk::VerifyingKey,
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use serde::Serialize;

pub use error::GenerateError;
pub use manifest::Manifest;
pub use plan::Region;
pub use vk_data::MAX_CODE_LEN;

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
    /// What tells one string from another in the code of a generated verifier: the words of `−τ·G2`, each of them pushed
    /// somewhere.
    pub fn words_of_string(&self) -> [[u8; 32]; 4] {
        vk_data::g2_words(&-self.s_g2)
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

/// A verifier and the contract that holds its key's data.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Solidity; the constructor takes the address of the deployed [`Self::vk_data`].
    pub verifier_source: String,
    /// Runtime code of the data contract, `0x00 || data`.
    pub vk_data: Vec<u8>,
    /// What there is to know about both without reading them.
    pub manifest: Manifest,
}

impl VerifierSpec<'_> {
    /// Writes the contracts.
    ///
    /// # Errors
    /// Circuits that the contract cannot follow, see [`GenerateError`]. The size of the verifier's code is known only
    /// to the compiler: check it against [`MAX_CODE_LEN`].
    ///
    /// # Examples
    /// ```
    /// use assay_verifier_gen::{Interface, KzgKey, VerifierSpec, MAX_CODE_LEN};
    /// use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
    /// use halo2_proofs::halo2curves::bn256::Fr;
    /// use halo2_proofs::plonk::{keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error};
    /// use halo2_proofs::poly::{kzg::commitment::ParamsKZG, Rotation};
    ///
    /// /// Every cell of the column is 0 or 1.
    /// struct Bits;
    ///
    /// impl Circuit<Fr> for Bits {
    ///     type Config = Column<Advice>;
    ///     type FloorPlanner = SimpleFloorPlanner;
    /// #   type Params = ();
    /// #   fn without_witnesses(&self) -> Self { Bits }
    ///
    ///     fn configure(meta: &mut ConstraintSystem<Fr>) -> Column<Advice> {
    ///         let (bits, _statement) = (meta.advice_column(), meta.instance_column());
    ///         meta.create_gate("bit", |cells| {
    ///             let bit = cells.query_advice(bits, Rotation::cur());
    ///             [bit.clone() * bit.clone() - bit]
    ///         });
    ///         bits
    ///     }
    ///
    ///     fn synthesize(&self, _: Column<Advice>, _: impl Layouter<Fr>) -> Result<(), Error> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let params = ParamsKZG::setup(4, rand::rngs::OsRng);
    /// let spec = VerifierSpec {
    ///     vk: &keygen_vk(&params, &Bits)?,
    ///     kzg: KzgKey::from(&params),
    ///     num_instances: 1,
    ///     interface: Interface::Raw,
    ///     contract_name: "BitsVerifier",
    ///     command: "cargo test --doc",
    /// };
    /// let generated = spec.generate()?;
    /// assert!(generated.verifier_source.contains("contract BitsVerifier"));
    /// assert!(generated.vk_data.len() <= MAX_CODE_LEN);
    /// // A call is one word of the statement, then the proof.
    /// let manifest = &generated.manifest;
    /// assert_eq!(manifest.calldata_len, 32 + manifest.proof_len);
    /// assert_eq!(manifest.proof_len, 64 * manifest.proof_points + 32 * manifest.proof_scalars);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn generate(&self) -> Result<Generated, GenerateError> {
        contract::generate(self)
    }
}

impl Generated {
    /// Deployment code of the data contract.
    pub fn vk_data_initcode(&self) -> Vec<u8> {
        vk_data::initcode(&self.vk_data)
    }
}
