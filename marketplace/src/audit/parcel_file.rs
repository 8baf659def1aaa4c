//! The ciphertext of one demand in a file, as it is handed over and kept.
//!
//! ```text
//! "assay-parcel 1\n"                        15 bytes
//! the words of all chunks, in order         32 bytes each
//! ```
//!
//! # Soundness
//! Nothing of it is believed: its root is compared with the one on chain.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_protocol::retrieval::delivery::Parcel;
use assay_protocol::transfer::chunks::Chunks;
use assay_statement::field::Word;
use eyre::WrapErr;
use std::path::Path;

const MAGIC: &[u8; 15] = b"assay-parcel 1\n";
const WORD: usize = 32;

/// Bytes of the file of a parcel with this layout.
pub fn file_bytes(layout: &Chunks) -> u64 {
    (MAGIC.len() + layout.examples() * layout.words_per_example() * WORD) as u64
}

/// Writes a parcel, whole or not at all, readable by the owner alone.
pub fn save(path: &Path, parcel: &Parcel) -> eyre::Result<()> {
    let mut bytes = MAGIC.to_vec();
    parcel.words().for_each(|word| bytes.extend_from_slice(word));
    Ok(write_atomic(path, &bytes, true)?)
}

/// The parcel of the transfer `stream` that has this root.
///
/// # Errors
/// If the file cannot be read, or holds anything else.
pub fn load(path: &Path, layout: Chunks, stream: [u8; 32], ct_root: [u8; 32]) -> eyre::Result<Parcel> {
    let context = || format!("{} is not the delivered ciphertext", path.display());
    let bytes = read_regular(path, file_bytes(&layout)).wrap_err_with(context)?;
    let words = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| eyre::eyre!("it does not begin as parcels do"));
    let (words, rest) = words.wrap_err_with(context)?.as_chunks::<WORD>();
    eyre::ensure!(rest.is_empty(), "{}: it ends within a word", context());
    let parcel = Parcel::from_words(layout, stream.into(), words).wrap_err_with(context)?;
    parcel.require_root(ct_root.into()).wrap_err_with(context)?;
    Ok(parcel)
}

/// Words as the parcel has them, from a chain.
///
/// # Errors
/// If they are another parcel.
pub fn of_words(words: &[Word], layout: Chunks, stream: [u8; 32], ct_root: [u8; 32]) -> eyre::Result<Parcel> {
    let parcel = Parcel::from_words(layout, stream.into(), words)?;
    parcel.require_root(ct_root.into())?;
    Ok(parcel)
}
