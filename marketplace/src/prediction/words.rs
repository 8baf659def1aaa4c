//! What of a round is told in words.

use assay_protocol::abi::Privacy;

/// As it stands in output.
pub fn privacy_words(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::PUBLIC => "PUBLIC",
        _ => "PRIVATE",
    }
}
