//! PNG images as a network reads them, in one strict way.

use super::error::ImportError;
use crate::model::Shape;
use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, Limits};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
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

/// Bytes that decoding may take, the metadata in a file included: a few kilobytes of those can be written to unpack to gigabytes.
const MAX_DECODED: u64 = 64 << 20;

/// Why bytes are no image that a network reads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ImageError {
    #[error("is no PNG image: {0}")]
    Decode(#[from] image::ImageError),
    #[error("has {width}x{height} pixels, the network reads {expected_width}x{expected_height}")]
    Size {
        width: u32,
        height: u32,
        expected_width: u32,
        expected_height: u32,
    },
    #[error("has colour type {0:?}, expected RGB or grey with 8 bits")]
    ColourType(image::ColorType),
    #[error("is animated: what a viewer shows of it is not what a network reads")]
    Animated,
}

/// Reads a PNG image of this size as networks and commitments take it: row-major HWC, channels R, G, B. The only reader, so that a
/// file is the same image to whoever calibrates, commits or proves.
///
/// # Errors
/// If it is no PNG of that size with 8 bits per channel, without transparency and animation; the size is known before pixels are decoded.
pub fn decode_png(png: impl BufRead + Seek, width: u32, height: u32) -> Result<Vec<u8>, ImageError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED);
    let decoder = PngDecoder::with_limits(png, limits)?;
    if decoder.is_apng()? {
        return Err(ImageError::Animated);
    }
    let found = decoder.dimensions();
    if found != (width, height) {
        return Err(ImageError::Size {
            width: found.0,
            height: found.1,
            expected_width: width,
            expected_height: height,
        });
    }
    match decoder.color_type() {
        // Grey is the same number three times; other conversions would be a choice.
        ColorType::Rgb8 | ColorType::L8 => Ok(DynamicImage::from_decoder(decoder)?.into_rgb8().into_raw()),
        other => Err(ImageError::ColourType(other)),
    }
}

/// Reads a PNG file as [`decode_png`] does, for a network of this input shape.
///
/// # Errors
/// If the file cannot be read, is not such an image, or the network does not take three channels.
pub fn load_png(path: &Path, shape: Shape) -> Result<Vec<u8>, ImportError> {
    let error = |reason: String| ImportError::Image {
        path: path.to_owned(),
        reason,
    };
    if shape.c != 3 {
        return Err(error(format!("has three channels, the network reads {}", shape.c)));
    }
    let file = File::open(path).map_err(|source| ImportError::Read {
        path: path.to_owned(),
        source,
    })?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    decode_png(BufReader::new(file), side(shape.w), side(shape.h)).map_err(|e| error(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};
    use std::io::Cursor;

    /// A PNG of 3x2 pixels, each of them `pixel`.
    fn png(image: impl Into<DynamicImage>) -> Cursor<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.set_position(0);
        bytes
    }

    #[test]
    fn eight_bits_without_transparency_are_read_and_nothing_else() {
        let rgb = png(ImageBuffer::from_pixel(3, 2, Rgb([1u8, 2, 3])));
        assert_eq!(decode_png(rgb, 3, 2).unwrap(), [1, 2, 3].repeat(6));
        let grey = png(ImageBuffer::from_pixel(3, 2, Luma([7u8])));
        assert_eq!(decode_png(grey, 3, 2).unwrap(), [7; 18]);
        let refused = [
            (png(ImageBuffer::from_pixel(3, 2, Rgb([1u16, 2, 3]))), ColorType::Rgb16),
            (png(ImageBuffer::from_pixel(3, 2, Luma([7u16]))), ColorType::L16),
            (
                png(ImageBuffer::from_pixel(3, 2, Rgba([1u8, 2, 3, 4]))),
                ColorType::Rgba8,
            ),
            (
                png(ImageBuffer::from_pixel(3, 2, Rgba([1u16, 2, 3, 4]))),
                ColorType::Rgba16,
            ),
            (png(ImageBuffer::from_pixel(3, 2, LumaA([7u8, 255]))), ColorType::La8),
        ];
        for (image, colour) in refused {
            let error = decode_png(image, 3, 2).unwrap_err();
            assert!(matches!(error, ImageError::ColourType(c) if c == colour), "{error}");
        }
    }

    #[test]
    fn other_sizes_and_other_bytes_are_refused() {
        let image = || png(ImageBuffer::from_pixel(3, 2, Rgb([1u8, 2, 3])));
        for (width, height) in [(2, 3), (3, 1), (4, 2)] {
            let error = decode_png(image(), width, height).unwrap_err();
            assert!(
                matches!(
                    error,
                    ImageError::Size {
                        width: 3,
                        height: 2,
                        ..
                    }
                ),
                "{error}"
            );
        }
        let whole = image().into_inner();
        for bytes in [&b""[..], b"GIF89a", &whole[..whole.len() / 2]] {
            let error = decode_png(Cursor::new(bytes), 3, 2).unwrap_err();
            assert!(matches!(error, ImageError::Decode(_)), "{error}");
        }
    }

    /// A chunk of a PNG file: length, type, data, CRC-32 of type and data.
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let typed = [kind, data].concat();
        let crc = !typed.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        });
        [&(data.len() as u32).to_be_bytes(), &typed[..], &crc.to_be_bytes()].concat()
    }

    #[test]
    fn animations_are_refused() {
        let whole = png(ImageBuffer::from_pixel(3, 2, Rgb([1u8, 2, 3]))).into_inner();
        // Behind the signature and the header.
        let (head, rest) = whole.split_at(8 + 12 + 13);
        let with = |more: &[u8]| Cursor::new([head, more, rest].concat());
        // Two frames, played for ever.
        let animated = with(&chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]));
        let error = decode_png(animated, 3, 2).unwrap_err();
        assert!(matches!(error, ImageError::Animated), "{error}");
        let commented = with(&chunk(b"tEXt", b"Comment\0none"));
        assert!(decode_png(commented, 3, 2).is_ok());
    }
}
