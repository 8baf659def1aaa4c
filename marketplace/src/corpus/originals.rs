//! The files that documents are made of: a folder of PNG images, and nothing else in it.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use assay_chain::error::{hinted, usage};
use assay_durable::read::read_regular;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use assay_protocol::testset::ImageSize;
use assay_prover::import::decode_png;
use eyre::WrapErr;
use std::io::Cursor;
use std::path::Path;

/// Bytes of the largest original: far above an image of the largest size, which may have notes in it.
pub(super) const MAX_ORIGINAL: u64 = 16 << 20;
/// Bytes of the longest name of a file.
pub(super) const MAX_NAME: usize = 255;

/// Names of the documents of a folder, sorted. All that is in it is one: what was left out would be missing without a word.
///
/// # Errors
/// If there is anything else in it, nothing, or too much; with the name.
pub(super) fn names(folder: &Path) -> eyre::Result<Vec<String>> {
    let context = || format!("cannot read {}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).wrap_err_with(context)? {
        let entry = entry.wrap_err_with(context)?;
        let refused = |why: &str| {
            Err(hinted(
                format!("{} {why}", entry.path().display()),
                "a corpus is a folder of PNG images and nothing else: move other things out of it, convert other images",
            ))
        };
        let Ok(name) = entry.file_name().into_string() else {
            return refused("has a name that is no text");
        };
        if !name.to_ascii_lowercase().ends_with(".png") {
            return refused("is no PNG image");
        }
        if name.len() > MAX_NAME {
            return refused("has too long a name");
        }
        if !entry.path().is_file() {
            return refused("is no file");
        }
        names.push(name);
    }
    if names.is_empty() || names.len() > MAX_DOCUMENTS {
        return Err(usage(format!(
            "{} has {} PNG images, a corpus has 1 to {MAX_DOCUMENTS}",
            folder.display(),
            names.len()
        )));
    }
    names.sort();
    Ok(names)
}

/// The bytes of an original as they are on disk.
///
/// # Errors
/// If it cannot be read, or is too large to be opened to anybody.
pub(super) fn read(path: &Path) -> eyre::Result<Vec<u8>> {
    read_regular(path, MAX_ORIGINAL).wrap_err_with(|| format!("cannot read document {}", path.display()))
}

/// The model input of an original: HWC bytes, as test sets and inputs of rounds have them.
///
/// # Errors
/// If it is no PNG image of this size with eight bits for each of its colours.
pub(super) fn rendered(original: &[u8], size: ImageSize) -> Result<Vec<u8>, String> {
    decode_png(Cursor::new(original), size.width, size.height).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder};

    /// An image of 2 x 2 pixels with metadata of so many zeros.
    fn with_metadata(bytes: usize) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_exif_metadata(vec![0; bytes]).unwrap();
        encoder.write_image(&[7; 12], 2, 2, ExtendedColorType::Rgb8).unwrap();
        file
    }

    /// So much is not held, whatever is in the file beside an image that is small; [`read`] refuses it before.
    #[test]
    fn decoding_takes_no_more_than_64_mib() {
        let size = ImageSize { height: 2, width: 2 };
        assert_eq!(rendered(&with_metadata(1 << 20), size).unwrap(), [7; 12]);
        let said = rendered(&with_metadata(65 << 20), size).unwrap_err();
        assert!(said.to_lowercase().contains("limit"), "{said}");
    }

    #[test]
    fn whatever_is_no_document_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(dir.path().join(name), b"").unwrap();
        assert!(names(dir.path()).is_err(), "nothing");
        put("b.png");
        put("a.PNG");
        assert_eq!(names(dir.path()).unwrap(), ["a.PNG", "b.png"]);
        for other in ["notes.txt", ".hidden", "c.jpg", "png"] {
            put(other);
            let said = names(dir.path()).unwrap_err().to_string();
            assert!(said.contains(other) && said.contains("is no PNG image"), "{said}");
            std::fs::remove_file(dir.path().join(other)).unwrap();
        }
        std::fs::create_dir(dir.path().join("sub.png")).unwrap();
        let said = names(dir.path()).unwrap_err().to_string();
        assert!(said.contains("sub.png is no file"), "{said}");
    }
}
