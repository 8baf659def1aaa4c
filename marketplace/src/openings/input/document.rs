//! The document: what it holds, and how it is read.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::inputs::MAX_SIDE;
use crate::openings::file::refuted;
use alloy::primitives::{Bytes, B256};
use assay_durable::read::read_regular;
use assay_protocol::testset::ImageSize;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Of the document.
pub(super) const VERSION: u32 = 1;
/// The largest one that is read.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Opening {
    pub(super) version: u32,
    pub(super) size: ImageSize,
    pub(super) root: B256,
    pub(super) inputs: Vec<OpenedInput>,
}

/// An input with what it is hidden by, and its way to the root.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct OpenedInput {
    pub(super) index: usize,
    pub(super) salt: InputSalt,
    pub(super) commitment: B256,
    pub(super) image: Bytes,
    /// Siblings from the leaf upward.
    pub(super) path: Vec<B256>,
    /// Of a test set: what its leaf holds besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<Labelled>,
}

/// What an example has besides.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Labelled {
    pub(super) label: u32,
    pub(super) leaf_salt: B256,
}

/// An input with its commitment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Committed {
    /// In its list.
    pub index: usize,
    /// To the image.
    pub commitment: B256,
    /// Of an example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<u32>,
}

impl From<&OpenedInput> for Committed {
    fn from(input: &OpenedInput) -> Self {
        Self {
            index: input.index,
            commitment: input.commitment,
            label: input.example.map(|example| example.label),
        }
    }
}

impl Opening {
    /// Reads a document; nothing of it is believed.
    ///
    /// # Errors
    /// Of kind rejected if it is none.
    pub(super) fn load(path: &Path) -> eyre::Result<Self> {
        let bytes = read_regular(path, MAX_BYTES).wrap_err_with(|| format!("cannot read {}", path.display()))?;
        let no_opening = |why: String| refuted(format!("{} is no opening of inputs: {why}", path.display()));
        let opening: Self =
            serde_json::from_slice(&bytes).map_err(|e| no_opening(e.to_string().escape_debug().to_string()))?;
        if opening.version != VERSION {
            return Err(no_opening(format!(
                "version {}, this program reads {VERSION}",
                opening.version
            )));
        }
        if opening.inputs.is_empty() {
            return Err(no_opening("it opens nothing".into()));
        }
        let ImageSize { height, width } = opening.size;
        if height.max(width) > MAX_SIDE {
            return Err(no_opening(format!("images of {height} × {width} are too large")));
        }
        if !opening.inputs.is_sorted_by(|one, next| one.index < next.index) {
            return Err(no_opening("its inputs are not in ascending order, each once".into()));
        }
        Ok(opening)
    }

    /// What is opened.
    pub(super) fn committed(&self) -> Vec<Committed> {
        self.inputs.iter().map(Committed::from).collect()
    }
}

/// Inputs in a sentence.
/// "input 3 (0x…)", or how many.
pub(super) fn listed(inputs: &[Committed]) -> String {
    match inputs {
        [one] => format!("input {}, commitment {}", one.index, one.commitment),
        several => {
            let indices: Vec<String> = several.iter().map(|input| input.index.to_string()).collect();
            format!("inputs {}", indices.join(", "))
        }
    }
}
