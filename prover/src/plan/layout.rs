//! The frozen layout of an architecture: how many rows and columns its circuit has.

use super::error::FloorError;
use crate::model::{Architecture, Cut};
use assay_statement::poseidon::WIDTH;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

/// Logup inputs that share one helper column: with three the helper gate has degree 5.
pub const INPUTS_PER_HELPER: usize = 3;

/// Sizes that, with the architecture, fix the verifying key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// log₂ of the number of rows.
    pub k: u32,
    /// Activations per row.
    pub lanes: usize,
    /// Columns of secret weights.
    pub weight_columns: usize,
    /// Random rows at the end of each weight column: with the blinding rows they bound the proofs of one model.
    pub salt_rows: usize,
}

impl Layout {
    /// Salt rows of a model that is meant to be used: about as many proofs.
    pub const DEFAULT_SALT_ROWS: usize = 1 << 13;
    /// Largest [`Layout::k`]: the largest reference string there is.
    pub const MAX_K: u32 = 24;
    /// Smallest [`Layout::weight_columns`]: a row of a depthwise kernel has three taps.
    pub const MIN_WEIGHT_COLUMNS: usize = 3;
    /// Smallest [`Layout::lanes`].
    pub const MIN_LANES: usize = 3;
    /// Largest [`Layout::lanes`].
    pub const MAX_LANES: usize = 8;

    /// Rejects sizes that no plan has, before anything is computed from them: a layout may come from a file.
    ///
    /// # Errors
    /// [`FloorError::Layout`] with the size that is out of range.
    pub fn validate(&self) -> Result<(), FloorError> {
        let ranges = [
            ("k", self.k as usize, 10..=Self::MAX_K as usize),
            ("lanes", self.lanes, Self::MIN_LANES..=Self::MAX_LANES),
            (
                "weight_columns",
                self.weight_columns,
                Self::MIN_WEIGHT_COLUMNS..=2 * Self::MAX_LANES + 4,
            ),
            ("salt_rows", self.salt_rows, 1..=1 << 20),
        ];
        for (size, got, allowed) in ranges {
            if !allowed.contains(&got) {
                return Err(FloorError::Layout {
                    size,
                    got,
                    min: *allowed.start(),
                    max: *allowed.end(),
                });
            }
        }
        Ok(())
    }

    /// Columns of the tensor cells, high limbs apart.
    pub const fn cell_columns(&self) -> usize {
        3 * self.lanes
    }

    /// Columns of the high limbs of remainders, where they have two limbs.
    pub const fn high_columns(&self, cut: Cut) -> usize {
        self.lanes * (cut.limbs() - 1)
    }

    /// LogUp helper columns: one for every three of the pairs and limbs of a row.
    pub const fn helpers(&self, cut: Cut) -> usize {
        (cut.lookups() * self.lanes).div_ceil(INPUTS_PER_HELPER)
    }

    /// Fixed coefficient columns: masks of lanes 1…, continuation and kind; at least one per word of the hash state.
    pub const fn coefficients(&self) -> usize {
        if self.lanes + 1 > WIDTH {
            self.lanes + 1
        } else {
            WIDTH
        }
    }

    /// Cells of a row that are folded by γ: the largest power of two, up to 16, so that a 32-byte word fills rows.
    pub const fn fold(&self) -> usize {
        let mut fold = 1;
        while fold * 2 <= self.cell_columns() && fold < 16 {
            fold *= 2;
        }
        fold
    }
}

/// An architecture with its layout: all that a verifying key depends on, besides the reference string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenArchitecture {
    /// What is computed.
    pub architecture: Architecture,
    /// On how many rows and columns.
    pub layout: Layout,
}

impl FrozenArchitecture {
    /// keccak256 of the canonical JSON of the architecture and its layout.
    pub fn arch_id(&self) -> [u8; 32] {
        let json = serde_json::to_vec(self).expect("plain data serialises");
        Keccak256::digest(&json).into()
    }
}
