//! The wire format of a proof.
//!
//! All integers are big-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | magic `ASSAYPRF` |
//! | 8..10 | version, 1 |
//! | 10..12 | N, the number of leading points of the proof that commit to the weights |
//! | 12..44 | architecture id |
//! | 44..76 | digest of the verifying key |
//! | 76..80 | number of instances |
//! | 80..84 | bytes of the proof |
//! | then | the instances, 32 bytes each, below the scalar field's modulus; the proof |
//!
//! Parsing accepts exactly what [`ProofBundle::to_bytes`] writes: one bundle, one byte string. It establishes form
//! only; what the proof proves is the verifier's to say.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use assay_durable::file::{self, Access};
use assay_statement::field::from_be_bytes;
use assay_statement::instance;
use assay_statement::weights::weights_commit;
use assay_statement::Statement;

const MAGIC: [u8; 8] = *b"ASSAYPRF";
/// The version written and the only one read.
pub const VERSION: u16 = 1;
/// Bytes before the instances.
pub const HEADER_LEN: usize = 84;
/// Bytes of an uncompressed point in a proof.
pub const POINT_LEN: usize = 64;
/// What the largest output mode has: one instance per class of 2^16, after context and commitment.
pub const MAX_INSTANCES: usize = instance::count(1 << 16);
/// Far above any proof of this system (a few thousand bytes).
pub const MAX_PROOF_LEN: usize = 1 << 20;
/// The longest bundle.
pub const MAX_LEN: usize = HEADER_LEN + 32 * MAX_INSTANCES + MAX_PROOF_LEN;

/// Why bytes are no proof bundle; offsets are from the start of the bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The bytes end too early.
    #[error("the bundle ends at byte {len}, but the field at byte {offset} needs {needed} bytes")]
    UnexpectedEnd {
        /// Where the field begins.
        offset: usize,
        /// The field's length.
        needed: usize,
        /// Length of all bytes.
        len: usize,
    },
    /// The bytes do not begin like a bundle.
    #[error("not a proof bundle: wrong magic at byte 0")]
    Magic,
    /// A version this program does not know.
    #[error("bundle version {got} at byte 8, expected {VERSION}")]
    Version {
        /// The version found.
        got: u16,
    },
    /// More instances than allowed.
    #[error("{got} instances announced at byte 76, at most {MAX_INSTANCES} allowed")]
    TooManyInstances {
        /// The number announced.
        got: usize,
    },
    /// A longer proof than allowed.
    #[error("{got} bytes of proof announced at byte 80, at most {MAX_PROOF_LEN} allowed")]
    ProofTooLong {
        /// The length announced.
        got: usize,
    },
    /// The proof is shorter than the points that commit to the weights, or there are none.
    #[error("{points} weight points announced at byte 10 do not fit a proof of {proof_len} bytes")]
    WeightPoints {
        /// The number of points announced.
        points: u16,
        /// Bytes of proof.
        proof_len: usize,
    },
    /// An instance is not below the modulus of the scalar field.
    #[error("instance {index} at byte {offset} is not below the scalar field's modulus")]
    NonCanonicalInstance {
        /// Which instance.
        index: usize,
        /// Where it begins.
        offset: usize,
    },
    /// There is something after the bundle.
    #[error("{count} bytes after the end of the bundle at byte {offset}")]
    TrailingBytes {
        /// Where the bundle ends.
        offset: usize,
        /// How many bytes follow.
        count: usize,
    },
    /// A file could not be read or written.
    #[error("proof bundle {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The file is longer than any bundle.
    #[error("{} is longer than {MAX_LEN} bytes, no proof bundle is", path.display())]
    FileTooLong {
        /// The file.
        path: PathBuf,
    },
}

/// A proof and what it says it proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "JsonView", into = "JsonView")]
pub struct ProofBundle {
    arch_id: [u8; 32],
    vk_digest: [u8; 32],
    weight_points: u16,
    instances: Vec<[u8; 32]>,
    proof: Vec<u8>,
}

impl ProofBundle {
    /// Bundles a proof; the instances are canonical big-endian scalars.
    ///
    /// # Errors
    /// Whatever [`ProofBundle::from_bytes`] would refuse.
    pub fn new(
        arch_id: [u8; 32],
        vk_digest: [u8; 32],
        weight_points: u16,
        instances: Vec<[u8; 32]>,
        proof: Vec<u8>,
    ) -> Result<Self, BundleError> {
        check_sizes(weight_points, instances.len(), proof.len())?;
        for (index, instance) in instances.iter().enumerate() {
            if from_be_bytes(instance).is_none() {
                return Err(BundleError::NonCanonicalInstance {
                    index,
                    offset: HEADER_LEN + 32 * index,
                });
            }
        }
        Ok(Self {
            arch_id,
            vk_digest,
            weight_points,
            instances,
            proof,
        })
    }

    /// Version of the wire format.
    pub fn version(&self) -> u16 {
        VERSION
    }

    /// The architecture this proof is about.
    pub fn arch_id(&self) -> &[u8; 32] {
        &self.arch_id
    }

    /// Digest of the verifying key it was made for.
    pub fn vk_digest(&self) -> &[u8; 32] {
        &self.vk_digest
    }

    /// How many leading points of the proof commit to the weights.
    pub fn weight_points(&self) -> u16 {
        self.weight_points
    }

    /// Public inputs, canonical big-endian.
    pub fn instances(&self) -> &[[u8; 32]] {
        &self.instances
    }

