//! What a deployer and a caller must know about a generated contract, as data.

use serde::Serialize;

use crate::plan::Region;
use crate::spec::Interface;

/// Facts fixed by the generation. Hashes and digests are lower-case hexadecimal with `0x`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// Name of the contract in the source.
    pub contract: String,
    /// Program and version.
    pub generator: String,
    /// How the contract is called.
    pub interface: Interface,
    /// What the transcript absorbs first, and the `vkDigest` of the [`Bound`](Interface::Bound) interface.
    pub vk_digest: String,
    /// `extcodehash` that the contract with the key data must have.
    pub vk_data_codehash: String,
    /// Bytes of that contract's runtime code.
    pub vk_data_len: usize,
    /// Words of the instance column.
    pub num_instances: usize,
    /// Bytes.
    pub proof_len: usize,
    /// Bytes of a whole call.
    pub calldata_len: usize,
    /// log₂ of the circuit's rows.
    pub k: u32,
    /// Points in a proof, and scalars after them.
    pub proof_points: usize,
    /// Evaluations in a proof.
    pub proof_scalars: usize,
    /// Commitments that come with the key and are opened.
    pub vk_points: usize,
    /// Constraints that the contract folds.
    pub constraints: usize,
    /// The verifier's memory, in ascending order without overlap.
    pub memory: Vec<Region>,
}
