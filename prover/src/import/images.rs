use super::ImportError;
use crate::model::Shape;
use std::path::{Path, PathBuf};

/// An image with the file it came from.
pub(super) struct Image {
    pub(super) path: PathBuf,
    /// Row-major HWC, channels R, G, B.
    pub(super) bytes: Vec<u8>,
}

/// All PNG files of a directory, in the order of their names.
pub(super) fn load_directory(directory: &Path, shape: Shape) -> Result<Vec<Image>, ImportError> {
    let read_error = |source| ImportError::Read {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(read_error)? {
        let path = entry.map_err(read_error)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(ImportError::NoImages {
            path: directory.to_owned(),
        });
    }
    paths
        .into_iter()
        .map(|path| load_png(&path, shape).map(|bytes| Image { bytes, path }))
        .collect()
}

/// Reads a PNG file as the bytes a network of this input shape reads: row-major HWC, channels R, G, B.
///
/// # Errors
/// If the file is not a PNG of that size with 8 bits per channel and without transparency.
pub fn load_png(path: &Path, shape: Shape) -> Result<Vec<u8>, ImportError> {
    let error = |reason: String| ImportError::Image {
        path: path.to_owned(),
        reason,
    };
    let file = std::fs::read(path).map_err(|source| ImportError::Read {
        path: path.to_owned(),
        source,
    })?;
    let image =
        image::load_from_memory_with_format(&file, image::ImageFormat::Png).map_err(|e| error(e.to_string()))?;
    let (w, h) = (image.width() as usize, image.height() as usize);
    if shape != Shape::new(3, h, w) {
        return Err(error(format!(
            "has {w}x{h} pixels, the network reads {}x{}",
            shape.w, shape.h
        )));
    }
    match image {
        // Grey is the same number three times; other conversions would be a choice.
        image::DynamicImage::ImageRgb8(_) | image::DynamicImage::ImageLuma8(_) => Ok(image.into_rgb8().into_raw()),
        other => Err(error(format!(
            "has colour type {:?}, expected RGB or grey with 8 bits",
            other.color()
        ))),
    }
}