    /// What the bundle says it proves; `None` if it has another number of instances than a statement, as one with logits.
    pub fn statement(&self) -> Option<Statement> {
        Statement::from_instances(&self.instances, self.weights_commit())
    }

    /// The proof.
    pub fn proof(&self) -> &[u8] {
        &self.proof
    }

    /// The commitment that the leading points make, see [`weights_commit`].
    pub fn weights_commit(&self) -> [u8; 32] {
        // `new` has checked that the points are there.
        let points = self
            .proof
            .get(..usize::from(self.weight_points) * POINT_LEN)
            .unwrap_or_default();
        weights_commit(points)
    }

    /// The wire format, see the module.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + 32 * self.instances.len() + self.proof.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&self.weight_points.to_be_bytes());
        bytes.extend_from_slice(&self.arch_id);
        bytes.extend_from_slice(&self.vk_digest);
        // `new` has checked that both lengths are far below 2^32.
        bytes.extend_from_slice(&(self.instances.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&(self.proof.len() as u32).to_be_bytes());
        bytes.extend(self.instances.iter().flatten());
        bytes.extend_from_slice(&self.proof);
        bytes
    }

    /// Parses the wire format.
    ///
    /// # Errors
    /// [`BundleError`] for every byte string that [`ProofBundle::to_bytes`] does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut fields = Fields { bytes, offset: 0 };
        if fields.array::<8>()? != MAGIC {
            return Err(BundleError::Magic);
        }
        let got = u16::from_be_bytes(fields.array()?);
        if got != VERSION {
            return Err(BundleError::Version { got });
        }
        let weight_points = u16::from_be_bytes(fields.array()?);
        let (arch_id, vk_digest) = (fields.array()?, fields.array()?);
        let instance_count = u32::from_be_bytes(fields.array()?) as usize;
        let proof_len = u32::from_be_bytes(fields.array()?) as usize;
        check_sizes(weight_points, instance_count, proof_len)?;
        let instances = fields.take(32 * instance_count)?;
        let (instances, _) = instances.as_chunks::<32>();
        let proof = fields.take(proof_len)?;
        let count = bytes.len() - fields.offset;
        if count != 0 {
            return Err(BundleError::TrailingBytes {
                offset: fields.offset,
                count,
            });
        }
        Self::new(arch_id, vk_digest, weight_points, instances.to_vec(), proof.to_vec())
    }

    /// Writes the wire format to a file, all of it or nothing.
    ///
    /// # Errors
    /// [`BundleError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), BundleError> {
        file::replace(path, &self.to_bytes(), Access::Shared).map_err(|source| BundleError::Io {
            path: path.into(),
            source,
        })
    }

    /// Reads a file of [`ProofBundle::save`].
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn load(path: &Path) -> Result<Self, BundleError> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_LEN as u64 + 1).read_to_end(&mut bytes))
            .map_err(|source| BundleError::Io {
                path: path.into(),
                source,
            })?;
        if bytes.len() > MAX_LEN {
            return Err(BundleError::FileTooLong { path: path.into() });
        }
        Self::from_bytes(&bytes)
    }
}

fn check_sizes(weight_points: u16, instances: usize, proof_len: usize) -> Result<(), BundleError> {
    if instances > MAX_INSTANCES {
        return Err(BundleError::TooManyInstances { got: instances });
    }
    if proof_len > MAX_PROOF_LEN {
        return Err(BundleError::ProofTooLong { got: proof_len });
    }
    if weight_points == 0 || usize::from(weight_points) * POINT_LEN > proof_len {
        return Err(BundleError::WeightPoints {
            points: weight_points,
            proof_len,
        });
    }
    Ok(())
}

struct Fields<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, needed: usize) -> Result<&'a [u8], BundleError> {
        let end = self.offset.saturating_add(needed);
        let field = self.bytes.get(self.offset..end).ok_or(BundleError::UnexpectedEnd {
            offset: self.offset,
            needed,
            len: self.bytes.len(),
        })?;
        self.offset = end;
        Ok(field)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BundleError> {
        let mut array = [0u8; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }
}

/// The same in JSON, byte strings as `0x` and lower-case hex.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsonView {
    version: u16,
    arch_id: String,
    vk_digest: String,
    weight_points: u16,
    instances: Vec<String>,
    proof: String,
}

impl From<ProofBundle> for JsonView {
    fn from(bundle: ProofBundle) -> Self {
        let text = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
        Self {
            version: VERSION,
            arch_id: text(&bundle.arch_id),
            vk_digest: text(&bundle.vk_digest),
            weight_points: bundle.weight_points,
            instances: bundle.instances.iter().map(|i| text(i)).collect(),
            proof: text(&bundle.proof),
        }
    }
}

impl TryFrom<JsonView> for ProofBundle {
    type Error = String;

    fn try_from(json: JsonView) -> Result<Self, String> {
        if json.version != VERSION {
            return Err(BundleError::Version { got: json.version }.to_string());
        }
        let instances = json.instances.iter().map(|i| word(i)).collect::<Result<_, _>>()?;
        let proof = unhex(&json.proof)?;
        Self::new(
            word(&json.arch_id)?,
            word(&json.vk_digest)?,
            json.weight_points,
            instances,
            proof,
        )
        .map_err(|e| e.to_string())
    }
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("0x").ok_or("a byte string does not start with 0x")?;
    hex::decode(digits).map_err(|e| e.to_string())
}

fn word(text: &str) -> Result<[u8; 32], String> {
    unhex(text)?
        .try_into()
        .map_err(|bytes: Vec<u8>| format!("a word has {} bytes, expected 32", bytes.len()))
}
