//! Encrypted hand-over of a test set: what [`assay_protocol::transfer`] says, and the file that carries it.

pub use crate::cipher_file;
pub use assay_protocol::transfer::*;

pub mod layout {
    pub use assay_protocol::transfer::chunks::{Chunks as Layout, Part};
}
