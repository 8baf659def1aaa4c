//! The frozen layout of an architecture: how many rows and columns its circuit has.

use super::error::FloorError;
use crate::model::{Architecture, Cut};
use assay_statement::poseidon::WIDTH;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

/// Logup inputs that share one helper column: with three the helper gate has degree 5.
pub const INPUTS_PER_HELPER: usize = 3;

/// The two circuits that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Few rows: several activations on each, and a column for each purpose.
    Wide,
    /// Few columns: an activation a row, and what a column is for follows from the row. Verified for two thirds of the gas.
    Narrow,
}

/// Sizes that, with the architecture, fix the verifying key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// log₂ of the number of rows.
    pub k: u32,
    /// Activations per row; one of them says that the form is [`Form::Narrow`].
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
    /// [`Layout::lanes`] of the narrow form.
    pub const NARROW: usize = 1;
    /// Smallest [`Layout::lanes`] of the wide form.
    pub const MIN_LANES: usize = 3;
    /// Largest [`Layout::lanes`].
    pub const MAX_LANES: usize = 8;

    /// Rejects sizes that no plan has, before anything is computed from them: a layout may come from a file.
    ///
    /// # Errors
    /// [`FloorError::Layout`] with the size that is out of range.
    pub fn validate(&self) -> Result<(), FloorError> {
        let lanes = match self.form() {
            Form::Wide => Self::MIN_LANES..=Self::MAX_LANES,
            Form::Narrow => Self::NARROW..=Self::NARROW,
        };
        let ranges = [
            ("k", self.k as usize, 10..=Self::MAX_K as usize),
            ("lanes", self.lanes, lanes),
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

    /// Which of the two circuits it is a layout of.
    pub const fn form(&self) -> Form {
        if self.lanes == Self::NARROW {
            Form::Narrow
        } else {
            Form::Wide
        }
    }

    /// Rows at the end of every column that hold blinding, and the last usable row, which has no successor. The narrow form opens
    /// a column at four points.
    pub const fn reserved_rows(&self) -> usize {
        match self.form() {
            Form::Wide => 7,
            Form::Narrow => 8,
        }
    }

    /// Columns of the tensor cells; in the narrow form with the one that holds a square of the hash.
    pub const fn cell_columns(&self) -> usize {
        match self.form() {
            Form::Wide => 3 * self.lanes,
            Form::Narrow => WIDTH,
        }
    }

    /// Columns of the high limbs of remainders, where they have two limbs.
    pub const fn high_columns(&self, cut: Cut) -> usize {
        self.lanes * (cut.limbs() - 1)
    }

    /// Columns of multiplicities of their own.
    pub const fn multiplicities(&self) -> usize {
        match self.form() {
            Form::Wide => 2,
            Form::Narrow => 0,
        }
    }

    /// LogUp helper columns: one for every three of the pairs and limbs of a row; none in the narrow form, where a row has two.
    pub const fn helpers(&self, cut: Cut) -> usize {
        match self.form() {
            Form::Wide => (cut.lookups() * self.lanes).div_ceil(INPUTS_PER_HELPER),
            Form::Narrow => 0,
        }
    }

    /// Columns of operands and accumulator of the arithmetic region that are of no other use.
    pub const fn arithmetic(&self) -> usize {
        match self.form() {
            Form::Wide => 3,
            Form::Narrow => 0,
        }
    }

    /// Fixed coefficient columns: masks of lanes 1…, continuation and kind, at least one per word of the hash state; in the narrow
    /// form the four of data and the kind.
    pub const fn coefficients(&self) -> usize {
        match self.form() {
            Form::Narrow => WIDTH + 1,
            Form::Wide if self.lanes + 1 > WIDTH => self.lanes + 1,
            Form::Wide => WIDTH,
        }
    }

    /// Cells of a row that are folded by γ: the largest power of two, up to 16, so that a 32-byte word fills rows; one in the narrow
    /// form, which folds no words.
    pub const fn fold(&self) -> usize {
        let mut fold = 1;
        while fold * 2 <= 3 * self.lanes && fold < 16 {
            fold *= 2;
        }
        match self.form() {
            Form::Wide => fold,
            Form::Narrow => 1,
        }
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
