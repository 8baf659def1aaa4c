//! The size of images.

use assay_protocol::testset::ImageSize;

/// Height and width: one number for both, or HEIGHTxWIDTH.
///
/// # Errors
/// If it is neither.
pub fn image_size(text: &str) -> Result<ImageSize, String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    let number = |text: &str| text.parse().map_err(|e| format!("{e}"));
    Ok(ImageSize {
        height: number(height)?,
        width: number(width)?,
    })
}
