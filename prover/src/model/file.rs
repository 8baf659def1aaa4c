//! The model file: everything about a quantised network that its owner keeps.
//!
//! ```text
//! offset  bytes  content
//!      0      8  "ASSAYMDL"
//!      8      4  version, little-endian, now 1
//!     12      8  payload length n, little-endian
//!     20      n  postcard encoding of `Model`
//! 20 + n     32  SHA-256 of everything before
//! ```
//!
//! The hash finds accidents, it does not authenticate: a loaded model is validated like any bytes from outside.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::params::{Model, ParamsError};
use assay_durable::file::{self, Access};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"ASSAYMDL";
const VERSION: u32 = 1;
const HEADER: usize = 20;
const HASH: usize = 32;

/// Why bytes are no model file, or a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ModelFileError {
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("not a model file: it does not begin with ASSAYMDL")]
    Magic,
    #[error("model file version {got}, this program reads {expected}")]
    Version { expected: u32, got: u32 },
    #[error("model file has {got} bytes, its header promises {expected}")]
    Length { expected: u64, got: u64 },
    #[error("model file is corrupted: its SHA-256 does not match")]
    Hash,
    #[error("model file payload does not decode")]
    Payload(#[source] postcard::Error),
    #[error("model file payload has {0} bytes after the model")]
    Trailing(usize),
    #[error("model file holds an invalid model")]
    Invalid(#[from] ParamsError),
}

impl Model {
    /// The bytes of the model file.
    ///
    /// # Errors
    /// If the model is not valid.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        self.validate()?;
        let payload = postcard::to_allocvec(self).map_err(ModelFileError::Payload)?;
        let mut bytes = Vec::with_capacity(HEADER + payload.len() + HASH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&payload);
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// Reads the bytes of a model file and validates the model.
    ///
    /// # Errors
    /// For every file that [`Model::to_bytes`] would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        use ModelFileError as E;
        let length = |expected: u64| E::Length {
            expected,
            got: bytes.len() as u64,
        };
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(E::Magic)?;
        if magic != MAGIC {
            return Err(E::Magic);
        }
        let short = || length((HEADER + HASH) as u64);
        let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let got = u32::from_le_bytes(*version);
        if got != VERSION {
            return Err(E::Version { expected: VERSION, got });
        }
        let (payload_len, _) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let expected = u64::from_le_bytes(*payload_len).saturating_add((HEADER + HASH) as u64);
        if expected != bytes.len() as u64 {
            return Err(length(expected));
        }
        let (body, hash) = bytes.split_last_chunk::<HASH>().ok_or_else(short)?;
        let payload = body.get(HEADER..).ok_or_else(short)?;
        if Sha256::digest(body).as_slice() != hash {
            return Err(E::Hash);
        }
        let (model, trailing) = postcard::take_from_bytes::<Self>(payload).map_err(E::Payload)?;
        if !trailing.is_empty() {
            return Err(E::Trailing(trailing.len()));
        }
        model.validate()?;
        Ok(model)
    }

    /// Writes the model file so that a crash leaves either the old file or the new one. Only its owner may read it.
    ///
    /// # Errors
    /// If the model is not valid or the directory cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        let bytes = self.to_bytes()?;
        file::replace(path, &bytes, Access::Private).map_err(|e| io_error("write", path, e))
    }

    /// Reads and validates a model file.
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid model file.
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        Self::from_bytes(&fs::read(path).map_err(|e| io_error("read", path, e))?)
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> ModelFileError {
    ModelFileError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
